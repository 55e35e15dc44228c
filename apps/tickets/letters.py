"""What somebody wrote, checked and completed: recipients, subject, text, limits, files on disk."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.attachments import screen
from apps.attachments.models import Attachment
from apps.channels.compose import MAX_SUBJECT, clean_line, wire_address
from apps.channels.models import Mailbox
from apps.channels.parsed import Address
from apps.core import blobs
from apps.core.errors import Invalid, Unavailable
from apps.core.html import html_to_text, safe_html
from apps.tickets.models import Message, MessageFile, Session
from apps.tickets.threads import base_subject

log = logging.getLogger(__name__)

MAX_RECIPIENTS = 100  # in one mail: more is a mailing list


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the agent's program sent it."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    inline: bool = False

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Letter:
    """What the agent wrote; None means: as the thread suggests.

    `staged` are files that were uploaded while the agent wrote, in the form with the key `form`.
    """

    text: str = ""
    html: str = ""
    subject: str | None = None
    to: tuple[Address, ...] | None = None
    cc: tuple[Address, ...] | None = None
    bcc: tuple[Address, ...] | None = None
    files: tuple[Upload, ...] = ()
    staged: tuple[int, ...] = ()
    form: str = ""


@dataclass(frozen=True, slots=True)
class Recipients:
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()

    @property
    def everybody(self) -> list[str]:
        """Each address once, Bcc too: for the envelope."""
        people = (*self.to, *self.cc, *self.bcc)
        return list({one.key: one.email for one in people}.values())


def newest_inbound(session: Session) -> Message | None:
    """The customer's mail that an answer answers: automatic ones only if there is no other."""
    inbound = Message.objects.filter(thread=session.thread_id, direction=Message.Direction.IN)
    return inbound.order_by("automatic", "-id").select_related("mailbox__account").first()


def recipients_of(session: Session) -> Recipients:
    """Whom an answer goes to when nobody says otherwise."""
    return recipients_of_answer(session, newest_inbound(session))


def recipients_of_answer(session: Session, answered: Message | None) -> Recipients:
    if answered is None:
        customer = Address(session.customer, session.customer_name)
        return Recipients((customer,) if customer.email else ())
    ours = _our_addresses()
    asked = [Address(one["email"], one["name"]) for one in answered.reply_to]
    elsewhere = tuple(one for one in asked if one.email and one.key not in ours)
    sender = Address(answered.from_email, answered.from_name)
    return Recipients(elsewhere or ((sender,) if sender.email else ()))


def addressed(letter: Letter, suggested: Recipients) -> Recipients:
    """Our own addresses drop out, nobody stands twice; Invalid names what cannot be sent to."""
    seen = _our_addresses()
    to = _once(suggested.to if letter.to is None else letter.to, seen)
    people = Recipients(to, _once(letter.cc or (), seen), _once(letter.bcc or (), seen))
    if not people.to:
        raise Invalid("no-recipient", _("to: name at least one recipient outside this desk."))
    if len(people.everybody) > MAX_RECIPIENTS:
        told = {"limit": MAX_RECIPIENTS}
        raise Invalid("too-many-recipients", _("to: at most %(limit)s recipients.") % told)
    for address in people.everybody:
        wire_address(address)
    return people


def _our_addresses() -> set[str]:
    return {address for mailbox in Mailbox.objects.all() for address in mailbox.addresses}


def _once(addresses: Iterable[Address], seen: set[str]) -> tuple[Address, ...]:
    kept = []
    for address in addresses:
        if address.key not in seen:
            seen.add(address.key)
            kept.append(address)
    return tuple(kept)


def subject_of_answer(letter: Letter, session: Session, answered: Message | None) -> str:
    if letter.subject is not None:
        return clean_line(letter.subject, MAX_SUBJECT)
    subject = answered.subject if answered else session.subject
    return clean_line(f"Re: {base_subject(subject)}", MAX_SUBJECT)


def first_subject(letter: Letter) -> str:
    subject = clean_line(letter.subject or "", MAX_SUBJECT)
    if not subject:
        raise Invalid("no-subject", _("subject: say in a few words what the mail is about."))
    return subject


def bodies_of(letter: Letter) -> tuple[str, str]:
    """Text and cleaned HTML; the text is made from the HTML where only that was written."""
    html = _storable(letter.html)
    if html:
        html = safe_html(html, cid_url=lambda content_id: f"cid:{content_id}", remote_url=str)
    text = _storable(letter.text) or html_to_text(html)
    if not text.strip() and not (letter.files or letter.staged):
        raise Invalid("empty", _("text: write something, or attach a file."))
    return text, html


def _storable(text: str) -> str:
    """Without what no database takes: NUL and half characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


# ---- files ----------------------------------------------------------------------------------


def write_files(files: Sequence[Upload]) -> list[blobs.Written]:
    """Before the transaction. Raises Unavailable: the disk is full."""
    try:
        return blobs.write([file.content for file in files])
    except OSError as error:
        log.error("files cannot be written", extra={"errno": error.errno})
        raise Unavailable(
            "disk-full",
            _("files: There is no room for files on the server now. Try again later."),
        ) from error


def attach_files(
    message: Message, files: Sequence[Upload], written: Sequence[blobs.Written]
) -> list[int]:
    """Inside it: rows that wait for the scanner; answers their ids."""
    attachments = [
        screen.plan(blob=blob, names=(file.name,), declared_type=file.content_type)
        for file, blob in zip(files, blobs.record(written), strict=True)
    ]
    Attachment.objects.bulk_create(attachments)
    MessageFile.objects.bulk_create(
        MessageFile(
            message=message,
            attachment=attachment,
            position=position,
            inline=file.inline,
            content_id=file.content_id,
        )
        for position, (file, attachment) in enumerate(zip(files, attachments, strict=True))
    )
    return [attachment.pk for attachment in attachments]
