"""Where a signature begins: below a line that is drawn, or with a line that a telephone added."""

import re
from collections.abc import Sequence

from apps.core.quote_lines import is_added, names_device

MOST_LINES_BELOW_ADDED = 6  # `Sent from my iPhone`, and perhaps a name and an advertisement
MOST_LINES_BELOW_RULE = 15
MOST_LINES_OF_CODE = 200

# `--`, `-- `, `__`, one long dash: what is below them is a signature, however long it is.
_SIGN = re.compile(r"\s{0,3}(?:--|__|\u2014|\u2013|\u2015)\s{0,3}$")
_LONG_RULE = re.compile(r"\s{0,3}[-_,=+~#*\u2014\u1427]{1,200}\s{0,3}$")
# Right below a line of words these are no underline of a heading.
_SHORT_RULE = re.compile(r"\s{0,3}(?:-{3,4}|_{3,200})\s{0,3}$")
_SIGN_AND_NAME = re.compile(r"--\s?[^\W\d_][^-|]{0,60}$")
_DASH_AND_NAME = re.compile(r"-[^\W\d_][\w.'\u2019]{0,20}(?:\s[^\W\d_][\w.'\u2019]{0,20}){0,2}\s*$")
_FENCE = re.compile(r"```\w{0,20}\s*$")
_PGP = re.compile(r"-----BEGIN PGP SIGNATURE-----\s*$")
_UNSUBSCRIBE = re.compile(r"(?i)unsubscribe: \S+@\S+$")


def signature_begin(lines: Sequence[str], *, first: bool) -> int:
    """The number of the line; of all lines if there is none. FIRST: nothing stands above LINES."""
    end = _first_sign(lines, first=first)
    while (last := _last_filled(lines, end)) >= 0:
        line = lines[last][:200].strip()
        paragraph = last == 0 or not lines[last - 1].strip()
        if _UNSUBSCRIBE.match(line) or (paragraph and last and _DASH_AND_NAME.match(line)):
            end = last
        else:
            break
    return end


def _first_sign(lines: Sequence[str], *, first: bool) -> int:
    end, number, own_above = len(lines), 0, not first
    while number < end:
        if is_fence(lines[number]):
            number, own_above = fence_end(lines, number), True
            continue
        if lines[number].strip():
            if len(lines[number]) <= 200 and _begins(lines, number, own_above):
                return number
            own_above = True
        number += 1
    return end


def _last_filled(lines: Sequence[str], end: int) -> int:
    return next((number for number in range(end - 1, -1, -1) if lines[number].strip()), -1)


def _begins(lines: Sequence[str], number: int, own_above: bool) -> bool:
    line, below = lines[number], lines[number + 1 :]
    if _PGP.match(line):
        return True
    if is_added(line):
        few = _filled(below, MOST_LINES_BELOW_ADDED + 1)
        return few == 0 or (few <= MOST_LINES_BELOW_ADDED and names_device(line))
    if not own_above:
        return False
    if _SIGN.match(line):
        return True
    underlines = number > 0 and bool(lines[number - 1].strip()) and not _SHORT_RULE.match(line)
    if underlines or not (_LONG_RULE.match(line) or _SIGN_AND_NAME.match(line)):
        return False
    return _filled(below, MOST_LINES_BELOW_RULE + 1) <= MOST_LINES_BELOW_RULE


def is_fence(line: str) -> bool:
    """What stands between two of them is code."""
    return len(line) < 40 and bool(_FENCE.match(line))


def fence_end(lines: Sequence[str], number: int) -> int:
    """The line behind the code that begins at NUMBER; the next one, if it does not end soon."""
    last = min(number + MOST_LINES_OF_CODE, len(lines))
    end = next((one for one in range(number + 1, last) if is_fence(lines[one])), number)
    return end + 1


def _filled(lines: Sequence[str], enough: int) -> int:
    """How many lines say something, counted up to ENOUGH."""
    found = 0
    for line in lines:
        found += bool(line.strip())
        if found >= enough:
            break
    return found
