"""What a row of the history says of one field: before and after as JSON, and never a secret."""

from __future__ import annotations

from datetime import date
from typing import Any, TypedDict

from django.db import models

from apps.core.secrets import SecretField, sealed_places

STORED = "•"  # stands for a secret that is there


class Entry(TypedDict, total=False):
    """One field: before and after; a list: what came and what went; a secret: what became of it."""

    field: str
    before: Any
    after: Any
    added: list[str]
    removed: list[str]
    secret: str  # "set", "replaced" or "removed"


def entry_of(field: Any, old: models.Model | None, new: models.Model | None) -> Entry | None:
    """None where nothing changed; a side without a row is empty."""
    before, after = (row and getattr(row, field.attname) for row in (old, new))
    if before == after or (_is_empty(before) and _is_empty(after)):
        return None
    if field.name == "password":
        return None if _only_hashed_anew(before, new) else _secret(field, before, after)
    if isinstance(field, SecretField):
        return _secret(field, before, after)
    return Entry(field=field.name, before=_plain(field, old), after=_plain(field, new))


def _only_hashed_anew(before: Any, user: Any) -> bool:
    """At a sign-in Django may store the same password under a newer hash."""
    if not before or user is None or not user.has_usable_password():
        return False
    return user._password is None


def _secret(field: Any, before: Any, after: Any) -> Entry:
    became = "replaced" if before and after else "set" if after else "removed"
    return Entry(field=field.name, secret=became)


def _is_empty(value: object) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _plain(field: Any, row: models.Model | None) -> Any:
    """As JSON has it; another row by its name, since that may be gone when somebody reads."""
    if row is None:
        return None
    if field.is_relation:
        # A row that was never saved has no other either, even where it must have one.
        return None if getattr(row, field.attname) is None else str(getattr(row, field.name))
    value = getattr(row, field.attname)
    if isinstance(value, date):
        return value.isoformat()
    for place in sealed_places() if isinstance(value, dict | list) else ():
        if (place.model, place.field) == (row._meta.label, field.name):
            return place.mapped(value, lambda _sealed: STORED)
    return value
