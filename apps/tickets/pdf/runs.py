"""Text cut into runs that one font can draw whole; what no font has is written out in words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from unicodedata import category, name, normalize

from apps.tickets.pdf.fonts import FAMILIES, TEXT, covered, family_for
from apps.tickets.pdf.shaping import shaped

MOST_RUN = 1000  # characters shaped at once


@dataclass(frozen=True, slots=True)
class Run:
    family: str
    text: str


def plain(text: str) -> str:
    """Without what cannot be seen, on one line."""
    seen = "".join(" " if one.isspace() else one for one in text if _is_seen(one))
    return " ".join(seen.split())


def _is_seen(character: str) -> bool:
    return character.isspace() or category(character) not in _UNSEEN


_PLAIN = re.compile(r"[\t\n -~]*")
_SPACES = {
    **dict.fromkeys(map(chr, [*range(0x2000, 0x2007), 0x2008, 0x2009, 0x200A, 0x205F]), " "),
    **dict.fromkeys("\u00a0\u2007\u202f", "\u00a0"),
    **dict.fromkeys("\r\x0b\x0c\x85\u2028\u2029", "\n"),
    **dict.fromkeys("\u115f\u1160\u3164\uffa0\u2800", " "),  # letters that show nothing
    "\u1680": " ",
}
_JOINERS = "\u200c\u200d"
_UNSEEN = {"Cc", "Cf", "Cs"}
_SKIN = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
_VARIANTS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x180E))
_JOINED = frozenset(family for family, one in FAMILIES.items() if one.is_shaped) | {"arabic"}


def runs(text: str, preferred: str = TEXT) -> Iterator[Run]:
    """PREFERRED is TEXT or MONO. Tabs and line ends stay; other controls are gone."""
    if _PLAIN.fullmatch(text):
        if text:
            yield Run(preferred, text)
        return
    family, gathered = preferred, ""
    for own, piece in _pieces(normalize("NFC", text), preferred):
        if own != family and gathered:
            yield _run(family, gathered)
            gathered = ""
        family = own
        gathered += piece
    if gathered:
        yield _run(family, gathered)


def _pieces(text: str, preferred: str) -> Iterator[tuple[str, str]]:
    """Each character, or the words for it, with its family; a space stays with what is before."""
    before = preferred
    for character in text:
        if character in _JOINERS:
            if before in _JOINED and ord(character) in covered(before):
                yield before, character
            continue
        for own, piece in _drawable(character, preferred):
            if piece in (" ", "\u00a0") and before != "emoji" and 0x20 in covered(before):
                own = before
            yield own, piece
            before = own


def _run(family: str, text: str) -> Run:
    if not FAMILIES[family].is_shaped:
        return Run(family, text)
    words = re.split(r"([ \u00a0\t\n]+)", text)
    return Run(family, "".join(_shaped_word(family, word) for word in words))


def _shaped_word(family: str, word: str) -> str:
    if not word.strip(" \u00a0\t\n"):
        return word.replace("\u00a0", " ")
    pieces = [word[start : start + MOST_RUN] for start in range(0, len(word), MOST_RUN)]
    return "".join(shaped(family, piece) for piece in pieces)


@cache
def _drawable(character: str, preferred: str) -> tuple[tuple[str, str], ...]:
    """What is drawn for CHARACTER, as pairs of family and text."""
    character = _SPACES.get(character, character)
    if character in "\t\n":
        return ((preferred, character),)
    code = ord(character)
    if category(character) in _UNSEEN or code in _SKIN or any(code in one for one in _VARIANTS):
        return ()
    family = family_for(character, preferred)
    if family:
        return ((family, character),)
    return tuple((family_for(one, preferred) or TEXT, one) for one in _in_words(character))


def _in_words(character: str) -> str:
    """Plainer characters that mean the same, else the name of a picture, else a number."""
    plainer = normalize("NFKC", character)
    if plainer != character and all(family_for(one) for one in plainer):
        return plainer
    code = ord(character)
    if code in _FLAGS:
        return f"[{chr(code - _FLAGS.start + ord('A'))}]"
    called = name(character, None) if category(character) in ("So", "Sk", "Sm") else None
    return f"[{called or f'U+{code:04X}'}]"
