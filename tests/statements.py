"""What the database was asked: a test that counts shows which statement was one too many."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

HEAD = 60  # characters: the verb, the table and its first columns; what follows may differ


@contextmanager
def asked() -> Iterator[list[str]]:
    """The heads of all statements; the list is filled when the block ends."""
    heads: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        yield heads
    heads += [one["sql"][:HEAD] for one in queries.captured_queries]
