"""Many rows written by one statement, each with values of its own, as arrays that PostgreSQL joins.

Django's bulk_update says it with a CASE for each column that has a branch for each row, and its
bulk_create a list of placeholders for each row as soon as one value is an expression: building,
reading and planning that was half of what a batch of mails cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import connection, connections, models
from django.db.models import Field, Model
from django.db.models.functions import Now

Row = TypeVar("Row", bound=Model)
Column = list[Any]

# What Django asks each of their values would be answered as it is. A subclass may seal or turn it.
_TEXTS = frozenset({models.CharField, models.TextField, models.EmailField, models.URLField})
_AS_THEY_ARE = frozenset(
    {models.BooleanField, models.IntegerField, models.BigIntegerField, models.SmallIntegerField}
    | {models.PositiveIntegerField, models.PositiveSmallIntegerField, models.DateTimeField}
    | {models.ForeignKey, models.OneToOneField}
)


def update_each(rows: Sequence[Model], *names: str) -> int:
    """Writes the fields NAMES of ROWS, plain values, and answers how many rows were still there.

    The order in which rows are locked is the database's: whoever needs one has locked them before.
    """
    if not rows:
        return 0
    fields: list[Field[Any, Any]] = [rows[0]._meta.get_field(name) for name in names]  # type: ignore[misc]
    update = _by_arrays if connection.vendor == "postgresql" else _one_by_one
    return update(rows, fields)


def add_all(rows: Iterable[Row]) -> list[Row]:
    """Adds ROWS, all of one model, and gives each its key."""
    added = list(rows)
    if not _add_by_arrays(added, keys=True):
        type(added[0])._base_manager.bulk_create(added)
    return added


def add_unless_known(rows: Iterable[Model], *, due: str = "") -> None:
    """Adds ROWS, all of one model, but those that a unique rule of their table knows already.

    Their field DUE, if one is named, becomes the database's present moment where it is None.
    """
    added = list(rows)
    if _add_by_arrays(added, due=due):
        return
    for row in added if due else ():
        setattr(row, due, Now() if getattr(row, due) is None else getattr(row, due))
    type(added[0])._base_manager.bulk_create(added, ignore_conflicts=True)


def add_new(
    model: type[Model],
    many: Mapping[str, Sequence[Any]],
    *,
    answer: Sequence[str],
    **same: Any,
) -> list[tuple[Any, ...]]:
    """Adds rows but those that a unique rule of their table knows already, and answers the columns
    ANSWER of those that are new, in no order.

    MANY: whole columns of plain texts or numbers; SAME: what all rows have alike, plain or an
    expression. Every other column gets its default.
    """
    if not all(many.values()):
        return []
    fields = model._meta.concrete_fields
    listed = [field for field in fields if field.attname in many]
    shared = [field for field in fields if field not in listed and not field.primary_key]
    alike = [_alike(field, same.get(field.attname, field.get_default())) for field in shared]
    rows = _unnested if connection.vendor == "postgresql" else _from_json
    names, source, values = rows(listed, [many[field.attname] for field in listed])
    columns = ", ".join(_quoted(field.column) for field in (*shared, *listed))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_quoted(model._meta.db_table)} ({columns})"
            f" SELECT {', '.join([*(sql for sql, _values in alike), *names])} FROM {source}"
            f" WHERE true ON CONFLICT DO NOTHING RETURNING {', '.join(map(_quoted, answer))}",
            [*(value for _sql, some in alike for value in some), *values],
        )
        return list(cursor.fetchall())


def _add_by_arrays(rows: Sequence[Model], *, due: str = "", keys: bool = False) -> bool:
    """False where it is not to be done this way: not here, not with an expression among them, and
    not with keys that are given."""
    if not rows:
        return True
    if connection.vendor != "postgresql" or any(row.pk is not None for row in rows):
        return False
    fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    columns = [_new(rows, field) for field in fields]
    if any(map(_has_expression, columns)):
        return False
    with connection.cursor() as cursor:
        ready = [_ready(column, field) for column, field in zip(columns, fields, strict=True)]
        cursor.execute(_insert(rows[0], fields, due, keys), ready)
        for row, (key,) in zip(rows, cursor.fetchall() if keys else (), strict=keys):
            row.pk, row._state.adding, row._state.db = key, False, connection.alias
    return True


def _alike(field: Field[Any, Any], value: Any) -> tuple[str, list[Any]]:
    if hasattr(value, "resolve_expression"):
        query = field.model._base_manager.all().query
        compiler = query.get_compiler(connection=connection)
        sql, values = compiler.compile(value.resolve_expression(query))
        return sql, list(values)
    cast = f"::{_type(field)}" if connection.vendor == "postgresql" else ""
    return f"%s{cast}", [field.get_db_prep_save(value, connection)]


def _unnested(
    fields: Sequence[Field[Any, Any]], columns: Sequence[Sequence[Any]]
) -> tuple[list[str], str, list[Column]]:
    names = [_quoted(field.column) for field in fields]
    source = f"UNNEST({_arrays(fields)}) AS new ({', '.join(names)})"
    return names, source, [list(column) for column in columns]


def _from_json(
    fields: Sequence[Field[Any, Any]], columns: Sequence[Sequence[Any]]
) -> tuple[list[str], str, list[str]]:
    names = [f"json_extract(value, '$[{number}]')" for number in range(len(fields))]
    return names, "json_each(%s)", [json.dumps(list(zip(*columns, strict=True)))]


def _insert(row: Model, fields: Sequence[Field[Any, Any]], due: str, keys: bool) -> str:
    names = [_quoted(field.column) for field in fields]
    values = [
        f"COALESCE({name}, STATEMENT_TIMESTAMP())" if field.name == due else name
        for field, name in zip(fields, names, strict=True)
    ]
    columns, table, key = ", ".join(names), _quoted(row._meta.db_table), row._meta.pk
    end = f"RETURNING {_quoted(key.column)}" if keys else "ON CONFLICT DO NOTHING"
    return (
        f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)}"
        f" FROM UNNEST({_arrays(fields)}) AS new ({columns}) {end}"
    )


def _new(rows: Sequence[Model], field: Field[Any, Any]) -> Column:
    """Of rows that are to be added: moments that are set by themselves, and keys that rows got
    after they were pointed at."""
    if isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add):
        return [field.pre_save(row, True) for row in rows]
    values = _values(rows, field)
    if not isinstance(field, models.ForeignKey) or None not in values:
        return values
    for row, key in zip(rows, values, strict=True):
        if key is None and field.get_cached_value(row, default=None):
            row._prepare_related_fields_for_save("add_all", [field])  # type: ignore[attr-defined]
    return _values(rows, field)


def _has_expression(values: Column) -> bool:
    return any(hasattr(kind, "resolve_expression") for kind in set(map(type, values)))


def _by_arrays(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> int:
    columns = [rows[0]._meta.pk, *fields]
    names = [_quoted(field.column) for field in columns]
    table = _quoted(rows[0]._meta.db_table)
    changes = ", ".join(f"{name} = new.{name}" for name in names[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {changes} FROM UNNEST({_arrays(columns)}) AS new"
            f" ({', '.join(names)}) WHERE {table}.{names[0]} = new.{names[0]}",
            [_ready(_values(rows, field), field) for field in columns],
        )
        return int(cursor.rowcount)


def _arrays(fields: Sequence[Field[Any, Any]]) -> str:
    return ", ".join(f"%s::{_type(field)}[]" for field in fields)


def _type(field: Field[Any, Any]) -> str:
    """Without its length: a cast to varchar(20) would cut, where a column refuses."""
    return str(field.db_type(connection)).partition("(")[0]


def _values(rows: Sequence[Model], field: Field[Any, Any]) -> Column:
    name = field.attname
    return [getattr(row, name) for row in rows]


def _ready(values: Column, field: Field[Any, Any]) -> Column:
    """As the database takes them."""
    kind = type(field)
    if kind in _AS_THEY_ARE:
        return values
    if kind in _TEXTS:  # a choice is a kind of text, and its words may wait for a language
        return [one if type(one) is str or one is None else str(one) for one in values]
    here = connections[connection.alias]  # not by way of the proxy, which asks for each value anew
    return [field.get_db_prep_save(one, here) for one in values]


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
