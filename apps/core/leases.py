"""Who works on something right now, held as a row and timed by the database's clock."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import DateTimeField, ExpressionWrapper, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from apps.core.db.patience import DATABASE_AWAY
from apps.core.holders import is_dead, new_holder
from apps.core.models import Lease

log = logging.getLogger(__name__)

FRESH = 5  # seconds
_left_behind: set[str] = set()  # ours, and the database was away when we gave them back


@dataclass(slots=True)
class Hold:
    name: str
    holder: str
    seconds: int
    renewed_at: float = field(default_factory=time.monotonic)

    def renew(self) -> bool:
        """False: the lease ran out and somebody else has it; stop working."""
        mine = Lease.objects.filter(name=self.name, holder=self.holder)
        self.renewed_at = time.monotonic()
        return bool(mine.update(until=in_seconds(self.seconds)))

    def keep(self) -> bool:
        """Amid long work, as often as you like: it costs nothing while the lease is fresh."""
        return time.monotonic() - self.renewed_at <= FRESH or self.renew()


@contextmanager
def held(name: str, *, seconds: int) -> Iterator[Hold | None]:
    """Yields None when somebody else holds NAME."""
    hold = _acquire(name, seconds)
    try:
        yield hold
    finally:
        if hold:
            give_back(hold.holder)


def give_back(*holders: str) -> None:
    """Where the database is away it is made up for: nobody waits for a lease that nobody needs."""
    try:
        Lease.objects.filter(holder__in=holders).update(holder="", until=Now())
        _left_behind.difference_update(holders)
    except DATABASE_AWAY:
        log.warning("the database is away; a lease is given back later")
        _left_behind.update(holders)


def longest_ago(names: Sequence[str]) -> list[str]:
    """Whoever takes these leases in this order lets none of them wait behind the others: first
    those that nobody ever had, then by the time at which they were given back."""
    if len(names) < 2:
        return [*names]
    over = dict(Lease.objects.filter(name__in=names).values_list("name", "until"))
    return sorted(names, key=lambda name: (name in over, over.get(name)))


def _acquire(name: str, seconds: int) -> Hold | None:
    if _left_behind:
        give_back(*_left_behind)
    holder = new_holder()
    taken = _taken(name, holder, seconds) or _inherited(name, holder, seconds)
    return Hold(name, holder, seconds) if taken else None


def _taken(name: str, holder: str, seconds: int) -> bool:
    free = Lease.objects.filter(Q(holder="") | Q(until__lt=Now()), name=name)
    return bool(free.update(holder=holder, until=in_seconds(seconds)))


def _inherited(name: str, holder: str, seconds: int) -> bool:
    """From a process of this machine that was killed: nobody waits until its lease is over.

    Or from nobody: the name is new.
    """
    before = Lease.objects.filter(name=name).values_list("holder", flat=True).first()
    if before is None:
        Lease.objects.bulk_create([Lease(name=name)], ignore_conflicts=True)
        return _taken(name, holder, seconds)
    if not before or not is_dead(before):
        return False
    theirs = Lease.objects.filter(name=name, holder=before)
    return bool(theirs.update(holder=holder, until=in_seconds(seconds)))


def in_seconds(seconds: float) -> "ExpressionWrapper[CombinedExpression]":
    """A moment on the database's clock, so that machines with wrong clocks agree."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def expired(field: str) -> Q:
    """True where FIELD holds no time, or one that is over."""
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lte": Now()})
