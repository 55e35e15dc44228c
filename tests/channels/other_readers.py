"""What two other mail readers make of a mail: the standard library, and a parser in Rust."""

import hashlib
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage

from fast_mail_parser import ParseError, parse_email

from apps.channels.parse import parse
from apps.channels.parsed import Unreadable

Said = dict[str, object]  # by field; None: it could not say


def ours(raw: bytes) -> Said:
    try:
        mail = parse(raw)
    except Unreadable:
        return {}
    return {
        "subject": _line(mail.subject),
        "from": mail.from_.email if mail.from_ else "",
        "text": _words(mail.text),
        "html": _words(mail.html),
        "files": _digests(file.content for file in mail.files),
    }


def standard_library(raw: bytes) -> Said:
    try:
        mail = message_from_bytes(raw, policy=policy.default)
        leaves = [part for part in mail.walk() if not part.is_multipart()]
        return {
            "subject": _line(str(mail["subject"] or "")),
            "from": _address(mail),
            "text": _words(_first(leaves, "text/plain")),
            "html": _words(_first(leaves, "text/html")),
            "files": _digests(
                part.get_payload(decode=True) for part in leaves if part.is_attachment()
            ),
        }
    except Exception:  # the rim: it raises whatever it likes
        return {}


def in_rust(raw: bytes) -> Said:
    try:
        mail = parse_email(raw)
    except ParseError:
        return {}
    return {
        "subject": _line(mail.subject),
        "from": (mail.from_.address if mail.from_ else "") or "",
        "text": _words(next(iter(mail.text_plain), None)),
        "html": _words(next(iter(mail.text_html), None)),
        "files": _digests(bytes(file.content) for file in mail.attachments),
    }


def _address(mail: EmailMessage) -> str:
    addresses = getattr(mail["from"], "addresses", ())
    return str(addresses[0].addr_spec) if addresses else ""


def _first(leaves: Iterable[EmailMessage], kind: str) -> str | None:
    for part in leaves:
        if part.get_content_type() == kind and not part.is_attachment():
            return str(part.get_content())
    return None


def _line(text: str) -> str:
    return " ".join(text.split())


def _words(text: str | None) -> str:
    return " ".join((text or "").split())


def _digests(contents: Iterable[object]) -> list[str]:
    return sorted(hashlib.sha256(bytes(one or b"").strip()).hexdigest() for one in contents)  # type: ignore[call-overload]
