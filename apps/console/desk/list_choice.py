"""Which sessions a list shows, in which order, and where it goes on: read from an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.tickets.models import Session

Status = Session.Status

VIEWS = ("mine", "unassigned", "all", "closed")
STATUSES: dict[str, tuple[str, ...]] = {
    "open": Session.OPEN,
    "paused": (Status.PAUSED,),
    "resolved": (Status.RESOLVED,),
    "closed": (Status.CLOSED,),
    "any": tuple(Status.values),
}
# What a list is sorted by; what is equal is sorted by id, in the same direction.
SORTS: dict[str, str] = {
    "newest": "-updated_at",
    "oldest": "updated_at",
    "waiting": "waiting_since",
}
LOOKING_BACK = timedelta(days=60)  # of the view of closed sessions
LONGEST_SEARCH = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mark:
    """The last row of a load: the next one begins after it."""

    at: datetime
    pk: int

    @classmethod
    def read(cls, text: str) -> Mark | None:
        micros, _dash, pk = text.partition("-")
        if not (_is_number(micros) and _is_number(pk)):
            return None
        try:
            return cls(EPOCH + timedelta(microseconds=int(micros)), int(pk))
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.pk}"


@dataclass(frozen=True, slots=True)
class ListChoice:
    """Whatever the address does not say, or says wrong, is the default."""

    view: str = "all"
    queue: int | None = None
    status: str = "open"
    sort: str = "newest"
    since: date | None = None
    until: date | None = None
    words: str = ""
    before: Mark | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> ListChoice:
        queue = query.get("queue", "")
        view = _one_of(query.get("view"), VIEWS, "all")
        status = _one_of(query.get("status"), STATUSES, "open")
        status = "closed" if view == "closed" else status
        sort = _one_of(query.get("sort"), SORTS, "newest")
        return cls(
            view=view,
            queue=int(queue) if _is_number(queue) else None,
            status=status,
            sort="oldest" if sort == "waiting" and status != "open" else sort,  # none waits there
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
            words=query.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
            before=Mark.read(query.get("before", "")),
        )

    @property
    def title(self) -> str:
        """Of a view; a queue has its name."""
        return titles()[self.view]

    @property
    def is_counted(self) -> bool:
        """A kept counter knows how many there are."""
        return self.status == "open" and not (self.since or self.until or self.words)

    @property
    def field(self) -> str:
        return SORTS[self.sort].lstrip("-")

    @property
    def order(self) -> tuple[str, str]:
        return SORTS[self.sort], "-id" if self.sort == "newest" else "id"

    @property
    def conditions(self) -> Q:
        """Whoever's and wherever they are."""
        wanted = Q(status__in=STATUSES[self.status]) if self.status != "any" else Q()
        if self.view == "closed":
            wanted &= _closed_lately()
        if self.since:
            wanted &= Q(updated_at__gte=_beginning_of(self.since))
        if self.until:
            wanted &= Q(updated_at__lt=_end_of(self.until))
        return wanted

    @property
    def after_mark(self) -> Q:
        """The first half alone would do for an index; the second is exact."""
        if self.before is None:
            return Q()
        way = "lt" if self.sort == "newest" else "gt"
        at, pk = self.before.at, self.before.pk
        beyond = Q(**{f"{self.field}__{way}": at}) | Q(**{f"pk__{way}": pk})
        return Q(**{f"{self.field}__{way}e": at}) & beyond

    def mark_of(self, at: datetime, pk: int) -> str:
        return str(Mark(at, pk))


def titles() -> dict[str, str]:
    return {
        "mine": _("Assigned to me"),
        "unassigned": _("Unassigned"),
        "all": _("All sessions"),
        "drafts": _("Drafts"),
        "closed": _("Closed in the last 60 days"),
    }


def _closed_lately() -> Q:
    """Closing is a change: so what changed before was closed before, and an index knows that."""
    earliest = timezone.now() - LOOKING_BACK
    return Q(finished_at__gte=earliest, updated_at__gte=earliest)


def _one_of(word: str | None, known: Mapping[str, object] | tuple[str, ...], default: str) -> str:
    return word if word is not None and word in known else default


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 19


def _day(text: str) -> date | None:
    """Of years in which every zone has its midnight."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 9999 else None


def _beginning_of(day: date) -> datetime:
    """In the reader's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _end_of(day: date) -> datetime:
    return _beginning_of(day + timedelta(days=1))
