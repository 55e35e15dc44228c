"""Tell sender: a mail that says that another one could not be accepted, and what to do now.

Asked by a person, guarded all the same (guard.py), never with a word of the mail it speaks
of. The row is the outbox: its Message-ID is fixed when it is asked for, a claim comes before the
line, and silence after the final dot is *unknown*, which nobody sends again (GUARANTEES G5).
"""

import logging
from datetime import timedelta
from email.utils import make_msgid
from typing import Literal

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.channels import suppression
from apps.channels.compose import OutgoingMail, compose, wire_address
from apps.channels.customer import our_addresses
from apps.channels.models import ChannelSettings, InboundEmail, Mailbox, QuarantineAction
from apps.channels.parse import GLANCED, glance
from apps.channels.parsed import Address, ParsedEmail
from apps.channels.send import Envelope, Outcome, send
from apps.channels.trust import Ours, trust_of
from apps.core import blobs
from apps.core.announce import announce
from apps.core.db.locks import lock_until_commit
from apps.core.errors import Guarded, Invalid, Problem
from apps.core.leases import expired, in_seconds
from apps.core.models import User
from apps.core.zones import zone_named
from apps.tickets import dots
from apps.tickets.customers import crm_senders
from apps.tickets.held import quarantine
from apps.tickets.held.guard import WHY_NOT, Known, why_silent
from apps.tickets.signals import notice_queued
from apps.tickets.writers import channel_is_on_or_refuse

log = logging.getLogger(__name__)

DATE = "{date}"  # in a text for several mails: becomes the day of each
LONGEST_TEXT = 5000
ONCE_IN = timedelta(days=1)
LEASE = 120  # seconds; longer than a server may think after the dot
MOST_TRIES, FIRST_PAUSE, LONGEST_PAUSE = 8, 60, 3600

Kind, State = QuarantineAction.Kind, QuarantineAction.Outcome


class _Stopped(Exception):
    """Somebody took this notice for abandoned; stop before the dot."""


# ---- may it be told, and what ---------------------------------------------------------------


def why_not(inbound: InboundEmail) -> str:
    """A sentence where its sender cannot be told."""
    try:
        _recipient(inbound, _glanced(inbound))
        _mailbox(inbound)
    except Guarded as guarded:
        return guarded.sentence
    return ""


def usual_text(inbound: InboundEmail | None = None) -> str:
    """In the language of the house; for several mails with DATE in it."""
    with translation.override(ChannelSettings.load().language):
        told = {"date": _day(inbound) if inbound else DATE}
        return "\n\n".join(
            (
                _("Hello,"),
                _("your mail of %(date)s reached us, but it could not be accepted.") % told,
                _(
                    "Nobody has read it. Please send it once more as a plain message, with few and"
                    " small files, or reach us another way."
                ),
                _("We are sorry for the trouble."),
            )
        )


def tell(inbound: InboundEmail, text: str, *, by: User) -> QuarantineAction:
    """Queues the mail; it leaves by `deliver_due`. Guarded says why not, Invalid what is wrong
    with the text."""
    channel_is_on_or_refuse()
    text = _text_or_refuse(text)
    mailbox, mail = _mailbox(inbound), _glanced(inbound)
    _recipient(inbound, mail)
    with transaction.atomic():
        lock_until_commit("tell-senders")
        recipient = _recipient(inbound, mail)  # nobody told him meanwhile
        domain = wire_address(mailbox.address).rpartition("@")[2]
        row = quarantine.record(
            inbound,
            Kind.TOLD,
            by=by,
            recipient=recipient,
            subject=_subject(inbound),
            text=text.replace(DATE, _day(inbound)),
            message_id=make_msgid(domain=domain).strip("<>"),
            outcome=State.QUEUED,
        )
        announce(notice_queued)
    return row


