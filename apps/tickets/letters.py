"""What somebody wrote, checked and completed: recipients, subject, text, limits, files on disk."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, When
from django.utils.translation import gettext as _

from apps.attachments import screen
from apps.attachments.models import Attachment
from apps.channels.compose import MAX_SUBJECT, clean_line, wire_address
from apps.channels.customer import is_one_of, our_addresses
from apps.channels.models import Mailbox
from apps.channels.parsed import Address
from apps.channels.tagged import plain
from apps.core import blobs
from apps.core.errors import Invalid, Unavailable
from apps.core.html import html_to_text, safe_html
from apps.tickets.customers import chosen_instead, never_customers
from apps.tickets.models import Message, MessageFile, Session
from apps.tickets.subjects import base_subject
from apps.tickets.threading.evidence import FROM_AGENT
from apps.tickets.threading.joining import UNVERIFIED
from apps.tickets.tokens import session_ids_in

log = logging.getLogger(__name__)

MAX_RECIPIENTS = 100  # in one mail: more is a mailing list
LOOKED_BACK = 20  # mails


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
    """What a program wrote; None means: as the thread suggests."""

    text: str = ""
    html: str = ""
    subject: str | None = None
    to: tuple[Address, ...] | None = None
    cc: tuple[Address, ...] | None = None
    bcc: tuple[Address, ...] | None = None
    files: tuple[Upload, ...] = ()
    confirmed: frozenset[str] = frozenset()  # who gets it although he wants no mail


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
    """The customer's mail that an answer answers: automatic ones, what a colleague wrote from
    elsewhere, and what a stranger wrote who holds our token, only if there is no other; and no
    report on a mail of ours, or the answer would go to a mail server."""
    inbound = Message.objects.filter(thread=session.thread_id, direction=Message.Direction.IN)
    others = Case(When(placement__flags__0__in=[FROM_AGENT, UNVERIFIED], then=1), default=0)
    ordered = (
        inbound.filter(told=None).annotate(others=others).order_by("others", "automatic", "-id")
    )
    return ordered.select_related("mailbox__account").first()


def recipients_of(session: Session) -> Recipients:
    """Whom an answer goes to when nobody says otherwise."""
    return recipients_of_answer(session, newest_inbound(session))


def recipients_of_answer(session: Session, answered: Message | None) -> Recipients:
    if answered is None:
        customer = Address(session.customer, session.customer_name)
        return Recipients((customer,) if customer.email else ())
    if chosen := chosen_instead(session, answered):
        return Recipients((chosen,))
    never = never_customers()
    asked = [Address(one["email"], one["name"]) for one in answered.reply_to]
    elsewhere = tuple(one for one in asked if one.email and not is_one_of(one, never))
    sender = Address(answered.from_email, answered.from_name)
    if is_one_of(sender, never):
        sender = Address(session.customer, session.customer_name)
    return Recipients(elsewhere or ((sender,) if sender.email else ()))


def recipients_of_everybody(session: Session, answered: Message | None) -> Recipients:
    """Reply to all: who wrote, and in Cc whoever else that mail went to; never we ourselves."""
    if answered is None:
        return recipients_of_answer(session, None)
    seen = our_addresses()
    if answered.direction == Message.Direction.OUT:
        first, others = people_of(answered.to), people_of(answered.cc)
    else:
        first = recipients_of_answer(session, answered).to
        others = people_of([*answered.to, *answered.cc])
    to = once(first, seen)
    return Recipients(to, once(others, seen))


def people_of(stored: Iterable[dict[str, str]]) -> tuple[Address, ...]:
    return tuple(Address(one["email"], one.get("name", "")) for one in stored if one["email"])


def addressed(letter: Letter, suggested: Recipients) -> Recipients:
    """Our own addresses drop out, nobody stands twice; Invalid names what cannot be sent to."""
    seen = our_addresses()
    to = once(suggested.to if letter.to is None else letter.to, seen)
    people = Recipients(to, once(letter.cc or (), seen), once(letter.bcc or (), seen))
    if not people.to:
        raise Invalid("no-recipient", _("to: name at least one recipient outside this desk."))
    if len(people.everybody) > MAX_RECIPIENTS:
        told = {"limit": MAX_RECIPIENTS}
        raise Invalid("too-many-recipients", _("to: at most %(limit)s recipients.") % told)
    for address in people.everybody:
        wire_address(address, utf8=True)  # whether the server can send there, it says itself
    return people


def once(addresses: Iterable[Address], seen: set[str]) -> tuple[Address, ...]:
    kept = []
    for address in addresses:
        if seen.isdisjoint({address.key, plain(address.email)}):
            seen.add(address.key)
            kept.append(address)
    return tuple(kept)


def subject_of_answer(letter: Letter, session: Session, answered: Message | None) -> str:
    if letter.subject is not None:
        return clean_line(letter.subject, MAX_SUBJECT)
    subject = _newest_subject(session) or (answered.subject if answered else session.subject)
    return clean_line(f"Re: {base_subject(subject)}", MAX_SUBJECT)


def _newest_subject(session: Session) -> str:
    """Of what was said last between the customer and us: a new topic has a new name (PAINS 22).
    What machines and strangers wrote names none, nor does a mail of ours to somebody else."""
    spoken = Message.objects.filter(session=session, automatic=False).exclude(subject="")
    newest = spoken.exclude(status=Message.Status.FAILED).order_by("-id")
    people = {session.customer.lower()}
    looked_at = newest.only("direction", "subject", "from_email", "to", "placement")
    for message in looked_at[:LOOKED_BACK]:
        if message.direction == Message.Direction.IN:
            if UNVERIFIED in message.placement.get("flags", ()):
                continue
            return message.subject
        if not people.isdisjoint(one["email"].lower() for one in message.to):
            return message.subject
    return ""


def with_session_id(subject: str, session: Session, mailbox: Mailbox) -> str:
    """` [E…]` at the end, where the mailbox wants it, on our first answer in the thread."""
    if not mailbox.subject_id or session_ids_in(subject):
        return subject
    mails = Message.objects.filter(thread=session.thread_id).exclude(status=Message.Status.FAILED)
    answers = mails.filter(direction=Message.Direction.IN).exists()
    named = mails.filter(direction=Message.Direction.OUT, subject__contains="[E")
    before = any(map(session_ids_in, named.values_list("subject", flat=True)))
    if before or not answers:
        return subject
    mark = f" [{session.public_id}]"
    return clean_line(subject, MAX_SUBJECT - len(mark)) + mark


def first_subject(letter: Letter) -> str:
    subject = clean_line(letter.subject or "", MAX_SUBJECT)
    if not subject:
        raise Invalid("no-subject", _("subject: say in a few words what the mail is about."))
    return subject


def bodies_of(letter: Letter) -> tuple[str, str]:
    """Text and cleaned HTML; the text is made from the HTML where only that was written."""
    html = storable(letter.html)
    if html:
        html = safe_html(html, cid_url=lambda content_id: f"cid:{content_id}", remote_url=str)
    text = storable(letter.text) or html_to_text(html)
    if not text.strip() and not letter.files:
        raise Invalid("empty", _("text: write something, or attach a file."))
    return text, html


def storable(text: str) -> str:
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
