"""A lock that ends with the transaction: PostgreSQL's advisory lock, or SQLite's single writer."""

import zlib

from django.db import connection


def lock_until_commit(name: str) -> None:
    """Waits until no other transaction holds NAME. SQLite's IMMEDIATE transactions already wait."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)",
                [1_129_136, zlib.crc32(name.encode()) - 2**31],
            )
