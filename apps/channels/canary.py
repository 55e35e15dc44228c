"""The canary: once an hour an account writes to itself, and the mail must come back.

It comes back through the ordinary fetch, which knows it by its signed word (probe.py): it is
nobody's work, and on the server it is treated like any other mail. The row tells everything, so a
restart loses nothing:

    canary_token     the word of the mail that is on its way; empty: none is
    canary_asked_at  when the last one was begun, canary_sent_at: when the server had taken it
    canary_proved_at when one last came back
    canary_sentence  what went wrong since then; only a mail that comes back clears it

A token of a reply address has a trial of its own (tickets/reply_address.py).
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels import probe
from apps.channels.compose import OutgoingMail, compose, wire_address
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.channels.parsed import Address
from apps.channels.send import Envelope, Outcome, send
from apps.core.errors import Problem

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
BACK_WITHIN = timedelta(minutes=15)
TRIED_AGAIN_AFTER = timedelta(minutes=5)  # one that the server did not take
SENT_AT_ONCE = 5  # a server that hangs costs half a minute each


def send_due() -> None:
    """One mail for each account whose time has come; of two beats, one sends it."""
    if not ChannelSettings.load().enabled:
        return
    for account in _due().order_by("canary_asked_at")[:SENT_AT_ONCE]:
        if token := _claimed(account):
            _note(account, token, _sent(account, token))


def came_back(account: EmailAccount | None, tokens: Iterable[str]) -> None:
    """By intake, in the transaction of the ledger's row; the same mail twice changes nothing."""
    if account and (known := list(tokens)):
        _row(account).filter(canary_token__in=known).update(
            canary_token="", canary_proved_at=Now(), canary_sentence=""
        )


def _due() -> QuerySet[EmailAccount]:
    both = EmailAccount.objects.filter(enabled=True, canary=True).exclude(
        Q(receive_kind=EmailAccount.Receive.NONE) | Q(send_kind=EmailAccount.Send.NONE)
    )
    never = Q(canary_asked_at=None)
    old = Q(canary_asked_at__lte=Now() - EVERY)
    refused = Q(canary_token="", canary_asked_at__lte=Now() - TRIED_AGAIN_AFTER)
    return both.filter(never | old | refused & ~Q(canary_sentence=""))


def _claimed(account: EmailAccount) -> str:
    """The word of a new mail, or nothing where somebody else was quicker."""
    token = probe.new_token()
    sentence = account.canary_sentence
    if account.canary_token:
        sentence = _("The mail of the hour before never came back.")
    won = (
        _due()
        .filter(pk=account.pk, canary_token=account.canary_token)
        .update(
            canary_token=token, canary_asked_at=Now(), canary_sent_at=None, canary_sentence=sentence
        )
    )
    return token if won else ""


def _sent(account: EmailAccount, token: str) -> Outcome:
    mailbox = account.mailboxes.order_by("pk").first()
    if mailbox is None:
        return Outcome("failed", None, _("No mailbox belongs to this account."))
    try:
        raw = _letter(mailbox, token)
    except Problem as problem:  # an address that cannot be written
        return Outcome("failed", None, problem.sentence)
    return send(account, Envelope(mailbox.address, (mailbox.address,)), raw, before_data=_go_on)


def _go_on() -> None:
    """Nothing calls a canary off."""


def _letter(mailbox: Mailbox, token: str) -> bytes:
    return compose(
        OutgoingMail(
            sender=Address(mailbox.address, mailbox.from_name),
            to=[Address(mailbox.address)],
            subject=probe.subject_of(token),
            message_id=probe.message_id_of(token, wire_address(mailbox.address).rpartition("@")[2]),
            date=timezone.now(),
            text=_(
                "Carteria sent this mail to itself to prove that mail goes out and comes back. You"
                " can delete it at any time."
            ),
            by_machine=True,
        )
    )


def _note(account: EmailAccount, token: str, outcome: Outcome) -> None:
    """A mail that the server took may be back before we note that it was taken."""
    log.info("a canary was sent", extra={"account": account.pk, "outcome": outcome.kind})
    waiting = _row(account).filter(canary_token=token)
    if outcome.kind in ("sent", "unknown"):
        waiting.update(canary_sent_at=Now())
    else:
        said = _("It could not be sent: %(said)s") % {"said": outcome.sentence}
        waiting.update(canary_token="", canary_sentence=said)


def _row(account: EmailAccount) -> QuerySet[EmailAccount]:
    return EmailAccount.objects.filter(pk=account.pk)


# ---- how it is ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Canary:
    """`stage` is new, away, back, not-sent, not-taken, not-fetched or lost; the last four are
    what is to blame. SECONDS: how long the last one was away, or how long this one is."""

    stage: str
    sentence: str
    proved_at: datetime | None
    since: datetime | None
    seconds: float | None = None

    @property
    def failed(self) -> bool:
        return bool(self.sentence) or self.stage in ("not-taken", "not-fetched", "lost")


def canary_of(account: EmailAccount, now: datetime) -> Canary | None:
    if not account.canary:
        return None
    stage, proved = _stage(account, now), account.canary_proved_at
    since = proved or account.canary_asked_at
    return Canary(stage, account.canary_sentence, proved, since, _seconds(account, stage, now))


def _stage(account: EmailAccount, now: datetime) -> str:
    asked = account.canary_asked_at
    if asked is None:
        return "new"
    if not account.canary_token:
        return "not-sent" if account.canary_sentence else "back"
    if now - asked < BACK_WITHIN:
        return "away"
    if account.canary_sent_at is None:
        return "not-taken"
    looked = account.last_fetched_at
    return "lost" if looked and looked >= asked + BACK_WITHIN else "not-fetched"


def _seconds(account: EmailAccount, stage: str, now: datetime) -> float | None:
    """Counted from the server's word that it has the mail, where that came before the mail."""
    begun = account.canary_sent_at or account.canary_asked_at
    if begun is None:
        return None
    until = account.canary_proved_at if stage == "back" and account.canary_proved_at else now
    return max(0.0, (until - begun).total_seconds())
