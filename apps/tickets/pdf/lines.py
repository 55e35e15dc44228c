"""Text drawn line by line without a layout: the pages of the plain rendering, and what is stamped
on every page. Letters are joined and turned around as their script wants it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from unicodedata import bidirectional

from arabic_reshaper import reshape
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from xhtml2pdf.bidi import display_order, mirrored

from apps.core.html_text import html_to_text
from apps.tickets.pdf.document import PdfDocument, PdfMessage, PdfWords
from apps.tickets.pdf.fonts import covered, load
from apps.tickets.pdf.runs import plain, runs

WIDTH, HEIGHT = A4
SIDE, TOP, BOTTOM = 56.7, 59.5, 56.7  # points, as in pages.STYLES
LEADING = 1.45
SIZE = 9.5
MOST_CHARACTERS = 2_000_000  # of one message
INK, GREY = (0.11, 0.125, 0.15), (0.36, 0.39, 0.45)

Glyph = tuple[str, str]  # font, character


def glyphs(text: str, *, bold: bool = False) -> list[Glyph]:
    """In the order in which they are read."""
    drawn: list[Glyph] = []
    for run in runs(text):
        font = load(run.family)[int(bold), 0]
        words = _joined(run.text) if run.family == "arabic" else run.text
        drawn += [(font, one) for one in words if one not in "\t\n"]
    return drawn


def _joined(text: str) -> str:
    joined = reshape(text)
    return joined if all(ord(one) in covered("arabic") for one in joined) else text


def draw_line(
    canvas: Canvas, x: float, y: float, line: list[Glyph], size: float, *, right: bool = False
) -> None:
    """RIGHT: the line ends at X."""
    text = "".join(character for _font, character in line)
    base = next((one for one in map(bidirectional, text) if one in ("L", "R", "AL")), "L")
    order, levels = display_order(text, "L" if base == "L" else "R")
    writing = canvas.beginText(x - _width(line, size) if right else x, y)
    for font, words in _by_font(
        [(line[one][0], mirrored(text[one], levels[one])) for one in order]
    ):
        writing.setFont(font, size)
        writing.textOut(words)
    canvas.drawText(writing)


def _by_font(line: list[Glyph]) -> Iterator[Glyph]:
    font, words = "", ""
    for own, character in line:
        if own != font and words:
            yield font, words
            words = ""
        font, words = own, words + character
    if words:
        yield font, words


@cache
def _advance(font: str, character: str) -> float:
    return float(pdfmetrics.stringWidth(character, font, 1))


def _width(line: list[Glyph], size: float) -> float:
    return size * sum(_advance(font, character) for font, character in line)


def wrapped(line: list[Glyph], width: float, size: float) -> Iterator[list[Glyph]]:
    """Pieces that fit, broken after a space where there is one."""
    start = space = 0
    taken = since = 0.0  # the width from START, and from behind the last space
    for place, (font, character) in enumerate(line):
        advance = size * _advance(font, character)
        if taken + advance > width and place > start:
            end = space if space > start else place
            yield line[start:end]
            taken = since if space > start else 0.0
            start = end
        taken += advance
        since += advance
        if character == " ":
            space, since = place + 1, 0.0
    yield line[start:]


def fitting(text: str, width: float, size: float, *, bold: bool = False) -> list[Glyph]:
    """The beginning of TEXT, with dots where it is cut."""
    line = glyphs(plain(text)[:300], bold=bold)
    if _width(line, size) <= width:
        return line
    dots = glyphs("…", bold=bold)
    while line and _width([*line, *dots], size) > width:
        line.pop()
    return [*line, *dots]


# ---- the plain rendering -------------------------------------------------------------------------


@dataclass(slots=True)
class _Page:
    canvas: Canvas
    y: float = HEIGHT - TOP

    def line(self, text: str, *, size: float = SIZE, bold: bool = False) -> None:
        for piece in wrapped(glyphs(text, bold=bold), WIDTH - 2 * SIDE, size):
            self.down(size * LEADING)
            is_from_right = any(bidirectional(one) in ("R", "AL") for _f, one in piece[:1])
            x = WIDTH - SIDE if is_from_right else SIDE
            draw_line(self.canvas, x, self.y, piece, size, right=is_from_right)

    def down(self, points: float) -> None:
        self.y -= points
        if self.y < BOTTOM:
            self.canvas.showPage()
            self.canvas.setFillColorRGB(*INK)
            self.y = HEIGHT - TOP - points

    def rule(self) -> None:
        self.down(SIZE)
        self.canvas.setStrokeColorRGB(0.55, 0.58, 0.63)
        self.canvas.line(SIDE, self.y, WIDTH - SIDE, self.y)


def text_pages(document: PdfDocument, *, count: int) -> bytes:
    """As pages.laid_out, without pictures, links and emphasis."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setFillColorRGB(*INK)
    page = _Page(canvas)
    if count:
        page.line(plain(document.title) or document.words.no_subject, size=17, bold=True)
        for label, value in document_facts(document, count):
            page.line(f"{label}: {value}", size=9)
    for message in document.messages:
        _draw_message(page, message, document.words)
    canvas.save()
    return out.getvalue()


def document_facts(document: PdfDocument, count: int) -> list[tuple[str, str]]:
    words = document.words
    facts = [
        (words.session, document.session_id),
        (words.ticket, document.ticket_words),
        (words.messages, str(count)),
        (words.created, document.created_words),
    ]
    return [(label, value) for label, value in facts if value.strip()]


def message_facts(message: PdfMessage, words: PdfWords) -> list[tuple[str, str]]:
    facts = [
        (words.sender, message.from_words),
        (words.to, message.to_words),
        (words.cc, message.cc_words),
    ]
    return [(label, value) for label, value in facts if value.strip()]


def text_of(message: PdfMessage) -> str:
    return message.text if message.text.strip() else html_to_text(message.html)


def _draw_message(page: _Page, message: PdfMessage, words: PdfWords) -> None:
    page.rule()
    head = [str(message.number), message.direction_words, message.at_words]
    page.line(" · ".join(head), bold=True)
    for label, value in message_facts(message, words):
        page.line(plain(f"{label}: {value}"), size=9)
    page.line(plain(message.subject) or words.no_subject, bold=True)
    page.line(words.as_text, size=8)
    page.down(5)
    text = text_of(message)
    for line in (text[:MOST_CHARACTERS].strip() or words.no_text).splitlines():
        page.line(line.expandtabs(8))
    if len(text) > MOST_CHARACTERS:
        page.line(words.cut)
    for place, file in enumerate(message.files):
        if not place:
            page.line(words.files, bold=True)
        page.line(plain(" · ".join([file.name, file.size_words, file.verdict_words])), size=9)
