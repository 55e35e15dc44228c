"""Who works on something right now, held as a row and timed by the database's clock."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import DateTimeField, ExpressionWrapper, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from apps.core.models import Lease


@dataclass(frozen=True, slots=True)
class Hold:
    name: str
    holder: str
    seconds: int

    def renew(self) -> bool:
        """False: the lease ran out and somebody else has it; stop working."""
        mine = Lease.objects.filter(name=self.name, holder=self.holder)
        return bool(mine.update(until=in_seconds(self.seconds)))


@contextmanager
def held(name: str, *, seconds: int) -> Iterator[Hold | None]:
    """Yields None when somebody else holds NAME."""
    hold = _acquire(name, seconds)
    try:
        yield hold
    finally:
        if hold:
            Lease.objects.filter(name=name, holder=hold.holder).update(holder="", until=Now())


def _acquire(name: str, seconds: int) -> Hold | None:
    Lease.objects.bulk_create([Lease(name=name)], ignore_conflicts=True)
    holder = uuid.uuid4().hex
    free = Lease.objects.filter(Q(holder="") | Q(until__lt=Now()), name=name)
    taken = free.update(holder=holder, until=in_seconds(seconds))
    return Hold(name, holder, seconds) if taken else None


def in_seconds(seconds: float) -> "ExpressionWrapper[CombinedExpression]":
    """A moment on the database's clock, so that machines with wrong clocks agree."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def expired(field: str) -> Q:
    """True where FIELD holds no time, or one that is over."""
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lte": Now()})
