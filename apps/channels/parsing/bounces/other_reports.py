"""Reports that nothing went wrong with delivery: read (RFC 8098), resented (RFC 5965)."""

import re
from collections.abc import Iterator

from apps.channels.parsed import Fate, ParsedEmail
from apps.channels.parsing.addresses import read_addresses
from apps.channels.parsing.bounces.words import one_line, shown_address
from apps.core.mime.headers import Headers, read_headers

MOST_BYTES = 64 * 1024
NOTIFICATIONS = ("message/disposition-notification", "message/global-disposition-notification")

_FEEDBACK = re.compile(rb"(?im)^feedback-type:[ \t]*([\w.-]{1,40})")
_READ = ("displayed", "dispatched", "processed")


def feedback_type(email: ParsedEmail, report_type: str) -> str:
    """Of an abuse report (RFC 5965): abuse, fraud, virus, not-spam ..."""
    for file in email.files:
        if file.content_type == "message/feedback-report" or report_type == "feedback-report":
            found = _FEEDBACK.search(file.content[:10_000])
            if found:
                return found[1].decode("ascii", "replace").lower()
    if report_type == "feedback-report":
        return "other"
    return "abuse" if _is_by_hotmail(email) else ""


def _is_by_hotmail(email: ParsedEmail) -> bool:
    """The complaints of Outlook.com carry our mail, but no report."""
    if email.from_ is None or not email.from_.key.startswith("staff@hotmail."):
        return False
    return email.subject.lower().startswith("complaint about message from")


def complaints(email: ParsedEmail, kind: str, copy: Headers) -> Iterator[Fate]:
    """For whom the report names; many providers name nobody, then whom our mail was sent to."""
    if kind in ("not-spam", "auth-failure"):
        return
    fields = _fields(email, ("message/feedback-report",))
    named = _addresses(fields, ("original-rcpt-to", "removal-recipient"))
    named = named or _addresses(copy, ("x-hmxmroriginalrecipient",))
    named = named or _addresses(copy, ("to",))[:1]
    for recipient in dict.fromkeys(named or [""]):
        yield Fate(recipient, "complaint", words=kind)


def _addresses(fields: Headers, names: tuple[str, ...]) -> list[str]:
    found = [one.email for name in names for one in read_addresses(fields.all(name))]
    return [shown_address(email) for email in found if "@" in email]


def notification_of(email: ParsedEmail) -> Headers:
    return _fields(email, NOTIFICATIONS)


def reads(notification: Headers) -> Iterator[Fate]:
    """One fate, if the mail was shown to somebody; nothing when it was deleted unread."""
    disposition = notification.first("disposition").lower()
    if not any(word in disposition.partition(";")[2] for word in _READ):
        return
    field = notification.first("original-recipient") or notification.first("final-recipient")
    recipient = shown_address(field.rpartition(";")[2].strip("<> "))
    yield Fate(recipient if "@" in recipient else "", "read", words=one_line(disposition))


def _fields(email: ParsedEmail, types: tuple[str, ...]) -> Headers:
    for file in email.files:
        if file.content_type in types:
            content = file.content[:MOST_BYTES].lstrip()
            return read_headers(content, 0, len(content))[0]
    return Headers()
