"""Scripts whose letters change and move: glyphs chosen by HarfBuzz, one stand-in for each.

The PDF library draws one glyph for each character. So each glyph that shaping chooses gets a
character of the private use planes, whose text for search and copying is what it was made from.
"""

from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import uharfbuzz
from reportlab.pdfbase import pdfmetrics

from apps.tickets.pdf.fonts import FAMILIES, FOLDER, STAND_IN, STAND_INS, load

_codes = count(STAND_IN)
MOST_CODES = 50_000  # of a document; beyond, letters stand as they were written
_taken: dict[tuple[str, int, str], str] = {}
_NOTHING = "\u200b"  # one letter may have two glyphs


def shaped(family: str, text: str) -> str:
    """TEXT, which FAMILY has whole, as stand-ins; as it was when a glyph is missing."""
    if len(_taken) > MOST_CODES:
        return text
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.cluster_level = uharfbuzz.BufferClusterLevel.MONOTONE_CHARACTERS
    uharfbuzz.shape(_font(family), buffer)
    clusters: dict[int, list[int]] = {}
    for info in buffer.glyph_infos:
        clusters.setdefault(info.cluster, []).append(info.codepoint)
    if any(0 in glyphs for glyphs in clusters.values()):
        return text
    ends = [*list(clusters)[1:], len(text)]
    return "".join(
        _stand_in(family, glyph, words)
        for (start, glyphs), end in zip(clusters.items(), ends, strict=True)
        for glyph, words in _shared(glyphs, text[start:end])
    )


def _shared(glyphs: list[int], letters: str) -> Iterator[tuple[int, str]]:
    """One letter for each glyph in the order they were written, so that copying gives the word;
    the last glyph has the rest.
    """
    last = len(glyphs) - 1
    for place, glyph in enumerate(glyphs):
        words = letters[place:] if place == last else letters[place : place + 1]
        yield glyph, words or _NOTHING


def _stand_in(family: str, glyph: int, words: str) -> str:
    key = (family, glyph, words)
    if key not in _taken:
        code = next(_codes)
        STAND_INS[code] = words
        for name in set(load(family).values()):
            face = pdfmetrics.getFont(name).face
            face.charToGlyph[code] = glyph
            face.charWidths[code] = _width(family, glyph) * 1000 / face.unitsPerEm
        _taken[key] = chr(code)
    return _taken[key]


def _width(family: str, glyph: int) -> float:
    return float(_font(family).get_glyph_h_advance(glyph))


@cache
def _font(family: str) -> uharfbuzz.Font:
    path = Path(FOLDER / FAMILIES[family].regular)
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob(path.read_bytes())))
