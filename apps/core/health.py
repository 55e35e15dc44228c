"""What the product can say of its own processes, from stored signs of life."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models.functions import Now

from apps.core.models import Heartbeat

SILENT_AFTER = timedelta(seconds=70)


def beat(name: str) -> None:
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=Now())],
        update_conflicts=True,
        update_fields=["at"],
        unique_fields=["name"],
    )


def alive(*names: str) -> set[str]:
    """Those of NAMES that gave a sign of life within 70 s, by the database's clock."""
    recent = models.ExpressionWrapper(Now() - SILENT_AFTER, output_field=models.DateTimeField())
    return set(
        Heartbeat.objects.filter(name__in=names, at__gt=recent).values_list("name", flat=True)
    )


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life: when, and how long ago by the database's clock."""

    at: datetime
    age: float

    @classmethod
    def of(cls, at: datetime, now: datetime) -> Self:
        return cls(at, (now - at).total_seconds())


def signs_of_life() -> dict[str, Sign]:
    """The last sign of each process kind that ever gave one."""
    rows = Heartbeat.objects.values_list("name", "at", Now())
    return {name: Sign.of(at, now) for name, at, now in rows}


@dataclass(frozen=True, slots=True)
class Backlog:
    """Rows that wait: how many (up to a limit), and since when the first of them does."""

    count: int = 0
    more: bool = False
    oldest: datetime | None = None


def backlog(rows: "models.QuerySet[Any]", moment: str, *, most: int = 1000) -> Backlog:
    """One query that reads at most MOST + 1 moments, however many rows wait."""
    moments = list(rows.order_by("id").values_list(moment, flat=True)[: most + 1])
    found = moments[:most]
    return Backlog(len(found), len(moments) > most, min(found, default=None))
