"""A winmail.dat opened: its words and files, as if they had come in the mail itself (MS-OXTNEF).

A message that lies in it becomes an ordinary mail as a file, so that any reader opens it.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from apps.channels.lookalikes import without_turns
from apps.channels.parsed import ParsedFile
from apps.channels.parsing.names import LONGEST_NAME, invented_name, shown_name
from apps.core.mime.charsets import clean_line, clean_text
from apps.core.mime.rtf import unpack, words_of_rtf
from apps.core.mime.tnef import SIGNATURE, Tnef, TnefFile, TnefMail, is_whole_tnef, read_tnef

DEEPEST = 5
LONGEST_BODY = 5_000_000  # characters

# Of other classes (appointments, tasks, contacts) the properties say more than words and files.
_LETTERS = ("ipm.note", "ipm.microsoft mail.note", "ipm.document", "report.")
_TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100}", re.ASCII)
_ADDRESS = re.compile(r"[^\s<>()\"',;:@\\]{1,64}@[^\s<>()\"',;:@\\]{1,255}")
_ROW = 45  # bytes of one encoded word
_LINE = 76


@dataclass(frozen=True, slots=True)
class Opened:
    files: tuple[ParsedFile, ...]
    text: str | None = None
    html: str | None = None
    is_whole: bool = True  # nothing is left in it that its bytes alone hold


@dataclass(slots=True)
class Room:
    """What may still be opened of one mail, whatever lies in whatever."""

    bytes: int = 128 * 2**20  # embedded messages are written anew
    rtf: int = 2 * 2**20
    messages: int = 100

    def take(self, size: int) -> bool:
        self.bytes -= size
        return self.bytes >= 0


def is_winmail(content: bytes) -> bool:
    return content.startswith(SIGNATURE)


def opened(content: bytes, room: Room | None = None) -> Opened:
    return _opened(read_tnef(content), content, room or Room(), 0)


def _opened(tnef: Tnef, content: bytes, room: Room, depth: int) -> Opened:
    text, html = _words(tnef.mail, room)
    files: list[ParsedFile] = []
    whole = tnef.complete and is_whole_tnef(content) and _is_letter(tnef.mail)
    for number, packed in enumerate(tnef.files, start=1):
        if not room.take(len(packed.content)):
            whole = False
            break
        file, is_whole = _file(packed, number, room, depth)
        files.append(file)
        whole = whole and is_whole
    return Opened(tuple(files), text, html, whole)


def _is_letter(mail: TnefMail) -> bool:
    kind = mail.kind.strip().lower()
    return not kind or kind.startswith(_LETTERS)


def _words(mail: TnefMail, room: Room) -> tuple[str | None, str | None]:
    text, html = mail.text[:LONGEST_BODY], mail.html[:LONGEST_BODY]
    if mail.rtf and not html.strip():
        rtf = unpack(mail.rtf, room.rtf)
        room.rtf -= len(rtf)
        words = words_of_rtf(rtf)
        html, text = words.html or html, text if text.strip() else words.text or text
    return clean_text(text) or None, clean_text(html) or None


def _file(packed: TnefFile, number: int, room: Room, depth: int) -> tuple[ParsedFile, bool]:
    if is_winmail(packed.content) and depth < DEEPEST and room.messages:
        return _message(packed, number, room, depth)
    kind = packed.content_type.strip().lower()
    kind = kind if _TYPE.fullmatch(kind) else "application/octet-stream"
    names = tuple(clean for one in packed.names if (clean := clean_line(one)))
    file = ParsedFile(
        name=shown_name(names) or invented_name(kind, packed.content, number),
        names=names,
        content_type=kind,
        content=packed.content,
        content_id=without_turns(clean_line(packed.content_id)).strip("<> ")[:LONGEST_NAME],
    )
    return file, bool(packed.content) and not packed.is_object and not is_winmail(packed.content)


def _message(packed: TnefFile, number: int, room: Room, depth: int) -> tuple[ParsedFile, bool]:
    room.messages -= 1
    tnef = read_tnef(packed.content)
    inner = _opened(tnef, packed.content, room, depth + 1)
    content = _as_mail(tnef.mail, inner)
    name = invented_name("message/rfc822", content, number)
    return ParsedFile(name, (name,), "message/rfc822", content), inner.is_whole


# ---- an embedded message as a mail --------------------------------------------------------


def _as_mail(mail: TnefMail, inner: Opened) -> bytes:
    parts = [_text_part(inner.text or "", "plain")] if inner.text or not inner.html else []
    parts += [_text_part(inner.html, "html")] if inner.html else []
    if len(parts) > 1:
        parts = [_container("alternative", parts)]
    parts += [_file_part(file) for file in inner.files]
    return b"".join(_head(mail)) + _container("mixed", parts)


def _head(mail: TnefMail) -> Iterator[bytes]:
    name, address = mail.author_name or mail.sender_name, mail.author or mail.sender
    yield b"From: " + _person(name, address) + b"\r\n"
    yield b"Subject: " + _encoded(mail.subject) + b"\r\n"
    if isinstance(mail.sent, datetime):
        yield b"Date: " + format_datetime(mail.sent).encode() + b"\r\n"
    yield b"MIME-Version: 1.0\r\n"


def _person(name: str, address: str) -> bytes:
    """Exchange has addresses of its own kind, which are none outside."""
    found = f"<{address}>" if _ADDRESS.fullmatch(address) and address.isascii() else ""
    shown = _encoded(name)
    return shown + (b" " if shown and found else b"") + found.encode()


def _encoded(text: str) -> bytes:
    line = clean_line(text)[:1000]
    if line.isascii() and re.fullmatch(r"[\w !'*+/:?.-]*", line) and "=?" not in line:
        return line.encode()
    return b"\r\n ".join(
        b"=?utf-8?b?" + b64encode(row) + b"?=" for row in _rows(line.encode("utf-8", "replace"))
    )


def _rows(content: bytes) -> Iterator[bytes]:
    """Cut between characters."""
    at = 0
    while at < len(content):
        stop = at + _ROW
        while stop < len(content) and content[stop] & 0xC0 == 0x80:
            stop -= 1
        yield content[at:stop]
        at = stop


def _container(kind: str, parts: Sequence[bytes]) -> bytes:
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]
    mark = f"=_{digest}".encode()
    head = b"Content-Type: multipart/" + kind.encode() + b'; boundary="' + mark + b'"\r\n\r\n'
    return head + b"".join(b"--%b\r\n%b\r\n" % (mark, one) for one in parts) + b"--%b--\r\n" % mark


def _text_part(text: str, kind: str) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\n".encode()
    return head + _based(text.encode("utf-8", "replace"))


def _file_part(file: ParsedFile) -> bytes:
    head = f"Content-Type: {file.content_type}\r\n"
    head += f"Content-Disposition: attachment; filename*=UTF-8''{quote(file.name, safe='')}\r\n"
    if file.content_id.isascii() and not re.search(r"[\s<>]", file.content_id) and file.content_id:
        head += f"Content-ID: <{file.content_id}>\r\n"
    if file.content_type.startswith("message/"):  # RFC 2046, 5.2.1: not to be encoded
        return head.encode() + b"\r\n" + file.content
    return head.encode() + _based(file.content)


def _based(content: bytes) -> bytes:
    letters = b64encode(content)
    rows = (letters[at : at + _LINE] for at in range(0, len(letters), _LINE))
    return b"Content-Transfer-Encoding: base64\r\n\r\n" + b"\r\n".join(rows)
