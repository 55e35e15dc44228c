"""Many rows written by one statement, each with values of its own, as arrays that PostgreSQL joins.

Django's bulk_update says it with a CASE for each column that has a branch for each row, and its
bulk_create a list of placeholders for each row as soon as one value is an expression: building,
reading and planning that was half of what a batch of mails cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.db.models.functions import Now


def update_each(rows: Sequence[Model], *names: str) -> int:
    """Writes the fields NAMES of ROWS, plain values, and answers how many rows were still there.

    The order in which rows are locked is the database's: whoever needs one has locked them before.
    """
    if not rows:
        return 0
    fields: list[Field[Any, Any]] = [rows[0]._meta.get_field(name) for name in names]  # type: ignore[misc]
    update = _by_arrays if connection.vendor == "postgresql" else _one_by_one
    return update(rows, fields)


def add_unless_known(rows: Sequence[Model], *, due: str) -> None:
    """Adds ROWS, all of one model, but those that a unique rule of their table knows already.

    Their field DUE becomes the database's present moment where it is None.
    """
    fields = [field for field in _fields(rows[0]) if not field.primary_key]
    if connection.vendor == "postgresql" and not any(_has_expression(row, fields) for row in rows):
        _add_by_arrays(rows, fields, due)
        return
    for row in rows:
        setattr(row, due, Now() if getattr(row, due) is None else getattr(row, due))
    type(rows[0])._base_manager.bulk_create(rows, ignore_conflicts=True)


def _fields(row: Model) -> list[Field[Any, Any]]:
    return list(row._meta.concrete_fields)


def _has_expression(row: Model, fields: Sequence[Field[Any, Any]]) -> bool:
    return any(hasattr(getattr(row, field.attname), "resolve_expression") for field in fields)


def _add_by_arrays(rows: Sequence[Model], fields: Sequence[Field[Any, Any]], due: str) -> None:
    names = [_quoted(field.column) for field in fields]
    values = [
        f"COALESCE({name}, STATEMENT_TIMESTAMP())" if field.name == due else name
        for field, name in zip(fields, names, strict=True)
    ]
    columns, table = ", ".join(names), _quoted(rows[0]._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)}"
            f" FROM UNNEST({_arrays(fields)}) AS new ({columns}) ON CONFLICT DO NOTHING",
            _columns(rows, fields),
        )


def _by_arrays(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> int:
    columns = [rows[0]._meta.pk, *fields]
    names = [_quoted(field.column) for field in columns]
    table = _quoted(rows[0]._meta.db_table)
    changes = ", ".join(f"{name} = new.{name}" for name in names[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {changes} FROM UNNEST({_arrays(columns)}) AS new"
            f" ({', '.join(names)}) WHERE {table}.{names[0]} = new.{names[0]}",
            _columns(rows, columns),
        )
        return int(cursor.rowcount)


def _arrays(fields: Sequence[Field[Any, Any]]) -> str:
    """Without their lengths: a cast to varchar(20) would cut, where a column refuses."""
    types = [str(field.db_type(connection)).partition("(")[0] for field in fields]
    return ", ".join(f"%s::{kind}[]" for kind in types)


def _columns(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> list[list[Any]]:
    return [[_value(row, field) for row in rows] for field in fields]


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
