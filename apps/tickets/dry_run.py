"""The dry run: what intake would decide about a mail, by intake's own functions, writing nothing.

Each mail is taken as if it came now for the first time: bytes that are here already are not called
a duplicate, so that yesterday's mails can be tried against today's settings.
"""

from dataclasses import dataclass, field

from django.db import DatabaseError

from apps.channels.models import InboundEmail, Mailbox
from apps.channels.parse import parse
from apps.channels.parsed import ParsedEmail, Unreadable
from apps.channels.receive import settle_unread
from apps.crm.models import TicketLink, TicketUpdate
from apps.tickets import comments
from apps.tickets.placing import Placed, find_places, find_sessions
from apps.tickets.reading import Addresses, Held, hold_odd, named_mailbox, understood
from apps.tickets.storing import message_of

Status = InboundEmail.Status


@dataclass(frozen=True, slots=True)
class CrmEntry:
    """One thing that the CRM would be told."""

    kind: str
    ticket: str  # of the CRM, or `new`


@dataclass(frozen=True, slots=True)
class Decisions:
    mailbox: str
    queue: str
    thread: str  # `new`, or `join:` and the thread's id
    because: str
    rules: list[str] = field(default_factory=list)
    crm: list[CrmEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Trial:
    """MAIL is missing when nothing could be read; DECISIONS without a database, or when held."""

    disposition: str = Status.STORED.value
    reason: str | None = None
    sentence: str | None = None
    mail: ParsedEmail | None = None
    decisions: Decisions | None = None


class Refused(Exception):
    """Intake would take no such mail."""


def try_out(raw: bytes, *, to: str = "", with_database: bool) -> Trial:
    """TO is a mailbox that the mail is given to; else its headers say whose it is."""
    row = InboundEmail(source=InboundEmail.Source.PIPE, size=len(raw))
    settle_unread(row, raw)
    if row.code == "too-big":
        return Trial(row.status, row.code, row.reason)
    try:
        parsed = parse(raw)
    except Unreadable as error:
        return Trial(Status.QUARANTINED.value, error.code, error.sentence)
    if row.status != Status.RECEIVED:
        return Trial(row.status, row.code, row.reason, parsed)
    return _decided(row, parsed, to, with_database=with_database)


def _decided(row: InboundEmail, parsed: ParsedEmail, to: str, *, with_database: bool) -> Trial:
    try:
        decisions = _decisions(row, parsed, to) if with_database else None
        hold_odd(row, parsed)
        return Trial(mail=parsed, decisions=decisions)
    except Held as held:
        return Trial(Status.QUARANTINED.value, held.code, held.sentence, parsed)
    except Refused as refused:
        return Trial(Status.REJECTED.value, "unknown-mailbox", str(refused), parsed)


def _decisions(row: InboundEmail, parsed: ParsedEmail, to: str) -> Decisions | None:
    """A database that goes away, or is of another version, is none."""
    try:
        if not _address(row, parsed, to):
            return None
        mail = understood(row, parsed, Addresses([row]))
        pairs, _known = find_places([mail])
        (placed,) = find_sessions(pairs, lock=False).placed
        return _in_words(placed)
    except DatabaseError:
        return None


def _address(row: InboundEmail, parsed: ParsedEmail, to: str) -> bool:
    """As it would come: given to a mailbox, or fetched from the account of one."""
    mailboxes = list(Mailbox.objects.order_by("id"))
    if to:
        row.mailbox = next((one for one in mailboxes if to.lower() in one.addresses), None)
        if row.mailbox is None:
            raise Refused(f"There is no mailbox {to}.")
    elif not mailboxes:
        return False
    owner = row.mailbox or named_mailbox(mailboxes, parsed) or mailboxes[0]
    row.account_id = owner.account_id
    return True


def _in_words(placed: Placed) -> Decisions:
    thread = placed.place.conversation.thread
    return Decisions(
        mailbox=placed.mail.mailbox.address,
        queue=placed.session.queue.name,
        thread="new" if placed.place.new else f"join:{thread.key}",
        because=placed.place.because,
        crm=_crm(placed),
    )


def _crm(placed: Placed) -> list[CrmEntry]:
    """What is planned already stays as it is, so it is not told again."""
    key = placed.place.conversation.thread.key
    planned = comments.updates_of([message_of(placed)], "", comments.ENGLISH)
    there = set(TicketUpdate.objects.filter(thread_key=key).values_list("kind", "key"))
    ticket = TicketLink.objects.filter(thread_key=key).values_list("ticket", flat=True).first()
    return [
        CrmEntry(str(one.kind), ticket or "new")
        for one in planned
        if (one.kind, one.key) not in there
    ]
