"""The type of bytes by what they are: a few signatures of our own, then libmagic."""

import ctypes
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HEAD = 128 * 1024  # libmagic reads no further for what we need
SVG_REACH = 2**20
UNKNOWN = "application/octet-stream"

# (offset, bytes, type): what libmagic of some releases does not know.
_SIGNATURES = (
    (0, b"OggS", "application/ogg"),
    (0, b"8BPS\0\1", "image/vnd.adobe.photoshop"),
    (0, b"8BPS\0\2", "image/vnd.adobe.photoshop"),
    (40, b" EMF", "image/emf"),
    (0, b"IIU\0", "image/x-panasonic-rw2"),
    (0, b"\0MRM", "image/x-minolta-mrw"),
    (4, b"ftypcrx ", "image/x-canon-cr3"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypmsf1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,2000}(\[[^\]]*\]\s{0,100})?>", re.IGNORECASE)
_SVG_ROOT = re.compile(r"<(?:[\w.-]{1,60}:)?svg[\s/>]")


def detected_type(content: bytes) -> str:
    if not content:
        return "application/x-empty"
    for offset, signature, kind in _SIGNATURES:
        if content.startswith(signature, offset):
            return kind
    if content.startswith(_ASF):
        return "video/x-ms-asf" if _ASF_VIDEO in content[:HEAD] else "audio/x-ms-wma"
    if _is_svg(content):
        return "image/svg+xml"
    return _by_libmagic(content)


def _by_libmagic(content: bytes) -> str:
    import magic  # here, because it needs the library that _library() loads

    # Compound documents keep their directory anywhere, so those are given whole.
    head = content if content.startswith(b"\xd0\xcf\x11\xe0") else content[:HEAD]
    try:
        return str(_library().from_buffer(head)) or UNKNOWN
    except magic.MagicException:
        return UNKNOWN


@cache
def _library() -> Any:
    """One for the process; python-magic locks it for each call.

    The wheel's library comes first, so that every machine judges alike. Loaded by its path, it
    answers to its plain name afterwards, which is what python-magic asks for.
    """
    wheel = find_spec("pylibmagic")
    if wheel is None or wheel.origin is None:
        return _new(None)
    folder = Path(wheel.origin).parent
    try:
        ctypes.CDLL(str(folder / "libmagic.so.1"))
        return _new(str(folder / "magic.mgc"))
    except OSError:  # a wheel for another C library: the system's will do
        return _new(None)


def _new(database: str | None) -> Any:
    import magic

    return magic.Magic(mime=True, magic_file=database)


def _is_svg(content: bytes) -> bool:
    """The root element is svg, whatever stands before it."""
    text = _as_text(content[:SVG_REACH]).lstrip("\ufeff \t\r\n\0")
    while text.startswith(("<?", "<!")):
        end = _end_of_prologue(text)
        if end == 0:
            return False
        text = text[end:].lstrip()
    return bool(_SVG_ROOT.match(text))


def _as_text(content: bytes) -> str:
    for mark, charset in _BOMS:
        if content.startswith(mark):
            return content.decode(charset, errors="replace")
    return content.decode("latin-1") if content.lstrip()[:1] == b"<" else ""


def _end_of_prologue(text: str) -> int:
    """Where the processing instruction, comment or document type at the start ends; 0: nowhere."""
    for opening, closing in (("<!--", "-->"), ("<?", "?>")):
        if text.startswith(opening):
            return text.find(closing) + len(closing) if closing in text else 0
    doctype = _DOCTYPE.match(text)
    return doctype.end() if doctype else 0
