"""winmail.dat from data: a mail's attributes and properties, its files, and packed RTF."""

import struct
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime

from tests.attachments.mails import TNEF, attribute

MESSAGE_ID = bytes.fromhex("0703020000000000c000000000000046")
Property = tuple[int, int, bytes]  # type, number, value

TEXT8, TEXT, BINARY, OBJECT, LONG, TIME = 0x1E, 0x1F, 0x102, 0x0D, 0x03, 0x40
LONG_NAME, SHORT_NAME, CONTENT, CONTENT_ID, MIME_TAG = 0x3707, 0x3704, 0x3701, 0x3712, 0x370E
SUBJECT, BODY, HTML, RTF, SENDER, SENDER_NAME = 0x0037, 0x1000, 0x1013, 0x1009, 0x0C1F, 0x0C1A
INTERNET_PAGE, CLASS, SUBMITTED = 0x3FDE, 0x001A, 0x0039

_LINE_BEGIN = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}"


def letters(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def text(number: int, value: str) -> Property:
    return TEXT, number, letters(value)


def packed(properties: Iterable[Property]) -> bytes:
    found = list(properties)
    return struct.pack("<I", len(found)) + b"".join(_property(*one) for one in found)


def _property(kind: int, number: int, value: bytes) -> bytes:
    head = struct.pack("<HH", kind, number)
    if kind in (LONG, TIME):
        return head + value
    return head + struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4)


def filetime(at: datetime) -> bytes:
    ticks = int((at - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
    return struct.pack("<Q", ticks)


def winmail(
    *files: bytes, mail: Iterable[Property] = (), old: bytes = b"", page: int = 1252
) -> bytes:
    """OLD: further attributes of the mail, as `attribute(1, …)` makes them."""
    start = TNEF + b"\1\0" + attribute(1, 0x0008_9006, b"\0\0\1\0")
    start += attribute(1, 0x0006_9007, struct.pack("<II", page, 0))
    properties = packed(mail)
    told = attribute(1, 0x0006_9003, properties) if len(properties) > 4 else b""
    return start + old + told + b"".join(files)


def packed_file(*properties: Property, title: bytes = b"", data: bytes = b"") -> bytes:
    found = attribute(2, 0x0006_9002, b"\1\0" + bytes(12))
    found += attribute(2, 0x0001_8010, title + b"\0") if title else b""
    found += attribute(2, 0x0006_800F, data) if data else b""
    return found + attribute(2, 0x0006_9005, packed(properties))


def message(inner: bytes, title: bytes = b"") -> bytes:
    return packed_file((OBJECT, CONTENT, MESSAGE_ID + inner), title=title)


def stored_rtf(rtf: bytes) -> bytes:
    """As MS-OXRTFCP keeps it without packing."""
    return struct.pack("<II", len(rtf) + 12, len(rtf)) + b"MELA" + bytes(4) + rtf


def packed_rtf(rtf: bytes) -> bytes:
    """A simple packer: what the ring holds in one piece is referred to, the rest is literal."""
    ring = bytearray(_dictionary())
    ring += bytes(4096 - len(ring))
    place, at, out = 207, 0, bytearray()
    tokens: list[bytes | tuple[int, int]] = []
    while at < len(rtf):
        found, length = _longest(ring, rtf, at, place)
        if length >= 3:
            tokens.append((found, length))
        else:
            length = 1
            tokens.append(rtf[at : at + 1])
        for byte in rtf[at : at + length]:
            ring[place] = byte
            place = (place + 1) % 4096
        at += length
    tokens.append((place, 2))
    for start in range(0, len(tokens), 8):
        eight = tokens[start : start + 8]
        out.append(sum(1 << bit for bit, one in enumerate(eight) if isinstance(one, tuple)))
        for one in eight:
            out += one if isinstance(one, bytes) else struct.pack(">H", one[0] << 4 | one[1] - 2)
    return (
        struct.pack("<II", len(out) + 12, len(rtf)) + b"LZFu" + _checksum(bytes(out)) + bytes(out)
    )


def _checksum(content: bytes) -> bytes:
    """CRC-32 without its two inversions (MS-OXRTFCP, 2.1.3.2)."""
    return struct.pack("<I", zlib.crc32(content, 0xFFFF_FFFF) ^ 0xFFFF_FFFF)


def _longest(ring: bytearray, rtf: bytes, at: int, place: int) -> tuple[int, int]:
    """Never over the place where is written, so that every reader agrees on what it means."""
    for length in range(17, 2, -1):
        piece = rtf[at : at + length]
        found = ring.find(piece)
        if len(piece) == length and found >= 0 and not found <= place <= found + length:
            return found, length
    return 0, 0


def _dictionary() -> bytes:
    return (
        _LINE_BEGIN
        + b"{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial"
        b"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
        b"\\b\\i\\u\\tab\\tx"
    )
