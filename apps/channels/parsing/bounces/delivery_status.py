"""Reports for machines (RFC 3464, 6533): who is named, what became of the mail for each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from apps.channels.parsed import Fate, ParsedEmail
from apps.channels.parsing.bounces import codes
from apps.channels.parsing.bounces.words import one_line, shown_address
from apps.core.mime.charsets import clean_line
from apps.core.mime.headers import Headers, read_headers

MOST_RECIPIENTS = 200
MOST_BYTES = 256 * 1024
LONGEST_SHOWN = 500

REPORTS = (
    "message/delivery-status",
    "message/global-delivery-status",
    "message/xdelivery-status",
    "message/x-delivery-status",
    "message/partial-delivery-status",
    "text/delivery-status",
)
_OF_RECIPIENT = ("final-recipient", "original-recipient", "x-actual-recipient", "action")
_IN_TEXT = re.compile(r"(?im)^(?:final|original)-recipient:[ \t]*\S")
_TEXT_BEGINS = re.compile(r"(?im)^(?:reporting-mta|original-envelope-id|arrival-date):")

Kind = Literal["failed", "delayed", "delivered"]
# The beginning of the word is enough: "failed", "failure", "fail (bounced)", "delayed (warning)".
_ACTIONS: tuple[tuple[str, Kind], ...] = (
    ("fail", "failed"),
    ("undeliver", "failed"),
    ("bounce", "failed"),
    ("expired", "failed"),
    ("delay", "delayed"),
    ("deliver", "delivered"),
    ("relay", "delivered"),
    ("expand", "delivered"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipient's group of fields, understood."""

    kind: Kind
    recipient: str
    status: str
    code: int | None
    words: str


def groups_of(email: ParsedEmail, text: str) -> list[Headers]:
    """A report's groups of fields: first the message's, then one for each recipient."""
    reports = [file for file in email.files if file.content_type in REPORTS]
    groups = [group for report in reports for group in _groups(report.content)]
    if not any(is_of_recipient(group) for group in groups) and _IN_TEXT.search(text):
        groups += _groups(_report_within(text).encode("utf-8", "replace"))
    return groups


def is_of_recipient(group: Headers) -> bool:
    return any(name in group for name in _OF_RECIPIENT)


def entries_of(groups: list[Headers]) -> list[Entry]:
    found = [_entry(group) for group in groups if is_of_recipient(group)]
    named = [entry for entry in found if entry.recipient]
    return list(dict.fromkeys(named or found))[:MOST_RECIPIENTS]


def _groups(content: bytes) -> Iterator[Headers]:
    content = content[:MOST_BYTES].replace(b"\r", b"").strip(b"\n")
    for block in re.split(rb"\n[ \t]*\n", content, maxsplit=MOST_RECIPIENTS):
        block = block.lstrip()
        headers = read_headers(block, 0, len(block))[0]
        yield from _parted(headers, block)


def _parted(headers: Headers, block: bytes) -> Iterator[Headers]:
    """Some servers forget the blank line between recipients."""
    if headers.order.count("final-recipient") < 2:
        yield headers
        return
    pieces = re.split(rb"(?im)^(?=final-recipient:)", block, maxsplit=MOST_RECIPIENTS)
    for piece in pieces:
        yield read_headers(piece, 0, len(piece))[0]


def _report_within(text: str) -> str:
    """Of a report that was put into the text."""
    begin = _TEXT_BEGINS.search(text) or _IN_TEXT.search(text)
    return text[begin.start() :] if begin else ""


def _entry(group: Headers) -> Entry:
    diagnostic = _unwrapped(group.first("diagnostic-code"))
    is_foreign = diagnostic.lower().startswith("x400")
    field = group.first("status")
    code = None if is_foreign else codes.code_in(diagnostic) or codes.code_in(field[:4])
    written = codes.written_status(field)
    status = codes.better_status(written, codes.status_in(diagnostic), code)
    kind = _kind(group.first("action"), status)
    return Entry(kind, _recipient(group, diagnostic), status, code, _said(diagnostic))


def _kind(action: str, status: str) -> Kind:
    """Without an action that we know, what has not arrived has failed."""
    word = action.strip().lower()
    known = next((kind for begin, kind in _ACTIONS if word.startswith(begin)), None)
    return known or ("delivered" if status.startswith("2") else "failed")


def _unwrapped(field: str) -> str:
    return " ".join(field.split())[:10_000]


def _said(diagnostic: str) -> str:
    """Without the name of the protocol in front."""
    kind, semicolon, rest = diagnostic.partition(";")
    return one_line(rest if semicolon and " " not in kind.strip() else diagnostic)


def _recipient(group: Headers, diagnostic: str) -> str:
    """The address the sender wrote, where the report knows it."""
    names = ("original-recipient", "final-recipient", "x-actual-recipient")
    original, final, actual = (_address(group.first(name)) for name in names)
    if _is_address(original):
        return final if _from_xtext(original) == final else original
    if _is_address(final):
        return final
    named = _address(diagnostic) if "<" in diagnostic else ""
    found = next(filter(_is_address, (actual, named)), "")
    return found or original or final


def _is_address(text: str) -> bool:
    return bool(re.fullmatch(r"[^\s@,;][^\s,;]*@[^\s@,;]+", text))


def _address(field: str) -> str:
    """Without its type, brackets, comments and quotes."""
    kind, semicolon, rest = field.partition(";")
    text = clean_line(rest if semicolon else kind).strip()
    if found := re.search(r"<([^<>\s]{0,320})>", text):
        text = found[1]
    text = re.sub(r"\s\([^()]*\)$", "", text).strip("<>'\" ").removesuffix(".")
    if kind.strip().lower() == "utf-8":
        text = re.sub(r"\\x\{([0-9a-fA-F]{2,6})\}", _character, text)
    if not semicolon and " " in text:
        text = next((word for word in text.split() if _is_address(word)), "")
    text = re.sub(r"(?i)^(?:smtp|mailto)[:=]", "", text)
    return shown_address(text)


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    is_fit = 0x20 < number < 0x110000 and not 0xD800 <= number < 0xE000
    return chr(number) if is_fit else "\ufffd"


def _from_xtext(text: str) -> str:
    """RFC 3461, 4: what some servers copy from the envelope without undoing it."""
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


def fate_of(entry: Entry) -> Fate:
    kind = entry.kind
    shown = entry.words[:LONGEST_SHOWN].strip()
    if kind != "failed":
        return Fate(entry.recipient, kind, entry.status, entry.code, shown)
    bad = codes.kind_of(entry.status, entry.code, entry.words)
    return Fate(entry.recipient, bad, entry.status, entry.code, shown)
