"""What a file's name says, in every reading that a mail program or a disk may make of it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import unquote

from apps.attachments.lookalikes import is_mixed, latin_look, with_plain_dots
from apps.core.file_names import shortened
from apps.core.mime.words import decode_words

NAME_BYTES = 255  # what every common file system takes
CODINGS = 3  # percent codes and encoded words inside one another

# Programs cut or split a name here; Windows forbids most of them.
_BREAKS = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:;*?"<>|\u2028\u2029]')
_PATH = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[:*?"<>|]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
_EDGES = " \t'`\u00ab\u00b4\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that draw nothing although Unicode files them elsewhere.
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U0001d159"
)


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
        endings = _split(reading)
        yield endings
        if not reading.isascii():
            yield _as_seen(endings)
            # Only the last one: such dots also stand between the words of a list.
            yield _as_seen(_split(with_plain_dots(reading))[-1:])


def _split(reading: str) -> list[str]:
    """Windows drops dots and spaces at the end of a name, so empty parts say nothing."""
    parts = (part.strip(_EDGES) for part in reading.casefold().split("."))
    _stem, *endings = parts
    return [ending for ending in endings if ending]


def _as_seen(endings: list[str]) -> list[str]:
    """In Latin letters where they look like it: a whole foreign word only as the last ending."""
    seen = [latin_look(ending) if is_mixed(ending) else ending for ending in endings]
    return [*seen[:-1], latin_look(seen[-1])] if seen else []


def _readings(name: str) -> Iterator[str]:
    for spelled in _spellings(name):
        text = unicodedata.normalize("NFKC", spelled)
        yield _visible(text)
        for part in _BREAKS.split(text):
            yield _visible(part)


def _spellings(name: str) -> set[str]:
    """As it stands, and decoded: also what was encoded twice, or within the other coding."""
    seen: set[str] = set()
    waiting = {name, unicodedata.normalize("NFKC", name)}
    for _time in range(CODINGS):
        seen |= waiting
        waiting = {decoded for one in waiting for decoded in _decoded(one)} - seen
    return seen | waiting


def _decoded(name: str) -> Iterator[str]:
    if "%" in name:
        yield unquote(name)
    if "=?" in name:
        # Some programs put RFC 2047 words where RFC 2231 belongs; a reader may decode them.
        yield decode_words(name)
        yield decode_words(f"{name.rstrip('?=')}?=")  # one that is cut before its end
    if "&" in name:
        yield unescape(name)


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


def _safe(name: str) -> str:
    text = unicodedata.normalize("NFC", _PATH.split(name.rstrip("/\\"))[-1])
    text = _FORBIDDEN.sub("_", _visible(text)).strip(" .")
    if _DEVICES.match(text):
        text = f"_{text}"
    return shortened(text, NAME_BYTES)
