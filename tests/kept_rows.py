"""What thousands of tests begin with: made once by the product's own verbs, copied as rows later."""

import pickle
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import connection, transaction

Made = TypeVar("Made")
Rows = list[tuple[Any, ...]]


class KeptRows(Generic[Made]):
    """Looks at what MAKE writes into an empty database, and takes it back.

    Identities are kept, too: a sequence that has passed them never comes back to them.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        with transaction.atomic():
            before = _all_rows()
            self._made = pickle.dumps(make())
            after = _all_rows()
            transaction.set_rollback(True)
        written = {
            table: [row for row in after[table] if row not in before[table]] for table in after
        }
        self._rows = {table: rows for table, rows in written.items() if rows}

    def copy(self) -> Made | None:
        """None where one of its tables has rows already: who they are, nobody knows here."""
        if not self._are_empty():
            return None
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self._rows.items():
                values = f"({', '.join(['%s'] * len(rows[0]))})"
                places = ", ".join([values] * len(rows))
                cursor.execute(f'INSERT INTO "{table}" VALUES {places}', sum(rows, ()))
        made: Made = pickle.loads(self._made)
        return made

    def _are_empty(self) -> bool:
        asked = " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in self._rows)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {asked}")
            return not cursor.fetchone()[0]


def _all_rows() -> dict[str, Rows]:
    models = apps.get_models(include_auto_created=True)
    tables = {one._meta.db_table for one in models if one._meta.managed and not one._meta.proxy}
    with connection.cursor() as cursor:
        return {table: _rows_of(cursor, table) for table in sorted(tables)}


def _rows_of(cursor: Any, table: str) -> Rows:
    cursor.execute(f'SELECT * FROM "{table}"')
    return list(cursor.fetchall())
