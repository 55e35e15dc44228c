"""A mail of our own, read back from its bytes into the fields that some providers want.

`compose.py` wrote it, so it is small in structure and holds no surprise; its headers are decoded,
and the texts are the ones that were written.
"""

from collections.abc import Iterable
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.mime.base import MIMEBase
from email.utils import getaddresses, quote

from django.core.mail import EmailMultiAlternatives

from apps.channels.outcome import Envelope
from apps.channels.parsed import Address

# What makes it the mail that it is, whoever writes the rest of its header.
KEPT = (
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Precedence",
)


def letter_of(raw: bytes, envelope: Envelope) -> EmailMultiAlternatives:
    """For those of the envelope; whom its header does not name gets a blind copy."""
    mail = message_from_bytes(raw)
    lines = _lines(mail)
    to, cc, bcc = _sides(lines, envelope)
    letter = EmailMultiAlternatives(
        subject=decoded(lines.get("subject", "")),
        from_email=_written(_people(lines["from"]))[0],
        to=to,
        cc=cc,
        bcc=bcc,
        reply_to=_written(_people(lines.get("reply-to", ""))),
        headers={one: " ".join(lines[one.lower()].split()) for one in KEPT if one.lower() in lines},
    )
    for part in mail.walk():
        if not part.is_multipart():
            _put(letter, part)
    return letter


def _put(letter: EmailMultiAlternatives, part: Message) -> None:
    if part.get_content_disposition() is not None:
        letter.attachments.append(_file(part))  # Anymail takes parts
    elif part.get_content_type() == "text/html":
        letter.attach_alternative(_text(part), "text/html")
    else:
        letter.body = _text(part)


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)  # no multipart
    return content.decode("utf-8", "replace").replace("\r\n", "\n")


def _file(part: Message) -> MIMEBase:
    copy = MIMEBase(part.get_content_maintype(), part.get_content_subtype())
    for name, value in part.items():
        if name.lower() not in ("content-type", "mime-version"):
            copy[name] = value
    copy.set_payload(part.get_payload())
    return copy


# ---- header -----------------------------------------------------------------------------------


def _lines(mail: Message) -> dict[str, str]:
    """By name in small letters; letters outside ASCII stand there as they are (RFC 6532)."""
    return {
        name.lower(): value.encode("ascii", "surrogateescape").decode("utf-8", "replace")
        for name, value in mail.raw_items()
    }


def _sides(lines: dict[str, str], envelope: Envelope) -> tuple[list[str], list[str], list[str]]:
    """To, Cc and Bcc. Somebody has to stand in To: without anybody there, those of Cc do."""
    wanted = {one.lower(): one for one in envelope.recipients}
    sides = [_people(lines.get(side, "")) for side in ("to", "cc")]
    to, cc = ([one for one in side if one.key in wanted] for side in sides)
    named = {one.key for one in (*to, *cc)}
    bcc = [one for key, one in wanted.items() if key not in named]
    return _written(to or cc), _written(cc if to else []), bcc


def _people(line: str) -> list[Address]:
    return [Address(email, decoded(name)) for name, email in getaddresses([line]) if email]


def _written(people: Iterable[Address]) -> list[str]:
    return [f'"{quote(one.name)}" <{one.email}>' if one.name else one.email for one in people]


def decoded(words: str) -> str:
    return " ".join(str(make_header(decode_header(words))).split())
