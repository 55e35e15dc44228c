"""The type of bytes by what they are: a few signatures of our own, then libmagic."""

import ctypes
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HEAD = 128 * 1024  # libmagic reads no further for what we need
XML_REACH = 2**20
SVG = "image/svg+xml"
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
_ROOT = re.compile(r"<(?:[\w.-]{1,60}:)?([\w.-]{1,60})[\s/>]")


def detected_type(content: bytes) -> str:
    if not content:
        return "application/x-empty"
    for offset, signature, kind in _SIGNATURES:
        if content.startswith(signature, offset):
            return kind
    if content.startswith(_ASF):
        return "video/x-ms-asf" if _ASF_VIDEO in content[:HEAD] else "audio/x-ms-wma"
    root = _root_element(content)
    if root == "svg":
        return SVG
    kind = _by_libmagic(content)
    # libmagic takes any XML for SVG that has such an element somewhere.
    return "text/xml" if kind == SVG and root else kind


def _by_libmagic(content: bytes) -> str:
    # Compound documents keep their directory anywhere, so those are given whole.
    head = content if content.startswith(b"\xd0\xcf\x11\xe0") else content[:HEAD]
    library = _library()
    try:
        return str(library.from_buffer(head)) or UNKNOWN
    except sys.modules["magic"].MagicException:
        return UNKNOWN


@cache
def _library() -> Any:
    """One for the process; python-magic locks it for each call.

    The wheel's library comes first, so that every machine judges alike. Loaded by its path before
    python-magic is imported, it answers to the plain name that python-magic asks for. A database
    must never meet the library of another release: that one then knows no type and says so to
    nobody, so the pair is checked.
    """
    wheel = _wheel()
    magic = import_module("magic")  # not before the wheel's library is there
    if wheel is not None and wheel.library.magic_version() == magic.version():
        return magic.Magic(mime=True, magic_file=str(wheel.database))
    return magic.Magic(mime=True)


@dataclass(frozen=True, slots=True)
class _Wheel:
    library: ctypes.CDLL
    database: Path


def _wheel() -> _Wheel | None:
    """pylibmagic's files; its own import would change how this process loads any library."""
    found = find_spec("pylibmagic")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    try:
        return _Wheel(ctypes.CDLL(str(folder / "libmagic.so.1")), folder / "magic.mgc")
    except OSError:  # a wheel for another C library: the system's will do
        return None


def _root_element(content: bytes) -> str:
    """Its local name, whatever stands before it; empty if this is no XML."""
    text = _as_text(content[:XML_REACH]).lstrip("\ufeff \t\r\n\0")
    while text.startswith(("<?", "<!")):
        end = _end_of_prologue(text)
        if end == 0:
            return ""
        text = text[end:].lstrip()
    root = _ROOT.match(text)
    return root[1] if root else ""


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
