"""What a file's name says, in every reading that a mail program or a disk may make of it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote

NAME_BYTES = 255  # what every common file system takes

# Programs cut or split a name here; Windows forbids most of them.
_BREAKS = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:;*?"<>|\u2028\u2029]')
_PATH = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[:*?"<>|]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
_EDGES = " \t'`\u2018\u2019\u201c\u201d"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that draw nothing although Unicode files them elsewhere.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def extensions(name: str) -> frozenset[str]:
    """Every extension of every reading, lower case: `a.exe.pdf` has exe and pdf."""
    return frozenset(ending for endings in _endings(name) for ending in endings)


def last_extensions(name: str) -> frozenset[str]:
    """The extension that decides the type, in each reading."""
    return frozenset(endings[-1] for endings in _endings(name) if endings)


def display_name(names: Iterable[str]) -> str:
    """The first usable name, made safe for a header and for any disk."""
    return next(filter(None, map(_safe, names)), "file")


def _endings(name: str) -> Iterator[list[str]]:
    for reading in _readings(name):
        parts = (part.strip(_EDGES) for part in reading.casefold().split("."))
        # Windows drops dots and spaces at the end of a name, so empty parts say nothing.
        _stem, *endings = parts
        yield [ending for ending in endings if ending]


def _readings(name: str) -> Iterator[str]:
    for spelled in {name, _percent_decoded(name), _word_decoded(name)}:
        text = unicodedata.normalize("NFKC", spelled)
        yield _visible(text)
        for part in _BREAKS.split(text):
            yield _visible(part)


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if not _draws_nothing(char))


def _draws_nothing(char: str) -> bool:
    return (
        unicodedata.category(char) in _INVISIBLE
        or char in _BLANK
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0000" <= char <= "\U000e0fff"
    )


def _percent_decoded(name: str) -> str:
    return unquote(name) if "%" in name else name


def _word_decoded(name: str) -> str:
    """Some programs put RFC 2047 words where RFC 2231 belongs; a reader may decode them."""
    if "=?" not in name:
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name


def _safe(name: str) -> str:
    text = unicodedata.normalize("NFC", _PATH.split(name.rstrip("/\\"))[-1])
    text = _FORBIDDEN.sub("_", _visible(text)).strip(" .")
    if _DEVICES.match(text):
        text = f"_{text}"
    return _shortened(text)


def _shortened(name: str) -> str:
    """Cut in the middle, so that the ending stays."""
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = NAME_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip() + dot + ending
