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

ALONE = ("tests/config/", "tests/faults/", "tests/test_journey.py")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("browser") or item.nodeid.startswith(ALONE):
            item.add_marker("alone")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A page that spoke Spanish must not leave the next test speaking it."""
    with translation.override("en"):
        yield
