"""Content-Transfer-Encoding undone: tolerant of garbage, never an exception."""

import binascii
import contextlib
import io
import re
from collections.abc import Iterator

import pybase64

_NO_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
_PURE = re.compile(rb"[A-Za-z0-9+/=\r\n]*")
_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")  # blanks before a line end were added on the way
_OUTSIDE = re.compile(rb"[^A-Za-z0-9+/=\r\n]")
_TOKEN = re.compile(r"[\w-]+")
_MOST_BLOCKS = 10_000
_SAMPLE = 4096
_PIECE = 2**20  # bytes that are decoded at once
_FOOTER = re.compile(rb"(?m)^[^\r\n]*[^A-Za-z0-9+/=\s][^\r\n]*\r?$")
_LETTERS = re.compile(rb"(?m)^[A-Za-z0-9+/]{40}")


def undo_within(raw: bytes, start: int, end: int, encoding: str) -> bytes:
    """Of RAW[START:END], which is not copied where it is well-formed base64: a large file is in
    memory twice then, as it came and as it is, and not four times."""
    if _name_of(encoding) == "base64":
        with contextlib.suppress(binascii.Error):
            content = io.BytesIO()  # gives its bytes away as they are; a join would copy them
            content.writelines(_well_formed(raw, start, end))
            return content.getvalue()
    return undo(raw[start:end], encoding)


def undo(content: bytes, encoding: str) -> bytes:
    """ENCODING as the header says it; what is unknown is taken as it stands."""
    name = _name_of(encoding)
    if name == "base64":
        return from_base64(content)
    if name == "quoted-printable":
        return from_quoted_printable(content)
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return from_uuencode(content)
    return content


def _name_of(encoding: str) -> str:
    name = encoding.strip(" \t\"'").lower()
    if not name.isalnum() and (found := _TOKEN.match(name)):
        name = found[0]
    return name


def from_quoted_printable(content: bytes) -> bytes:
    content = _SOFT_BREAK.sub(b"=", content)
    if b"==" in content:  # Python would make one of two; twice, for there may be more in a row
        content = content.replace(b"==", b"=3D=").replace(b"==", b"=3D=")
    # Behind a lone return, Python would lose the rest of the line.
    return binascii.a2b_qp(content.replace(b"=\r\n", b"").replace(b"=\r", b""))


def text_from_base64(content: bytes) -> bytes:
    """Lists write their footer below it as it stands; some senders forget to encode at all."""
    footer = _FOOTER.search(content)
    head, rest = (content[: footer.start()], content[footer.start() :]) if footer else (b"", b"")
    if b" " in rest and not _LETTERS.search(rest) and _is_whole(head):
        return from_base64(head) + b"\n" + rest
    return content if _is_plain(content) else from_base64(content)


def _is_plain(content: bytes) -> bool:
    """A text that says it is base64, and is words with blanks between them."""
    sample = content[:_SAMPLE]
    return len(_OUTSIDE.findall(sample)) * 10 > len(sample)


def _is_whole(content: bytes) -> bool:
    letters = content.translate(None, b" \t\r\n")
    return bool(letters) and len(letters) % 4 == 0 and _PURE.fullmatch(letters) is not None


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


def _well_formed(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """By processor instructions for many letters at once, in a fifth of the time that the standard
    library takes. Raises binascii.Error where a letter is none, or stands behind the padding."""
    rest, padded = b"", False
    for at in range(start, end, _PIECE):
        letters = rest + raw[at : min(at + _PIECE, end)].translate(None, b"\r\n")
        if padded and letters:
            raise binascii.Error("more behind the padding")
        whole = len(letters) - len(letters) % 4
        rest, padded = letters[whole:], letters.endswith(b"=")
        yield pybase64.b64decode(letters[:whole], validate=True)
    if rest:
        raise binascii.Error("not all letters are there")


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
