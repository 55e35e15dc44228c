"""Every stored secret under the newest key: counted, sealed anew, and the broken ones named."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import Cast

from apps.core.secrets import SealedPlace, key_of, reseal

AT_ONCE = 200

_Row = tuple[Any, Any]  # its id, the value of the column


@dataclass(slots=True)
class Found:
    """What one place holds: secrets by the key they are sealed with (0 the newest)."""

    place: SealedPlace
    by_key: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)  # ids of rows that no key opens
    resealed: int = 0

    @property
    def secrets(self) -> int:
        return self.by_key.total() + len(self.broken)

    @property
    def older(self) -> int:
        return self.by_key.total() - self.by_key[0]


def look(place: SealedPlace) -> Found:
    """Changes nothing."""
    found = Found(place)
    for identity, value in _rows(place):
        _count(found, identity, value)
    return found


def look_into(places: Iterable[SealedPlace], *, limit: int) -> list[Found]:
    """The first LIMIT rows of each table, all of them in one question; changes nothing."""
    found = [Found(place) for place in places]
    first, *others = (_column(one.place, number, limit) for number, one in enumerate(found))
    for number, identity, text in sorted(first.union(*others, all=True)):
        one = found[number]
        _count(one, identity, json.loads(text) if one.place.keys else text)
    return found


def _column(place: SealedPlace, number: int, limit: int) -> "models.QuerySet[Any, Any]":
    """NUMBER, id and text; an empty column of JSON is left out."""
    rows = _table(place)
    some = rows.filter(pk__in=rows.order_by("pk").values("pk")[:limit])
    text = Cast(place.field, models.TextField())
    told = some.order_by().annotate(sealed_text=text).exclude(sealed_text=None)
    identity = Cast("pk", models.BigIntegerField())
    columns: models.QuerySet[Any, Any] = told.values_list(Value(number), identity, "sealed_text")
    return columns


def rotate(place: SealedPlace) -> Found:
    """Row by row, each in a transaction of its own: killed anywhere, it can be begun again."""
    found = Found(place)
    for identity, value in _rows(place):
        before = found.older
        _count(found, identity, value)
        if found.older > before:
            found.resealed += _reseal_row(place, identity)
    return found


def _rows(place: SealedPlace) -> Iterator[_Row]:
    """In batches by id, so that neither memory nor a transaction grows with the table."""
    last: Any = None
    while True:
        rows = _table(place).order_by("pk").values_list("pk", place.field)
        batch = list((rows if last is None else rows.filter(pk__gt=last))[:AT_ONCE])
        yield from batch
        if len(batch) < AT_ONCE:
            return
        last = batch[-1][0]


def _table(place: SealedPlace) -> "models.QuerySet[Any]":
    rows: models.QuerySet[Any] = apps.get_model(place.model)._base_manager.all()
    return rows


def _count(found: Found, identity: Any, value: Any) -> None:
    def note(sealed: str) -> str:
        key = key_of(sealed)
        if key is None:
            found.broken.append(str(identity))
        else:
            found.by_key[key] += 1
        return sealed

    found.place.mapped(value, note)


def _reseal_row(place: SealedPlace, identity: Any) -> int:
    """Reads again under the row's lock: a password that was changed meanwhile stays changed."""
    done = 0

    def renewed(sealed: str) -> str:
        nonlocal done
        if not key_of(sealed):  # the newest, or none
            return sealed
        done += 1
        return reseal(sealed)

    with transaction.atomic():
        row = _table(place).filter(pk=identity)
        for value in list(row.select_for_update().values_list(place.field, flat=True)):
            row.update(**{place.field: place.mapped(value, renewed)})
    return done
