"""Pictures drawn anew from hostile bytes: what leaves here is pixels, encoded by us.

The decoders run in a limited child (drawing.py): they are large C libraries, and a mail chooses
what they read. No metadata survives, and no byte of the original.
"""

import json
import re
from dataclasses import dataclass
from threading import BoundedSemaphore

from apps.core.child import ChildFailed, run_limited
from apps.core.drawing import Drawn, draw
from apps.core.drawing_pages import draw_page

SECONDS = 5.0
MEGABYTES = 300
MOST_BYTES = 30 * 2**20
AT_ONCE = 2  # children of one process
PATIENCE = 15.0  # seconds until it is our turn

LONGEST_SIDE = 20_000
_MAGIC = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}

_turns = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Picture:
    content: bytes
    content_type: str
    width: int
    height: int
    pages: int = 1  # of the document it was drawn from


class NotDrawn(Exception):
    """`code`: not-a-picture, broken, too-large, too-heavy, encrypted, no-such-page; and, when
    another try may help, too-slow or busy.
    """

    def __init__(self, code: str, sentence: str = "") -> None:
        super().__init__(sentence or SENTENCES[code])
        self.code = code
        self.sentence = str(self)


SENTENCES = {
    "not-a-picture": "These bytes are none of the pictures that are drawn.",
    "broken": "The picture is damaged.",
    "too-large": "The picture is too large to be drawn.",
    "too-heavy": "Drawing it takes more than it may.",
    "too-slow": "Drawing it took too long.",
    "encrypted": "The document is locked with a password.",
    "no-such-page": "The document has no such page.",
    "busy": "Too many pictures are being drawn at once.",
}
_CHILDS = {"timeout": "too-slow", "cpu": "too-slow", "not-started": "busy"}


def redraw(content: bytes, *, longest: int) -> Picture:
    """A JPEG, PNG, GIF, TIFF or WebP of at most LONGEST by LONGEST pixels.

    A strip may be up to four times as long when it is narrow: shrunk to a square it would be
    unreadable. Small animations stay animated.
    """
    return _drawn(content, {"longest": longest, "page": 0})


def page(content: bytes, number: int, *, longest: int) -> Picture:
    """One page, from 1, of a PDF or a TIFF."""
    return _drawn(content, {"longest": longest, "page": number})


def is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:1024]


def _drawn(content: bytes, order: dict[str, int]) -> Picture:
    if len(content) > MOST_BYTES:
        raise NotDrawn("too-large")
    function = draw_page if is_pdf(content) and order["page"] else draw
    head = json.dumps(order).encode().ljust(100)
    if not _turns.acquire(timeout=PATIENCE):
        raise NotDrawn("busy")
    try:
        answer = run_limited(function, head + content, seconds=SECONDS, megabytes=MEGABYTES)
    except ChildFailed as error:
        raise NotDrawn(_CHILDS.get(error.code, "too-heavy")) from error
    finally:
        _turns.release()
    if isinstance(answer, Drawn):
        return _picture(answer)
    raise NotDrawn(answer if isinstance(answer, str) and answer in SENTENCES else "broken")


def _picture(drawn: Drawn) -> Picture:
    """Its kind from a list of ours: a child taken over by hostile bytes must not choose it."""
    kind = next((one for one, magic in _MAGIC.items() if magic.match(drawn.content)), None)
    if kind is None or max(drawn.width, drawn.height) > LONGEST_SIDE:
        raise NotDrawn("broken")
    return Picture(drawn.content, kind, drawn.width, drawn.height, drawn.pages)
