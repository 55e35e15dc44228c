"""An appointment in a mail (RFC 5545, 5546) as plain data and as a few plain lines.

Only what a person asks first: what, when, where, who. Times stay as the writer wrote them, with
the zone's name beside them. Capped, linear, and never raises.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from apps.channels.lookalikes import without_turns
from apps.channels.parsed import ParsedFile
from apps.core.mime.charsets import clean_line, clean_text, decode

MOST_BYTES = 512 * 1024
MOST_LINES = 20_000
LONGEST_VALUE = 2_000
CALENDARS = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})

METHODS = ("REQUEST", "CANCEL", "REPLY", "PUBLISH", "COUNTER", "ADD", "REFRESH", "DECLINECOUNTER")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(
    r"([A-Za-z0-9-]{1,60})((?:;[^:;\"]{0,300}(?:\"[^\"\n]{0,300}\"[^:;\"]{0,300}){0,5}+){0,30}+):(.*)"
)
_PARAMETER = re.compile(r";([A-Za-z0-9-]{1,60})=(?:\"([^\"]*)\"|([^;\"]*))")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?")
_LENGTH = re.compile(
    r"\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime  # naive: as the clock on the wall of ZONE shows it; of a whole day, its start
    zone: str = ""  # "UTC", a name, or nothing: wherever one is
    whole_day: bool = False


@dataclass(frozen=True, slots=True)
class Repeats:
    frequency: str  # one of FREQUENCIES
    every: int = 1
    times: int = 0  # 0: not said
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str = ""
    answer: str = ""  # ACCEPTED, DECLINED, TENTATIVE ...


@dataclass(frozen=True, slots=True)
class Invite:
    method: str = ""  # one of METHODS, or nothing
    summary: str = ""
    start: Moment | None = None
    end: Moment | None = None  # the last day, or the end
    location: str = ""
    organizer: Person | None = None
    attendees: tuple[Person, ...] = ()
    repeats: Repeats | None = None
    is_cancelled: bool = False
    more: int = 0  # further appointments in the same file
    description: str = field(default="", repr=False)


# ---- lines --------------------------------------------------------------------------------


def invite_of(files: Iterable[ParsedFile]) -> str:
    """The first appointment among FILES in plain lines; nothing when there is none."""
    for file in files:
        if is_calendar(file.content_type, file.name) and (invite := read_invite(file.content)):
            return "\n".join(lines_of(invite))
    return ""


def is_calendar(content_type: str, name: str) -> bool:
    return content_type in CALENDARS or name.lower().endswith((".ics", ".vcs"))


def lines_of(invite: Invite) -> Iterator[str]:
    """In English, for where nobody's language is known: the words of a mail that has no others."""
    yield f"{_TITLES.get(_kind(invite), 'Appointment')}: {invite.summary or 'no title'}"
    if invite.start:
        yield f"When: {span_words(invite.start, invite.end)}"
    if invite.repeats:
        yield f"Repeats: {_repeat_words(invite.repeats)}"
    if invite.location:
        yield f"Where: {invite.location}"
    if invite.organizer:
        yield f"Organizer: {person_words(invite.organizer)}"
    if invite.method == "REPLY" and invite.attendees:
        answer = _ANSWERS.get(invite.attendees[0].answer, "answered")
        yield f"Answer: {person_words(invite.attendees[0])} {answer}"
    elif invite.attendees:
        yield f"Invited: {len(invite.attendees)}"
    if invite.more:
        yield f"Further appointments in the file: {invite.more}"


_TITLES = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation"}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "may come"}
_EVERY = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}


def _kind(invite: Invite) -> str:
    return "CANCEL" if invite.is_cancelled else invite.method


def person_words(person: Person) -> str:
    if person.name and person.email and person.name != person.email:
        return f"{person.name} <{person.email}>"
    return person.name or person.email


def span_words(start: Moment, end: Moment | None) -> str:
    """The same in every language: ISO dates, the zone's name."""
    if end is None or end == start:
        return _moment_words(start)
    if end.at.date() == start.at.date() and end.zone == start.zone and not end.whole_day:
        return f"{start.at:%Y-%m-%d %H:%M} - {end.at:%H:%M}{_zone_words(start)}"
    if start.whole_day or end.zone != start.zone:
        return f"{_moment_words(start)} - {_moment_words(end)}"
    return f"{start.at:%Y-%m-%d %H:%M} - {end.at:%Y-%m-%d %H:%M}{_zone_words(start)}"


def _moment_words(moment: Moment) -> str:
    if moment.whole_day:
        return f"{moment.at:%Y-%m-%d}"
    return f"{moment.at:%Y-%m-%d %H:%M}{_zone_words(moment)}"


def _zone_words(moment: Moment) -> str:
    return f" ({moment.zone})" if moment.zone else ""


def _repeat_words(repeats: Repeats) -> str:
    unit = _EVERY[repeats.frequency]
    words = f"every {unit}" if repeats.every == 1 else f"every {repeats.every} {unit}s"
    if repeats.times:
        return f"{words}, {repeats.times} times"
    return f"{words}, until {repeats.until.at:%Y-%m-%d}" if repeats.until else words


