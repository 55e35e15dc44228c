"""The dry run: what intake would decide about a mail, by intake's own functions, writing nothing.

Each mail is taken as if it came now for the first time: bytes that are here already are not called
a duplicate, so that yesterday's mails can be tried against today's settings.
"""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db import DatabaseError

from apps.channels.models import InboundEmail, Mailbox
from apps.channels.parse import parse
from apps.channels.parsed import ParsedEmail, Unreadable
from apps.channels.receive import settle_unread
from apps.channels.tagged import plain
from apps.crm.models import CrmSettings, TicketLink, TicketUpdate
from apps.tickets import comments, delivery_reports
from apps.tickets.automatic import response as auto_response
from apps.tickets.comments import Telling
from apps.tickets.facts import House
from apps.tickets.placing import Placed, find_places, find_sessions
from apps.tickets.reading import Addresses, Held, hold_odd, named_mailbox, understood
from apps.tickets.storing import message_of
from apps.tickets.threading.placement import facts_of
from apps.tickets.threading.words import sentence

Status, Kind = InboundEmail.Status, TicketUpdate.Kind
NOWHERE = House("", ZoneInfo("UTC"))  # only the kinds of what is told are told on


@dataclass(frozen=True, slots=True)
class CrmEntry:
    """One thing that the CRM would be told."""

    kind: str
    ticket: str  # of the CRM, or `new`


@dataclass(frozen=True, slots=True)
class AutoResponse:
    """Whether the mail would be answered by itself: by a code, and in a sentence."""

    send: bool
    code: str
    because: str


@dataclass(frozen=True, slots=True)
class Decisions:
    mailbox: str
    queue: str
    thread: str  # `new`, or `join:` and the thread's id
    because: str
    rules: list[str] = field(default_factory=list)  # that placed it, then what is odd about it
    crm: list[CrmEntry] = field(default_factory=list)
    auto_response: AutoResponse | None = None  # None: its queue answers nothing by itself


@dataclass(frozen=True, slots=True)
class Trial:
    """MAIL is missing when nothing could be read; DECISIONS, and the unsaved rows that they speak
    of, without a database or when held."""

    disposition: str = Status.STORED.value
    reason: str | None = None
    sentence: str | None = None
    mail: ParsedEmail | None = None
    decisions: Decisions | None = None
    placed: Placed | None = None


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
        found = _decisions(row, parsed, to) if with_database else None
        hold_odd(row, parsed)
        placed, decisions = found or (None, None)
        return Trial(mail=parsed, decisions=decisions, placed=placed)
    except Held as held:
        return Trial(held.status.value, held.code, held.sentence, parsed)
    except Refused as refused:
        return Trial(Status.REJECTED.value, "unknown-mailbox", str(refused), parsed)


def _decisions(row: InboundEmail, parsed: ParsedEmail, to: str) -> tuple[Placed, Decisions] | None:
    """A database that goes away, or is of another version, is none."""
    try:
        if not _address(row, parsed, to):
            return None
        mail = understood(row, parsed, Addresses([row]))
        pairs, _evidence = find_places([mail])
        (placed,) = find_sessions(pairs, lock=False).placed
        return placed, _in_words(placed)
    except DatabaseError:
        return None


def _address(row: InboundEmail, parsed: ParsedEmail, to: str) -> bool:
    """As it would come: given to a mailbox, or fetched from the account of one."""
    mailboxes = list(Mailbox.objects.order_by("id"))
    if to:
        row.mailbox = next((one for one in mailboxes if plain(to) in one.addresses), None)
        if row.mailbox is None:
            raise Refused(f"There is no mailbox {to}.")
    elif not mailboxes:
        return False
    owner = row.mailbox or named_mailbox(mailboxes, parsed) or mailboxes[0]
    row.account_id = owner.account_id
    return True


def _in_words(placed: Placed) -> Decisions:
    thread, placement = placed.place.conversation.thread, facts_of(placed.place)
    return Decisions(
        mailbox=placed.mail.mailbox.address,
        queue=placed.session.queue.name,
        thread="new" if placed.place.new else f"join:{thread.key}",
        because=sentence(placement),
        rules=[placement["rule"], *placement["flags"]],
        crm=_crm(placed),
        auto_response=_auto_response(placed),
    )


def _auto_response(placed: Placed) -> AutoResponse | None:
    decision = auto_response.foreseen(placed)
    return AutoResponse(decision.answers, decision.code, str(decision)) if decision else None


def _crm(placed: Placed) -> list[CrmEntry]:
    """What is planned already stays as it is, so it is not told again. A file goes to the ticket
    when it is clean, which no dry run can know. Of a report on a mail of ours it hears nothing."""
    if delivery_reports.ties_of([placed]):
        return []
    key = placed.place.conversation.thread.key
    telling = Telling.by(CrmSettings.objects.filter(pk=1).first() or CrmSettings(), NOWHERE)
    message = message_of(placed)
    if not comments.with_ticket([message], telling):
        return []
    planned = comments.updates_of([message], telling)
    there = set(TicketUpdate.objects.filter(thread_key=key).values_list("kind", "key"))
    ticket = TicketLink.objects.filter(thread_key=key).values_list("ticket", flat=True).first()
    kinds = [str(one.kind) for one in planned if (one.kind, one.key) not in there]
    kinds += [Kind.COPY.value] if telling.settings.content_copy else []
    kinds += [Kind.PDF.value] if telling.settings.thread_pdf == CrmSettings.Pdf.EACH else []
    return [CrmEntry(kind, ticket or "new") for kind in kinds]
