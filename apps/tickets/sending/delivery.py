"""Delivering what was written: claim, attempt row, SMTP, outcome (GUARANTEES G5).

The attempt is committed before the line is opened, and before the final dot what the server said to
each recipient. Before the dot nothing was accepted, so a retry is safe; after it, silence is
*unknown*, which is not sent again by itself unless the account is set so. Whom the server refuses
for now is tried again alone.
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.attachments.models import Attachment, Verdict
from apps.channels.compose import OutgoingFile, OutgoingMail, compose
from apps.channels.fetch_threads import stopping
from apps.channels.parsed import Address
from apps.channels.send import ANSWER_SECONDS, DOT_SECONDS, Envelope, Heard, Outcome, send
from apps.core import blobs
from apps.core.db.patience import DATABASE_AWAY, patiently
from apps.core.errors import Problem
from apps.core.faults import crashpoint
from apps.core.leases import expired, in_seconds
from apps.tickets import dots
from apps.tickets.models import DeliveryAttempt, Message, MessageFile
from apps.tickets.sending import doubts, lines, news, pacing, restored, settling
from apps.tickets.sending.recipients import standing_of

log = logging.getLogger(__name__)

LEASE = 40  # seconds; renewed at least every 25 while the server is slow
LEASE_AFTER_DOT = DOT_SECONDS + ANSWER_SECONDS + 3  # never renewed: an unknown shows within 60 s
FIRST_PAUSE, LONGEST_PAUSE = 30, 3600
TRIED_AT_ONCE = 3  # after a crash; a mail that crashes every worker has to wait, too
PATIENCE = 30  # seconds, with a database that starts anew
GIVE_UP_AFTER = timedelta(days=2)

Status, Stage = Message.Status, DeliveryAttempt.Stage


class _LeaseLost(Exception):
    """Somebody took the message for abandoned; stop before the dot."""


@dataclass(slots=True)
class _Attempt:
    """The row of this try, renewed while the server lets us wait."""

    row: DeliveryAttempt
    heard: Heard = field(default_factory=dict)

    def alive(self) -> None:
        mine = DeliveryAttempt.objects.filter(pk=self.row.pk, outcome="")
        if not patiently(partial(mine.update, lease_until=in_seconds(LEASE)), seconds=PATIENCE):
            raise _LeaseLost

    def before_data(self) -> None:
        mine = DeliveryAttempt.objects.filter(pk=self.row.pk, outcome="", stage=Stage.CONNECTING)
        until = in_seconds(LEASE_AFTER_DOT)
        moved_on = partial(mine.update, stage=Stage.DATA, answers=self.heard, lease_until=until)
        if not patiently(moved_on, seconds=PATIENCE):
            raise _LeaseLost
        dots.count()


def due(limit: int) -> list[int]:
    """Mails whose files are settled and whose time and turn have come; abandoned ones are judged,
    and what was in doubt is resolved where a proof has come."""
    restored.notice()
    _judge_abandoned()
    doubts.look_for_proofs()
    return pacing.next_ones(limit)


def deliver_with_others(message_id: int) -> None:
    """Then what waits behind it, one after the other: a worker that stops leaves the rest to its
    successor."""
    wanted: int | None = message_id
    while wanted is not None and deliver(wanted) and not stopping.is_set():
        wanted = pacing.one_behind(wanted)


def deliver(message_id: int) -> bool:
    """Sends a message that may leave, or the older one whose turn it is instead; does nothing when
    somebody else has it. Answers whether it was tried."""
    restored.notice()
    asked = _sendable(message_id)
    message = pacing.whose_turn(asked) if asked else None
    if message is None or _stopped_by_file(message):
        return False
    assert message.mailbox is not None
    with lines.one_of(message.mailbox.account_id) as free:
        attempt = _claim(message) if free else None
        if attempt is not None:
            _try(message, attempt)
    return attempt is not None


def _try(message: Message, attempt: _Attempt) -> None:
    try:
        outcome = _send(message, attempt)
    except _LeaseLost:
        log.warning("a delivery lost its lease", extra={"message_id": message.pk})
        return
    except Problem as problem:
        outcome = Outcome("failed", None, problem.sentence)
    crashpoint("deliver.before_commit")
    # What the server said is known here alone.
    record = partial(_record, message, attempt.row, outcome, heard=attempt.heard)
    patiently(record, seconds=PATIENCE)


def _sendable(message_id: int) -> Message | None:
    due = Message.objects.filter(expired("next_try_at"), pacing.to_send(), pk=message_id)
    return due.select_related(*pacing.NEEDED).first()


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
    changes = {"because": why, "remaining": 0}
    if not message.remaining:
        changes["status"] = Status.FAILED
    with transaction.atomic():
        if Message.objects.filter(pacing.to_send(), pk=message.pk).update(**changes):
            settling.bring_back(message, why)
            settling.message_changed(message)
    return True


def _claim(message: Message) -> _Attempt | None:
    """One row or too late; the attempt is committed before anything goes over the line."""
    with transaction.atomic():
        number = message.attempts + 1
        mine = Message.objects.filter(pacing.to_send(), pk=message.pk, attempts=message.attempts)
        sending = {} if message.remaining else {"status": Status.SENDING}
        if not (pacing.take_turn(message) and mine.update(attempts=number, **sending)):
            return None
        row = DeliveryAttempt.objects.create(
            message=message,
            number=number,
            account=message.mailbox.account if message.mailbox else None,
            lease_until=timezone.now() + timedelta(seconds=LEASE),
        )
        DeliveryAttempt.objects.filter(pk=row.pk).update(lease_until=in_seconds(LEASE))
    return _Attempt(row)


def _send(message: Message, attempt: _Attempt) -> Outcome:
    assert message.mailbox is not None
    raw = compose(mail_of(message))
    people = standing_of(message, message.tries.all()).open
    return send(
        message.mailbox.account,
        Envelope(message.mailbox.address, tuple(people)),
        raw,
        before_data=attempt.before_data,
        alive=attempt.alive,
        heard=attempt.heard,
    )


def mail_of(message: Message) -> OutgoingMail:
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
        in_answer=message.automatic,
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
    message: Message,
    row: DeliveryAttempt,
    outcome: Outcome,
    *,
    heard: Heard | None = None,
    only_if: Q | None = None,
) -> None:
    """The attempt, the message and what the CRM is told, in one transaction; the first one wins."""
    if outcome.kind == "retry" and timezone.now() - message.created_at >= GIVE_UP_AFTER:
        outcome = replace(outcome, kind="failed")
    with transaction.atomic():
        still_open = DeliveryAttempt.objects.filter(only_if or Q(), pk=row.pk, outcome="")
        ended: dict[str, Any] = {
            "outcome": outcome.kind,
            "code": outcome.code,
            "sentence": outcome.sentence,
        }
        if heard is not None:
            ended["answers"] = heard
        if not still_open.update(stage=Stage.DONE, **ended):
            return
        if outcome.throttled:
            pacing.slow_down(message, at_least=outcome.wait)
        elif outcome.kind == "sent":
            pacing.went_well(message)
            news.remember_ids(message, outcome.ids)
        if outcome.kind == "unknown" and doubts.is_to_be_sent_again(message, row):
            doubts.send_again(message, evidence=doubts.BY_SETTING)
            return
        settling.settle(message, pause=_pause_after(row, outcome, abandoned=only_if is not None))


def _pause_after(row: DeliveryAttempt, outcome: Outcome, *, abandoned: bool) -> int:
    """0: at once, or when it is the account's turn again."""
    if outcome.throttled or (abandoned and row.number < TRIED_AT_ONCE):
        return 0
    return _pause(row.number)


def _pause(number: int) -> int:
    return min(LONGEST_PAUSE, FIRST_PAUSE << min(number - 1, 10))


def _judge_abandoned() -> None:
    """A worker died amid a delivery: before the dot it is queued again, after it nobody knows.

    A worker that was only slow may move on while we look: then its row is no longer `as_seen`.
    """
    over = Q(lease_until__lte=Now())
    left = DeliveryAttempt.objects.filter(over, outcome="")
    for row in left.select_related(*(f"message__{one}" for one in pacing.NEEDED)):
        try:
            _judge(row, as_seen=over & Q(stage=row.stage))
        except DATABASE_AWAY:
            raise
        except Exception:  # the rim: it would keep all mail from leaving, each time anew
            log.exception("a delivery could not be judged", extra={"message_id": row.message_id})


def _judge(row: DeliveryAttempt, *, as_seen: Q) -> None:
    if row.stage == Stage.DATA:
        sentence = _("We stopped after the whole mail was over: it may have arrived or not.")
        _record(row.message, row, Outcome("unknown", None, sentence), only_if=as_seen)
    else:
        sentence = _("We stopped before the mail was over; it is tried again.")
        _record(row.message, row, Outcome("retry", None, sentence), only_if=as_seen)
