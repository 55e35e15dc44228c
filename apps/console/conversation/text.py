"""Plain mail text as safe HTML: all escaped, links made, quotes set apart to be folded."""

import re
from dataclasses import dataclass
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from apps.channels.parsing import quotes

SHOWN_AT_MOST = 100_000  # characters of one mail in the reading pane; the rest is a link away

_LINK = re.compile(r"https?://[^\s<>\"'`{}|\\^]{1,2000}", re.IGNORECASE)
_ANCHOR = '<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>'
_TRAILING = ".,;:!?*_"
_QUOTED = {quotes.Kind.QUOTE, quotes.Kind.CONTEXT}


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a mail's own words, or of quoted ones."""

    html: SafeString
    quoted: bool
    lines: int


def parts_of(text: str) -> list[Part]:
    """The text in order. What answers quote is marked, never left out."""
    shown = quotes.pieces(text[:SHOWN_AT_MOST].replace("\r\n", "\n"))
    parts = []
    for quoted, run in groupby(shown, key=lambda piece: piece.kind in _QUOTED):
        words = "".join(piece.text for piece in run).strip("\n")
        if words.strip():
            parts.append(Part(linked(words), quoted, words.count("\n") + 1))
    return parts


def linked(text: str) -> SafeString:
    """Escaped, with http and https addresses as links that tell the other side nothing."""
    pieces: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        address = _trimmed(match[0])
        pieces.append(escape(text[end : match.start()]))
        pieces.append(_ANCHOR.format(address=escape(address)))
        end = match.start() + len(address)
    pieces.append(escape(text[end:]))
    # Safe: every piece is escaped, and an address holds no quotation mark.
    return mark_safe("".join(pieces))


def _trimmed(address: str) -> str:
    """Without the full stop of the sentence, and without a bracket that it did not open."""
    address = address.rstrip(_TRAILING)
    while address.endswith(")") and address.count("(") < address.count(")"):
        address = address[:-1].rstrip(_TRAILING)
    return address
