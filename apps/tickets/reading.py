"""From ledger rows to mails that can be placed: everything slow, before the transaction."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.channels import probe
from apps.channels.customer import (
    NOBODY,
    customer_of,
    is_one_of,
    our_addresses,
    takes_part,
)
from apps.channels.models import InboundEmail, Mailbox, MailboxMove
from apps.channels.oddity_words import why_held
from apps.channels.parse import glance, parse
from apps.channels.parsed import Address, ParsedEmail, ParsedFile, Unreadable
from apps.channels.parsing.bodies import stands_below
from apps.channels.parsing.pictures import placed
from apps.channels.same_mail import content_of
from apps.channels.tagged import plain
from apps.core import blobs
from apps.core.db.patience import DATABASE_AWAY
from apps.core.html import html_to_text
from apps.queues.models import Queue
from apps.queues.routing import queues_of
from apps.tickets import reply_address
from apps.tickets.customers import crm_senders
from apps.tickets.held.reasons import STAGES
from apps.tickets.stages import stage, stage_of

log = logging.getLogger(__name__)

MAX_TRIES = 3
FILES_AT_ONCE = 2 * 2**20  # bytes in memory; then they go to the disk

Status = InboundEmail.Status


class Held(Exception):
    """The mail goes to quarantine: a code for programs, a sentence for people.

    STATUS is another outcome where nobody has to look at it; *received* where it is tried again.
    """

    def __init__(self, code: str, sentence: str, status: Status = Status.QUARANTINED) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.status = status


@dataclass(slots=True)
class ReadMail:
    """A mail that has been understood; its files' bytes are on disk, not yet in the database."""

    row: InboundEmail
    parsed: ParsedEmail
    mailbox: Mailbox
    queue: Queue
    text: str
    files: list[tuple[ParsedFile, blobs.Written]] = field(default_factory=list)
    customer: Address = NOBODY  # whom it is from for us: behind a web form, the person
    people: set[str] = field(default_factory=set)  # who takes part by it, none of ours
    forwarded: dict[str, str] = field(default_factory=dict)  # as Message.forwarded
    content: str = ""  # by same_mail.py, where the mailbox was moved
    looked_at: dict[int, str] = field(default_factory=dict)  # the content of rows like it

    @property
    def sender(self) -> str:
        """Who must take part in a thread for this mail to join it, in small letters."""
        return self.customer.key or (self.parsed.from_.key if self.parsed.from_ else "")


def read(
    rows: Sequence[InboundEmail], *, alive: Callable[[], object] = lambda: None
) -> tuple[list[ReadMail], list[tuple[InboundEmail, Held]]]:
    """Parses each mail by itself, so that a bad one holds only itself. ALIVE runs before each."""
    good: list[ReadMail] = []
    held: list[tuple[InboundEmail, Held]] = []
    some: list[ReadMail] = []
    size = 0
    for mail in _each(rows, held, alive):
        some.append(mail)
        size += sum(len(file.content) for file in mail.parsed.files)
        if size > FILES_AT_ONCE:
            good += _with_files(some, held)
            some, size = [], 0
    return good + _with_files(some, held), held


def _each(
    rows: Sequence[InboundEmail],
    held: list[tuple[InboundEmail, Held]],
    alive: Callable[[], object],
) -> Iterator[ReadMail]:
    addresses = Addresses(rows)
    with blobs.Reader() as reader:
        for row in rows:
            alive()
            try:
                yield _read_one(row, addresses, reader)
            except Held as reason:
                held.append((row, reason))
            except DATABASE_AWAY:
                raise  # the database is away, whatever mail was read just then
            except Exception as error:  # the rim: one mail, whatever it is, holds only itself
                held.append((row, failure(row, error)))


