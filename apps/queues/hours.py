"""When a queue is open: weekly hours and holidays, by the clock on the wall of one time zone.

Pure. Hours are lines such as `Mon-Fri 9:00-13:00, 15:00-18:00`, holidays lines such as
`2026-12-25 Christmas Day`; stored are the tidy lines, so that a page shows what was typed. No line
of hours means always open. Hours that pass midnight belong to the day on which they begin: on a
holiday nothing opens, and what opened on the evening before goes on to its end.

Where clocks change, the wall decides: at 2:30, which comes twice in autumn, a queue that opens
from 2:15 to 2:45 is open twice; in spring, when it never comes, not at all.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "es": ("Lun", "Mar", "Mié", "Jue", "Vie", "Sáb", "Dom"),
}
MOST_LINES = 200
LOOKED_AHEAD = 400  # days
LONGEST_NAME = 100

_LINE = re.compile(r"([^\W\d]+)\.?(?:\s*[-–]\s*([^\W\d]+)\.?)?\s*:?\s+(.+)")
_RANGE = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–]\s*(\d{1,2})(?:[:.](\d{2}))?")
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_FULL_DAY = 24 * 60


class BadLine(ValueError):
    """Says which line, and what would be right."""

    def __init__(self, number: int, line: str, cure: str) -> None:
        told = {"number": number, "line": line[:60], "cure": cure}
        super().__init__(_("Line %(number)s, “%(line)s”: %(cure)s") % told)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """On WEEKDAY (Monday is 0) from BEGINS to ENDS, in minutes; over 24 hours: past midnight."""

    weekday: int
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Hours:
    """No span: always open."""

    zone: tzinfo = UTC
    spans: tuple[Span, ...] = ()
    holidays: frozenset[date] = field(default_factory=frozenset)

    @classmethod
    def of(cls, lines: Iterable[str], holidays: Iterable[str], zone: tzinfo) -> "Hours":
        """From lines that were found right."""
        spans = sorted(span for line in lines for span in _spans(line))
        return cls(zone, tuple(spans), frozenset(map(_date, holidays)))

    def is_open(self, at: datetime) -> bool:
        return not self.spans or self._is_open_by(at.astimezone(self.zone).replace(tzinfo=None))

    def next_opening(self, at: datetime) -> datetime | None:
        """AT itself while open; None: not within a year."""
        if self.is_open(at):
            return at
        at, today = at.astimezone(UTC), at.astimezone(self.zone).date()
        for day in (today + ahead * _DAY for ahead in range(LOOKED_AHEAD)):
            opens = [one for begins, _ends in self._of_day(day) for one in self._moments(begins)]
            if later := [one for one in opens if one > at and self.is_open(one)]:
                return min(later)
        return None

    def _is_open_by(self, wall: datetime) -> bool:
        days = (wall.date() - _DAY, wall.date())
        return any(begins <= wall < ends for day in days for begins, ends in self._of_day(day))

    def _of_day(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """By the wall."""
        midnight = datetime.combine(day, time())
        for span in self.spans if day not in self.holidays else ():
            if span.weekday == day.weekday():
                yield midnight + span.begins * _MINUTE, midnight + span.ends * _MINUTE

    def _moments(self, wall: datetime) -> Iterator[datetime]:
        """When the wall shows it: once, twice, or, where it is skipped, right after the gap."""
        while not _exists(wall.replace(tzinfo=self.zone)):
            wall += _MINUTE
        for fold in (0, 1):
            yield wall.replace(tzinfo=self.zone, fold=fold)


def _exists(at: datetime) -> bool:
    return at.astimezone(UTC).astimezone(at.tzinfo).replace(tzinfo=None) == at.replace(tzinfo=None)


# ---- lines of hours ---------------------------------------------------------------------------


def tidy_hours(lines: Sequence[str]) -> list[str]:
    """As they are stored, days in English. Raises BadLine."""
    return [_written(spans, "en") for spans in _read(lines)]


def shown_hours(lines: Sequence[str]) -> list[str]:
    """For whoever reads the page now."""
    language = (get_language() or "en").partition("-")[0]
    return [_written(spans, language) for spans in _read(lines)]


def _read(lines: Sequence[str]) -> list[list[Span]]:
    read: list[list[Span]] = []
    for number, line in enumerate(lines, start=1):
        try:
            read.append(_spans(line))
        except ValueError as error:
            raise BadLine(number, line, str(error)) from None
        _stop_at(number, line)
    return read


def _stop_at(number: int, line: str) -> None:
    if number > MOST_LINES:
        raise BadLine(number, line, _("at most %(n)s lines.") % {"n": MOST_LINES})


def _spans(line: str) -> list[Span]:
    """Raises ValueError with the cure."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise ValueError(_("write days and hours, such as Mon-Fri 9:00-18:00."))
    first = _weekday(found[1])
    last = _weekday(found[2]) if found[2] else first
    days = [(first + more) % 7 for more in range((last - first) % 7 + 1)]
    ranges = [_range(one.strip()) for one in found[3].split(",")]
    return [Span(day, begins, ends) for begins, ends in ranges for day in days]