# ---- reading ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    parameters: dict[str, str]
    value: str


def read_invite(content: bytes) -> Invite | None:
    """Of the first VEVENT; None where there is none."""
    text = clean_text(decode(content[:MOST_BYTES]))
    lines = _FOLD.sub("", text).split("\n", MOST_LINES)[:MOST_LINES]
    method, events = "", 0
    event: list[_Line] = []
    within: list[str] = []  # components that are open
    for line in filter(None, map(_line, lines)):
        if line.name == "BEGIN":
            within.append(line.value.strip().upper())
            events += within[-1] == "VEVENT"
        elif line.name == "END":
            del within[-1:]
        elif line.name == "METHOD" and within[-1:] in ([], ["VCALENDAR"]):
            method = line.value.strip().upper()
        elif within[-1:] == ["VEVENT"] and events == 1:
            event.append(line)
    return _invite(method, event, events - 1) if events else None


def _line(text: str) -> _Line | None:
    found = _LINE.match(text)
    if found is None:
        return None
    parameters = {one[1].upper(): one[2] or one[3] or "" for one in _PARAMETER.finditer(found[2])}
    return _Line(found[1].upper(), parameters, found[3])


def _invite(method: str, event: list[_Line], more: int) -> Invite:
    by_name: dict[str, _Line] = {}
    for line in event:
        by_name.setdefault(line.name, line)
    start, end = _span(by_name)
    status = by_name["STATUS"].value.strip().upper() if "STATUS" in by_name else ""
    return Invite(
        method=method if method in METHODS else "",
        summary=_words(by_name.get("SUMMARY")),
        start=start,
        end=end,
        location=_words(by_name.get("LOCATION")),
        organizer=_person(by_name["ORGANIZER"]) if "ORGANIZER" in by_name else None,
        attendees=tuple(_person(line) for line in event if line.name == "ATTENDEE"),
        repeats=_repeats(by_name.get("RRULE")),
        is_cancelled=method == "CANCEL" or status == "CANCELLED",
        more=more,
        description=_words(by_name.get("DESCRIPTION")),
    )


def _words(line: _Line | None) -> str:
    if line is None:
        return ""
    plain = _ESCAPED.sub(lambda one: "\n" if one[1] in "nN" else one[1], line.value)
    return without_turns(clean_line(plain))[:LONGEST_VALUE]


def _person(line: _Line) -> Person:
    address = line.value.strip()
    email = address[7:] if address[:7].lower() == "mailto:" else address
    name = without_turns(clean_line(line.parameters.get("CN", "")))[:200]
    answer = line.parameters.get("PARTSTAT", "").upper()
    return Person(without_turns(clean_line(email))[:320], name, answer)


def _span(lines: dict[str, _Line]) -> tuple[Moment | None, Moment | None]:
    start = _moment(lines.get("DTSTART"))
    if start is None:
        return None, None
    end = _moment(lines.get("DTEND"))
    if end is None and "DURATION" in lines:
        end = _later(start, _length(lines["DURATION"].value))
    if end and end.whole_day:  # the end is the day after (RFC 5545, 3.6.1)
        end = _later(end, timedelta(days=-1)) if end.at > start.at else start
    return start, end


def _later(moment: Moment, length: timedelta) -> Moment | None:
    try:
        return Moment(moment.at + length, moment.zone, moment.whole_day)
    except OverflowError:
        return None


def _moment(line: _Line | None) -> Moment | None:
    found = _MOMENT.match(line.value.strip()) if line else None
    if line is None or found is None:
        return None
    year, month, day, hour, minute, second, is_utc = found.groups()
    try:
        if hour is None:
            return Moment(
                datetime.combine(date(int(year), int(month), int(day)), datetime.min.time()),
                "",
                True,
            )
        at = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0) % 60
        )
    except ValueError:
        return None
    zone = "UTC" if is_utc else without_turns(clean_line(line.parameters.get("TZID", "")))
    return Moment(at, zone[:80])


def _length(value: str) -> timedelta:
    found = _LENGTH.fullmatch(value.strip())
    if found is None:
        return timedelta(0)
    weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _repeats(line: _Line | None) -> Repeats | None:
    if line is None:
        return None
    rule = {
        key.strip().upper(): value.strip().upper()
        for key, _sign, value in (one.partition("=") for one in line.value[:500].split(";"))
    }
    if rule.get("FREQ") not in FREQUENCIES:
        return None
    until = _moment(_Line("UNTIL", {}, rule["UNTIL"])) if "UNTIL" in rule else None
    return Repeats(rule["FREQ"], _number(rule, "INTERVAL") or 1, _number(rule, "COUNT"), until)


def _number(rule: dict[str, str], key: str) -> int:
    value = rule.get(key, "")
    return int(value) if value.isdigit() and len(value) < 6 else 0