def failure(row: InboundEmail, error: Exception) -> Held:
    """What nobody foresaw: the mail is tried again, and held after its third try. Of the error
    only its kind is shown, since its words may be the customer's."""
    at, kind = stage_of(error), type(error).__name__
    log.error("a mail failed", extra={"inbound": row.pk, "stage": at, "error": kind}, exc_info=True)
    told = {"stage": STAGES[at], "error": kind}
    if row.tries + 1 < MAX_TRIES:  # as it was before this try
        again = _("It failed at this step: %(stage)s (%(error)s). It is tried again by itself.")
        return Held("", again % told, Status.RECEIVED)
    held = _("It failed three times at this step: %(stage)s (%(error)s). Its source is kept.")
    return Held(f"failed-{at}", held % told)


def _read_one(row: InboundEmail, addresses: "Addresses", reader: blobs.Reader) -> ReadMail:
    if row.raw is None:
        raise Held("no-bytes", _("The bytes of this mail are missing."))
    with stage("read"):
        parsed = _parsed(row, reader.read(row.raw))
    with stage("place"):
        reply_address.take_note(parsed)
        mail = understood(row, parsed, addresses)
    if mail.mailbox.move_state:
        mail.content = content_of(parsed)
    return mail


def _take_names(row: InboundEmail, parsed: ParsedEmail) -> None:
    row.sender = parsed.from_.email[:320] if parsed.from_ else ""
    row.subject = parsed.subject


def understood(row: InboundEmail, parsed: ParsedEmail, addresses: "Addresses") -> ReadMail:
    """For intake and for the dry run; raises Held."""
    _take_names(row, parsed)
    row.mailbox = mailbox = addresses.mailbox_of(row, parsed)
    ignore_crm(parsed, addresses.crm_senders)
    ignore_trial(parsed)
    hold_odd(row, parsed)
    customer = customer_of(parsed, mailbox, addresses.never_customers)
    return ReadMail(
        row,
        placed(parsed),
        mailbox,
        addresses.queue_of(mailbox),
        words_of(parsed),
        customer=customer,
        people=takes_part(parsed, customer, addresses.never_customers),
        forwarded=_first_writer(parsed, customer, addresses.never_customers),
    )


def _first_writer(parsed: ParsedEmail, customer: Address, never: Collection[str]) -> dict[str, str]:
    """Who may be the customer in place of whoever passed the mail on."""
    writer = parsed.forwarded_from
    if writer is None or writer.key == customer.key or is_one_of(writer, never):
        return {}
    return {"email": writer.email[:320], "name": writer.name[:200], "by": parsed.forwarded_by}


def hold_odd(row: InboundEmail, parsed: ParsedEmail) -> None:
    if parsed.oddities and not row.released:
        raise Held("odd-structure", why_held(parsed.oddities))


def ignore_crm(parsed: ParsedEmail, senders: Mapping[str, str]) -> None:
    """SPEC 1.3 i: what a CRM writes is nobody's work; its answer would answer itself."""
    named = (*([parsed.from_] if parsed.from_ else []), *parsed.froms, parsed.sender)
    addresses = [one.key for one in named if one] + [parsed.return_path.lower()]
    crm = next((senders[one] for one in addresses if one in senders), None)
    if crm is not None:
        sentence = _("Ignored: it comes from an address of the CRM “%(crm)s”.") % {"crm": crm}
        raise Held("from-crm", sentence, Status.REJECTED)


def ignore_trial(parsed: ParsedEmail) -> None:
    if reply_address.is_trial(parsed):
        sentence = _("A trial mail of ours, for a reply address with a token: nothing to answer.")
        raise Held("reply-address-proved", sentence, Status.REJECTED)
    named = (parsed.bounce.original_message_id if parsed.bounce else "", *parsed.original_ids[:1])
    if any(map(probe.is_message_id, named)):
        sentence = _("A report about a test mail of ours: nothing to answer.")
        raise Held(probe.CODE, sentence, Status.REJECTED)


