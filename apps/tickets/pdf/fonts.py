"""The fonts that are shipped, which characters each can draw, and how they get into a PDF.

Only the glyphs in use are embedded. Everything here runs in the child that draws: the fonts are
read when a character first asks for them (fonts/README.md says where each comes from).
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unicodedata import normalize

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont
from xhtml2pdf import default

FOLDER = Path(__file__).parent / "fonts"
TEXT, MONO = "text", "mono"


@dataclass(frozen=True, slots=True)
class Family:
    """Files by weight and slant; a style that is missing is drawn as the regular one."""

    regular: str
    bold: str = ""
    italic: str = ""
    both: str = ""
    is_shaped: bool = False  # its letters join and move: shaping.py

    def files(self) -> dict[tuple[int, int], str]:
        """By (bold, italic)."""
        bold, italic = self.bold or self.regular, self.italic or self.regular
        styles = {(0, 0): self.regular, (1, 0): bold, (0, 1): italic}
        return {**styles, (1, 1): self.both or bold}


def _noto(script: str, *, is_shaped: bool = False) -> Family:
    return Family(f"NotoSans{script}-Regular.ttf", is_shaped=is_shaped)


FAMILIES = {
    TEXT: Family(
        "NotoSans-Regular.ttf",
        "NotoSans-Bold.ttf",
        "NotoSans-Italic.ttf",
        "NotoSans-BoldItalic.ttf",
    ),
    MONO: Family("DejaVuSansMono.ttf"),
    "symbols": Family("DejaVuSans.ttf"),
    "emoji": Family("NotoEmoji-Regular.ttf"),
    "han": Family("DroidSansFallbackFull.ttf"),
    "hangul": Family("NanumSquareR.ttf"),
    "arabic": Family("NotoSansArabic-Regular.ttf", "NotoSansArabic-Bold.ttf"),
    "hebrew": Family("NotoSansHebrew-Regular.ttf", "NotoSansHebrew-Bold.ttf"),
    "thai": _noto("Thai", is_shaped=True),
    "lao": _noto("Lao", is_shaped=True),
    "khmer": _noto("Khmer", is_shaped=True),
    "myanmar": _noto("Myanmar", is_shaped=True),
    "devanagari": _noto("Devanagari", is_shaped=True),
    "bengali": _noto("Bengali", is_shaped=True),
    "gurmukhi": _noto("Gurmukhi", is_shaped=True),
    "gujarati": _noto("Gujarati", is_shaped=True),
    "oriya": _noto("Oriya", is_shaped=True),
    "tamil": _noto("Tamil", is_shaped=True),
    "telugu": _noto("Telugu", is_shaped=True),
    "kannada": _noto("Kannada", is_shaped=True),
    "malayalam": _noto("Malayalam", is_shaped=True),
    "sinhala": _noto("Sinhala", is_shaped=True),
    "ethiopic": _noto("Ethiopic"),
    "armenian": _noto("Armenian"),
    "georgian": _noto("Georgian"),
}

# Where a block starts and which families may have its characters, best first. The families that
# stand for everything else come after them.
_BLOCKS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0x0000, ()),
    (0x0530, ("armenian",)),
    (0x0590, ("hebrew",)),
    (0x0600, ("arabic",)),
    (0x0700, ()),
    (0x0750, ("arabic",)),
    (0x0780, ()),
    (0x08A0, ("arabic",)),
    (0x0900, ("devanagari",)),
    (0x0980, ("bengali",)),
    (0x0A00, ("gurmukhi",)),
    (0x0A80, ("gujarati",)),
    (0x0B00, ("oriya",)),
    (0x0B80, ("tamil",)),
    (0x0C00, ("telugu",)),
    (0x0C80, ("kannada",)),
    (0x0D00, ("malayalam",)),
    (0x0D80, ("sinhala",)),
    (0x0E00, ("thai",)),
    (0x0E80, ("lao",)),
    (0x0F00, ()),
    (0x1000, ("myanmar",)),
    (0x10A0, ("georgian",)),
    (0x1100, ("hangul",)),
    (0x1200, ("ethiopic",)),
    (0x13A0, ()),
    (0x1780, ("khmer",)),
    (0x1800, ()),
    (0x19E0, ("khmer",)),
    (0x1A00, ()),
    (0x1C90, ("georgian",)),
    (0x1CC0, ()),
    (0x2D00, ("georgian",)),
    (0x2D30, ()),
    (0x2D80, ("ethiopic",)),
    (0x2DE0, ()),
    (0x2E80, ("han",)),
    (0x3130, ("hangul",)),
    (0x3190, ("han",)),
    (0x3200, ("hangul", "han")),
    (0x3300, ("han",)),
    (0xA000, ()),
    (0xA8E0, ("devanagari",)),
    (0xA900, ()),
    (0xA960, ("hangul",)),
    (0xA980, ()),
    (0xA9E0, ("myanmar",)),
    (0xAA00, ()),
    (0xAA60, ("myanmar",)),
    (0xAA80, ()),
    (0xAB00, ("ethiopic",)),
    (0xAB30, ()),
    (0xAC00, ("hangul",)),
    (0xD800, ()),
    (0xF900, ("han",)),
    (0xFB00, ()),
    (0xFB13, ("armenian",)),
    (0xFB1D, ("hebrew",)),
    (0xFB50, ("arabic",)),
    (0xFE00, ()),
    (0xFE30, ("han",)),
    (0xFE70, ("arabic",)),
    (0xFF00, ("han", "hangul")),
    (0xFFF0, ()),
    (0x1F000, ("emoji",)),
    (0x20000, ("han",)),
    (0x2FA20, ()),
)
_STARTS = [start for start, _families in _BLOCKS]
_ANYWHERE = (TEXT, "symbols", "emoji", "han")


def family_for(character: str, preferred: str = TEXT) -> str | None:
    """The family that draws CHARACTER, or None when no shipped font has it."""
    code = ord(character)
    if code < 0x2E80 and preferred == MONO and _has(MONO, code):
        return MONO
    return _family_for(code)


@cache
def _family_for(code: int) -> str | None:
    own = _BLOCKS[bisect_right(_STARTS, code) - 1][1]
    return next((family for family in (*own, *_ANYWHERE) if _has(family, code)), None)


def _has(family: str, code: int) -> bool:
    return code in covered(family)


@cache
def covered(family: str) -> frozenset[int]:
    """The characters that every style of the family has."""
    faces = [pdfmetrics.getFont(name).face for name in load(family).values()]
    common = frozenset.intersection(*(frozenset(face.charToGlyph) for face in faces))
    return frozenset(code for code in common if code < STAND_IN)


@cache
def load(family: str) -> dict[tuple[int, int], str]:
    """The names under which the PDF library knows the styles, by (bold, italic)."""
    names: dict[tuple[int, int], str] = {}
    for (bold, italic), file in FAMILIES[family].files().items():
        names[bold, italic] = name = Path(file).stem
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(FOLDER / file), asciiReadable=False))
        addMapping(family, bold, italic, name)
    default.DEFAULT_FONT[family] = family
    return names


# ---- what a reader copies out of the PDF ---------------------------------------------------------

# Glyphs without a character of their own stand in the text as one of these (shaping.py).
STAND_INS: dict[int, str] = {}
STAND_IN = 0xF0000  # the first of them


@cache
def unescaped(family: str) -> dict[int, str]:
    """Stand-ins for < and &, which as entities take long to read when there are very many."""
    stand_ins = {ord(one): chr(STAND_IN + 0xFF00 + ord(one)) for one in "<&"}
    for code, stand_in in stand_ins.items():
        STAND_INS[ord(stand_in)] = chr(code)
        for name in set(load(family).values()):
            face = pdfmetrics.getFont(name).face
            face.charToGlyph[ord(stand_in)] = face.charToGlyph[code]
            face.charWidths[ord(stand_in)] = face.charWidths[code]
    return stand_ins


def _meant(code: int) -> str:
    """What a glyph stands for: a joined form of an Arabic letter is that letter.

    Ligatures stay: readers turn the order of letters around in different ways.
    """
    if code in STAND_INS:
        return STAND_INS[code]
    character = chr(code)
    plain = normalize("NFKC", character) if 0xFB50 <= code < 0xFF00 else character
    return plain if len(plain) == 1 else character


def _to_unicode(name: str, subset: list[int]) -> str:
    """As ISO 32000-1, 9.10.3, has it: UTF-16, where the library writes five digits for an emoji,
    and at most 100 lines in a block.
    """
    lines = [
        f"<{place:02X}> <{_meant(code).encode('utf-16-be', 'replace').hex().upper()}>"
        for place, code in enumerate(subset)
        if place  # 0 is the glyph of nothing
    ]
    blocks: list[str] = []
    for start in range(0, len(lines), 100):
        block = lines[start : start + 100]
        blocks += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            f"/CMapName /{name} def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<00> <FF>",
            "endcodespacerange",
            *blocks,
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
    )


ttfonts.makeToUnicodeCMap = _to_unicode
