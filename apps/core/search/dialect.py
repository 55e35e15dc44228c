"""What an index needs from a database; `postgres.py` and `sqlite.py` answer it alike.

In the conditions `d` is the table of the documents: key, grp, words.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from django.db.backends.utils import CursorWrapper

from apps.core.search.words import Term


class Condition(NamedTuple):
    """SQL with `{group}` for the column of the group, and what it is asked with."""

    sql: str
    parameters: tuple[str, ...]


class Row(NamedTuple):
    key: int
    group: int
    words: str  # as `stored` makes them


class Dialect(Protocol):
    def tables(self, name: str) -> tuple[str, ...]:
        """Statements that make what is missing, and nothing twice."""

    def put(self, cursor: CursorWrapper, name: str, rows: Sequence[Row]) -> None:
        """In one statement; a known key is replaced."""

    def stored(self, words: list[str]) -> str: ...

    def holds(self, terms: tuple[Term, ...]) -> Condition:
        """Of one row of `d`, by reading its words."""

    def listed(self, name: str, terms: tuple[Term, ...]) -> Condition:
        """Of a group, by looking the words up once: best where few match."""

    def probed(self, name: str, terms: tuple[Term, ...]) -> Condition:
        """Of a group, by reading its documents as it comes along: best where many match."""
