"""PostgreSQL: a tsvector with positions under a GIN index."""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from apps.core.search.dialect import Condition, Row
from apps.core.search.words import Term

SHORT = 3  # letters


class Postgres:
    def tables(self, name: str) -> tuple[str, ...]:
        return (
            f"CREATE TABLE IF NOT EXISTS {name}"
            " (key bigint PRIMARY KEY, grp bigint NOT NULL, words tsvector NOT NULL)",
            f"CREATE INDEX IF NOT EXISTS {name}_grp ON {name} (grp)",
            f"CREATE INDEX IF NOT EXISTS {name}_words ON {name} USING gin (words)",
        )

    def put(self, cursor: CursorWrapper, name: str, rows: Sequence[Row]) -> None:
        cursor.execute(
            f"INSERT INTO {name} (key, grp, words) SELECT key, grp, words::tsvector"
            " FROM UNNEST(%s::bigint[], %s::bigint[], %s::text[]) AS one (key, grp, words)"
            " ON CONFLICT (key) DO UPDATE SET grp = excluded.grp, words = excluded.words",
            [list(column) for column in zip(*rows, strict=True)],
        )

    def stored(self, words: list[str]) -> str:
        positions: dict[str, list[str]] = {}
        for position, word in enumerate(words, 1):
            positions.setdefault(word, []).append(str(position))
        return " ".join(f"'{word}':{','.join(where)}" for word, where in positions.items())

    def holds(self, terms: tuple[Term, ...]) -> Condition:
        return Condition("d.words @@ %s::tsquery", (_asked(terms),))

    def listed(self, name: str, terms: tuple[Term, ...]) -> Condition:
        """The words stand in a subquery, so that the planner cannot guess from its statistics that
        reading all rows is better; the array is made once, whatever the rows around it.

        One letter that goes on is half the index: beside other words it is not looked up, but
        read, and IS TRUE keeps the index out of that.
        """
        narrow = tuple(term for term in terms if not _is_wide(term)) or terms
        holds = self.holds(terms)
        read = f" AND ({holds.sql}) IS TRUE" if narrow != terms else ""
        return Condition(
            f"{{group}} = ANY (ARRAY(SELECT d.grp FROM {name} d"
            f" WHERE d.words @@ (SELECT %s::tsquery){read}))",
            (_asked(narrow), *(holds.parameters if read else ())),
        )

    def probed(self, name: str, terms: tuple[Term, ...]) -> Condition:
        """OFFSET keeps the planner from turning it into a join with all that match."""
        return Condition(
            f"EXISTS (SELECT 1 FROM {name} d WHERE d.grp = {{group}}"
            " AND d.words @@ (SELECT %s::tsquery) OFFSET 0)",
            (_asked(terms),),
        )


def _is_wide(term: Term) -> bool:
    return term.prefix and len(term.words) == 1 and len(term.words[0]) < SHORT


def _asked(terms: tuple[Term, ...]) -> str:
    """Words are letters and digits: nothing in them needs an escape."""
    return " & ".join(_one(term) for term in terms)


def _one(term: Term) -> str:
    together = " <-> ".join(f"'{word}'" for word in term.words)
    return f"({together}{':*' if term.prefix else ''})"
