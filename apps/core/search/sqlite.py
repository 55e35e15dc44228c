"""SQLite: the words as text, and FTS5 beside it, which triggers keep equal.

FTS5 keeps no positions: it finds where all words are, and the text says whether they stand
together.
"""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from apps.core.search.dialect import Condition, Row
from apps.core.search.words import Term

LISTED_LETTERS = 3


class Sqlite:
    def tables(self, name: str) -> tuple[str, ...]:
        fts = f"{name}_fts"
        added = f"INSERT INTO {fts} (rowid, words) VALUES (new.key, new.words);"
        gone = f"INSERT INTO {fts} ({fts}, rowid, words) VALUES ('delete', old.key, old.words);"
        return (
            f"CREATE TABLE IF NOT EXISTS {name}"
            " (key integer PRIMARY KEY, grp integer NOT NULL, words text NOT NULL)",
            f"CREATE INDEX IF NOT EXISTS {name}_grp ON {name} (grp)",
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {fts} USING fts5(words, content='{name}',"
            f" content_rowid='key', tokenize='ascii', detail='none',"
            f" prefix='1 2 {LISTED_LETTERS}')",
            _trigger(name, "INSERT", added),
            _trigger(name, "DELETE", gone),
            _trigger(name, "UPDATE", gone + added),
        )

    def put(self, cursor: CursorWrapper, name: str, rows: Sequence[Row]) -> None:
        cursor.executemany(
            f"INSERT INTO {name} (key, grp, words) VALUES (%s, %s, %s)"
            " ON CONFLICT (key) DO UPDATE SET grp = excluded.grp, words = excluded.words",
            rows,
        )

    def stored(self, words: list[str]) -> str:
        """A space on either side of each word."""
        return f" {' '.join(words)} "

    def holds(self, terms: tuple[Term, ...]) -> Condition:
        sql = " AND ".join("instr(d.words, %s) > 0" for _term in terms)
        return Condition(sql, tuple(_text(term) for term in terms))

    def listed(self, name: str, terms: tuple[Term, ...]) -> Condition:
        together = self.holds(tuple(term for term in terms if len(term.words) > 1))
        more = f" AND {together.sql}" if together.sql else ""
        fts = f"{name}_fts"
        return Condition(
            f"{{group}} IN (SELECT d.grp FROM {fts} CROSS JOIN {name} d"
            f" WHERE {fts} MATCH %s AND d.key = {fts}.rowid{more})",
            (_asked(terms), *together.parameters),
        )

    def probed(self, name: str, terms: tuple[Term, ...]) -> Condition:
        holds = self.holds(terms)
        return Condition(
            f"EXISTS (SELECT 1 FROM {name} d WHERE d.grp = {{group}} AND {holds.sql})",
            holds.parameters,
        )


def _trigger(name: str, event: str, body: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name}_{event.lower()} AFTER {event} ON {name}"
        f" BEGIN {body} END"
    )


def _text(term: Term) -> str:
    return f" {' '.join(term.words)}{'' if term.prefix else ' '}"


def _asked(terms: tuple[Term, ...]) -> str:
    """Words are letters and digits: nothing in them needs an escape."""
    return " AND ".join(part for term in terms for part in _parts(term))


def _parts(term: Term) -> list[str]:
    """Of a beginning among words that stand together FTS5 is asked the three letters for which it
    has a list of its own: the text is read in any case."""
    parts = [f'"{word}"' for word in term.words]
    if not term.prefix:
        return parts
    beginning = term.words[-1] if len(term.words) == 1 else term.words[-1][:LISTED_LETTERS]
    return [*parts[:-1], f'"{beginning}" *']
