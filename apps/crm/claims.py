"""Which threads this worker posts for: one lease per thread, taken and given back in bulk."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.db.models.functions import Now

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

    def renew(self, *, longer: float = 0) -> None:
        """Call it before each request; costs nothing while the lease is fresh.

        LONGER: seconds that the next request may take on top.
        """
        if longer or time.monotonic() - self.renewed_at > FRESH:
            until = in_seconds(self.seconds + longer)
            Lease.objects.filter(holder=self.holder).update(until=until)
            self.renewed_at = time.monotonic()
            self.keys = _held_by(self.holder)


@contextmanager
def claimed(keys: Sequence[str], *, seconds: int) -> Iterator[Claim]:
    """Those of KEYS that nobody else works on."""
    claim = Claim(uuid.uuid4().hex, seconds)
    names = [PREFIX + key for key in keys]
    Lease.objects.bulk_create([Lease(name=name) for name in names], ignore_conflicts=True)
    free = Lease.objects.filter(Q(holder="") | Q(until__lt=Now()), name__in=names)
    if free.update(holder=claim.holder, until=in_seconds(seconds)):
        claim.keys = _held_by(claim.holder)
    try:
        yield claim
    finally:
        try:  # threads are many: their leases leave no rows behind
            Lease.objects.filter(holder=claim.holder).delete()
        except (OperationalError, InterfaceError):
            give_back(claim.holder)


def _held_by(holder: str) -> list[str]:
    names = Lease.objects.filter(holder=holder).values_list("name", flat=True)
    return sorted(name.removeprefix(PREFIX) for name in names)
