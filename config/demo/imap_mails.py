"""What IMAP tells of a mail: the parts that FETCH names, and whether SEARCH finds it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes, policy

from config.demo.imap_words import Word, in_set, is_set, text
from config.demo.post import FLAGS, Mail

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LETTERS = {flag.upper(): letter for letter, flag in FLAGS.items()}
_SECTION = re.compile(r"BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)
_FIELDS = re.compile(r"HEADER\.FIELDS(\.NOT)? \((.*)\)", re.IGNORECASE)
_OLD_NAMES = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}


# ---- FETCH ----------------------------------------------------------------------------


def fetched(mail: Mail, items: list[str]) -> bytes:
    """ValueError for what this demo does not tell: the tree of parts."""
    return b" ".join(_item(mail, item) for item in items)


def marks_seen(items: list[str]) -> bool:
    names = (_OLD_NAMES.get(item.upper(), item) for item in items)
    return any((found := _SECTION.fullmatch(name)) and not found[1] for name in names)


def _item(mail: Mail, item: str) -> bytes:
    match item.upper():
        case "UID":
            return b"UID %d" % mail.uid
        case "FLAGS":
            return f"FLAGS ({' '.join(FLAGS[one] for one in sorted(mail.flags))})".encode()
        case "INTERNALDATE":
            return f'INTERNALDATE "{_moment(mail)}"'.encode()
        case "RFC822.SIZE":
            return b"RFC822.SIZE %d" % mail.size
    found = _SECTION.fullmatch(_OLD_NAMES.get(item.upper(), item))
    if not found:
        raise ValueError("the demo does not tell this")
    content, name = _section(mail.raw, found[2]), f"BODY[{found[2].upper()}]"
    if found[3]:
        content, name = content[int(found[3]) :][: int(found[4])], f"{name}<{found[3]}>"
    label = item.upper() if item.upper() in _OLD_NAMES else name
    return b"%s {%d}\r\n%s" % (label.encode(), len(content), content)


def _moment(mail: Mail) -> str:
    at = datetime.fromtimestamp(mail.arrived, UTC)
    return f"{at.day:>2}-{MONTHS[at.month - 1]}-{at:%Y %H:%M:%S} +0000"


def _section(raw: bytes, name: str) -> bytes:
    head, line, body = raw.partition(b"\r\n\r\n")
    if fields := _FIELDS.fullmatch(name):
        return _only(head + b"\r\n", fields[2].lower().split(), without=bool(fields[1]))
    known = {"": raw, "HEADER": head + line, "TEXT": body}
    if name.upper() not in known:
        raise ValueError("the demo does not tell this")
    return known[name.upper()]


def _only(head: bytes, names: list[str], *, without: bool) -> bytes:
    fields = re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", head)
    wanted = (
        field
        for field in fields
        if (field.partition(b":")[0].decode("latin-1").lower() in names) != without
    )
    return b"".join(wanted) + b"\r\n"


# ---- SEARCH ---------------------------------------------------------------------------

Numbered = list[tuple[int, Mail]]  # mails with their numbers in the folder
Test = Callable[[int, Mail], bool]
_STATES = {f"UN{flag[1:].upper()}": letter for letter, flag in FLAGS.items()}


def search(criteria: list[Word], mails: Numbered) -> Numbered:
    """Those that fulfil all CRITERIA; ValueError for unknown ones."""
    rest = iter(criteria[2:] if criteria[:1] == ["CHARSET"] else criteria)
    tests = [_test(word, rest, mails) for word in rest]
    return [(number, mail) for number, mail in mails if all(test(number, mail) for test in tests)]


def _test(word: Word, rest: Iterator[Word], mails: Numbered) -> Test:
    if isinstance(word, list):
        inner = {number for number, _mail in search(word, mails)}
        return lambda number, _mail: number in inner
    if is_set(word):
        numbers = in_set(word, [number for number, _mail in mails])
        return lambda number, _mail: number in numbers
    name = text(word).upper()
    if f"\\{name}" in LETTERS:
        return lambda _number, mail: LETTERS[f"\\{name}"] in mail.flags
    if name in _STATES:
        return lambda _number, mail: _STATES[name] not in mail.flags
    return _named(name, rest, mails)


def _named(name: str, rest: Iterator[Word], mails: Numbered) -> Test:
    match name:
        case "ALL" | "OLD":
            return lambda _number, _mail: True
        case "NEW" | "RECENT":
            return lambda _number, _mail: False
        case "NOT":
            inner = _test(_next(rest), rest, mails)
            return lambda number, mail: not inner(number, mail)
        case "OR":
            one, other = (_test(_next(rest), rest, mails) for _side in range(2))
            return lambda number, mail: one(number, mail) or other(number, mail)
        case "UID":
            uids = in_set(_next(rest), [mail.uid for _number, mail in mails])
            return lambda _number, mail: mail.uid in uids
        case "SINCE" | "BEFORE" | "ON":
            return _by_day(name, _day(text(_next(rest))))
        case "LARGER" | "SMALLER":
            size, sign = int(text(_next(rest))), 1 if name == "LARGER" else -1
            return lambda _number, mail: (mail.size - size) * sign > 0
        case "SUBJECT" | "FROM" | "TO" | "CC":
            return _by_field(name, text(_next(rest)))
        case "HEADER":
            return _by_field(text(_next(rest)), text(_next(rest)))
        case "TEXT" | "BODY":
            wanted = text(_next(rest)).lower().encode()
            return lambda _number, mail: wanted in mail.raw.lower()
    raise ValueError("the demo does not know this")


def _next(rest: Iterator[Word]) -> Word:
    word = next(rest, None)
    if word is None:
        raise ValueError("something is missing")
    return word


def _day(written: str) -> date:
    day, month, year = written.split("-")
    return date(int(year), MONTHS.index(month.capitalize()) + 1, int(day))


def _by_day(name: str, day: date) -> Test:
    def test(_number: int, mail: Mail) -> bool:
        arrived = datetime.fromtimestamp(mail.arrived, UTC).date()
        known = {"SINCE": arrived >= day, "BEFORE": arrived < day, "ON": arrived == day}
        return known[name]

    return test


def _by_field(name: str, wanted: str) -> Test:
    def test(_number: int, mail: Mail) -> bool:
        values = message_from_bytes(mail.raw, policy=policy.default).get_all(name, [])
        return any(wanted.lower() in str(value).lower() for value in values)

    return test
