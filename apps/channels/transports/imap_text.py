"""The texts of IMAP (RFC 3501/9051): folder names, UID sets, dates, and what FETCH answers."""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"UID (\d+)")
_PIECE = re.compile(rb"BODY\[\]<(\d+)>", re.I)
_WHEN = re.compile(rb'INTERNALDATE "([ \d]\d)-([A-Za-z]{3})-(\d{4} \d\d:\d\d:\d\d [+-]\d{4})"')
_LISTED = re.compile(rb'\(([^)]*)\) (?:"(?:\\.|[^"])*"|NIL) ?(.*)', re.S)
_SHIFTED = re.compile(r"&([^-]*)-")
_JUNK_NAMES = {"junk", "spam", "junk email", "junk e-mail", "junk mail", "bulk", "bulk mail"} | {
    "correo no deseado",
    "unerwünscht",
    "courrier indésirable",
    "indésirables",
    "posta indesiderata",
}
_SENT_NAMES = {"sent", "sent items", "sent mail", "sent messages"} | {
    "enviados",
    "elementos enviados",
    "gesendet",
    "gesendete elemente",
    "gesendete objekte",
    "éléments envoyés",
    "envoyés",
    "posta inviata",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def uid_set(uids: Sequence[int]) -> str:
    """A sequence-set with its runs shortened: 1:3,7."""
    parts: list[str] = []
    ordered = sorted(set(uids))
    start = 0
    for place, uid in enumerate(ordered):
        if place + 1 == len(ordered) or ordered[place + 1] != uid + 1:
            first = ordered[start]
            parts.append(str(first) if first == uid else f"{first}:{uid}")
            start = place + 1
    return ",".join(parts)


def quoted(text: str) -> bytes:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return b'"' + escaped.encode() + b'"'


def quoted_folder(name: str) -> str:
    """Modified UTF-7 (RFC 3501, 5.1.3) in quotes."""
    return quoted(_utf7(name)).decode("ascii")


def _utf7(name: str) -> str:
    parts = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name)
    return "".join(
        part.replace("&", "&-") if part.isascii() and part.isprintable() else _shifted(part)
        for part in parts
    )


def _shifted(part: str) -> str:
    base64 = b2a_base64(part.encode("utf-16-be"), newline=False).decode("ascii").rstrip("=")
    return f"&{base64.replace('/', ',')}-"


def folder_name(encoded: str) -> str:
    """What people call the folder; an encoding that makes no sense is shown as it is."""
    try:
        return _SHIFTED.sub(_unshifted, encoded)
    except ValueError:
        return encoded


def _unshifted(match: re.Match[str]) -> str:
    if not match[1]:
        return "&"
    base64 = match[1].replace(",", "/")
    return a2b_base64(base64 + "=" * (-len(base64) % 4)).decode("utf-16-be")


def folders_listed(data: Sequence[Any]) -> list[str]:
    """The folders of a LIST answer that can be opened."""
    return [name for name, _attributes in _listed(data)]


def junk_listed(data: Sequence[Any]) -> list[str]:
    r"""Those that bear \Junk (RFC 6154), else those that are called like it."""
    return _for_a_use(data, rb"\junk", _JUNK_NAMES)


def sent_listed(data: Sequence[Any]) -> list[str]:
    r"""Those that bear \Sent, else those that are called like it."""
    return _for_a_use(data, rb"\sent", _SENT_NAMES)


def _for_a_use(data: Sequence[Any], mark: bytes, names: set[str]) -> list[str]:
    listed = list(_listed(data))
    marked = [name for name, attributes in listed if mark in attributes.split()]
    return marked or [name for name, _attributes in listed if _last_part(name) in names]


def _last_part(name: str) -> str:
    return re.split(r"[/.\\]", name)[-1].strip().lower()