def _text_or_refuse(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("text", _("text: write what the sender is told."))
    if len(text) > LONGEST_TEXT:
        told = {"most": LONGEST_TEXT}
        raise Invalid("text", _("text: at most %(most)s characters.") % told)
    return text


def _subject(inbound: InboundEmail) -> str:
    with translation.override(ChannelSettings.load().language):
        return _("Your mail of %(date)s could not be accepted") % {"date": _day(inbound)}


def _day(inbound: InboundEmail) -> str:
    channel = ChannelSettings.load()
    with translation.override(channel.language):
        zone = zone_named(channel.time_zone) or timezone.get_current_timezone()
        return date_format(timezone.localtime(inbound.received_at, zone), "DATE_FORMAT")


# ---- whom, and from where -------------------------------------------------------------------


def _glanced(inbound: InboundEmail) -> ParsedEmail:
    """Its headers alone: enough to know whom it is from, and quick for any mail."""
    if inbound.raw is None:
        return ParsedEmail()
    span = range(min(GLANCED, inbound.raw.size))
    return glance(b"".join(blobs.pieces(inbound.raw, span)))


def _recipient(inbound: InboundEmail, mail: ParsedEmail) -> str:
    sender = mail.from_
    known = Known(
        ours=our_addresses(),
        crm=crm_senders().keys(),
        facts=_facts(inbound, mail),
        suppressed=suppression.listed([sender.key]) if sender else (),
        told_lately=sender is not None and _told_lately(sender.key),
    )
    if code := why_silent(mail, known):
        raise Guarded(code, str(WHY_NOT[code]))
    assert sender is not None
    try:
        return wire_address(sender.email).lower()
    except Invalid as invalid:
        raise Guarded("no-sender", invalid.sentence) from None


def _facts(inbound: InboundEmail, mail: ParsedEmail) -> set[str]:
    people = User.objects.filter(is_active=True).exclude(email="")
    ours = Ours(
        addresses=frozenset(our_addresses()),
        agents=frozenset(email.lower() for email in people.values_list("email", flat=True)),
        servers=inbound.servers_to_trust(inbound.account),
    )
    return {str(fact["code"]) for fact in trust_of(mail, ours).facts}


def _told_lately(address: str) -> bool:
    told = QuarantineAction.objects.filter(kind=Kind.TOLD, recipient=address)
    return told.filter(at__gt=Now() - ONCE_IN).exclude(outcome=State.FAILED).exists()


def _mailbox(inbound: InboundEmail) -> Mailbox:
    """Whose it was; before that was known, the only one of its account."""
    if inbound.mailbox is not None:
        return inbound.mailbox
    mine = list(Mailbox.objects.filter(account=inbound.account_id).order_by("id")[:2])
    if len(mine) != 1:
        sentence = _("Nobody knows which of your mailboxes it was for, so none can answer.")
        raise Guarded("no-mailbox", sentence)
    return mine[0]


# ---- delivery -------------------------------------------------------------------------------


def is_due() -> bool:
    return _due().exists() or _abandoned().exists()


def deliver_due() -> None:
    """One after the other; what a killed worker left in the middle becomes *unknown*."""
    silence = _("The worker stopped amid it: it may have arrived or not.")
    _abandoned().update(outcome=State.UNKNOWN, sentence=silence)
    for row in _due().select_related("inbound__mailbox__account", "inbound__account"):
        if _claim(row):
            _deliver(row)


def _due() -> QuerySet[QuarantineAction]:
    queued = QuarantineAction.objects.filter(expired("next_try_at"), outcome=State.QUEUED)
    return queued.order_by("id")


def _abandoned() -> QuerySet[QuarantineAction]:
    return QuarantineAction.objects.filter(outcome=State.SENDING, next_try_at__lte=Now())


def _claim(row: QuarantineAction) -> bool:
    """One row or too late."""
    queued = QuarantineAction.objects.filter(pk=row.pk, outcome=State.QUEUED, tries=row.tries)
    row.tries += 1
    return bool(
        queued.update(outcome=State.SENDING, tries=row.tries, next_try_at=in_seconds(LEASE))
    )


def _deliver(row: QuarantineAction) -> None:
    try:
        outcome = _send(row)
    except _Stopped:
        log.warning("a notice lost its lease", extra={"notice": row.pk})
        return
    except Problem as problem:
        outcome = Outcome("failed", None, problem.sentence)
    mine = QuarantineAction.objects.filter(pk=row.pk, outcome=State.SENDING, tries=row.tries)
    state = _state(outcome.kind, row.tries)
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (row.tries - 1))
    again = in_seconds(pause) if state == State.QUEUED else None
    mine.update(outcome=state, sentence=outcome.sentence, next_try_at=again)
    log.info("a sender was told", extra={"notice": row.pk, "outcome": str(state)})


def _state(kind: Literal["sent", "failed", "retry", "unknown"], tries: int) -> str:
    if kind == "retry":
        return State.QUEUED if tries < MOST_TRIES else State.FAILED
    return State(kind)


def _send(row: QuarantineAction) -> Outcome:
    mailbox = _mailbox(row.inbound)
    mail = OutgoingMail(
        sender=Address(mailbox.address, mailbox.from_name),
        to=[Address(row.recipient)],
        subject=row.subject,
        message_id=row.message_id,
        date=row.at,
        text=row.text,
        in_answer=True,
    )

    def alive() -> None:
        mine = QuarantineAction.objects.filter(pk=row.pk, outcome=State.SENDING, tries=row.tries)
        if not mine.update(next_try_at=in_seconds(LEASE)):
            raise _Stopped

    def before_data() -> None:
        alive()
        dots.count()

    envelope = Envelope(mailbox.address, (row.recipient,))
    raw = compose(mail)
    return send(mailbox.account, envelope, raw, before_data=before_data, alive=alive)
