"""The journey of a mail that came: each step with its time, its evidence and its decision.

Everything is read from stored rows, in a number of queries that does not grow with them.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.attachments.models import Attachment, Verdict, VerdictChange
from apps.channels.models import InboundEmail
from apps.crm.models import TicketLink, TicketUpdate
from apps.tickets.held.quarantine import RAW_KEPT
from apps.tickets.models import DeliveryReport, Message, MessageFile, SessionEvent
from apps.tickets.threading.words import sentence
from config.tracing.steps import (
    Step,
    Table,
    Tone,
    confidence_of,
    facts,
    signals_of,
    size_of,
)

MOST_ROWS = 100  # of any one kind; a page is no archive

Status, Kind = InboundEmail.Status, TicketUpdate.Kind
TONES: dict[str, Tone] = {
    Status.QUARANTINED: "danger",
    Status.REJECTED: "warn",
    Status.DUPLICATE: "quiet",
    Status.RECEIVED: "warn",
}


def steps_of(row: InboundEmail) -> list[Step]:
    """Oldest first; a mail that is held ends where it is held."""
    message = _message_of(row)
    steps = [_arrival(row), *_handled(row), _outcome(row)]
    if message is not None:
        steps += [_place(message), *_work(message), *_files(message), *_told(message)]
        steps += _reports(message)
    return steps


def _message_of(row: InboundEmail) -> Message | None:
    rows = Message.objects.select_related("thread", "session__queue", "session__agent__user")
    return rows.filter(inbound=row).first()


def _arrival(row: InboundEmail) -> Step:
    where = facts(
        (_("Account"), row.account),
        (_("Folder"), row.folder),
        ("UIDVALIDITY", row.uidvalidity),
        ("UID", row.uid),
        (_("Size"), size_of(row.size)),
        ("SHA-256", row.sha256),
    )
    came = _("It came by: %(way)s.") % {"way": row.get_source_display()}
    return Step("arrival", _("Received"), came, where, at=row.received_at)


def _handled(row: InboundEmail) -> Iterator[Step]:
    """What people did with it while it was held; it stands before what came of that."""
    rows = list(row.actions.order_by("pk")[:MOST_ROWS])
    if not rows:
        return
    heads = (_("When"), _("What"), _("By"), _("Outcome"), _("The server's words"))
    told = tuple(
        (
            _time(one.at),
            str(one.get_kind_display()),
            one.by_name,
            str(one.get_outcome_display()),
            one.sentence,
        )
        for one in rows
    )
    said = _("It was in quarantine; people decided.")
    yield Step("quarantine", _("Quarantine"), said, (), Table(heads, told), rows[0].at, "warn")


def _outcome(row: InboundEmail) -> Step:
    decision = row.reason or {
        Status.RECEIVED: _("It waits to be taken in."),
        Status.STORED: _("It was read and stored."),
        Status.BEFORE_START: _("It was there before the start, and nobody asked for it."),
    }.get(Status(row.status), str(row.get_status_display()))
    about = facts(
        (_("Outcome"), row.get_status_display()),
        (_("Reason"), row.code),
        (_("Mailbox"), row.mailbox),
        (_("Sender"), row.sender),
        (_("Subject"), row.subject),
        (_("Same bytes as"), row.duplicate_of_id),
        (_("Released by hand"), _("yes") if row.released else ""),
        (_("Source kept at least until"), _kept_until(row)),
    )
    tone = TONES.get(row.status, "ok")
    return Step("outcome", _("Read"), decision, about, at=row.settled_at, tone=tone)


def _kept_until(row: InboundEmail) -> str:
    if row.status != Status.REJECTED or row.settled_at is None or row.raw_id is None:
        return ""
    return date_format(localtime(row.settled_at + RAW_KEPT), "DATE_FORMAT")


def _place(message: Message) -> Step:
    placement: dict[str, Any] = message.placement
    about = facts(
        (_("Conversation"), message.thread.key),
        (_("Session"), message.session.public_id),
        (_("Mailbox"), message.mailbox),
        (_("Message-ID"), message.message_id),
        (_("In reply to"), message.in_reply_to),
    )
    return Step(
        "place",
        _("Conversation"),
        sentence(placement) if placement else message.because,
        (*about, *confidence_of(placement)),
        signals_of(placement),
        message.created_at,
        "warn" if placement.get("flags") else "ok",
    )


def _work(message: Message) -> Iterator[Step]:
    """What was decided about its session from then on: queue, agent, status, moves."""
    events = SessionEvent.objects.filter(session=message.session, at__gte=message.created_at)
    rows = list(events.select_related("by").order_by("at", "id")[:MOST_ROWS])
    session = message.session
    about = facts(
        (_("Session"), session.public_id),
        (_("Queue"), session.queue.name),
        (_("Agent"), session.agent.name if session.agent else _("nobody yet")),
        (_("Status"), session.get_status_display()),
    )
    heads = (_("When"), _("Decision"), _("By"))
    told = tuple((_time(one.at), one.why, str(one.by or _("the product"))) for one in rows)
    table = Table(heads, told) if told else None
    yield Step("work", _("Queue and agent"), session.why, about, table)


def _time(at: Any) -> str:
    from django.utils import formats, timezone

    return formats.date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


def _files(message: Message) -> Iterator[Step]:
    files = MessageFile.objects.filter(message=message).select_related("attachment")
    rows = [one.attachment for one in files.order_by("position")[:MOST_ROWS]]
    if not rows:
        return
    waiting = sum(one.verdict == Verdict.WAITING for one in rows)
    bad = sum(one.verdict not in (Verdict.WAITING, Verdict.CLEAN) for one in rows)
    said = ngettext("%(count)d file was looked at.", "%(count)d files were looked at.", len(rows))
    tone: Tone = "danger" if bad else "warn" if waiting else "ok"
    decided = max((one.decided_at for one in rows if one.decided_at), default=None)
    decision = said % {"count": len(rows)}
    yield Step("files", _("Files"), decision, (), _verdicts(rows), decided, tone)
    yield from _changed_verdicts(rows)


def _verdicts(rows: list[Attachment]) -> Table:
    heads = (_("File"), _("Size"), _("Type"), _("Verdict"), _("Reason"), _("Signatures"))
    told = [
        (
            one.name,
            size_of(one.size),
            one.detected_type or one.declared_type,
            str(one.get_verdict_display()),
            one.reason,
            one.signature_version,
        )
        for one in rows
    ]
    return Table(heads, tuple(told))


def _changed_verdicts(rows: list[Attachment]) -> Iterator[Step]:
    changes = VerdictChange.objects.filter(attachment__in=[one.pk for one in rows])
    names = {one.pk: one.name for one in rows}
    for change in changes.select_related("by").order_by("at")[:MOST_ROWS]:
        said = _("“%(file)s” became %(verdict)s.") % {
            "file": names[change.attachment_id],
            "verdict": change.get_after_display(),
        }
        about = facts((_("Reason"), change.reason), (_("By"), change.by))
        yield Step("verdict", _("Changed verdict"), said, about, at=change.at, tone="warn")


def _told(message: Message) -> Iterator[Step]:
    """What the CRM was told of this mail; the standard comment belongs to the first one."""
    files = message.files.values_list("pk", flat=True)[:MOST_ROWS]
    mine = Q(kind__in=[Kind.LINK, Kind.COPY], key=str(message.pk)) | Q(kind=Kind.STANDARD)
    mine |= Q(kind=Kind.FILE, key__in=[str(pk) for pk in files])
    updates = TicketUpdate.objects.filter(mine, thread_key=message.thread.key).order_by("pk")
    rows = list(updates[:MOST_ROWS])
    if not rows:
        return
    link = TicketLink.objects.filter(thread_key=message.thread.key).first()
    heads = (_("What"), _("State"), _("When"), _("Trouble"))
    told = tuple(
        (
            str(one.get_kind_display()),
            str(one.get_status_display()),
            _time(one.posted_at or one.created_at),
            one.error,
        )
        for one in rows
    )
    ticket = link.ticket if link else _("not made yet")
    failed = any(one.status == TicketUpdate.Status.FAILED for one in rows)
    decision = _("Ticket: %(ticket)s.") % {"ticket": ticket}
    tone: Tone = "danger" if failed else "ok"
    yield Step("crm", _("CRM"), decision, (), Table(heads, told), rows[0].created_at, tone)


def _reports(message: Message) -> Iterator[Step]:
    """Where this mail is a report itself: on which mail of ours, for whom."""
    rows = list(DeliveryReport.objects.filter(told_by=message).order_by("pk")[:MOST_ROWS])
    if not rows:
        return
    heads = (_("Recipient"), _("What became of the mail"), _("Code"), _("The server's words"))
    told = tuple(
        (one.recipient, str(one.get_kind_display()), one.status, one.sentence) for one in rows
    )
    said = _("It reports on mail %(number)s.") % {"number": rows[0].message_id}
    yield Step("reports", _("Delivery report"), said, (), Table(heads, told), rows[0].at)
