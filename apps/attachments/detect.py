"""The type of bytes by what they are: signatures of our own, then libmagic."""

import ctypes
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from apps.attachments.families import MEDIA_APPLICATIONS
from apps.attachments.markup import root_element
from apps.attachments.media import SVG, media_type

HEAD = 128 * 1024  # libmagic reads no further for what we need
UNKNOWN = "application/octet-stream"

_GAP = re.compile(rb"([ \t\n\x0b\x0c\r]{200})[ \t\n\x0b\x0c\r]+")
_ONE_BLANK, _LONG_GAP = bytes.maketrans(b"\t\n\x0b\x0c\r", b" " * 5), b" " * 201
# Binary files have control characters near their start; texts have only these.
_CONTROL = bytes({*range(32), 127} - set(b"\t\n\x0b\x0c\r\x1b"))
# What is written in letters all the same.
_TEXTUAL = frozenset(
    [
        SVG,
        "image/vnd.radiance",
        "image/x-eps",
        "image/x-portable-anymap",
        "image/x-xbitmap",
        "image/x-xpixmap",
        "video/x-y4m",
    ]
)


def detected_type(content: bytes) -> str:
    if not content:
        return "application/x-empty"
    root = root_element(content)
    if root == "svg":
        return SVG
    kind = media_type(content) or _by_libmagic(content)
    # libmagic takes any XML for SVG that has such an element somewhere.
    if kind == SVG and root:
        return "text/xml"
    return "text/plain" if _is_misread_text(kind, content) else kind


def _is_misread_text(kind: str, content: bytes) -> bool:
    """A text that begins with the letters of a picture, film or sound is still a text."""
    is_media = kind.startswith(("image/", "video/", "audio/")) or kind in MEDIA_APPLICATIONS
    if not is_media or kind in _TEXTUAL:
        return False
    head = content[:1024]
    return len(head) == len(head.translate(None, _CONTROL))


def _by_libmagic(content: bytes) -> str:
    # Compound documents keep their directory anywhere, so those are given whole.
    head = content if content.startswith(b"\xd0\xcf\x11\xe0") else _quick(content[:HEAD])
    library = _library()
    try:
        return str(library.from_buffer(head)) or UNKNOWN
    except sys.modules["magic"].MagicException:
        return UNKNOWN


def _quick(head: bytes) -> bytes:
    """With long gaps cut short: libmagic takes half a second for a page of blanks.

    In binary files every byte keeps its place.
    """
    if _LONG_GAP not in head.translate(_ONE_BLANK):  # forty times as quick as the pattern
        return head
    filler = b"\0" if b"\0" in head else b""
    return _GAP.sub(lambda gap: gap[1] + filler * (len(gap[0]) - len(gap[1])), head)


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