def _weekday(word: str) -> int:
    """Names may be written out; accents do not count."""
    short = _plain(word)[:3]
    for names in DAYS.values():
        if short in (known := [_plain(name) for name in names]):
            return known.index(short)
    named = ", ".join(DAYS["en"])
    raise ValueError(
        _("“%(word)s” is no day; there are: %(days)s.") % {"word": word, "days": named}
    )


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.casefold())
    return "".join(one for one in letters if not unicodedata.combining(one))


def _range(text: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(_("“%(text)s” is no range of hours; write 9:00-18:00.") % {"text": text})
    begins = _minutes(found[1], found[2])
    ends = _minutes(found[3], found[4])
    if begins in (ends, _FULL_DAY):
        raise ValueError(_("“%(text)s” has no end; all day is 0:00-24:00.") % {"text": text})
    return begins, ends if ends > begins else ends + _FULL_DAY


def _minutes(hour: str, minute: str | None) -> int:
    minutes = int(hour) * 60 + int(minute or 0)
    if minutes > _FULL_DAY or int(minute or 0) > 59:
        told = {"hour": f"{hour}:{minute or '00'}"}
        raise ValueError(_("%(hour)s is no time of day; there are 0:00 to 24:00.") % told)
    return minutes


def _written(spans: Sequence[Span], language: str) -> str:
    names = DAYS.get(language, DAYS["en"])
    days = list(dict.fromkeys(span.weekday for span in spans))
    ranges = dict.fromkeys((span.begins, span.ends) for span in spans)
    named = names[days[0]] if len(days) == 1 else f"{names[days[0]]}-{names[days[-1]]}"
    return f"{named} " + ", ".join(
        f"{_clock(one)}-{_clock(end, is_end=True)}" for one, end in ranges
    )


def _clock(minutes: int, *, is_end: bool = False) -> str:
    if not (is_end and minutes == _FULL_DAY):
        minutes %= _FULL_DAY
    return f"{minutes // 60}:{minutes % 60:02}"


# ---- holidays -----------------------------------------------------------------------------------


def tidy_holidays(lines: Sequence[str]) -> list[str]:
    """In their order, each once. Raises BadLine."""
    tidy: dict[date, str] = {}
    for number, line in enumerate(lines, start=1):
        try:
            day = _date(line)
        except ValueError:
            cure = _("write the date first, such as 2026-12-25 Christmas Day.")
            raise BadLine(number, line, cure) from None
        if day in tidy:
            raise BadLine(number, line, _("this date stands in a line above already."))
        _stop_at(number, line)
        tidy[day] = " ".join(line.split())[: len("2026-12-25 ") + LONGEST_NAME]
    return [tidy[day] for day in sorted(tidy)]


def _date(line: str) -> date:
    word = (line.split() or [""])[0]
    if len(word) != len("2026-12-25"):
        raise ValueError
    return date.fromisoformat(word)
