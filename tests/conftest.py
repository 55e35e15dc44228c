"""What every test may use: the servers of tests/servers, as fixtures."""

from collections.abc import Iterator

import pytest
from django.utils import translation

pytest_plugins: list[str] = [
    "tests.plugins",
    "tests.servers.clamd",
    "tests.servers.dovecot",
    "tests.servers.postgres",
    "tests.servers.redis",
    "tests.servers.smtp_sink",
]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A page that spoke Spanish must not leave the next test speaking it."""
    with translation.override("en"):
        yield
