"""Arrays for PostgreSQL, written as a whole: psycopg looks at each text with a search of its own.

A batch of mails is written as arrays of texts, some of 30 kB; that look was a tenth of taking in.
"""

from types import NoneType
from typing import Any

from psycopg.abc import Buffer
from psycopg.types.array import ListDumper


class WholeListDumper(ListDumper):
    """Lists of plain texts or plain numbers; everything else as psycopg does it."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        kinds = {type(item) for item in obj} - {NoneType}
        if kinds == {str} and "\0" not in (joined := ",".join(map(_text, obj))):
            return f"{{{joined}}}".encode()
        if kinds == {int}:
            return f"{{{','.join(map(_number, obj))}}}".encode()
        return super().dump(obj)


def _text(item: str | None) -> str:
    """In quotes, with backslashes before quotes and backslashes (PostgreSQL manual, 8.15.6)."""
    if item is None:
        return "NULL"
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(item: int | None) -> str:
    return "NULL" if item is None else str(item)


def dump_arrays_as_a_whole(connection: Any, **_facts: object) -> None:
    """To be heard when Django has opened a connection."""
    if connection.vendor == "postgresql":
        connection.connection.adapters.register_dumper(list, WholeListDumper)
