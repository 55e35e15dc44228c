"""Content-Transfer-Encoding undone: tolerant of garbage, never an exception."""

import binascii
import re
from collections.abc import Iterator

_NO_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
_PURE = re.compile(rb"[A-Za-z0-9+/=\r\n]*")
_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")  # blanks before a line end were added on the way
_MOST_BLOCKS = 10_000


def undo(content: bytes, encoding: str) -> bytes:
    """ENCODING as the header says it; what is unknown is taken as it stands."""
    name = encoding.strip(" \t\"';").lower()
    if name == "base64":
        return from_base64(content)
    if name == "quoted-printable":
        return binascii.a2b_qp(_SOFT_BREAK.sub(b"=", content))
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return from_uuencode(content)
    return content


def from_base64(content: bytes) -> bytes:
    """Several blocks in a row are one content, as some gateways write it."""
    if _goes_on(content):
        return b"".join(_block(block) for block in re.findall(rb"[^=]+=*", content))
    return _block(content)


def _goes_on(content: bytes) -> bool:
    """More base64 after padding; a mailing list's footer has spaces or does not come out even."""
    padding = content.find(b"=")
    rest = content[padding:].lstrip(b"=\r\n\t ") if padding >= 0 else b""
    if not rest or rest.count(b"=") > _MOST_BLOCKS or not _PURE.fullmatch(rest):
        return False
    return not len(rest.translate(None, b"\r\n")) % 4


def _block(content: bytes) -> bytes:
    try:
        return binascii.a2b_base64(content)
    except binascii.Error:
        letters = content.translate(None, _NO_BASE64).partition(b"=")[0]
        whole = len(letters) - (len(letters) % 4 == 1)
        return binascii.a2b_base64(letters[:whole] + b"=" * (-whole % 4))


def from_uuencode(content: bytes) -> bytes:
    return b"".join(_uu_lines(content))


def _uu_lines(content: bytes) -> Iterator[bytes]:
    begun = False
    for line in content.splitlines():
        if not begun:
            begun = line.startswith(b"begin ")
        elif line.rstrip() == b"end":
            return
        elif line:
            yield _uu_line(line)


def _uu_line(line: bytes) -> bytes:
    """Some writers pad a line too long: only the announced bytes count."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        announced = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:announced])
        except binascii.Error:
            return b""
