"""Where lines of Chinese and Japanese may end: between any two of their characters, but not inside
a word of letters, not before a full stop and not behind an opening bracket.

The renderer's own way cuts words of other scripts in such a paragraph in two.
"""

from typing import Any

from reportlab.lib.textsplit import ALL_CANNOT_END, ALL_CANNOT_START
from reportlab.rl_settings import _FUZZ
from xhtml2pdf import reportlab_paragraph
from xhtml2pdf.reportlab_paragraph import ParaLines, cjkU, makeCJKParaLine


def lines_of(
    fragments: list[Any], widths: list[float], calc_bounds: bool, encoding: str = "utf8"
) -> ParaLines:
    units = [cjkU(one, part, encoding) for part in fragments for one in part.text or [""]]
    lines: list[Any] = []
    start = place = 0
    used = 0.0
    while place < len(units):
        width = widths[min(len(lines), len(widths) - 1)]
        used += units[place].width
        if used > width + _FUZZ and place > start:
            end = _end(units, start, place)
            lines.append(_line(units[start:end], width, calc_bounds))
            start = place = _behind_spaces(units, end)
            used = 0.0
        else:
            place += 1
    if start < len(units) or not lines:
        width = widths[min(len(lines), len(widths) - 1)]
        lines.append(_line(units[start:], width, calc_bounds))
    return ParaLines(kind=1, lines=lines)


def _line(units: list[Any], width: float, calc_bounds: bool) -> Any:
    return makeCJKParaLine(units, width - sum(one.width for one in units), calc_bounds)


def _end(units: list[Any], start: int, place: int) -> int:
    """The last place up to PLACE where the line may end; PLACE itself when there is none."""
    for end in range(place, start, -1):
        before, after = units[end - 1], units[end]
        if before == " " or after == " ":
            return end
        is_between = _is_wide(before) or _is_wide(after)
        if is_between and after not in ALL_CANNOT_START and before not in ALL_CANNOT_END:
            return end
    return place


def _behind_spaces(units: list[Any], place: int) -> int:
    while place < len(units) and units[place] == " ":
        place += 1
    return place


def _is_wide(character: str) -> bool:
    """Han, Kana and their punctuation; Korean has spaces."""
    if not character:
        return False
    code = ord(character)
    is_hangul = 0xAC00 <= code < 0xD7A4 or 0x3130 <= code < 0x3190
    return (0x2E80 <= code < 0xFFF0 or 0x20000 <= code < 0x40000) and not is_hangul


reportlab_paragraph.cjkFragSplit = lines_of
