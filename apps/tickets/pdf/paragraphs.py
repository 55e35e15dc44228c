"""Styled text gathered into paragraphs of the small HTML that is laid out.

Every tag and attribute is ours and all text is escaped. Paragraphs are kept short: laying out a
very long one takes very long.
"""

import re
from dataclasses import dataclass, field, replace
from html import escape
from unicodedata import bidirectional

from apps.tickets.pdf.fonts import MONO, TEXT, unescaped
from apps.tickets.pdf.runs import Run, runs

LONG = 3000  # characters of a paragraph
MOST_LINES = 60
MOST_LEVELS = 5  # of quotes and lists
LONGEST_LINK = 2000

_SPACES = re.compile(r"[ \t\n\r\f]+")
_KEPT_SPACES = re.compile(r"(?m)^ +| {2,}")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[!-~]+", re.I)
_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}


@dataclass(frozen=True, slots=True)
class Style:
    bold: bool = False
    slanted: bool = False
    underlined: bool = False
    struck: bool = False
    mono: bool = False
    faint: bool = False
    level: str = ""  # sub or sup
    link: str = ""

    def tags(self) -> list[str]:
        marks = {"b": self.bold, "i": self.slanted, "u": self.underlined, "s": self.struck}
        return [tag for tag, is_on in marks.items() if is_on] + ([self.level] if self.level else [])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paragraph stands."""

    kind: str = "t"
    quotes: int = 0
    lists: int = 0
    direction: str = ""
    keeps_spaces: bool = False

    def classes(self) -> list[str]:
        quotes, lists = min(self.quotes, MOST_LEVELS), min(self.lists, MOST_LEVELS)
        return [self.kind, *([f"q{quotes}"] if quotes else []), *([f"l{lists}"] if lists else [])]


@dataclass(slots=True)
class Room:
    """What may still be written; shared by a message and its tables."""

    characters: int
    links: int = 2000
    entities: int = 5000
    is_cut: bool = False

    def take(self, text: str) -> str:
        """As much of TEXT as there is room for."""
        if len(text) > self.characters:
            self.is_cut = True
            text = text[: self.characters]
        self.characters -= len(text)
        return text


@dataclass(frozen=True, slots=True)
class _Piece:
    words: str  # escaped
    style: Style


_BREAK = _Piece("<br/>", Style())


@dataclass(slots=True)
class Writer:
    room: Room
    place: Place = Place()
    out: list[str] = field(default_factory=list)
    bullet: str = ""
    _pieces: list[_Piece] = field(default_factory=list)
    _length: int = 0
    _lines: int = 0
    _families: set[str] = field(default_factory=set)
    _first_strong: str = ""
    _is_spaced: bool = False

    def write(self, text: str, style: Style) -> None:
        text = self.room.take(text)
        if self.place.keeps_spaces:
            self._write_lines(text, style)
        else:
            words = _SPACES.sub(" ", text)
            self._flow(words if self._length else words.lstrip(" "), style)

    def _write_lines(self, text: str, style: Style) -> None:
        lines = text.replace("\r\n", "\n").expandtabs(8)
        kept = _KEPT_SPACES.sub(lambda spaces: "\u00a0" * len(spaces[0]), lines)
        for number, line in enumerate(kept.split("\n")):
            if number:
                self.end_line()
            self._flow(line, style)

    def _flow(self, text: str, style: Style) -> None:
        while self._length + len(text) > LONG:
            room = LONG - self._length
            place = text.rfind(" ", 0, room) + 1 or (room if room > LONG // 2 else 0)
            self._add(text[:place], style)
            self.close()
            text = text[place:].lstrip(" ")
        self._add(text, style)

    def _add(self, text: str, style: Style) -> None:
        self._length += len(text)
        style = self._checked(style) if style.link else style
        for run in runs(text, MONO if style.mono else TEXT):
            self._families.add(run.family)
            self._first_strong = self._first_strong or _direction(run.text)
            words = self._escaped(run)
            if run.family != TEXT or style.faint:
                words = f'<span class="{run.family}{" faint" * style.faint}">{words}</span>'
            self._pieces.append(_Piece(words, style))

    def _escaped(self, run: Run) -> str:
        self.room.entities -= run.text.count("<") + run.text.count("&")
        if self.room.entities < 0 and run.family in (TEXT, MONO):
            return run.text.translate(unescaped(run.family))
        return escape(run.text, quote=False)

    def _checked(self, style: Style) -> Style:
        self.room.links -= 1
        is_good = len(style.link) <= LONGEST_LINK and _LINK.fullmatch(style.link)
        return style if is_good and self.room.links > 0 else replace(style, link="")

    def end_line(self) -> None:
        self._pieces.append(_BREAK)
        self._lines += 1
        if self._lines >= MOST_LINES:
            self.close()

    def element(self, html: str) -> None:
        """One of ours: a picture."""
        self._pieces.append(_Piece(html, Style()))
        self._length += 1

    def gap(self) -> None:
        self._is_spaced = True

    def block(self, html: str) -> None:
        """Something that stands between paragraphs."""
        self.close()
        self.out.append(html)
        self.gap()

    def close(self) -> None:
        """Ends the paragraph. An empty line is a gap."""
        pieces = _trimmed(self._pieces)
        if pieces:
            self.out += self._paragraphs(pieces)
            self._is_spaced, self.bullet = False, ""
        elif self._pieces:
            self.gap()
        self._pieces, self._length, self._lines = [], 0, 0
        self._families, self._first_strong = set(), ""

    def _paragraphs(self, pieces: list[_Piece]) -> list[str]:
        classes = self.place.classes()
        direction = self._first_strong or self.place.direction
        if self.bullet:
            classes.append("li")
            pieces = [_Piece(f"{self.bullet}\u00a0 ", Style()), *pieces]
        is_han = "han" in self._families and direction != "rtl"
        parts = _parted(pieces) if is_han else [pieces]
        gap = ["gap"] if self._is_spaced and self.out else []
        written = []
        for part in parts:
            own = [*classes, *(["cjk"] if is_han else []), *gap]
            given = ' dir="rtl"' if direction == "rtl" else ""
            written.append(f'<p class="{" ".join(own)}"{given}>{"".join(_joined(part))}</p>')
            gap = []
        return written


def _parted(pieces: list[_Piece]) -> list[list[_Piece]]:
    """A paragraph for each line: line ends are lost where lines may end between any two letters."""
    lines: list[list[_Piece]] = [[]]
    for piece in pieces:
        if piece is _BREAK:
            lines.append([])
        else:
            lines[-1].append(piece)
    return [line or [_Piece("\u00a0", Style())] for line in lines]


def _trimmed(pieces: list[_Piece]) -> list[_Piece]:
    """Without empty lines at its ends."""
    full = [place for place, piece in enumerate(pieces) if not _is_empty(piece)]
    return pieces[full[0] : full[-1] + 1] if full else []


def _is_empty(piece: _Piece) -> bool:
    return piece is _BREAK or not piece.words.strip(" \u00a0")


def _joined(pieces: list[_Piece]) -> list[str]:
    """A link stays one link, whatever fonts and weights are in it."""
    written: list[str] = []
    link = ""
    for piece in pieces:
        if piece.style.link != link:
            written += ["</a>"] * bool(link)
            link = piece.style.link
            written += [f'<a href="{escape(link)}">'] * bool(link)
        tags = piece.style.tags()
        written += [f"<{tag}>" for tag in tags]
        written.append(piece.words)
        written += [f"</{tag}>" for tag in reversed(tags)]
    return [*written, "</a>"] if link else written


def _direction(text: str) -> str:
    return next((_STRONG[kind] for kind in map(bidirectional, text) if kind in _STRONG), "")
