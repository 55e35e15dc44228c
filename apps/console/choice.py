"""Which sessions the address asks for: a view or a queue, a status, and where the list goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Q

from apps.core.models import User
from apps.tickets.models import Session

Status = Session.Status

VIEWS = ("all", "mine", "unassigned")
STATUSES: dict[str, tuple[str, ...]] = {
    "open": Session.OPEN,
    "paused": (Status.PAUSED,),
    "resolved": (Status.RESOLVED,),
    "closed": (Status.CLOSED,),
    "any": tuple(Status.values),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mark:
    """The last row of a page: the next one begins below it."""

    updated_at: datetime
    pk: int

    @classmethod
    def read(cls, text: str) -> Mark | None:
        micros, _dash, pk = text.partition("-")
        try:
            return cls(EPOCH + timedelta(microseconds=int(micros)), int(pk))
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        return f"{(self.updated_at - EPOCH) // timedelta(microseconds=1)}-{self.pk}"

    @property
    def below(self) -> Q:
        older = Q(updated_at__lt=self.updated_at)
        return older | Q(updated_at=self.updated_at, pk__lt=self.pk)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the list shows. Whatever the address does not say, or says wrong, is the default."""

    view: str = "all"
    queue: int | None = None
    status: str = "open"
    before: Mark | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Choice:
        view, status, queue = query.get("view"), query.get("status"), query.get("queue", "")
        return cls(
            view=view if view in VIEWS else "all",
            queue=int(queue) if queue.isascii() and queue.isdigit() and len(queue) < 19 else None,
            status=status if status in STATUSES else "open",
            before=Mark.read(query.get("before", "")),
        )

    def conditions(self, user: User) -> Q:
        wanted = Q(status__in=STATUSES[self.status])
        if self.queue is not None:
            wanted &= Q(queue=self.queue)
        elif self.view == "mine":
            wanted &= Q(agent__user=user)
        elif self.view == "unassigned":
            wanted &= Q(agent__isnull=True)
        return wanted & self.before.below if self.before else wanted

    def of_view(self, view: str) -> Choice:
        return Choice(view=view)

    def of_queue(self, queue: int) -> Choice:
        return Choice(queue=queue)

    def of_status(self, status: str) -> Choice:
        return replace(self, status=status, before=None)

    def after(self, session: Session) -> Choice:
        return replace(self, before=Mark(session.updated_at, session.pk))

    @property
    def newest(self) -> Choice:
        return replace(self, before=None)

    @property
    def query(self) -> str:
        """As it stands in an address, with its question mark; empty for the default."""
        parts = {
            "view": self.view if self.view != "all" else "",
            "queue": "" if self.queue is None else str(self.queue),
            "status": self.status if self.status != "open" else "",
            "before": str(self.before or ""),
        }
        said = urlencode({name: value for name, value in parts.items() if value})
        return f"?{said}" if said else ""
