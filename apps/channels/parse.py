"""From raw bytes to a ParsedEmail: the one parser, over bytes, with a limit on everything.

It never raises anything but Unreadable, and its time is linear in the size of the mail.
"""

import mimetypes
from dataclasses import dataclass, field

from apps.channels import loops
from apps.channels.mime_charsets import clean_text, decode
from apps.channels.mime_headers import Headers, date_of, ids_of, parameters
from apps.channels.mime_structure import Leaf, split_headers, split_mail
from apps.channels.mime_transfer import undo
from apps.channels.parsed import ParsedEmail, ParsedFile, Unreadable

MAX_TEXT = 5 * 2**20  # characters of a body; more is kept as a file
MAX_FILES = 300

_KNOWN = ("from", "to", "subject", "date", "message-id", "received", "content-type", "mime-version")
_EXTENSIONS = {"message/rfc822": ".eml", "message/delivery-status": ".txt", "text/calendar": ".ics"}


@dataclass(slots=True)
class _Content:
    text: list[str] = field(default_factory=list)
    html: str | None = None
    files: list[ParsedFile] = field(default_factory=list)


def parse(raw: bytes) -> ParsedEmail:
    """Reads a mail (RFC 5322); Unreadable when it holds no header that a mail has."""
    headers, leaves, _cut = split_mail(raw)
    if not any(headers.has(name) for name in _KNOWN):
        raise Unreadable(
            "no-headers", "This is no mail: it has none of the headers that mails have."
        )
    content = _Content()
    for leaf in leaves:
        _place(leaf, content)
    return _meaning(headers, leaves, content)


def _meaning(headers: Headers, leaves: list[Leaf], content: _Content) -> ParsedEmail:
    senders = headers.addresses("from") or headers.addresses("sender")
    sender = senders[0] if senders else None
    bounce = loops.bounce_of(headers, leaves, sender.email if sender else "")
    message_ids = ids_of(headers.raw("message-id"))
    answered = ids_of(headers.raw("in-reply-to"))
    return ParsedEmail(
        subject=headers.text("subject"),
        from_=sender,
        to=headers.addresses("to"),
        cc=headers.addresses("cc"),
        reply_to=headers.addresses("reply-to"),
        delivered_to=_delivered_to(headers),
        date=date_of(headers.raw("date")),
        message_id=message_ids[0] if message_ids else "",
        in_reply_to=answered[0] if answered else "",
        references=ids_of(headers.raw("references")),
        text="\n".join(content.text) if content.text else None,
        html=content.html,
        files=tuple(content.files),
        is_auto_reply=loops.is_auto_reply(headers),
        is_list=loops.is_list(headers),
        is_bounce=bounce is not None,
        bounce=bounce,
        feedback_type=loops.feedback_type(leaves),
        null_return_path=loops.has_null_return_path(headers),
    )


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
    found = [one for name in names for one in headers.all_text(name)]
    return tuple(one.strip().strip("<>") for one in found)


def _place(leaf: Leaf, content: _Content) -> None:
    """A body, or a file. A body is text that nobody calls an attachment."""
    disposition = leaf.headers.raw("content-disposition")
    names = _names(leaf, disposition)
    attached = disposition.lstrip().lower().startswith(b"attachment")
    is_body = leaf.content_type in ("text/plain", "text/html") and not attached and not names
    if is_body and _take_body(leaf, content):
        return
    if len(content.files) < MAX_FILES:
        content.files.append(_file(leaf, disposition, names, len(content.files) + 1))


def _take_body(leaf: Leaf, content: _Content) -> bool:
    text = clean_text(decode(_bytes(leaf), _charset(leaf)))
    if len(text) > MAX_TEXT:
        return False
    if leaf.content_type == "text/plain":
        if not content.text or leaf.parent != "multipart/alternative":
            content.text.append(text)
        return True
    if content.html is None:
        content.html = text
        return True
    return False


def _file(leaf: Leaf, disposition: bytes, names: tuple[str, ...], number: int) -> ParsedFile:
    content = _bytes(leaf)
    content_ids = ids_of(leaf.headers.raw("content-id"))
    inline = bool(content_ids) and leaf.content_type.startswith("image/")
    inline = inline and not disposition.lstrip().lower().startswith(b"attachment")
    return ParsedFile(
        name=_shown_name(names[0]) if names else _made_up_name(leaf, content, number),
        names=names,
        content_type=leaf.content_type,
        content=content,
        content_id=content_ids[0] if content_ids else "",
        inline=inline,
    )


def _names(leaf: Leaf, disposition: bytes) -> tuple[str, ...]:
    """Every name that any mail reader might use, the preferred one first."""
    named = parameters(disposition).get("filename", [])
    named = [*named, *parameters(leaf.headers.raw("content-type")).get("name", [])]
    return tuple(dict.fromkeys(name[:1000] for name in named if name.strip()))


def _shown_name(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].strip() or "file"


def _made_up_name(leaf: Leaf, content: bytes, number: int) -> str:
    extension = _EXTENSIONS.get(leaf.content_type) or mimetypes.guess_extension(leaf.content_type)
    if leaf.content_type == "message/rfc822":
        inner, _body = split_headers(content[:100_000])
        subject = _shown_name(inner.text("subject"))[:100]
        return f"{subject if subject != 'file' else 'mail'}.eml"
    return f"part-{number}{extension or ''}"


def _bytes(leaf: Leaf) -> bytes:
    if leaf.content_type in ("message/rfc822", "message/delivery-status"):
        encoding = leaf.headers.text("content-transfer-encoding").lower()
        return undo(leaf.body, encoding) if encoding == "base64" else leaf.body
    return undo(leaf.body, leaf.headers.text("content-transfer-encoding"))


def _charset(leaf: Leaf) -> str:
    named = parameters(leaf.headers.raw("content-type")).get("charset", [])
    return named[0] if named else ""
