"""What a report says, from whatever wrote it, as one fate per recipient of ours."""

from dataclasses import dataclass, replace
from typing import Literal

from apps.channels.parsed import Bounce, Fate, ParsedEmail
from apps.channels.parsing.bounces import codes, free_text
from apps.channels.parsing.bounces.delivery_status import (
    REPORTS,
    Entry,
    entries_of,
    fate_of,
    groups_of,
)
from apps.channels.parsing.bounces.notices import notice_of
from apps.channels.parsing.bounces.other_reports import (
    NOTIFICATIONS,
    complaints,
    feedback_type,
    notification_of,
    reads,
)
from apps.channels.parsing.bounces.recognise import is_from_server, looks_like_bounce, may_be_bounce
from apps.channels.parsing.bounces.returned import original_ids, returned_headers
from apps.channels.parsing.bounces.words import Words, one_line, words_of
from apps.core.mime.headers import Headers


@dataclass(frozen=True, slots=True)
class Report:
    kind: Literal["", "bounce", "receipt", "complaint"] = ""
    fates: tuple[Fate, ...] = ()
    original_ids: tuple[str, ...] = ()
    feedback_type: str = ""


def read_report(email: ParsedEmail, headers: Headers, report_type: str) -> Report:
    """1. a program's notice; 2. a complaint; 3. a receipt; 4. a report for machines; 5. words."""
    if notice := notice_of(email):
        return Report(notice.kind, notice.fates, notice.message_ids, notice.feedback_type)
    if kind := feedback_type(email, report_type):
        return _complaint(email, words_of(email), kind)
    if report_type == "disposition-notification" or _has(email, NOTIFICATIONS):
        return _receipt(email, words_of(email))
    is_report = _reports(email, report_type)
    if not is_report and not may_be_bounce(email, headers):
        return Report()
    words = words_of(email)
    if not is_report and not looks_like_bounce(email, headers, words):
        return Report()
    groups = groups_of(email, words.raw)
    if entries := entries_of(groups):
        return _delivery(email, headers, words, groups, entries)
    return _letter(email, headers, words, groups)


def bounce_of(report: Report) -> Bounce:
    """The first failure speaks for all, or the first delay where nothing failed."""
    failed = [one for one in report.fates if one.kind in ("hard", "soft")]
    delayed = [one for one in report.fates if one.kind == "delayed"]
    telling = next(iter(failed or delayed), Fate("", "hard"))
    return Bounce(
        kind="hard" if telling.kind == "hard" else "soft",
        recipients=_addresses(failed),
        status=telling.status,
        smtp_code=telling.smtp_code,
        delayed=_addresses(delayed),
        original_message_id=next(iter(report.original_ids), ""),
    )


def _addresses(fates: list[Fate]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.recipient for one in fates if one.recipient))


def _has(email: ParsedEmail, types: tuple[str, ...]) -> bool:
    return any(file.content_type in types for file in email.files)


def _reports(email: ParsedEmail, report_type: str) -> bool:
    """A report for machines, or a mail of a server that says it is one."""
    if _has(email, REPORTS):
        return True
    return report_type == "delivery-status" and is_from_server(email)


def _complaint(email: ParsedEmail, words: Words, kind: str) -> Report:
    copy = returned_headers(email, words)
    fates = tuple(complaints(email, kind, copy))
    return Report("complaint", fates, original_ids(email, copy, []), kind)


def _receipt(email: ParsedEmail, words: Words) -> Report:
    notification = notification_of(email)
    ids = original_ids(email, returned_headers(email, words), [notification])
    named = original_ids(replace(email, in_reply_to="", references=()), Headers(), [notification])
    return Report("receipt", tuple(reads(notification)), tuple(dict.fromkeys((*named, *ids))))


def _delivery(
    email: ParsedEmail, headers: Headers, words: Words, groups: list[Headers], entries: list[Entry]
) -> Report:
    copy = returned_headers(email, words)
    entries = _completed(entries, words)
    if not any("@" in entry.recipient for entry in entries):
        entries = _with_recipients(email, headers, words, copy, entries)
    fates = tuple(map(fate_of, entries))
    is_receipt = all(fate.kind == "delivered" for fate in fates)
    ids = original_ids(email, copy, groups)
    return Report("receipt" if is_receipt else "bounce", fates, ids)


def _completed(entries: list[Entry], words: Words) -> list[Entry]:
    """What the fields leave open stands in the text for people, in many reports."""
    if not any(_is_open(entry) for entry in entries):
        return entries
    named = free_text.blamed_in(words, set())
    known = {one.address.lower() for one in named}
    single = len(entries) == 1
    return [
        _completed_by(entry, free_text.part_about(entry.recipient, named, words))
        if _is_open(entry) and (single or entry.recipient.lower() in known)
        else entry
        for entry in entries
    ]


def _is_open(entry: Entry) -> bool:
    if entry.kind == "delivered":
        return False
    return not entry.words or codes.is_vague(entry.status) or entry.code is None


def _completed_by(entry: Entry, part: str) -> Entry:
    said = entry.words or one_line(part)
    if entry.kind != "failed":
        return replace(entry, words=said)
    code, found = entry.code or codes.code_in(part), codes.status_in(part)
    is_fit = not entry.status or found[:1] == entry.status[0]
    status = codes.better_status(entry.status, found if is_fit else "", code)
    return replace(entry, status=status, code=code, words=said)


def _with_recipients(
    email: ParsedEmail, headers: Headers, words: Words, copy: Headers, entries: list[Entry]
) -> list[Entry]:
    """A report that names nobody: the text does, or the mail that came back."""
    first = entries[0]
    named = free_text.entries_of(email, headers, words, copy, first.kind)
    return [
        replace(first, recipient=one.recipient, words=first.words or one.words) for one in named
    ] or entries


def _letter(email: ParsedEmail, headers: Headers, words: Words, groups: list[Headers]) -> Report:
    copy = returned_headers(email, words)
    kind = free_text.kind_of(email, words)
    found = free_text.entries_of(email, headers, words, copy, kind)
    entries = found or [Entry(kind, "", *_codes(words), one_line(words.own))]
    fates = tuple(map(fate_of, entries))
    return Report("bounce", fates, original_ids(email, copy, groups))


def _codes(words: Words) -> tuple[str, int | None]:
    return codes.status_in(words.own), codes.code_in(words.own)