def _listed(data: Sequence[Any]) -> Iterator[tuple[str, bytes]]:
    """Name and lower-cased attributes; a name may come as a literal."""
    for item in data:
        head, literal = (item[0], item[1]) if isinstance(item, tuple) else (item, None)
        found = _LISTED.match(head) if isinstance(head, bytes) else None
        if found and rb"\noselect" not in found[1].lower():
            name = literal if literal is not None else _unquoted(found[2])
            yield folder_name(name.decode("ascii", "replace")), found[1].lower()


def _unquoted(name: bytes) -> bytes:
    name = name.strip()
    if name.startswith(b'"') and name.endswith(b'"') and len(name) > 1:
        return re.sub(rb"\\(.)", rb"\1", name[1:-1])
    return name


def search_date(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def numbers(data: Sequence[Any]) -> list[int]:
    """The UIDs of a SEARCH answer, in order."""
    words = b" ".join(one for one in data if isinstance(one, bytes)).split()
    return sorted({int(word) for word in words if word.isdigit()})


def sizes(data: Sequence[Any]) -> dict[int, int]:
    return {uid: int(found[1]) for uid, line in _lines(data) if (found := _SIZE.search(line))}


def dates(data: Sequence[Any]) -> dict[int, datetime]:
    """When the server took each mail; one that has no readable date is left out."""
    found = ((uid, _moment(line)) for uid, line in _lines(data))
    return {uid: moment for uid, moment in found if moment}


def _moment(line: bytes) -> datetime | None:
    found = _WHEN.search(line)
    if not found:
        return None
    try:
        month = _MONTHS.index(found[2].decode().capitalize()) + 1
        rest = f"{int(found[1])} {month} {found[3].decode()}"
        return datetime.strptime(rest, "%d %m %Y %H:%M:%S %z")
    except ValueError:
        return None


def _lines(data: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    for line in data:
        found = _UID.search(line) if isinstance(line, bytes) else None
        if found:
            yield int(found[1]), line


def bodies(data: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    return _literals(data, b"BODY[]")


def headers(data: Sequence[Any]) -> dict[int, bytes]:
    """The fields that were asked for, as they stand."""
    return dict(_literals(data, b"BODY[HEADER"))


def _literals(data: Sequence[Any], what: bytes) -> Iterator[tuple[int, Any]]:
    """imaplib gives (head, literal) and then the tail; the UID may stand in either."""
    for number, item in enumerate(data):
        if not isinstance(item, tuple) or what not in item[0].upper():
            continue
        tail = data[number + 1] if number + 1 < len(data) else b""
        match = _UID.search(item[0]) or (_UID.search(tail) if isinstance(tail, bytes) else None)
        if match:
            yield int(match[1]), item[1]


def length_of_piece(data: Sequence[Any], offset: int) -> int | None:
    """How many bytes came from OFFSET on, 0 behind the end; None: not what was asked for."""
    for item in data:
        head, length = (item[0], item[1].size) if isinstance(item, tuple) else (item, 0)
        found = _PIECE.search(head) if isinstance(head, bytes) else None
        if found and int(found[1]) == offset:
            return int(length)
    return None


def full(data: Sequence[Any]) -> str:
    """The first resource of a QUOTA answer that is used up, as "STORAGE 100 of 100"; else ""."""
    for name, used, limit in _resources(data):
        if limit and used >= limit:
            return f"{name} {used} of {limit}"
    return ""


def storage(data: Sequence[Any]) -> tuple[int, int] | None:
    """The tightest STORAGE of a QUOTA answer: kB used, kB allowed."""
    found = [(used, limit) for name, used, limit in _resources(data) if name == "STORAGE" and limit]
    return max(found, key=lambda one: one[0] / one[1], default=None)


def _resources(data: Sequence[Any]) -> Iterator[tuple[str, int, int]]:
    text = b" ".join(one for one in data if isinstance(one, bytes))
    for name, used, limit in re.findall(rb"(STORAGE|MESSAGE) (\d{1,18}) (\d{1,18})\b", text, re.I):
        yield name.decode().upper(), int(used), int(limit)
