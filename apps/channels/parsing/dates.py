"""The Date header: tolerant, aware, nothing when it makes no sense."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from apps.channels.parsing.date_words import MONTHS, ZONES
from apps.core.mime.words import decode_words

LONGEST = 200
YEARS = range(1900, 2200)
FURTHEST = 14 * 60  # minutes; an impossible zone is UTC

_MONTH_NUMBERS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
# What nearly every mail has (RFC 5322, 3.3).
_USUAL = re.compile(
    r"(?:[A-Z][a-z]{2},? )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)"
    r" ([+-])(\d\d)(\d\d)(?: ?\([^()]{0,60}\))?"
)
_COMMENT = re.compile(r"\(([^()]{0,100})\)?")
_TIME = re.compile(
    r"(?<![\d.:])(\d{1,2})(?::(\d{1,2})(?:[:.](\d{1,2}))?|[.h](\d\d)(?:[.:](\d\d))?)"
    r"(?:[.,]\d{1,9})?(?![\d.:])(?:\s?([ap])\.?m\b\.?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)?(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)T?", re.IGNORECASE)
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([-/.])(\d{1,2})\2(\d{2,4})(?!\d)")
_SIGN = r"(?:^|(?<=[\s(])|(?<=UT)|(?<=UTC)|(?<=GMT))([+\-\u2212\u2013])"
_OFFSET = re.compile(_SIGN + r"(\d{1,2}):?(\d{2})?(?![\d:])")
_THREE = re.compile(_SIGN + r"(\d)(\d\d)(?![\d:])")
_EASTERN = str.maketrans({"年": "-", "月": "-", "日": " ", "년": "-", "월": "-", "일": " "})
_ATOM = re.compile(r"[^\W\d_]+|\d+")
_Clock = tuple[int, int, int]


def read_date(field: str) -> datetime | None:
    """In any language and order that a person can read; a zone that nobody knows is UTC."""
    field = field[:LONGEST].strip()
    try:
        if usual := _USUAL.match(field):
            return _usual_date(usual)
        return _other_date(decode_words(field)) if field else None
    except (ValueError, OverflowError):
        return None


def _usual_date(found: re.Match[str]) -> datetime | None:
    day, name, year, hour, minute, second, sign, hours, minutes = found.groups()
    month = _MONTH_NUMBERS.get(name) or MONTHS.get(name.lower())
    if month is None or int(year) not in YEARS:
        return None
    clock = (int(hour), int(minute), int(second))
    return _at(date(int(year), month, int(day)), clock, _zone(sign, hours, minutes))


def _at(day: date, clock: _Clock, zone: timezone) -> datetime:
    """Leap seconds, and 24:00 for the end of a day."""
    hour, minute, second = clock
    moment = datetime(day.year, day.month, day.day, hour % 24, minute, min(second, 59), tzinfo=zone)
    return moment + timedelta(days=1) if hour == 24 else moment


def _zone(sign: str, hours: str, minutes: str | None) -> timezone:
    offset = int(hours) * 60 + int(minutes or 0)
    if not offset or offset > FURTHEST:
        return UTC
    return timezone(timedelta(minutes=offset if sign == "+" else -offset))


def _other_date(field: str) -> datetime | None:
    """Time first, then what is left for the day, then what is left for the zone."""
    outside = _COMMENT.sub(" ", field.translate(_EASTERN))
    if compact := _COMPACT.search(outside):
        return _compact_date(compact, outside[compact.end() :])
    clock, rest, behind = _take_clock(outside)
    day = _day(rest)
    if day is None or day.year not in YEARS:
        return None
    return _at(day, clock, _zone_in(behind) or _zone_in(rest) or _zone_in(field) or UTC)


def _compact_date(found: re.Match[str], rest: str) -> datetime | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    if year not in YEARS:
        return None
    return _at(date(year, month, day), (hour, minute, second), _zone_in(rest) or UTC)


def _take_clock(text: str) -> tuple[_Clock, str, str]:
    """The time, the text without it, and what stands behind it: the zone, mostly."""
    for found in _TIME.finditer(text):
        hour, minute, second = (int(part) for part in _clock_parts(found))
        behind = text[found.end() :]
        rest = f"{text[: found.start()]} {behind}"
        if hour > 24 or minute > 59 or second > 60:
            continue
        if _NUMBERS.match(text, found.start()) and _day(rest) is None:
            continue
        if found[6] and 1 <= hour <= 12:
            hour = hour % 12 + (12 if found[6] in "pP" else 0)
        return (hour, minute, second), rest, behind
    return (0, 0, 0), text, ""


def _clock_parts(found: re.Match[str]) -> tuple[str, str, str]:
    """With colons, or as 9.30 and 9h30."""
    hour, minute, second, dotted, dotted_second = found.groups()[:5]
    return hour, minute or dotted, second or dotted_second or "0"


def _day(text: str) -> date | None:
    if iso := _ISO.search(text):
        return date(int(iso[1]), int(iso[3]), int(iso[4]))
    if numbers := _NUMBERS.search(text):
        return _numbered_day(numbers)
    return _worded_day(_OFFSET.sub(" ", text))


def _numbered_day(found: re.Match[str]) -> date:
    """4.3.2025 as in Europe, 3/4/2025 as in America, unless only the other makes sense."""
    first, second, year = int(found[1]), int(found[3]), _whole_year(found[4])
    is_american = found[2] == "/" and first <= 12
    if is_american or second > 12:
        first, second = second, first
    return date(year, second, first)


def _worded_day(text: str) -> date | None:
    """A month's name, with a number on either side; the last one, as `mar` is also a Tuesday."""
    atoms = _ATOM.findall(text.lower())
    names = [at for at, atom in enumerate(atoms) if atom in MONTHS]
    if not names:
        return None
    at = names[-1]
    numbers = [atom for atom in atoms if atom.isdigit()]
    before = [atom for atom in atoms[:at] if atom.isdigit()]
    if before and len(before[-1]) == 4:  # 2025 Mar 4
        numbers = [*(atom for atom in atoms[at:] if atom.isdigit()), before[-1]]
    elif not before and len(numbers) > 1 and len(numbers[0]) == 4:  # Mar 2025 4
        numbers = [numbers[1], numbers[0]]
    elif before:
        numbers = [before[-1], *(atom for atom in atoms[at:] if atom.isdigit())]
    if len(numbers) < 2 or len(numbers[0]) > 2:
        return None
    return date(_whole_year(numbers[1]), MONTHS[atoms[at]], int(numbers[0]))


def _whole_year(digits: str) -> int:
    """RFC 5322, 4.3: two digits below 50 are of this century, three count from 1900."""
    year = int(digits)
    if len(digits) == 2 or year < 100:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _zone_in(text: str) -> timezone | None:
    """An offset, else a name: `+0200`, `GMT+02:00`, `CEST`."""
    if three := _THREE.search(text):
        return _zone(three[1], three[2], three[3])
    if offset := _OFFSET.search(text):
        return _zone("+" if offset[1] == "+" else "-", offset[2], offset[3])
    words = re.findall(r"[A-Za-z]+", text)
    known = (ZONES[word] for word in words if word in ZONES)
    minutes = next(known, None)
    return None if minutes is None else timezone(timedelta(minutes=minutes))
