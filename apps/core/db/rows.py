"""Many rows changed by one statement, each to values of its own.

Django's bulk_update says it with a CASE for each column that has a branch for each row: building,
reading and planning that was two fifths of what a batch of mails cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def update_each(rows: Sequence[Model], *names: str) -> int:
    """Writes the fields NAMES of ROWS, plain values, and answers how many rows were still there.

    The order in which rows are locked is the database's: whoever needs one has locked them before.
    """
    if not rows:
        return 0
    fields: list[Field[Any, Any]] = [rows[0]._meta.get_field(name) for name in names]  # type: ignore[misc]
    update = _by_arrays if connection.vendor == "postgresql" else _one_by_one
    return update(rows, fields)


def _by_arrays(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> int:
    """PostgreSQL joins the table with arrays: one for each column, read and planned once."""
    key = rows[0]._meta.pk
    columns = [key, *fields]
    quoted = [_quoted(field.column) for field in columns]
    table = _quoted(rows[0]._meta.db_table)
    # Without its length: a cast to varchar(20) would cut, where a column refuses.
    types = [str(field.db_type(connection)).partition("(")[0] for field in columns]
    changes = ", ".join(f"{name} = new.{name}" for name in quoted[1:])
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {changes} FROM UNNEST({arrays}) AS new ({', '.join(quoted)})"
            f" WHERE {table}.{quoted[0]} = new.{quoted[0]}",
            [[_value(row, field) for row in rows] for field in columns],
        )
        return int(cursor.rowcount)


def _one_by_one(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> int:
    """SQLite lives in this process: the statement is read once and run for each row."""
    key = rows[0]._meta.pk
    changes = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    statement = f"UPDATE {_quoted(rows[0]._meta.db_table)} SET {changes}"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"{statement} WHERE {_quoted(key.column)} = %s",
            [[_value(row, field) for field in (*fields, key)] for row in rows],
        )
        return int(cursor.rowcount)


def _value(row: Model, field: Field[Any, Any]) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))
