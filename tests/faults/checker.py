"""Compares what the servers saw with what our rows say, and counts (GUARANTEES, "report").

Nothing is explained away: a mail that is neither in a row nor held is lost, a copy too many is
twice, and what is still on its way when all should be settled is stuck.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from tests.faults.history import BEGINNINGS, Event, What

SETTLED = ("stored", "duplicate", "quarantined", "rejected", "before-start")
Uid = tuple[str, int, int]  # account, UIDVALIDITY, UID


@dataclass(frozen=True, slots=True)
class LedgerRow:
    id: int
    account: str
    uidvalidity: int
    uid: int
    sha256: str
    status: str
    duplicate_of: int | None
    has_raw: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One mail in the console. MAIL: SHA-256 of one that came, Message-ID of one that went."""

    direction: str
    status: str
    mailbox: str
    mail: str
    thread: str


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database says. COMMENTS: how often a ticket of this thread has a link to a mail."""

    ledger: Sequence[LedgerRow] = ()
    messages: Sequence[Told] = ()
    comments: Mapping[str, int] = field(default_factory=dict)
    tickets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tally:
    """One row of the table."""

    fault: str = ""
    offered: int = 0
    sent: int = 0
    unknown: int = 0
    stored: int = 0
    quarantined: int = 0
    rejected: int = 0
    duplicate: int = 0
    before_start: int = 0
    lost: int = 0
    twice: int = 0
    stuck: int = 0
    worst_delay: float = 0.0  # seconds

    @property
    def is_true(self) -> bool:
        return (self.lost, self.twice, self.stuck) == (0, 0, 0)

    def __add__(self, other: "Tally") -> "Tally":
        """Numbers add up; of delays the worst counts."""
        summed = {
            one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)
        }
        return Tally(**summed | {"worst_delay": max(self.worst_delay, other.worst_delay)})


def check(events: Iterable[Event], rows: Rows, seen: Mapping[str, float] | None = None) -> Tally:
    """SEEN: when each mail was first found settled, by its key and the clock of the events."""
    events = list(events)
    total = _came_in(events, rows) + _went_out(events, rows) + _told_the_crm(events, rows)
    return total + Tally(worst_delay=_worst_delay(events, seen or {}))


# ---- in ---------------------------------------------------------------------------------------


def _came_in(events: Sequence[Event], rows: Rows) -> Tally:
    by_uid = {(one.account, one.uidvalidity, one.uid): one for one in rows.ledger}
    by_id = {one.id: one for one in rows.ledger}
    posted = {one.sha256: one for one in reversed(rows.ledger)}
    shown = Counter(one.mail for one in rows.messages if one.direction == "in")
    total = Tally()
    for event in events:
        if event.what is What.OFFERED:
            row = by_uid.get((event.where, event.uidvalidity, event.uid))
            total += _outcome(event, row, by_id, shown)
        elif event.what is What.POSTED:
            total += _outcome(event, posted.get(event.key), by_id, shown)
        elif event.what is What.FLAGGED and not event.proved:
            total += Tally(lost=1)
    return total + Tally(twice=_shown_twice(events, rows))


def _outcome(
    event: Event, row: LedgerRow | None, by_id: Mapping[int, LedgerRow], shown: Mapping[str, int]
) -> Tally:
    one = Tally(offered=1)
    if row is None or row.sha256 != event.key or not row.has_raw:
        return one + Tally(lost=1)
    if row.status not in SETTLED:
        return one + Tally(stuck=1)
    first = by_id.get(row.duplicate_of or 0, row)
    if row.status == "duplicate" and (first is row or first.sha256 != row.sha256):
        return one + Tally(lost=1)
    if row.status == "stored" and not shown.get(row.sha256):
        return one + Tally(lost=1)
    return one + Tally(**{row.status.replace("-", "_"): 1})


def _shown_twice(events: Sequence[Event], rows: Rows) -> int:
    """In one mailbox, the same bytes are one message."""
    ours = {one.key for one in events if one.what in (What.OFFERED, What.POSTED)}
    shown = Counter(
        (one.mailbox, one.mail)
        for one in rows.messages
        if one.direction == "in" and one.mail in ours
    )
    return sum(count - 1 for count in shown.values())


# ---- out --------------------------------------------------------------------------------------


def _went_out(events: Sequence[Event], rows: Rows) -> Tally:
    heard = Counter(one.key for one in events if one.what is What.HEARD)
    status = {one.mail: one.status for one in rows.messages if one.direction == "out"}
    asked = {one.key for one in events if one.what is What.ASKED}
    total = Tally()
    for key in asked | heard.keys():
        total += _delivery(status.get(key, ""), heard[key])
    return total


def _delivery(status: str, copies: int) -> Tally:
    """*failed* of a mail that arrived invites somebody to send it again: a copy too many."""
    total = Tally(sent=min(copies, 1), twice=max(copies - 1, 0))
    match status:
        case "sent":
            return total + Tally(lost=int(not copies))
        case "unknown":
            return total + Tally(unknown=1)
        case "failed":
            return total + Tally(twice=int(bool(copies)))
        case "queued" | "sending":
            return total + Tally(stuck=1)
    return total + Tally(lost=1)


# ---- the CRM ----------------------------------------------------------------------------------


def _told_the_crm(events: Sequence[Event], rows: Rows) -> Tally:
    """One ticket per thread, one link per mail: none of them missing, none of them doubled."""
    keys = {one.key for one in events if one.what is not What.FLAGGED}
    ours = [one for one in rows.messages if one.mail in keys and _is_told(one)]
    links = Counter(one.thread for one in ours)
    missing = sum(max(0, count - rows.comments.get(thread, 0)) for thread, count in links.items())
    tickets = sum(max(0, rows.tickets.get(thread, 0) - 1) for thread in links)
    everything = Counter(one.thread for one in rows.messages if _is_told(one))
    doubled = sum(max(0, rows.comments.get(one, 0) - everything[one]) for one in links)
    return Tally(lost=missing, twice=tickets + doubled)


def _is_told(message: Told) -> bool:
    return message.status in ("received", "sent", "unknown")


# ---- when -------------------------------------------------------------------------------------


def _worst_delay(events: Sequence[Event], seen: Mapping[str, float]) -> float:
    begun: dict[str, float] = {}
    for event in events:
        if event.what in BEGINNINGS:
            begun.setdefault(event.key, event.at)
    return max((seen[key] - at for key, at in begun.items() if key in seen), default=0.0)
