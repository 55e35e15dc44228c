"""Arrays for PostgreSQL, written as a whole: psycopg looks at each text with a search of its own.

A batch of mails is written as arrays of texts, some of 30 kB; that look was a tenth of taking in.
"""

import json
from collections.abc import Callable
from datetime import datetime
from types import NoneType
from typing import Any

from psycopg.abc import Buffer
from psycopg.types.array import ListDumper
from psycopg.types.json import Jsonb


class WholeListDumper(ListDumper):
    """Lists of one kind: texts, numbers, moments or JSON; everything else as psycopg does it."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        kinds = {type(item) for item in obj} - {NoneType}
        write = _WRITTEN.get(kinds.pop()) if len(kinds) == 1 else None
        joined = (
            ",".join(["NULL" if item is None else write(item) for item in obj]) if write else ""
        )
        if not joined or "\0" in joined:
            return super().dump(obj)
        return f"{{{joined}}}".encode()


def _text(item: str) -> str:
    """In quotes, with backslashes before quotes and backslashes (PostgreSQL manual, 8.15.6)."""
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _moment(item: datetime) -> str:
    return f'"{item}"'


def _json(item: Jsonb) -> str:
    written = (item.dumps or json.dumps)(item.obj)
    return _text(written if isinstance(written, str) else written.decode())


_WRITTEN: dict[type, Callable[[Any], str]] = {str: _text, int: str, datetime: _moment, Jsonb: _json}


def dump_arrays_as_a_whole(connection: Any, **_facts: object) -> None:
    """To be heard when Django has opened a connection."""
    if connection.vendor == "postgresql":
        connection.connection.adapters.register_dumper(list, WholeListDumper)
