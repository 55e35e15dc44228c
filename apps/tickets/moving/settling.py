"""When a move is over: both accounts were read to their end after it, and all of that is taken in.

Then mail of the mailbox is answered automatically again. An account before that is gone, switched
off or failing holds nothing up: whatever lies there is taken whenever it can be read again.
"""

import logging

from django.db import transaction
from django.db.models.functions import Now

from apps.channels import copied_mail
from apps.channels.models import EmailAccount, InboundEmail, Mailbox, MailboxMove

log = logging.getLogger(__name__)

How = MailboxMove.Settled


def settle_due() -> int:
    """Answers how many were settled; one statement where nothing moves."""
    moves = MailboxMove.objects.open().select_related("from_account", "to_account")
    return sum(_settled(move, how) for move in moves if (how := how_it_ended(move)))


def how_it_ended(move: MailboxMove) -> str:
    """Nothing while it goes on."""
    if waits_for(move):
        return ""
    return How.READ if _is_read(move, move.from_account) else How.WITHOUT


def waits_for(move: MailboxMove) -> str:
    """A code for what is still to be done: new, old, taking-in; nothing: it can be settled."""
    if not _is_read(move, move.to_account) or not _is_looked_through(move.to_account):
        return "new"
    if _is_in_reach(move.from_account) and not _is_read(move, move.from_account):
        return "old"
    accounts = [move.from_account_id, move.to_account_id]
    received = InboundEmail.objects.filter(status=InboundEmail.Status.RECEIVED)
    return "taking-in" if received.filter(account__in=accounts).exists() else ""


def _is_read(move: MailboxMove, account: EmailAccount | None) -> bool:
    """Others than those that are fetched bring their mail by themselves."""
    if account is None or not account.fetches:
        return account is not None
    return account.last_fetched_at is not None and account.last_fetched_at > move.at


def _is_in_reach(account: EmailAccount | None) -> bool:
    return account is not None and account.enabled and not account.failures


def _is_looked_through(account: EmailAccount | None) -> bool:
    if account is None:
        return True
    folders = account.watched_folders
    return copied_mail.is_looked_through(account, account.cursors.filter(folder__in=folders))


def _settled(move: MailboxMove, how: str) -> bool:
    with transaction.atomic():
        mine = MailboxMove.objects.open().filter(pk=move.pk)
        if not mine.update(settled_at=Now(), settled_how=how):
            return False
        moving = Mailbox.objects.filter(pk=move.mailbox_id, move_state=Mailbox.MoveState.MOVING)
        moving.update(move_state=Mailbox.MoveState.MOVED)
    log.info("move settled", extra={"move": move.pk, "how": how})
    return True
