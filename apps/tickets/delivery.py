"""Delivering what was written: claim, attempt row, SMTP, outcome (GUARANTEES G5).

The attempt is committed before the line is opened. Before the final dot nothing was accepted, so a
retry is safe; after it, silence is *unknown*, which nobody sends again by itself.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.attachments.models import Attachment, Verdict
from apps.channels.compose import OutgoingFile, OutgoingMail, compose
from apps.channels.parsed import Address
from apps.channels.send import Envelope, Outcome, send
from apps.core import blobs
from apps.core.announce import announce
from apps.core.errors import Problem
from apps.core.faults import crashpoint
from apps.core.leases import expired, in_seconds
from apps.tickets import assignment, comments, sessions
from apps.tickets.models import DeliveryAttempt, Message, MessageFile, Session
from apps.tickets.signals import message_settled

log = logging.getLogger(__name__)

LEASE = 40  # seconds; renewed at least every 25 while the server is slow
FIRST_PAUSE, LONGEST_PAUSE = 30, 3600
TRIED_AT_ONCE = 3  # after a crash; a mail that crashes every worker has to wait, too
GIVE_UP_AFTER = timedelta(days=2)

Status, Stage = Message.Status, DeliveryAttempt.Stage


class _LeaseLost(Exception):
    """Somebody took the message for abandoned; stop before the dot."""


@dataclass(slots=True)
class _Attempt:
    """The row of this try, renewed while the server lets us wait."""

    row: DeliveryAttempt

    def alive(self) -> None:
        mine = DeliveryAttempt.objects.filter(pk=self.row.pk, outcome="")
        if not mine.update(lease_until=in_seconds(LEASE)):
            raise _LeaseLost

    def before_data(self) -> None:
        mine = DeliveryAttempt.objects.filter(pk=self.row.pk, outcome="", stage=Stage.CONNECTING)
        if not mine.update(stage=Stage.DATA, lease_until=in_seconds(LEASE)):
            raise _LeaseLost


def due(limit: int) -> list[int]:
    """Queued mails whose files are settled and whose time has come; abandoned ones are judged."""
    _judge_abandoned()
    queued = Message.objects.filter(expired("next_try_at"), status=Status.QUEUED)
    waiting = MessageFile.objects.filter(
        message=OuterRef("pk"), attachment__verdict=Verdict.WAITING
    )
    return list(queued.filter(~Exists(waiting)).order_by("id").values_list("pk", flat=True)[:limit])


def deliver(message_id: int) -> None:
    """Sends a queued message if it may leave; does nothing when somebody else has it."""
    message = _sendable(message_id)
    if message is None or _stopped_by_file(message):
        return
    attempt = _claim(message)
    if attempt is None:
        return
    try:
        outcome = _send(message, attempt)
    except _LeaseLost:
        log.warning("a delivery lost its lease", extra={"message_id": message.pk})
        return
    except Problem as problem:
        outcome = Outcome("failed", None, problem.sentence)
    crashpoint("deliver.before_commit")
    _record(message, attempt.row, outcome)


def _sendable(message_id: int) -> Message | None:
    queued = Message.objects.filter(expired("next_try_at"), pk=message_id, status=Status.QUEUED)
    return queued.select_related("mailbox__account", "thread", "session").first()


def _stopped_by_file(message: Message) -> bool:
    """Nothing leaves before every file is clean; a file that never will be ends the mail."""
    files = Attachment.objects.filter(carrier__message=message).exclude(verdict=Verdict.CLEAN)
    held = files.exclude(verdict=Verdict.WAITING).first()
    if held is None:
        return files.exists()
    why = _("Not sent: the file “%(name)s” is %(verdict)s (%(reason)s).") % {
        "name": held.name,
        "verdict": held.get_verdict_display(),
        "reason": held.reason,
    }
    with transaction.atomic():
        queued = Message.objects.filter(pk=message.pk, status=Status.QUEUED)
        if queued.update(status=Status.FAILED, because=why):
            _failed(message, why)
    return True


def _claim(message: Message) -> _Attempt | None:
    """One row or too late; the attempt is committed before anything goes over the line."""
    with transaction.atomic():
        queued = Message.objects.filter(pk=message.pk, status=Status.QUEUED)
        number = message.attempts + 1
        if not queued.filter(attempts=message.attempts).update(
            status=Status.SENDING, attempts=number
        ):
            return None
        row = DeliveryAttempt.objects.create(
            message=message, number=number, lease_until=timezone.now() + timedelta(seconds=LEASE)
        )
        DeliveryAttempt.objects.filter(pk=row.pk).update(lease_until=in_seconds(LEASE))
    return _Attempt(row)


def _send(message: Message, attempt: _Attempt) -> Outcome:
    assert message.mailbox is not None
    raw = compose(_mail(message))
    people = [one["email"] for one in (*message.to, *message.cc, *message.bcc)]
    envelope = Envelope(message.mailbox.address, tuple(dict.fromkeys(people)))
    return send(
        message.mailbox.account,
        envelope,
        raw,
        before_data=attempt.before_data,
        alive=attempt.alive,
    )


def _mail(message: Message) -> OutgoingMail:
    """From stored facts alone, so that every try sends the same mail."""
    return OutgoingMail(
        sender=Address(message.from_email, message.from_name),
        to=_addresses(message.to),
        cc=_addresses(message.cc),
        reply_to=_addresses(message.reply_to),
        subject=message.subject,
        message_id=message.message_id,
        date=message.created_at,
        text=message.text,
        html=message.html,
        in_reply_to=message.in_reply_to,
        references=message.references,
        files=[_file(carrier) for carrier in message.files.select_related("attachment__blob")],
    )


def _addresses(people: list[dict[str, str]]) -> list[Address]:
    return [Address(one["email"], one["name"]) for one in people]


def _file(carrier: MessageFile) -> OutgoingFile:
    file = carrier.attachment
    return OutgoingFile(
        name=file.name,
        content_type=file.detected_type or file.declared_type,
        content=blobs.read(file.blob),
        content_id=carrier.content_id,
        inline=carrier.inline,
    )


# ---- outcomes ---------------------------------------------------------------------------------


def _record(
    message: Message, row: DeliveryAttempt, outcome: Outcome, *, only_if: Q | None = None
) -> None:
    """The attempt, the message and what the CRM is told, in one transaction; the first one wins."""
    with transaction.atomic():
        still_open = DeliveryAttempt.objects.filter(only_if or Q(), pk=row.pk, outcome="")
        if not still_open.update(
            outcome=outcome.kind, code=outcome.code, sentence=outcome.sentence, stage=Stage.DONE
        ):
            return
        message.refresh_from_db(fields=["thread", "session"])  # moved while it was on its way
        if outcome.kind == "retry" and timezone.now() - message.created_at < GIVE_UP_AFTER:
            at_once = only_if is not None and row.number < TRIED_AT_ONCE
            _try_later(message, outcome.sentence, seconds=0 if at_once else _pause(row.number))
        elif outcome.kind in ("sent", "unknown"):
            _gone_out(message, outcome)
        else:
            Message.objects.filter(pk=message.pk).update(
                status=Status.FAILED, because=outcome.sentence
            )
            _failed(message, outcome.sentence)


def _pause(number: int) -> int:
    return min(LONGEST_PAUSE, FIRST_PAUSE << min(number - 1, 10))


def _try_later(message: Message, sentence: str, *, seconds: int) -> None:
    Message.objects.filter(pk=message.pk).update(
        status=Status.QUEUED,
        because=sentence,
        next_try_at=in_seconds(seconds) if seconds else None,
    )
    _changed(message)


def _gone_out(message: Message, outcome: Outcome) -> None:
    message.status = Status.SENT if outcome.kind == "sent" else Status.UNKNOWN
    because = "" if outcome.kind == "sent" else outcome.sentence
    Message.objects.filter(pk=message.pk).update(
        status=message.status, because=because, sent_at=Now(), next_try_at=None
    )
    comments.plan_for([message], undecided=assignment.undecided(message.session))
    _changed(message)


def _failed(message: Message, why: str) -> None:
    """A failed mail comes back to somebody's eyes. Locked: an outcome must not lose a race."""
    session = Session.objects.select_for_update().get(pk=message.session_id)
    sessions.reopen(session, why=why)
    _changed(message)


def _changed(message: Message) -> None:
    sessions.say_changed([message.session])
    announce(message_settled, message_id=message.pk)


def _judge_abandoned() -> None:
    """A worker died amid a delivery: before the dot it is queued again, after it nobody knows.

    A worker that was only slow may move on while we look: then its row is no longer `as_seen`.
    """
    over = Q(lease_until__lte=Now())
    sending = DeliveryAttempt.objects.filter(over, outcome="", message__status=Status.SENDING)
    for row in sending.select_related("message__thread", "message__session", "message__mailbox"):
        as_seen = over & Q(stage=row.stage)
        if row.stage == Stage.DATA:
            sentence = _("We stopped after the whole mail was over: it may have arrived or not.")
            _record(row.message, row, Outcome("unknown", None, sentence), only_if=as_seen)
        else:
            sentence = _("We stopped before the mail was over; it is tried again.")
            _record(row.message, row, Outcome("retry", None, sentence), only_if=as_seen)
