"""Stored mails read once more under today's settings, beside what was decided when they came.

Each is tried by itself, as if it came now; nothing is written. What its own later messages taught
the conversation counts as well, so a difference is a hint to look, not a fault by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from apps.channels.models import InboundEmail
from apps.channels.receive import MAX_MAIL_BYTES
from apps.core import blobs
from apps.core.db.read_only import reading_only
from apps.queues.models import Queue
from apps.tickets.dry_run import Trial, try_out
from apps.tickets.models import Message, SessionEvent

MOST_MAILS = 200  # in one run
MOST_BYTES = 200 * 2**20

Status = InboundEmail.Status


@dataclass(frozen=True, slots=True)
class Change:
    """One decision that would fall differently today."""

    what: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Replayed:
    row: InboundEmail
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    mails: tuple[Replayed, ...]  # those that would be decided differently
    looked_at: int
    left_out: int  # beyond the limits of one run, or without bytes


def replay(day: date | None, *, mailbox: int | None = None) -> Replay:
    """The mails that came on DAY, or the newest ones; newest first."""
    rows = list(_settled(day, mailbox)[: MOST_MAILS + 1])
    more, rows = len(rows) > MOST_MAILS, rows[:MOST_MAILS]
    stored = _stored(rows)
    with reading_only():
        tried = [(row, trial) for row, trial in _tried(rows)]
    replayed = [Replayed(row, _changes(row, stored.get(row.pk), trial)) for row, trial in tried]
    different = tuple(one for one in replayed if one.changes)
    return Replay(different, len(tried), len(rows) - len(tried) + more)


def _settled(day: date | None, mailbox: int | None) -> QuerySet[InboundEmail]:
    rows = InboundEmail.objects.exclude(status__in=[Status.RECEIVED, Status.DUPLICATE])
    rows = rows.filter(raw__isnull=False).select_related("raw", "mailbox").order_by("-pk")
    if day is not None:
        rows = rows.filter(received_at__date=day)
    return rows.filter(mailbox=mailbox) if mailbox else rows


@dataclass(frozen=True, slots=True)
class _Stored:
    """What was decided when the mail came, whatever was moved and transferred since."""

    thread: str
    queue: str
    joined: bool


def _stored(rows: Sequence[InboundEmail]) -> dict[int, _Stored]:
    earlier = Exists(Message.objects.filter(thread=OuterRef("thread"), pk__lt=OuterRef("pk")))
    messages = Message.objects.filter(inbound__in=[row.pk for row in rows])
    found = list(messages.select_related("thread", "session__queue"))
    later = set(messages.filter(earlier).values_list("pk", flat=True))
    first = _first_queues([one.session_id for one in found])
    return {
        one.inbound_id: _Stored(
            one.thread.key,
            first.get(one.session_id, one.session.queue.name),
            _joined(one.placement, has_earlier=one.pk in later),
        )
        for one in found
        if one.inbound_id
    }


def _joined(placement: dict[str, Any], *, has_earlier: bool) -> bool:
    """Mails of before this was written down: whether others lay there already."""
    rule = str(placement.get("rule", ""))
    return not rule.startswith("opens") if rule else has_earlier


def _first_queues(sessions: Sequence[int]) -> dict[int, str]:
    """Of sessions that were transferred, where they began."""
    moves = SessionEvent.objects.filter(session__in=sessions, kind=SessionEvent.Kind.QUEUE)
    before = dict(moves.order_by("-pk").values_list("session", "before"))
    names = {str(queue.pk): queue.name for queue in Queue.objects.all()} if before else {}
    return {session: names[pk] for session, pk in before.items() if pk in names}


def _tried(rows: Sequence[InboundEmail]) -> Iterator[tuple[InboundEmail, Trial]]:
    """To the mailbox it was given to by hand or by the API; else its headers decide again."""
    room = MOST_BYTES
    for row in rows:
        if row.raw is None or row.size > min(room, MAX_MAIL_BYTES):
            continue
        room -= row.size
        given = row.mailbox.address if row.mailbox and row.account_id is None else ""
        try:
            raw = blobs.read(row.raw)
        except OSError:  # its bytes are gone; the journey says so
            continue
        yield row, try_out(raw, to=given, with_database=True)


def _changes(row: InboundEmail, stored: _Stored | None, trial: Trial) -> tuple[Change, ...]:
    then, now = _decided_then(row, stored), _decided_now(row, stored, trial)
    words = {
        "outcome": _("Outcome"),
        "reason": _("Reason"),
        "mailbox": _("Mailbox"),
        "queue": _("Queue"),
        "conversation": _("Conversation"),
    }
    return tuple(
        Change(words[what], then[what], now[what]) for what in words if then[what] != now[what]
    )


def _decided_then(row: InboundEmail, stored: _Stored | None) -> dict[str, str]:
    return {
        "outcome": str(Status(row.status).label),
        "reason": "" if stored else row.code,
        "mailbox": row.mailbox.address if row.mailbox else "",
        "queue": stored.queue if stored else "",
        "conversation": _conversation(stored.joined) if stored else "",
    }


def _decided_now(row: InboundEmail, stored: _Stored | None, trial: Trial) -> dict[str, str]:
    """A mail that was held and released by hand would be held again: no change of settings."""
    held = trial.disposition != Status.STORED and not row.released
    now = trial.decisions
    if held or now is None:
        return {
            "outcome": str(Status(trial.disposition).label),
            "reason": trial.reason or "",
            "mailbox": row.mailbox.address if row.mailbox else "",
            "queue": "",
            "conversation": "",
        }
    return {
        "outcome": str(Status.STORED.label),
        "reason": "",
        "mailbox": now.mailbox,
        "queue": now.queue,
        "conversation": _conversation(_joins_now(now.thread, stored)),
    }


def _joins_now(thread: str, stored: _Stored | None) -> bool:
    """The conversation that it opened itself is there by now: to find that one is no change."""
    if stored and thread == f"join:{stored.thread}":
        return stored.joined
    return thread.startswith("join:")


def _conversation(joined: bool) -> str:
    return _("joined another mail's") if joined else _("opened one")
