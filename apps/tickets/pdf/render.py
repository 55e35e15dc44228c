"""A thread as a PDF, made part by part in limited children; see document.py for the shapes.

1. Up to 50 messages at a time are laid out. A part that fails is halved, so that one message that
   is too much costs its own layout only.
2. What cannot be laid out is written as plain lines, in a child as well.
3. The parts are joined and the pages numbered.
4. Where no child helps any more, lines that need no library take its place.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from apps.core import child_answer
from apps.core.child import ChildFailed, run_limited
from apps.core.html_text import html_to_text
from apps.tickets.pdf.document import PdfDocument, PdfMessage, PdfWords, Rendered
from apps.tickets.pdf.inside import Joined, Part, Parts, join, lay_out, lay_out_whole, write_lines
from apps.tickets.pdf.plain import plain_pdf

AT_ONCE = 50  # messages
MOST_CHARACTERS = 2_000_000  # of a part
MOST_PICTURE_BYTES = 24 * 2**20  # of a part
SECONDS, MEGABYTES = 90.0, 700
TEXT_SECONDS, TEXT_MEGABYTES = 60.0, 700
JOIN_SECONDS, JOIN_MEGABYTES = 120.0, 1500
PATIENCE = 240.0  # seconds lost on parts that fail; beyond, they are halved no more

_TOO_SLOW, _TOO_HEAVY = ("timeout", "cpu"), ("memory", "too-much")


@dataclass(slots=True)
class _Work:
    document: PdfDocument
    pdfs: list[bytes] = field(default_factory=list)
    plain: int = 0  # messages without their layout
    code: str = ""  # why the last of them lost it
    lost: float = 0.0  # seconds


def render_pdf(document: PdfDocument) -> Rendered:
    """Takes seconds and children's memory: call it outside any transaction. Never raises."""
    work = _Work(document)
    parts = list(batches(document.messages))
    if len(parts) == 1 and (whole := _whole(work)):
        return Rendered(whole.pdf, whole.pages)
    for messages in parts:
        _add(work, messages, has_failed=bool(work.code))
    return _joined(work)


def _whole(work: _Work) -> Joined | None:
    """Most threads are short: one child does it all."""
    started = time.monotonic()
    try:
        answer = _in_child(lay_out_whole, _part(work, work.document.messages))
    except ChildFailed as error:
        work.lost, work.code = time.monotonic() - started, error.code
        return None
    assert isinstance(answer, Joined)
    return answer


def _joined(work: _Work) -> Rendered:
    document = work.document
    try:
        answer = _in_child(join, Parts(replace(document, messages=()), tuple(work.pdfs)))
    except ChildFailed as error:
        work.plain, work.code = len(document.messages), error.code
        pdf, pages = _without_child(document)
    else:
        assert isinstance(answer, Joined)
        pdf, pages = answer.pdf, answer.pages
    return Rendered(pdf, pages, work.plain > 0, _because(work))


def batches(messages: tuple[PdfMessage, ...]) -> Iterator[tuple[PdfMessage, ...]]:
    """At least one, so that an empty thread has a page, too."""
    batch: list[PdfMessage] = []
    characters = pictures = 0
    for message in messages:
        own = len(message.html) + len(message.text)
        own_pictures = sum(len(one.content) for one in message.pictures)
        is_full = characters + own > MOST_CHARACTERS or pictures + own_pictures > MOST_PICTURE_BYTES
        if batch and (len(batch) == AT_ONCE or is_full):
            yield tuple(batch)
            batch, characters, pictures = [], 0, 0
        batch.append(message)
        characters, pictures = characters + own, pictures + own_pictures
    yield tuple(batch)


def _add(work: _Work, messages: tuple[PdfMessage, ...], *, has_failed: bool = False) -> None:
    """HAS_FAILED: these messages together have been tried."""
    part = _part(work, messages)
    if not has_failed and (pdf := _laid_out(work, part)):
        work.pdfs.append(pdf)
    elif len(messages) > 1 and work.lost < PATIENCE:
        middle = len(messages) // 2
        _add(work, messages[:middle])
        _add(work, messages[middle:])
    else:
        work.plain += len(messages)
        work.pdfs.append(_as_lines(part))


def _laid_out(work: _Work, part: Part) -> bytes | None:
    started = time.monotonic()
    try:
        return _bytes(_in_child(lay_out, part))
    except ChildFailed as error:
        work.lost, work.code = work.lost + time.monotonic() - started, error.code
        return None


def _part(work: _Work, messages: tuple[PdfMessage, ...]) -> Part:
    count = 0 if work.pdfs else len(work.document.messages)
    return Part(replace(work.document, messages=messages), count)


def _as_lines(part: Part) -> bytes:
    try:
        return _bytes(_in_child(write_lines, part))
    except ChildFailed:
        return _without_child(part.document)[0]


def _without_child(document: PdfDocument) -> tuple[bytes, int]:
    texts = {place: _text_of(one) for place, one in enumerate(document.messages)}
    return plain_pdf(document, texts)


def _text_of(message: PdfMessage) -> str:
    return message.text if message.text.strip() else html_to_text(message.html)


_LIMITS: dict[Callable[[bytes], object], tuple[float, int]] = {
    lay_out: (SECONDS, MEGABYTES),
    lay_out_whole: (SECONDS, MEGABYTES),
    write_lines: (TEXT_SECONDS, TEXT_MEGABYTES),
    join: (JOIN_SECONDS, JOIN_MEGABYTES),
}


def _in_child(function: Callable[[bytes], object], order: Part | Parts) -> object:
    seconds, megabytes = _LIMITS[function]
    packed = child_answer.pack(order)
    return run_limited(function, packed, seconds=seconds, megabytes=megabytes)


def _bytes(answer: object) -> bytes:
    assert isinstance(answer, bytes)
    return answer


def _because(work: _Work) -> str:
    if not work.plain:
        return ""
    words = work.document.words
    filled = {"count": work.plain, "messages": len(work.document.messages)}
    return words.plain % {**filled, "why": _why(words, work.code)}


def _why(words: PdfWords, code: str) -> str:
    if code in _TOO_SLOW:
        return words.too_slow
    return words.too_heavy if code in _TOO_HEAVY else words.broken
