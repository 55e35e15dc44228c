"""What every test may use: the servers of tests/servers, as fixtures."""

pytest_plugins: list[str] = [
    "tests.plugins",
    "tests.servers.clamd",
    "tests.servers.dovecot",
    "tests.servers.postgres",
    "tests.servers.redis",
    "tests.servers.smtp_sink",
]
