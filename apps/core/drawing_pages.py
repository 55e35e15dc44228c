"""What the child does with a PDF: one page as a picture, without forms and scripts."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from apps.core.drawing import Drawn, NotThis, answered, encoded

LONGEST_POINTS = 20_000  # of a page; 14,400 is the format's own limit
MOST_PAGES = 100_000
_LOCKED = (4, 5)  # PDFium: password needed, unknown kind of lock


def before_walls() -> None:
    """Loads the decoders while that is still allowed."""
    for library in ("pypdfium2", "PIL.PngImagePlugin", "PIL.WebPImagePlugin"):
        import_module(library)


def draw_page(packed: bytes) -> Drawn | str:
    """The picture of a page, or the code of a reason."""
    return answered(_page, packed)


def _page(content: bytes, number: int, longest: int) -> Drawn:
    pypdfium2: Any = import_module("pypdfium2")
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise NotThis("encrypted" if error.err_code in _LOCKED else "broken") from error
    pages = min(len(document), MOST_PAGES)
    if not 1 <= number <= pages:
        raise NotThis("no-such-page")
    page = document[number - 1]
    width, height = page.get_size()
    if not (0 < width <= LONGEST_POINTS and 0 < height <= LONGEST_POINTS):
        raise NotThis("too-large")
    bitmap = page.render(scale=min(longest / max(width, height), 4.0), may_draw_forms=False)
    return encoded(bitmap.to_pil().convert("RGB"), False, pages)
