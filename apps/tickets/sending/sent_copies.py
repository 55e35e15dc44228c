"""The story of the folder of sent mail: it proves that a mail in doubt arrived, and keeps copies.

Many providers put there what their server has taken: a mail in doubt that lies there has arrived;
one that does not lie there stays in doubt. Where the account is set so, a sent mail is laid there,
once: it is looked for before. What goes wrong here never touches the state of a mail.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress

from django.db.models import Exists, F, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.channels.compose import compose
from apps.channels.fetch import signed_in
from apps.channels.models import EmailAccount
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap_sent import SentMail
from apps.core.errors import Conflict
from apps.core.leases import expired, held, in_seconds
from apps.tickets.models import Message, SentCopy
from apps.tickets.sending import doubts
from apps.tickets.sending.delivery import mail_of

log = logging.getLogger(__name__)

LEASE = 300  # seconds
AT_ONCE = 50  # copies of one account
FIRST_PAUSE, LONGEST_PAUSE = 30, 3600
MOST_TRIES = 24  # about a day

Status = SentCopy.Status


def accounts_due() -> list[int]:
    """Whose folder has to be asked, by their ids."""
    went_by = Coalesce("account", "message__mailbox__account")
    due = _due().order_by().values_list(went_by, flat=True).distinct()
    return [one for one in due if one is not None]


def ask(account_id: int) -> None:
    """Looks for what is due of one account; nobody else does meanwhile."""
    account = EmailAccount.objects.get(pk=account_id)
    with held(f"sent-mail:{account_id}", seconds=LEASE) as hold:
        copies = list(_due().filter(_of(account))[:AT_ONCE]) if hold else []
        if copies:
            _ask(account, copies)


def _due() -> QuerySet[SentCopy]:
    """Of mails that have gone out: one that is tried again is asked for afterwards."""
    waiting = SentCopy.objects.filter(
        expired("next_at"), status=Status.WAITING, message__status__in=Message.GONE_OUT
    )
    return waiting.select_related("message__mailbox__account", "message__session__thread")


def _of(account: EmailAccount) -> Q:
    """What went by it, though the mailbox may have moved since."""
    return Q(account=account) | Q(account=None, message__mailbox__account=account)


def _ask(account: EmailAccount, copies: Sequence[SentCopy]) -> None:
    try:
        with signed_in(account, SentMail) as server:
            folder = server.open_folder(account.sent_folder)
            for copy in copies:
                _look(account, server, folder, copy)
    except TransportError as error:
        log.warning("the folder of sent mail", extra={"account": account.pk, "code": error.code})
        for copy in copies:
            _later(copy, error.sentence)


def _look(account: EmailAccount, server: SentMail, folder: str, copy: SentCopy) -> None:
    message = copy.message
    there = server.has(message.message_id)
    if message.status == Message.Status.UNKNOWN:
        _prove(copy, folder, there)
    elif there or not account.copy_to_sent:
        _done(copy)
    else:
        server.add(folder, compose(mail_of(message)), message.sent_at or message.created_at)
        _done(copy)


def _prove(copy: SentCopy, folder: str, there: bool) -> None:
    """A copy of what others had got before would prove nothing."""
    clear = Message.objects.filter(~Exists(doubts.others_have_it()), pk=copy.message_id)
    if not (there and clear.exists()):
        _later(copy, "")
        return
    with suppress(Conflict):  # it is in doubt no more: somebody was quicker
        doubts.arrived(copy.message, evidence=doubts.SENT_FOLDER, said=folder)
    _done(copy)


def _done(copy: SentCopy) -> None:
    SentCopy.objects.filter(pk=copy.pk).update(status=Status.THERE, sentence="", next_at=None)


def _later(copy: SentCopy, sentence: str) -> None:
    over = copy.tries + 1 >= MOST_TRIES
    SentCopy.objects.filter(pk=copy.pk, status=Status.WAITING).update(
        status=Status.GIVEN_UP if over else Status.WAITING,
        tries=F("tries") + 1,
        sentence=sentence,
        next_at=in_seconds(min(LONGEST_PAUSE, FIRST_PAUSE << min(copy.tries, 10))),
    )