def words_of(parsed: ParsedEmail) -> str:
    """A blank text part says nothing beside HTML; of an invitation alone, when and where it is.

    A list's footer below HTML is a text too, and all of it is in the HTML.
    """
    if parsed.text and parsed.text.strip() and not stands_below(parsed.text, parsed.html or ""):
        return parsed.text
    return html_to_text(parsed.html or "") or parsed.invite


def _parsed(row: InboundEmail, raw: bytes) -> ParsedEmail:
    """A person who releases what cannot be read wants somebody to see that it came."""
    try:
        return parse(raw)
    except Unreadable as error:
        _take_names(row, glance(raw))  # so that the list can name it
        if not row.released:
            raise Held(error.code, error.sentence) from None
        return ParsedEmail(subject=_("A mail that cannot be read"), text=error.sentence)


def _with_files(mails: list[ReadMail], held: list[tuple[InboundEmail, Held]]) -> list[ReadMail]:
    """Those whose files are on disk. A file that cannot be written holds its own mail only, a disk
    without room none of them: OSError."""
    try:
        with stage("files"):
            _write_files(mails)
        return mails
    except Exception as error:  # the rim, as for reading
        if blobs.is_out_of_room(error):
            raise
        if len(mails) == 1:
            held.append((mails[0].row, failure(mails[0].row, error)))
            return []
    return [one for mail in mails for one in _with_files([mail], held)]


def _write_files(mails: list[ReadMail]) -> None:
    """One pack file for all of them; afterwards nobody holds their bytes."""
    files = [(mail, file) for mail in mails for file in mail.parsed.files]
    written = blobs.write([file.content for _mail, file in files])
    for (mail, file), where in zip(files, written, strict=True):
        mail.files.append((replace(file, content=b""), where))
    for mail in mails:  # the bytes lie on the disk: memory is for what comes next
        if mail.files:
            mail.parsed = replace(mail.parsed, files=())


def named_mailbox(mailboxes: Sequence[Mailbox], parsed: ParsedEmail) -> Mailbox | None:
    """Whom the server names comes before whom the writer names."""
    named = [plain(address) for address in parsed.delivered_to]
    named += [plain(address.email) for address in (*parsed.to, *parsed.cc)]
    owners = {address: mailbox for mailbox in mailboxes for address in mailbox.addresses}
    return next((owners[address] for address in named if address in owners), None)


class Addresses:
    """Which mailbox a mail was for, its queue, and who is no customer: read once for a batch."""

    def __init__(self, rows: Sequence[InboundEmail]) -> None:
        accounts = {row.account_id for row in rows if row.account_id}
        named = {row.mailbox_id for row in rows if row.mailbox_id}
        moved = MailboxMove.objects.filter(from_account__in=accounts).values("mailbox")
        mine = Q(account__in=accounts) | Q(pk__in=named) | Q(pk__in=moved)
        mailboxes = Mailbox.objects.filter(mine)
        self._mailboxes = list(mailboxes.select_related("account").order_by("id"))
        self._queues = queues_of(mailbox.pk for mailbox in self._mailboxes)
        self.crm_senders = crm_senders()
        self.never_customers = our_addresses() | self.crm_senders.keys()

    def mailbox_of(self, row: InboundEmail, parsed: ParsedEmail) -> Mailbox:
        """The one it was given to; else whom the server or the headers name, one that has moved
        away since too; else the first."""
        if row.mailbox_id:
            return next(one for one in self._mailboxes if one.pk == row.mailbox_id)
        mine = [one for one in self._mailboxes if one.account_id == row.account_id]
        away = [one for one in self._mailboxes if one.account_id != row.account_id]
        candidates = mine + away if row.account_id else []
        if not candidates:
            raise Held("no-mailbox", _("Its account has no mailbox; add one, then release it."))
        return named_mailbox(candidates, parsed) or candidates[0]

    def queue_of(self, mailbox: Mailbox) -> Queue:
        queue = self._queues.get(mailbox.pk)
        if queue is None:
            raise Held(
                "no-queue",
                _("The mailbox leads to no queue in use; give it one, then release the mail."),
            )
        return queue
