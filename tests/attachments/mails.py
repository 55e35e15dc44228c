"""What mail readers open, built from bytes: forwarded mails, winmail.dat, Outlook messages."""

import base64
import struct
import zlib

TNEF = b"\x78\x9f\x3e\x22"
_FREE, _END, _TABLE = 0xFFFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFD


def mail(*parts: bytes, kind: str = "mixed", epilogue: bytes = b"") -> bytes:
    """A mail with PARTS, each as `part` makes it."""
    mark = f"b{zlib.crc32(b''.join(parts))}".encode()
    head = b"From: ana@x.test\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
    head += b"Content-Type: multipart/" + kind.encode() + b'; boundary="' + mark + b'"\r\n\r\n'
    inside = b"".join(b"--" + mark + b"\r\n" + one + b"\r\n" for one in parts)
    return head + inside + b"--" + mark + b"--\r\n" + epilogue


def part(content: bytes, name: str = "", kind: str = "application/octet-stream") -> bytes:
    named = f'; filename="{name}"' if name else ""
    head = f"Content-Type: {kind}\r\nContent-Disposition: attachment{named}\r\n"
    return (
        head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)
    )


def forwarded(inner: bytes, name: str = "") -> bytes:
    named = f'; name="{name}"' if name else ""
    return f"Content-Type: message/rfc822{named}\r\n\r\n".encode() + inner


def nested(inner: bytes, times: int) -> bytes:
    for _time in range(times):
        inner = mail(forwarded(inner))
    return inner


def tnef(*files: bytes) -> bytes:
    """winmail.dat with FILES, each as `tnef_file` makes it."""
    return TNEF + b"\1\0" + attribute(1, 0x0008_9006, b"\0\0\1\0") + b"".join(files)


def tnef_file(content: bytes, title: str = "", *, long_name: str = "", data: int = 0x102) -> bytes:
    """DATA is 0x102 for bytes among the properties, 0x0d for a message, 0 for the old attribute."""
    properties = []
    if long_name:
        properties.append(_property(0x1F, 0x3707, long_name.encode("utf-16-le") + b"\0\0"))
    if data:
        identity = bytes.fromhex("0703020000000000c000000000000046") if data == 0x0D else b""
        properties.append(_property(data, 0x3701, identity + content))
    packed = struct.pack("<I", len(properties)) + b"".join(properties)
    old = b"" if data else attribute(2, 0x0006_800F, content)
    named = attribute(2, 0x0001_8010, title.encode("latin-1") + b"\0") if title else b""
    start = attribute(2, 0x0006_9002, bytes(14))
    return start + named + old + attribute(2, 0x0006_9005, packed)


def attribute(level: int, tag: int, content: bytes) -> bytes:
    checksum = sum(content) & 0xFFFF
    return struct.pack("<BII", level, tag, len(content)) + content + struct.pack("<H", checksum)


def _property(kind: int, number: int, content: bytes) -> bytes:
    padding = bytes(-len(content) % 4)
    return struct.pack("<HHII", kind, number, 1, len(content)) + content + padding


def outlook_message(name: str, content: bytes) -> bytes:
    """A .msg with one file: the name in the stream of small things, the content in sectors."""
    label, content = name.encode("utf-16-le"), content.ljust(4096, b"\0")
    sectors = [bytes(512)] * 5 + [
        content[at : at + 512].ljust(512, b"\0") for at in range(0, len(content), 512)
    ]
    chain = [_TABLE, 2, _END, _END, _END, *range(6, len(sectors)), _END]
    sectors[0] = _padded(struct.pack(f"<{len(chain)}I", *chain), b"\xff")
    entries = (
        _entry("Root Entry", 5, child=1, start=3, size=512)
        + _entry("__properties_version1.0", 2, right=2, start=_END)
        + _entry("__attach_version1.0_#00000000", 1, child=3)
        + _entry("__substg1.0_37010102", 2, left=4, start=5, size=len(content))
        + _entry("__substg1.0_3707001F", 2, start=0, size=len(label))
    )
    directory = entries.ljust(1024, b"\0")
    sectors[1], sectors[2] = directory[:512], directory[512:]
    sectors[3] = _padded(label, b"\0")
    small = [*range(1, 8), _END]
    sectors[4] = _padded(struct.pack(f"<{len(small)}I", *small), b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6x9I", 62, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 4, 1, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    return header + b"".join(sectors)


def _padded(content: bytes, filler: bytes) -> bytes:
    return content.ljust(512, filler)


def _entry(
    name: str,
    kind: int,
    *,
    left: int = _FREE,
    right: int = _FREE,
    child: int = _FREE,
    start: int = 0,
    size: int = 0,
) -> bytes:
    wide = name.encode("utf-16-le")
    head = wide.ljust(64, b"\0") + struct.pack("<HBB3I", len(wide) + 2, kind, 1, left, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


UUENCODED = b"see this:\r\n\r\nbegin 644 run.exe\r\n#0V%T\r\n`\r\nend\r\n"
