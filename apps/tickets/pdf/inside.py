"""What the children do: lay out a part of a thread, write it as plain lines, join the parts.

The renderer, the fonts and the picture decoders load before the walls go up, and only there.
"""

import logging
from dataclasses import dataclass
from importlib import import_module

from apps.core import child_answer
from apps.tickets.pdf.document import PdfDocument


@dataclass(frozen=True, slots=True)
class Part:
    """COUNT is how many messages the whole thread has; 0 for all parts but the first."""

    document: PdfDocument
    count: int


@dataclass(frozen=True, slots=True)
class Parts:
    """DOCUMENT has no messages: they are in PDFS."""

    document: PdfDocument
    pdfs: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    pdf: bytes
    pages: int


def before_walls() -> None:
    """The renderer's warnings quote the mail."""
    logging.disable()
    from PIL import Image

    Image.init()
    for module in ("pages", "lines", "joining"):
        import_module(f"apps.tickets.pdf.{module}")


def lay_out(packed: bytes) -> bytes:
    from apps.tickets.pdf.pages import laid_out

    part = _part(packed)
    return laid_out(part.document, count=part.count)


def lay_out_whole(packed: bytes) -> Joined:
    """A thread of one part, without a second child that joins."""
    part = _part(packed)
    return _joined(part.document, (lay_out(packed),))


def write_lines(packed: bytes) -> bytes:
    from apps.tickets.pdf.lines import text_pages

    part = _part(packed)
    return text_pages(part.document, count=part.count)


def join(packed: bytes) -> Joined:
    parts = child_answer.unpack(packed, Parts)
    assert isinstance(parts, Parts)
    return _joined(parts.document, parts.pdfs)


def _joined(document: PdfDocument, pdfs: tuple[bytes, ...]) -> Joined:
    from apps.tickets.pdf.joining import Frame, joined

    session = f"{document.words.session}: {document.session_id}"
    frame = Frame(document.title, session, document.words.page, document.language)
    return Joined(*joined(pdfs, frame))


def _part(packed: bytes) -> Part:
    part = child_answer.unpack(packed, Part)
    assert isinstance(part, Part)
    return part
