"""What a sent mail is after each attempt and after each proof: its status, told once, seen if bad.

A refused recipient gets the same row as a bounce would have made (DeliveryReport), so that the
mail, the history, the API and the list show both alike.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.core.announce import announce
from apps.core.leases import in_seconds
from apps.tickets import assignment, comments, sessions
from apps.tickets.models import DeliveryAttempt, DeliveryReport, Message, SentCopy, Session
from apps.tickets.sending import suppressing
from apps.tickets.sending.recipients import Refusal, Standing, standing_of
from apps.tickets.signals import message_settled

MOST_WORDS = 1000  # characters of what a server said
NEEDED = ("mailbox__account", "thread", "session")  # of a message that is settled
_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463

Status, Kind, Ended = Message.Status, DeliveryReport.Kind, DeliveryAttempt.Ended


def settle(message: Message, *, pause: int, because: str = "") -> None:
    """Inside a transaction, after its attempts have changed. PAUSE: so many seconds until those
    recipients are tried that are left; 0: when it is the mail's turn."""
    Message.objects.select_for_update().get(pk=message.pk)  # before the session: sessions.lock
    message.refresh_from_db(fields=["thread", "session", "sent_at"])  # moved on its way
    attempts = list(message.tries.select_related("account").order_by("number"))
    standing = standing_of(message, attempts)
    first_time = message.sent_at is None and standing.status in Message.GONE_OUT
    _write(message, standing, because or _because(message, standing, attempts), pause, first_time)
    if first_time:
        comments.plan_for([message], undecided=assignment.undecided(message.session))
    _look_for_a_copy(message, attempts)
    refused = _report(message, standing)
    if refused or message.status == Status.FAILED:
        bring_back(message, refused or message.because)
    message_changed(message)


def bring_back(message: Message, why: str) -> None:
    """A mail that did not arrive comes to somebody's eyes, on top of the list. Locked: an outcome
    must not lose a race. What we sent by ourselves calls nobody."""
    if message.automatic:
        return
    session = Session.objects.select_for_update().get(pk=message.session_id)
    sessions.reopen(session, why=why)
    Session.objects.filter(pk=session.pk).update(updated_at=timezone.now())


def message_changed(message: Message) -> None:
    sessions.say_changed([message.session])
    announce(message_settled, message_id=message.pk)


def _write(
    message: Message, standing: Standing, because: str, pause: int, first_time: bool
) -> None:
    gone_out = standing.status in Message.GONE_OUT
    message.status, message.because = standing.status, because
    changes: dict[str, Any] = {
        "status": standing.status,
        "because": because,
        "remaining": len(standing.open) if gone_out else 0,
        "next_try_at": in_seconds(pause) if standing.open and pause else None,
    }
    if first_time:
        changes["sent_at"] = Now()
    Message.objects.filter(pk=message.pk).update(**changes)


def _because(message: Message, standing: Standing, attempts: Sequence[DeliveryAttempt]) -> str:
    if standing.unknown:
        return next(one.sentence for one in reversed(attempts) if one.outcome == Ended.UNKNOWN)
    if standing.status == Status.SENT and not standing.open:
        return ""
    if standing.status != Status.SENT:
        return attempts[-1].sentence if attempts else ""
    return _("Not at %(who)s yet, and tried again there: %(said)s") % {
        "who": _named(message, standing.open),
        "said": _said_last(standing.open[0], attempts),
    }


def _named(message: Message, people: Iterable[str]) -> str:
    """Blind copies without their address: more people read this than may know of them."""
    seen = {one["email"].lower() for one in (*message.to, *message.cc)}
    names = (one if one.lower() in seen else _("a blind copy") for one in people)
    return ", ".join(dict.fromkeys(names))


def _said_last(who: str, attempts: Sequence[DeliveryAttempt]) -> str:
    for one in reversed(attempts):
        if who in one.answers:
            return str(one.answers[who][1])
    return attempts[-1].sentence


# ---- recipients that it did not reach ------------------------------------------------------


def _report(message: Message, standing: Standing) -> str:
    """Once for each; answers why somebody must look, if it is news. A mail that was refused as
    such says so itself."""
    told = set(message.reports.filter(told_by=None).values_list("recipient", flat=True))
    whole = standing.status == Status.FAILED
    rows = [
        _row(message, who, why)
        for who, why in standing.refused.items()
        if who.lower() not in told and (not whole or (why.named and why.for_good))
    ]
    DeliveryReport.objects.bulk_create(rows)
    suppressing.note(rows)
    if not rows:
        return ""
    return not_delivered(message, [row.recipient for row in rows], rows[0].sentence)


def not_delivered(message: Message, people: Iterable[str], said: str) -> str:
    told = {"who": _named(message, people), "said": said}
    return _("Not delivered to %(who)s: %(said)s") % told


def _row(message: Message, who: str, why: Refusal) -> DeliveryReport:
    """Who was refused for now until we gave up may be worth another mail later: soft."""
    status = _CODE.search(why.words)
    return DeliveryReport(
        message=message,
        recipient=who.lower()[:320],
        kind=Kind.HARD if why.for_good else Kind.SOFT,
        status=status[0] if status else "",
        smtp_code=why.code,
        sentence=why.words[:MOST_WORDS],
    )


# ---- the folder of sent mail ---------------------------------------------------------------


def _look_for_a_copy(message: Message, attempts: Sequence[DeliveryAttempt]) -> None:
    """A row for sent_copies.py, which proves an unknown by it, or lays a copy there by setting: in
    the account that it went by."""
    now = message.mailbox.account if message.mailbox else None
    account = next((one.account for one in reversed(attempts) if one.account), now)
    if account is None or account.receive_kind != EmailAccount.Receive.IMAP:
        return
    wanted = account.copy_to_sent and message.status == Status.SENT
    if wanted or message.status == Status.UNKNOWN:
        copy = SentCopy(message=message, account=account)
        SentCopy.objects.bulk_create([copy], ignore_conflicts=True)
