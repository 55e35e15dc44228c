"""Reading without a trace: nothing can be written, and a database that is not there is not made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import Error, connection

MOST_SECONDS = 3  # to wait for a server

_NO_WRITING = {
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    "postgresql": (
        "SET default_transaction_read_only = on",
        "SET default_transaction_read_only = off",
    ),
}


@contextmanager
def reading_only() -> Iterator[bool]:
    """Whether a database answers; inside, each writing statement fails."""
    begin, end = _NO_WRITING[connection.vendor]
    if not _say(begin):
        yield False
        return
    try:
        yield True
    finally:
        _say(end)


def _say(statement: str) -> bool:
    try:
        if not _is_there():
            return False
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except Error:
        return False
    return True


def _is_there() -> bool:
    """SQLite would make a missing file; a silent server would keep us waiting."""
    if connection.connection is not None:
        return True
    if connection.vendor == "sqlite":
        file = Path(str(connection.settings_dict["NAME"]))
        return file.is_file() and file.stat().st_size > 0
    options = connection.settings_dict.setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", MOST_SECONDS)
    return True
