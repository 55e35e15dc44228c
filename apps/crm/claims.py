"""Which threads this worker posts for: one lease per thread, taken and given back in bulk."""

import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Now

from apps.core.db.patience import DATABASE_AWAY
from apps.core.db.rows import add_new
from apps.core.leases import give_back, in_seconds
from apps.core.models import Lease

PREFIX = "crm:"
FRESH = 5  # seconds


@dataclass(slots=True)
class Claim:
    """The threads that are ours; shorter after `renew` when somebody took one over."""

    holder: str
    seconds: int
    keys: list[str] = field(default_factory=list)
    renewed_at: float = field(default_factory=time.monotonic)
    longer: float = 0

    def renew(self, *, longer: float = 0) -> None:
        """Call it before each request; costs nothing while the lease is fresh.

        LONGER: seconds that the next request may take on top.
        """
        if longer or time.monotonic() - self.renewed_at > FRESH:
            self.longer = longer
            self.keep()

    def keep(self) -> None:
        """Amid a round, after something that may have taken too long."""
        until = in_seconds(self.seconds + self.longer)
        Lease.objects.filter(holder=self.holder).update(until=until)
        self.renewed_at = time.monotonic()
        self.keys = _held_by(self.holder)


@contextmanager
def claimed(keys: Sequence[str], *, seconds: int) -> Iterator[Claim]:
    """Those of KEYS that nobody else works on."""
    claim = Claim(uuid.uuid4().hex, seconds)
    claim.keys = _taken([PREFIX + key for key in sorted(set(keys))], claim)
    try:
        yield claim
    finally:
        try:  # threads are many: their leases leave no rows behind
            Lease.objects.filter(holder=claim.holder).delete()
        except DATABASE_AWAY:
            give_back(claim.holder)


def _taken(names: Sequence[str], claim: Claim) -> list[str]:
    """In one order for everybody, so that nobody waits in a circle."""
    mine = {"holder": claim.holder, "until": in_seconds(claim.seconds)}
    added = add_new(Lease, {"name": names}, answer=["name"], **mine)
    if len(added) == len(names):
        return _keys(name for (name,) in added)
    free = Lease.objects.filter(Q(holder="") | Q(until__lt=Now()), name__in=names)
    free.update(**mine)
    return _held_by(claim.holder)


def _held_by(holder: str) -> list[str]:
    return _keys(Lease.objects.filter(holder=holder).values_list("name", flat=True))


def _keys(names: Iterable[str]) -> list[str]:
    return sorted(name.removeprefix(PREFIX) for name in names)
