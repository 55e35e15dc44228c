"""A mail put together from what a provider told of it, where it keeps the original bytes.

The same facts make the same bytes, so that what is told twice is recognised. Headers go in as
UTF-8 (RFC 6532), each on one line and without controls: nothing in them can begin another.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email import encoders
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32

from django.utils.http import parse_header_parameters

# They describe the body that there was, or are the server's word and not the sender's.
_LEFT_OUT = ("mime-version", "delivered-to", "return-path", "bcc")
_NAME = re.compile(r"[!-9;-~]{1,100}")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]+")
_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,100}", re.ASCII)
_CONTENT_ID = re.compile(r"[^!-;=?-~]")
_CRLF = compat32.clone(linesep="\r\n")

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str = ""


def rebuild(
    headers: Headers,
    *,
    text: str | None,
    html: str | None,
    files: Sequence[File] = (),
    recipients: Sequence[str] = (),
    sender: str | None = None,
) -> bytes:
    """SENDER and RECIPIENTS are the envelope's; an empty sender is the null path of reports."""
    envelope = [("Delivered-To", one) for one in recipients]
    if sender is not None:
        envelope.insert(0, ("Return-Path", f"<{sender.strip('<> ')}>"))
    told = [(name, value) for name, value in headers if _stays(name)]
    head = b"".join(_line(name, value) for name, value in (*envelope, *told))
    return head + _body(text, html, files).as_bytes(policy=_CRLF)


def _stays(name: str) -> bool:
    lowered = name.lower()
    return lowered not in _LEFT_OUT and not lowered.startswith("content-")


def _line(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name):
        return b""
    return f"{name}: {_CONTROLS.sub(' ', value).strip()}\r\n".encode("utf-8", "replace")


def _body(text: str | None, html: str | None, files: Sequence[File]) -> Message:
    """Words, then what stands in them, then files: each layer only where there is something."""
    seal = _seal(text, html, files)
    inline = [_part(one) for one in files if one.content_id]
    beside = [_part(one) for one in files if not one.content_id]
    words = [MIMEText(html, "html", "utf-8")] if html else []
    if text or not html:
        words.insert(0, MIMEText(text or "", "plain", "utf-8"))
    body = _layer("alternative", words, seal)
    body = _layer("related", [body, *inline], seal)
    return _layer("mixed", [body, *beside], seal)


def _layer(kind: str, parts: Sequence[Message], seal: str) -> Message:
    if len(parts) == 1:
        return parts[0]
    for part in parts:
        del part["MIME-Version"]
    return MIMEMultipart(kind, f"=_{kind}_{seal}", parts)


def _part(file: File) -> Message:
    kind, charset = _kind(file.content_type)
    part = MIMEBase(*kind.split("/", 1))
    if charset:
        part.set_param("charset", charset)
    part.set_payload(file.content)
    encoders.encode_base64(part)
    name = ("utf-8", "", _CONTROLS.sub(" ", file.name)) if file.name else None
    shown = {"filename": name} if name else {}
    part.add_header("Content-Disposition", "inline" if file.content_id else "attachment", **shown)
    if file.content_id:
        part["Content-ID"] = f"<{_CONTENT_ID.sub('', file.content_id)[:200]}>"
    return part


def _kind(content_type: str) -> tuple[str, str]:
    """The type, and the charset of a text. A mail or a multipart in base64 (RFC 2045, 6.4) would
    be no valid part: such a file goes as bytes under its name."""
    word, parameters = parse_header_parameters(content_type[:500])
    if not _TYPE.fullmatch(word) or word.startswith(("multipart/", "message/")):
        return "application/octet-stream", ""
    charset = parameters.get("charset", "")
    return word, charset if _NAME.fullmatch(charset) and word.startswith("text/") else ""


def _seal(text: str | None, html: str | None, files: Sequence[File]) -> str:
    """For the boundaries: the same for the same content, and not to be guessed by its writer."""
    seen = hashlib.sha256()
    for piece in (text or "", html or "", *(one.name for one in files)):
        seen.update(piece.encode("utf-8", "replace") + b"\0")
    for one in files:
        seen.update(hashlib.sha256(one.content).digest())
    return seen.hexdigest()[:40]
