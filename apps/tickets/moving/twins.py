"""The same mail by two accounts of one mailbox, as the copying of a move makes them.

A mailbox that was moved has mail that came by the account before, and its copies lie at the new
one; during the move mail arrives at both. Whichever comes first is the mail, the other one is its
*duplicate*: it opens and reopens nothing, no ticket hears of it, and its source is kept. Two mails
are one by the rule of same_mail.py; in doubt both are stored. Twins of one account are not looked
for: whoever sends a mail twice has sent two.

What was in another mailbox of the account before counts too, if it came before the move: the
copies of a shared inbox lie together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.models import InboundEmail, MailboxMove
from apps.channels.parse import parse
from apps.channels.parsed import Unreadable
from apps.channels.same_mail import content_of
from apps.core import blobs
from apps.core.db.locks import lock_all_until_commit
from apps.core.db.rows import update_each
from apps.core.models import Blob
from apps.tickets.models import Message
from apps.tickets.reading import ReadMail
from apps.tickets.tokens import hash_of

CODE = "copy"


@dataclass(frozen=True, slots=True)
class _Stored:
    """A mail that is here, as far as it may be the twin of another."""

    inbound: int
    account: int | None
    mailbox: int | None
    key: str
    before_move: bool
    raw: Blob | None


def look_up(mails: Sequence[ReadMail], *, alive: Callable[[], object] = lambda: None) -> None:
    """Before the transaction: reads what may be the same. Costs nothing where nobody moved."""
    for mail, stored in _pairs(mails):
        alive()
        mail.looked_at[stored.inbound] = _content(stored)


def without(mails: Sequence[ReadMail]) -> list[ReadMail]:
    """Inside the transaction: settles the twins of what is stored, answers the others."""
    moved = [mail for mail in mails if mail.content]
    if not moved:
        return list(mails)
    lock_all_until_commit(f"moved:{mail.mailbox.pk}" for mail in moved)
    found: dict[int, int] = {}
    for mail, stored in _pairs(mails):
        content = mail.looked_at.get(stored.inbound) or _content(stored)
        if content == mail.content:
            found.setdefault(mail.row.pk, stored.inbound)
    _settle([mail for mail in mails if mail.row.pk in found], found)
    return [mail for mail in mails if mail.row.pk not in found]


def _settle(mails: Iterable[ReadMail], originals: dict[int, int]) -> None:
    rows = [mail.row for mail in mails]
    now, words = timezone.now(), _("The same mail as %(number)s, which came by another account.")
    for row in rows:
        row.status, row.code, row.settled_at = InboundEmail.Status.DUPLICATE, CODE, now
        row.duplicate_of_id = originals[row.pk]
        row.reason = words % {"number": row.duplicate_of_id}
    names = ("status", "code", "settled_at", "duplicate_of", "reason")
    update_each(rows, *names, "mailbox", "sender", "subject")


# ---- what may be the same -----------------------------------------------------------------


def _pairs(mails: Sequence[ReadMail]) -> list[tuple[ReadMail, _Stored]]:
    """Each mail with what bears its key and came by another account, the oldest first."""
    moved = [mail for mail in mails if mail.content]
    stored: defaultdict[str, list[_Stored]] = defaultdict(list)
    for one in _stored(moved) if moved else ():
        stored[one.key].append(one)
    return [
        (mail, one)
        for mail in moved
        for one in stored[_key(mail)]
        if one.account != mail.row.account_id
        and (one.before_move or one.mailbox == mail.mailbox.pk)
    ]


def _key(mail: ReadMail) -> str:
    return hash_of(mail.parsed.message_id) or _sent(mail)


def _sent(mail: ReadMail) -> str:
    """Of a mail without an id."""
    sender = mail.parsed.from_.email[:320].lower() if mail.parsed.from_ else ""
    return f"{sender} {mail.parsed.date.timestamp():.0f}" if mail.parsed.date else ""


def _stored(mails: Sequence[ReadMail]) -> list[_Stored]:
    boxes = {mail.mailbox.pk for mail in mails}
    before = _left(MailboxMove.objects.filter(mailbox__in=boxes))
    ours = Q(mailbox__in=boxes) | Q(inbound__account__in=before)
    named = Message.objects.filter(ours, _named(mails), direction=Message.Direction.IN)
    found = named.filter(inbound__isnull=False).select_related("inbound__raw").order_by("pk")
    return [_of(one, before) for one in found.only(*_READ)]


def _left(moves: QuerySet[MailboxMove]) -> dict[int, datetime]:
    """The accounts that mailboxes have left, and when they last did."""
    rows = moves.filter(from_account__isnull=False).order_by("at")
    return dict(rows.values_list("from_account", "at"))


_READ = (
    *("message_id_hash", "from_email", "date", "mailbox_id"),
    *("inbound__account", "inbound__received_at", "inbound__raw"),
)


def _named(mails: Sequence[ReadMail]) -> Q:
    """By their ids; those without one by the moment at which they were written."""
    hashes = {hash_of(mail.parsed.message_id) for mail in mails} - {""}
    dates = {mail.parsed.date for mail in mails if not mail.parsed.message_id} - {None}
    return Q(message_id_hash__in=hashes) | Q(message_id_hash="", date__in=dates)


def _of(message: Message, before: dict[int, datetime]) -> _Stored:
    inbound = message.inbound
    assert inbound is not None  # asked for
    moved_at = before.get(inbound.account_id or 0)
    written = f"{message.date.timestamp():.0f}" if message.date else ""
    return _Stored(
        inbound.pk,
        inbound.account_id,
        message.mailbox_id,
        message.message_id_hash or f"{message.from_email.lower()} {written}",
        moved_at is not None and inbound.received_at <= moved_at,
        inbound.raw,
    )


def _content(stored: _Stored) -> str:
    """Empty where its source cannot be read any more: then both are kept."""
    if stored.raw is None:
        return ""
    try:
        return content_of(parse(blobs.read(stored.raw)))
    except (Unreadable, OSError):
        return ""
