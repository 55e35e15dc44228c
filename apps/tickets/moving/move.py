"""The story of a mailbox that goes to another account: one transaction, and nothing goes out.

Everything of a mailbox hangs on its row: threads, sessions, drafts, queue, aliases and mail that
waits to be sent. So the row changes its account, and queued mail leaves by the new one with the
Message-ID that it has. What is in doubt stays with the account that it went by. Until both
accounts have been read once more (settling.py), nothing automatic answers mail of the mailbox.

Mail that arrives at the account before is this mailbox's still (reading.py), as long as that
account is fetched; mails that come by both are one (twins.py), and old mail that was copied to the
new one is known by its age (channels/copied_mail.py).
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.channels.models import (
    EmailAccount,
    FolderCursor,
    InboundEmail,
    Mailbox,
    MailboxMove,
)
from apps.channels.signals import account_has_news, mail_received
from apps.core.announce import announce
from apps.core.errors import Conflict, Guarded, Invalid
from apps.core.leases import held
from apps.core.models import User
from apps.tickets.models import Draft, Message, SentCopy, Thread
from apps.tickets.moving import held_here

log = logging.getLogger(__name__)

LEASE = 30  # seconds
LOOK_AGAIN = 0.5  # seconds, while somebody fetches
AT_ONCE = 500
OVERLAP = timedelta(days=1)  # mail may have gone to either server for as long
Status = InboundEmail.Status


def move(
    mailbox: Mailbox,
    target: EmailAccount,
    *,
    by: User | None,
    seen: dict[str, Any] | None = None,
    patience: float = 0,
) -> MailboxMove:
    """SEEN: what a look has counted; PATIENCE: seconds to wait for the end of a fetch.

    Raises Invalid `same-account`, `does-not-receive`, `address-taken`, Guarded `switched-off`,
    Conflict `fetch-runs`.
    """
    refuse(mailbox, target)
    wanted = held_here.worth_taking(target, known_until(mailbox.account))
    with _nobody_fetches(target, patience), transaction.atomic():
        mailbox = Mailbox.objects.select_for_update().select_related("account").get(pk=mailbox.pk)
        refuse(mailbox, target)  # somebody else may have moved it meanwhile
        done = _remember(mailbox, target, by, seen or {})
        _keep_doubts_where_they_are(mailbox)
        _go(mailbox, target)
        _expect_copies(target, done)
        _take_in(wanted, target)
        for account in (done.from_account, done.to_account):
            assert account is not None  # of this moment
            _prove_anew(account)
            announce(account_has_news, account_id=account.pk)
    log.info("mailbox moved", extra={"mailbox": mailbox.pk, "account": target.pk, "move": done.pk})
    return done


# ---- what is refused ----------------------------------------------------------------------


def refuse(mailbox: Mailbox, target: EmailAccount) -> None:
    """One sentence that names the field and the cure."""
    named = {"address": mailbox.address, "account": target.name}
    if mailbox.account_id == target.pk:
        sentence = _("account: %(address)s belongs to %(account)s already; choose another one.")
        raise Invalid("same-account", sentence % named)
    none = EmailAccount.Receive.NONE
    if target.receive_kind == none and mailbox.account.receive_kind != none:
        sentence = _(
            "account: %(account)s receives no mail, so that none would come to %(address)s any"
            " more; give it an incoming server first."
        )
        raise Invalid("does-not-receive", sentence % named)
    if not target.enabled:
        sentence = _("account: %(account)s is not in use; put it into use first.")
        raise Guarded("switched-off", sentence % named)
    if other := _who_has(mailbox):
        sentence = _("account: %(other)s bears an address of %(address)s too; take it away there.")
        raise Invalid("address-taken", sentence % (named | {"other": other}))


def _who_has(mailbox: Mailbox) -> str:
    """Another mailbox with one of its addresses: mail would go to either."""
    others = Mailbox.objects.exclude(pk=mailbox.pk)
    taken = {address: other.address for other in others for address in other.addresses}
    return next((taken[one] for one in sorted(mailbox.addresses) if one in taken), "")


@contextmanager
def _nobody_fetches(target: EmailAccount, patience: float) -> Iterator[None]:
    """A fetch knows its account as it was when it began."""
    until = time.monotonic() + patience
    while True:
        with held(f"fetch:{target.pk}", seconds=LEASE) as hold:
            if hold is not None:
                yield
                return
        if time.monotonic() >= until:
            sentence = _(
                "account: Mail of %(account)s is being fetched just now; try again in a moment."
            )
            raise Conflict("fetch-runs", sentence % {"account": target.name})
        time.sleep(LOOK_AGAIN)


# ---- what is done -------------------------------------------------------------------------


def _remember(
    mailbox: Mailbox, target: EmailAccount, by: User | None, seen: dict[str, Any]
) -> MailboxMove:
    """A move that was not settled yet goes on in this one."""
    mailbox.moves.open().update(settled_at=Now(), settled_how=MailboxMove.Settled.AGAIN)
    before = mailbox.account
    return MailboxMove.objects.create(
        mailbox=mailbox,
        from_account=before,
        to_account=target,
        from_name=before.name,
        to_name=target.name,
        by=by,
        by_name=by.display_name[:200] if by else "",
        known_until=known_until(before),
        counts=seen | counts_of(mailbox),
    )


def _keep_doubts_where_they_are(mailbox: Mailbox) -> None:
    """Mails in doubt are looked for in the folder of sent mail of the account that they went by."""
    waiting = SentCopy.objects.filter(status=SentCopy.Status.WAITING, account=None)
    waiting.filter(message__mailbox=mailbox).update(account=mailbox.account)


def _go(mailbox: Mailbox, target: EmailAccount) -> None:
    mailbox.account = target
    mailbox.move_state = Mailbox.MoveState.MOVING
    mailbox.forget_proof()
    mailbox.save()


def _expect_copies(target: EmailAccount, done: MailboxMove) -> None:
    """Of two moves at a time the earlier moment counts: sooner a mail too much is taken."""
    others = target.moves_here.open().exclude(pk=done.pk)
    moments = [one for one in (done.known_until, *_moments(others)) if one]
    EmailAccount.objects.filter(pk=target.pk).update(moved_until=min(moments, default=None))
    FolderCursor.objects.filter(account=target).update(seen_uidnext=0)


def _moments(moves: QuerySet[MailboxMove]) -> list[datetime | None]:
    return list(moves.values_list("known_until", flat=True))


def _take_in(held_before: Sequence[int], target: EmailAccount) -> None:
    """What was held at the new account because no mailbox took it."""
    for start in range(0, len(held_before), AT_ONCE):
        some = InboundEmail.objects.filter(pk__in=held_before[start : start + AT_ONCE])
        some.filter(status=Status.QUARANTINED).update(
            status=Status.RECEIVED, code="", reason="", settled_at=None, tries=0
        )
    if held_before:
        announce(mail_received, account_id=target.pk)


def _prove_anew(account: EmailAccount) -> None:
    """A canary flies between a mailbox and its account; without a mailbox none can."""
    EmailAccount.objects.filter(pk=account.pk).update(
        canary_token="",
        canary_asked_at=None,
        canary_sent_at=None,
        canary_proved_at=None,
        canary_sentence="",
    )
    account.refresh_from_db()
    if account.canary and not account.mailboxes.exists():
        account.canary = False
        account.save(update_fields=["canary"])


# ---- what is known ------------------------------------------------------------------------


def known_until(account: EmailAccount) -> datetime | None:
    """A day before the newest mail that came by ACCOUNT, but not before its start; None where
    nothing ever came, so that there is no gap to fill."""
    came = InboundEmail.objects.filter(account=account, answers_nobody=False)
    newest = came.exclude(status=Status.BEFORE_START).aggregate(at=Max("received_at"))["at"]
    start = account.cursors.aggregate(at=Min("old_until"))["at"]
    moments = [newest - OVERLAP if newest else None, start]
    return max((one for one in moments if one), default=None)


def counts_of(mailbox: Mailbox) -> dict[str, int]:
    """What goes with it."""
    mails = Message.objects.filter(mailbox=mailbox, direction=Message.Direction.OUT)
    waiting = Q(status__in=(Message.Status.QUEUED, Message.Status.SENDING)) | Q(remaining__gt=0)
    return {
        "threads": Thread.mailboxes.through.objects.filter(mailbox=mailbox).count(),
        "queued": mails.filter(waiting).count(),
        "unknown": mails.filter(status=Message.Status.UNKNOWN).count(),
        "drafts": Draft.objects.filter(mailbox=mailbox).count(),
    }
