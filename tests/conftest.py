"""What every test may use: the servers of tests/servers, as fixtures."""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation

from tests import choice

pytest_plugins: list[str] = [
    "tests.plugins",
    "tests.faults.table",
    "tests.servers.clamd",
    "tests.servers.token_server",  # before Dovecot, which asks it
    "tests.servers.dovecot",
    "tests.servers.pop3d",
    "tests.servers.postgres",
    "tests.servers.redis",
    "tests.servers.request_tracker",
    "tests.servers.smtp_sink",
]

DATABASE = {"db", "transactional_db", "django_db_serialized_rollback", "live_server"}


def pytest_configure() -> None:
    from tests.static_files import look_through_once  # imports Django's, which asks for settings

    settings.PASSWORD_HASHERS = ["tests.passwords.Quick"]
    look_through_once()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    chosen = config.getoption("markexpr", default="")
    if not chosen or not fnmatch(collection_path.name, "test_*.py"):
        return None
    place = collection_path.relative_to(config.rootpath).as_posix()
    return None if choice.may_hold(chosen, collection_path, place) else True


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    elsewhere = [item for item in items if not _is_for_this_database(item)]
    items[:] = [item for item in items if _is_for_this_database(item)]
    config.hook.pytest_deselected(items=elsewhere)
    for item in items:
        if item.get_closest_marker("browser") and not choice.says_browser(item.path):
            raise pytest.UsageError(f"{item.nodeid}: {choice.BROWSER} is not written in its file")
        if item.get_closest_marker("only_on") and choice.is_said_by_others(item.nodeid):
            raise pytest.UsageError(f"{item.nodeid}: its file is left out on PostgreSQL")
        if _is_alone(item):
            item.add_marker("alone")
        if _asks_the_database(item):
            item.add_marker("database")


def _is_alone(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("browser")) or choice.is_alone(item.nodeid)


def _asks_the_database(item: pytest.Item) -> bool:
    """What starts a PostgreSQL of its own, or only repeats what others ask, does not count."""
    if choice.is_said_by_others(item.nodeid) or _has_a_postgres(item):
        return False
    return bool(item.get_closest_marker("django_db") or DATABASE & set(_fixtures(item)))


def _has_a_postgres(item: pytest.Item) -> bool:
    return any("postgres" in mark.args for mark in item.iter_markers("servers"))


def _is_for_this_database(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("only_on")
    return mark is None or connection.vendor in mark.args


def _fixtures(item: pytest.Item) -> list[str]:
    return list(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """A browser asks several things at once: SQLite in memory would refuse, a file lets them wait."""
    if connection.vendor == "sqlite" and any(map(_is_alone, request.session.items)):
        file = Path(os.environ["CARTERIA_DATA"]) / "tests.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> None:
    from tests.people import keep_a_house

    if not any(item.get_closest_marker("database") for item in request.session.items):
        return  # then nobody may have made the tables either
    with django_db_blocker.unblock():
        keep_a_house()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A page that spoke Spanish must not leave the next test speaking it."""
    with translation.override("en"):
        yield
