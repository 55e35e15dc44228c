"""A lock that ends with the transaction: PostgreSQL's advisory lock, or SQLite's single writer."""

import zlib
from collections.abc import Iterable

from django.db import connection


def lock_until_commit(name: str) -> None:
    """Waits until no other transaction holds NAME. SQLite's IMMEDIATE transactions already wait."""
    lock_all_until_commit([name])


def lock_all_until_commit(names: Iterable[str]) -> None:
    """In one order for everybody, so that nobody waits in a circle; one statement."""
    keys = sorted({zlib.crc32(name.encode()) - 2**31 for name in names})
    if connection.vendor == "postgresql" and keys:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, key) FROM unnest(%s::int[]) AS key",
                [1_129_136, keys],
            )
