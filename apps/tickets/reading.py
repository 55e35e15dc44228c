"""From ledger rows to mails that can be placed: everything slow, before the transaction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.channels.models import InboundEmail, Mailbox
from apps.channels.oddity_words import why_held
from apps.channels.parse import parse
from apps.channels.parsed import ParsedEmail, ParsedFile, Unreadable
from apps.core import blobs
from apps.core.html import html_to_text
from apps.queues.models import Queue
from apps.queues.routing import queues_of

log = logging.getLogger(__name__)


class Held(Exception):
    """The mail goes to quarantine: a code for programs, a sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(slots=True)
class ReadMail:
    """A mail that has been understood; its files' bytes are on disk, not yet in the database."""

    row: InboundEmail
    parsed: ParsedEmail
    mailbox: Mailbox
    queue: Queue
    text: str
    files: list[tuple[ParsedFile, blobs.Written]] = field(default_factory=list)


def read(rows: Sequence[InboundEmail]) -> tuple[list[ReadMail], list[tuple[InboundEmail, Held]]]:
    """Parses each mail by itself, so that a bad one holds only itself."""
    addresses = Addresses(rows)
    good: list[ReadMail] = []
    held: list[tuple[InboundEmail, Held]] = []
    for row in rows:
        try:
            good.append(_read_one(row, addresses))
        except Held as reason:
            held.append((row, reason))
    _write_files(good)
    return good, held


def _read_one(row: InboundEmail, addresses: "Addresses") -> ReadMail:
    if row.raw is None:
        raise Held("no-bytes", _("The bytes of this mail are missing."))
    return understood(row, _parsed(row, blobs.read(row.raw)), addresses)


def understood(row: InboundEmail, parsed: ParsedEmail, addresses: "Addresses") -> ReadMail:
    """For intake and for the dry run; raises Held."""
    row.sender = parsed.from_.email[:320] if parsed.from_ else ""
    row.subject = parsed.subject
    row.mailbox = mailbox = addresses.mailbox_of(row, parsed)
    hold_odd(row, parsed)
    return ReadMail(row, parsed, mailbox, addresses.queue_of(mailbox), words_of(parsed))


def hold_odd(row: InboundEmail, parsed: ParsedEmail) -> None:
    if parsed.oddities and not row.released:
        raise Held("odd-structure", why_held(parsed.oddities))


def words_of(parsed: ParsedEmail) -> str:
    """A blank text part says nothing beside HTML."""
    if parsed.text and parsed.text.strip():
        return parsed.text
    return html_to_text(parsed.html or "")


def _parsed(row: InboundEmail, raw: bytes) -> ParsedEmail:
    """A person who releases what cannot be read wants somebody to see that it came."""
    try:
        return parse(raw)
    except Unreadable as error:
        if not row.released:
            raise Held(error.code, error.sentence) from None
        return ParsedEmail(subject=_("A mail that cannot be read"), text=error.sentence)


def _write_files(mails: list[ReadMail]) -> None:
    """One pack file for all files of the batch."""
    files = [(mail, file) for mail in mails for file in mail.parsed.files]
    written = blobs.write([file.content for _mail, file in files])
    for (mail, file), where in zip(files, written, strict=True):
        mail.files.append((file, where))


def named_mailbox(mailboxes: Sequence[Mailbox], parsed: ParsedEmail) -> Mailbox | None:
    """Whom the server names comes before whom the writer names."""
    named = [address.lower() for address in parsed.delivered_to]
    named += [address.key for address in (*parsed.to, *parsed.cc)]
    owners = {address: mailbox for mailbox in mailboxes for address in mailbox.addresses}
    return next((owners[address] for address in named if address in owners), None)


class Addresses:
    """Which mailbox a mail was for, and its queue: read once for a batch."""

    def __init__(self, rows: Sequence[InboundEmail]) -> None:
        accounts = {row.account_id for row in rows if row.account_id}
        named = {row.mailbox_id for row in rows if row.mailbox_id}
        mailboxes = Mailbox.objects.filter(Q(account__in=accounts) | Q(pk__in=named))
        self._mailboxes = list(mailboxes.select_related("account").order_by("id"))
        self._queues = queues_of(mailbox.pk for mailbox in self._mailboxes)

    def mailbox_of(self, row: InboundEmail, parsed: ParsedEmail) -> Mailbox:
        """The one it was given to; else whom the server or the headers name; else the first."""
        if row.mailbox_id:
            return next(one for one in self._mailboxes if one.pk == row.mailbox_id)
        mine = [one for one in self._mailboxes if one.account_id == row.account_id]
        if not mine:
            raise Held("no-mailbox", _("Its account has no mailbox; add one, then release it."))
        return named_mailbox(mine, parsed) or mine[0]

    def queue_of(self, mailbox: Mailbox) -> Queue:
        queue = self._queues.get(mailbox.pk)
        if queue is None:
            raise Held(
                "no-queue",
                _("The mailbox leads to no queue in use; give it one, then release the mail."),
            )
        return queue
