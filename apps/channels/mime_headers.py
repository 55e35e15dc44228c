"""Header fields: words (RFC 2047), parameters (RFC 2231), addresses (RFC 5322), ids, dates."""

import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from apps.channels.mime_charsets import clean_line, decode
from apps.channels.parsed import Address

MAX_VALUE = 64 * 1024  # bytes of one field that are read
MAX_ADDRESSES = 1000
MAX_IDS = 1000
LONGEST_NAME = 1000

_WORD = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_PARAMETER = re.compile(rb';\s*([^\s=;"]{1,100})\s*=\s*("(?:\\.|[^"\\])*"?|[^;]*)')
_EXTENDED = re.compile(r"^(.+?)(?:\*(\d{1,3}))?(\*)?$")
_ID = re.compile(r"<([^<>]*)>")


class Headers:
    """Fields in order; names in lower case, values as raw bytes."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self.fields = fields

    def __bool__(self) -> bool:
        return bool(self.fields)

    def raw(self, name: str) -> bytes:
        """The first field of that name, or nothing."""
        return next((value for key, value in self.fields if key == name), b"")[:MAX_VALUE]

    def text(self, name: str) -> str:
        return decode_words(self.raw(name))

    def all_text(self, name: str) -> list[str]:
        return [decode_words(value[:MAX_VALUE]) for key, value in self.fields if key == name][:100]

    def addresses(self, name: str) -> tuple[Address, ...]:
        values = [value for key, value in self.fields if key == name]
        return addresses_of(b", ".join(values)[:MAX_VALUE])

    def has(self, name: str) -> bool:
        return any(key == name for key, _value in self.fields)


def decode_words(raw: bytes) -> str:
    """Encoded words and raw 8-bit text alike; one clean line."""
    if b"=?" not in raw:
        return clean_line(decode(raw))
    return clean_line("".join(_pieces(raw)))


def _pieces(raw: bytes) -> Iterator[str]:
    """Neighbours of one charset are decoded together: some writers cut within a character."""
    position, charset, held = 0, "", b""
    for word in _WORD.finditer(raw):
        between = raw[position : word.start()]
        name = word[1].partition(b"*")[0].decode("ascii", "replace").lower()
        if held and (between.strip() or name != charset):
            yield decode(held, charset)
            held = b""
        if between.strip() or not position:
            yield decode(between)
        held, charset, position = held + _word_bytes(word), name, word.end()
    if held:
        yield decode(held, charset)
    yield decode(raw[position:])


def _word_bytes(word: re.Match[bytes]) -> bytes:
    if word[2] in b"qQ":
        return binascii.a2b_qp(word[3], header=True)
    try:
        return binascii.a2b_base64(word[3] + b"==")
    except binascii.Error:
        return word[3]


# ---- parameters -------------------------------------------------------------------------


def parameters(raw: bytes) -> dict[str, list[str]]:
    """Every value of every parameter, in order; continuations and charsets put together."""
    found: dict[str, list[str]] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for match in list(_PARAMETER.finditer(raw))[:200]:
        name = match[1].decode("ascii", "replace").lower()
        value = _unquoted(match[2])
        extended = _EXTENDED.match(name)
        if extended and (extended[2] or extended[3]):
            number = int(extended[2] or 0)
            pieces.setdefault(extended[1], {})[number] = (value, bool(extended[3]))
        else:
            found.setdefault(name, []).append(decode_words(value))
    for name, numbered in pieces.items():
        found.setdefault(name, []).insert(0, _joined(numbered))
    return found


def _unquoted(value: bytes) -> bytes:
    value = value.strip()
    if value.startswith(b'"'):
        return re.sub(rb"\\(.)", rb"\1", value.strip(b'"'))
    return value


def _joined(numbered: dict[int, tuple[bytes, bool]]) -> str:
    charset, joined = "", b""
    for number in sorted(numbered):
        value, encoded = numbered[number]
        if encoded and not joined and value.count(b"'") >= 2:
            name, _language, value = value.split(b"'", 2)
            charset = name.decode("ascii", "replace")
        joined += unquote_to_bytes(value) if encoded else value
    return clean_line(decode(joined, charset))


def content_type_of(headers: Headers, parent: str) -> str:
    """Lower case; what is missing or makes no sense is text, in a digest a mail."""
    value = headers.raw("content-type").partition(b";")[0].strip().lower()
    kind = value.decode("ascii", "replace")
    if re.fullmatch(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", kind):
        return kind
    return "message/rfc822" if parent == "multipart/digest" else "text/plain"


def boundary_of(headers: Headers) -> bytes:
    for match in _PARAMETER.finditer(headers.raw("content-type")):
        if match[1].lower() == b"boundary":
            return _unquoted(match[2]).rstrip()
    return b""


# ---- addresses --------------------------------------------------------------------------


def addresses_of(raw: bytes) -> tuple[Address, ...]:
    """Mailboxes in order; groups are opened, comments serve as names, at most 1,000."""
    found: list[Address] = []
    for text, angle, comment in _mailboxes(raw):
        email = decode_words(angle or text).replace(" ", "").strip("<>,;\"'")
        name = decode_words(text if angle else comment).strip().strip('"').strip()
        if email and len(found) < MAX_ADDRESSES:
            found.append(Address(email[:320], name[:LONGEST_NAME]))
    return tuple(found)


def _mailboxes(raw: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(text, in angle brackets, comment) of each mailbox, by one walk over the bytes."""
    text, angle, comment = bytearray(), bytearray(), bytearray()
    mode, depth, escaped = "text", 0, False
    for byte in raw + b",":
        char = bytes((byte,))
        if escaped:
            escaped = False
            (text if mode in ("text", "quoted") else comment).extend(char)
        elif char == b"\\" and mode in ("quoted", "comment"):
            escaped = True
        elif mode == "quoted":
            mode = "text" if char == b'"' else mode
            if char != b'"':
                text += char
        elif mode == "comment":
            depth += (char == b"(") - (char == b")")
            mode = mode if depth else "text"
            if depth:
                comment += char
        elif mode == "angle":
            mode = "text" if char == b">" else mode
            if char != b">":
                angle += char
        elif char == b'"':
            mode = "quoted"
        elif char == b"(":
            mode, depth = "comment", 1
        elif char == b"<":
            mode = "angle"
        elif char == b":":
            text.clear()  # a group's name
        elif char in b",;":
            if bytes(text + angle).strip():
                yield bytes(text).strip(), bytes(angle).strip(), bytes(comment).strip()
            text, angle, comment = bytearray(), bytearray(), bytearray()
        else:
            text += char
    if bytes(angle).strip():  # an angle bracket that never closed
        yield bytes(text).strip(), bytes(angle).strip(), b""


# ---- ids and dates ----------------------------------------------------------------------


def ids_of(raw: bytes) -> tuple[str, ...]:
    """Message ids without angle brackets; some writers forget these."""
    text = clean_line(decode(raw))
    found = [one.strip() for one in _ID.findall(text)] or text.replace(",", " ").split()
    return tuple(one.strip("<>") for one in found if one.strip("<>"))[:MAX_IDS]


def date_of(raw: bytes) -> datetime | None:
    """Aware; without a zone it counts as UTC."""
    try:
        moment = parsedate_to_datetime(clean_line(decode(raw[:200])))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC) if 1970 <= moment.year < 2200 else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
