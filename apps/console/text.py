"""Plain mail text as safe HTML: all escaped, links made, quotes set apart to be folded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

SHOWN_AT_MOST = 100_000  # characters of one mail in the reading pane; the rest is a link away

_LINK = re.compile(r"https?://[^\s<>\"'`{}|\\^]{1,2000}", re.IGNORECASE)
_ANCHOR = '<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>'
_TRAILING = ".,;:!?*_"
_ORIGINAL = re.compile(
    r"^(-{2,}\s*(original message|mensaje original|forwarded message|mensaje reenviado)\s*-{2,}"
    r"|_{20,})\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a mail's own words, or of quoted ones."""

    html: SafeString
    quoted: bool
    lines: int


def parts_of(text: str) -> list[Part]:
    """The text in order. What answers quote is marked, never left out."""
    lines = text[:SHOWN_AT_MOST].replace("\r\n", "\n").strip("\n").split("\n")
    parts = []
    for quoted, group in groupby(_marked(lines), key=lambda marked: marked[0]):
        run = [line for _quoted, line in group]
        words = "\n".join(run).strip("\n")
        if words.strip():
            parts.append(Part(linked(words), quoted, len(run)))
    # A mail that is nothing but a quotation is shown, not folded away.
    return parts if any(not part.quoted for part in parts) else [_open(part) for part in parts]


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


def _marked(lines: list[str]) -> Iterator[tuple[bool, str]]:
    """Each line with whether it is quoted; an attribution right above a quote belongs to it."""
    tail = False
    for number, line in enumerate(lines):
        tail = tail or bool(_ORIGINAL.match(line))
        yield tail or line.startswith(">") or _introduces_quote(lines, number), line


def _introduces_quote(lines: list[str], number: int) -> bool:
    """`On Tuesday X wrote:` before the first quoted line, or an empty line between the two."""
    following = next((line for line in lines[number + 1 : number + 3] if line.strip()), "")
    if not following.startswith(">"):
        return False
    return not lines[number].strip() or lines[number].rstrip().endswith(":")


def _open(part: Part) -> Part:
    return Part(part.html, False, part.lines)
