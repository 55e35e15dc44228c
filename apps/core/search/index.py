"""An index of documents by their words; a document has a key and belongs to a group.

Rows of any table can be narrowed to those whose number is the group of a matching document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet

from apps.core.search.dialect import Condition, Dialect, Row
from apps.core.search.postgres import Postgres
from apps.core.search.sqlite import Sqlite
from apps.core.search.words import Term, terms_of, words_of

DIALECTS: dict[str, Dialect] = {"postgresql": Postgres(), "sqlite": Sqlite()}
AT_ONCE = 500
SAMPLE = 200  # rows that are read first
MANY = 10  # matches among them: the next page will be found by reading on

Item = TypeVar("Item")


class Document(NamedTuple):
    key: int
    group: int
    text: str


class Index:
    def __init__(self, name: str) -> None:
        self.table = f"search_{name}"

    def prepare(self) -> None:
        """Makes what is missing; may be called any number of times."""
        with connection.cursor() as cursor:
            for statement in _dialect().tables(self.table):
                cursor.execute(statement)

    def put(self, documents: Iterable[Document]) -> None:
        """Added, or replaced where the key is known; in the transaction of the caller."""
        dialect = _dialect()
        rows = [Row(one.key, one.group, dialect.stored(words_of(one.text))) for one in documents]
        with connection.cursor() as cursor:
            for some in _in_lots(rows):
                dialect.put(cursor, self.table, some)

    def drop(self, keys: Iterable[int]) -> None:
        with connection.cursor() as cursor:
            for some in _in_lots(list(keys)):
                cursor.execute(f"DELETE FROM {self.table} WHERE key IN ({_places(some)})", some)

    def known(self, keys: Sequence[int]) -> set[int]:
        """Those of KEYS that have a document."""
        found: set[int] = set()
        with connection.cursor() as cursor:
            for some in _in_lots(keys):
                cursor.execute(f"SELECT key FROM {self.table} WHERE key IN ({_places(some)})", some)
                found.update(key for (key,) in cursor.fetchall())
        return found

    def condition(self, rows: QuerySet[Any], question: str, *, newest: Sequence[str]) -> Q | None:
        """Of ROWS whose number is the group of a document with all terms of QUESTION; None for a
        question without a word.

        A frequent word is best found by reading rows as they come, a rare one by looking it up;
        the first rows in the order NEWEST, which must have an index, tell which it is. So neither
        a word that is everywhere nor one that is nowhere costs more than its page.
        """
        terms = terms_of(question)
        if not terms:
            return None
        dialect = _dialect()
        found = dialect.probed if self._is_frequent(rows, terms, newest) else dialect.listed
        return Q(_Of(F("pk"), found(self.table, terms)))

    def _is_frequent(
        self, rows: QuerySet[Any], terms: tuple[Term, ...], newest: Sequence[str]
    ) -> bool:
        sample = list(rows.order_by(*newest).values_list("pk", flat=True)[:SAMPLE])
        return len(sample) < SAMPLE or self._count(sample, terms) >= MANY

    def _count(self, groups: Sequence[int], terms: tuple[Term, ...]) -> int:
        """IS TRUE keeps the index of the words out: few rows are read, known by their group."""
        holds = _dialect().holds(terms)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(DISTINCT d.grp) FROM {self.table} d"
                f" WHERE d.grp IN ({_places(groups)}) AND ({holds.sql}) IS TRUE",
                [*groups, *holds.parameters],
            )
            return int(cursor.fetchone()[0])


class _Of(Func):
    """A condition of the database on the group that GROUP is."""

    output_field = BooleanField()

    def __init__(self, group: Any, condition: Condition) -> None:
        super().__init__(group)
        self.condition = condition

    def as_sql(self, compiler: Any, connection: Any, *_more: Any, **_context: Any) -> Any:
        sql, parameters = compiler.compile(self.source_expressions[0])
        return self.condition.sql.format(group=sql), [*parameters, *self.condition.parameters]


def _dialect() -> Dialect:
    return DIALECTS[connection.vendor]


def _places(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _in_lots(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
