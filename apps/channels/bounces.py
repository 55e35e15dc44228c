"""Bounces and receipts: which mail did not arrive, for whom, why; or arrived, or was read."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from apps.channels.parsed import Bounce, ParsedEmail, ParsedFile
from apps.core.mime.charsets import clean_line
from apps.core.mime.headers import Headers, read_headers

MOST_RECIPIENTS = 200
MOST_REPORT_BYTES = 256 * 1024
MOST_TEXT = 50_000  # of a bounce's own words

_FAILED = frozenset({"failed", "failure", "fail"})
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})
_DAEMON = re.compile(
    r"(?i)^(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|mdaemon|mail-?delivery[\w-]*|"
    r"mail-?system|bounces?|microsoftexchange[0-9a-f]{16,})(?:$|@)"
)
_SUBJECT = re.compile(
    r"(?i)undeliver|delivery (?:status|failure|has failed|problem|delayed|unsuccessful|report)|"
    r"(?:mail|message) delivery (?:failed|failure)|failure notice|returned mail|mail failure|"
    r"non[- ]?delivery|could not be delivered|not delivered|returned to sender|unzustellbar|"
    r"non remis|no se pudo entregar|no entregad|mancata consegna|não entregue|delivery notification"
)
_WORDS = re.compile(
    r"(?i)this is the qmail-send program|did not reach (?:some or all of )?the (?:following|"
    r"intended) recipient|delivery to the following recipients? (?:has )?(?:been )?(?:failed|"
    r"delayed)|wasn't delivered to|could not be delivered to|"
    r"(?:i|we) (?:wasn't|was not|were) (?:not )?able to deliver|permanent(?:ly)? (?:fatal )?"
    r"(?:error|failure)|this message was created automatically by mail delivery software|"
    r"the following address(?:es)? (?:failed|had (?:permanent|transient))|delivery has failed to"
)
_DELAY = re.compile(
    r"(?i)delay|will (?:be retried|retry|keep trying)|still (?:trying|being retried)|warning: "
)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SMTP = re.compile(r"(?<![\d.])([45][0-5]\d)(?=[ \-#])")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,255}\w")
_COPY = re.compile(
    r"(?im)^-+ ?(?:below this line is a copy|this is a copy of|the header|original message|"
    r"your message|returned message|message header|unsent message)|^original message headers:"
)
_MESSAGE_ID = re.compile(r"(?im)^[>\s]*message-id:\s*<([^<>\s]{1,998})>")


def looks_like_bounce(email: ParsedEmail, headers: Headers, report_type: str) -> bool:
    """By its report; else a daemon, or nobody, must have sent it, and speak like one."""
    if report_type == "delivery-status" or _reports(email):
        return True
    sender = email.from_.email if email.from_ else ""
    if not (email.null_return_path or _DAEMON.match(sender)):
        return False
    if headers.first("x-failed-recipients"):
        return True
    text = (email.text or "")[:MOST_TEXT]
    if _WORDS.search(text[:5000]):
        return True
    return bool(_SUBJECT.search(email.subject) and (_STATUS.search(text) or _SMTP.search(text)))


def receipt_of(email: ParsedEmail, report_type: str) -> str | None:
    """The Message-ID that was read or delivered ('' if unnamed); None when this is no receipt."""
    for file in email.files:
        if file.content_type == "message/disposition-notification":
            fields = next(_groups(file), None)
            named = fields.first("original-message-id") if fields else ""
            return _bare(named) or _original_id(email)
    if report_type == "disposition-notification":
        return _original_id(email)
    actions = {_word(fields.first("action")) for fields in _recipients(email)} - {""}
    return _original_id(email) if actions and actions <= _ARRIVED else None


def bounce_of(email: ParsedEmail, headers: Headers) -> Bounce:
    reported = list(_recipients(email))
    return _reported(email, reported) if reported else _guessed(email, headers)


def _reports(email: ParsedEmail) -> list[ParsedFile]:
    kinds = ("message/delivery-status", "message/global-delivery-status")
    return [file for file in email.files if file.content_type in kinds]


def _groups(report: ParsedFile) -> Iterator[Headers]:
    """A report's groups of fields: first the message's, then one for each recipient."""
    content = report.content[:MOST_REPORT_BYTES].lstrip()
    for block in re.split(rb"\n\s*\n", content.replace(b"\r", b""), maxsplit=MOST_RECIPIENTS):
        yield read_headers(block.lstrip(), 0, len(block))[0]


def _recipients(email: ParsedEmail) -> Iterator[Headers]:
    for report in _reports(email):
        for fields in _groups(report):
            if "final-recipient" in fields or "original-recipient" in fields or "action" in fields:
                yield fields


def _reported(email: ParsedEmail, groups: list[Headers]) -> Bounce:
    failed = [group for group in groups if _word(group.first("action")) in _FAILED]
    delayed = [group for group in groups if _word(group.first("action")) == "delayed"]
    if not failed and not delayed:  # no or odd actions: what has not arrived has failed
        failed = [group for group in groups if _word(group.first("action")) not in _ARRIVED]
    telling = (failed or delayed)[:1]
    status = next(filter(None, map(_status_of, telling)), "")
    code = next((one for group in telling if (one := _code_of(group))), None)
    return Bounce(
        kind=_kind(status, code, delayed=not failed),
        recipients=_unique(map(_recipient_of, failed)),
        status=status,
        smtp_code=code,
        delayed=_unique(map(_recipient_of, delayed)),
        original_message_id=_original_id(email),
    )


def _status_of(group: Headers) -> str:
    found = _STATUS.search(group.first("status")) or _STATUS.search(group.first("diagnostic-code"))
    return found[1] if found else ""


def _code_of(group: Headers) -> int | None:
    diagnostic = group.first("diagnostic-code")
    if diagnostic.lower().startswith("x400"):
        return None
    found = _SMTP.search(diagnostic + " ")
    return int(found[1]) if found else None


def _recipient_of(group: Headers) -> str:
    """The address the sender wrote, where the report knows it."""
    field = group.first("original-recipient") or group.first("final-recipient")
    address = clean_line(field.rpartition(";")[2]).strip("<> ")
    return address if len(address) <= 320 else ""


def _guessed(email: ParsedEmail, headers: Headers) -> Bounce:
    """From the server's own words, which end where the copy of our mail begins."""
    text = email.text or ""
    words = _COPY.split(text, maxsplit=1)[0][:MOST_TEXT]
    status, code = _STATUS.search(words), _SMTP.search(words)
    named = headers.first("x-failed-recipients") or _blamed(words, email)
    recipients = _unique(_ADDRESS.findall(named[:MOST_TEXT]))
    late = bool(_DELAY.search(email.subject)) and not (status and status[1].startswith("5"))
    return Bounce(
        kind=_kind(status[1] if status else "", int(code[1]) if code else None, delayed=late),
        recipients=() if late else recipients,
        status=status[1] if status else "",
        smtp_code=int(code[1]) if code else None,
        delayed=recipients if late else (),
        original_message_id=_original_id(email),
    )


def _blamed(words: str, email: ParsedEmail) -> str:
    """Addresses at the beginning of a line; else any but the sender's and the receiver's own."""
    leading = re.findall(rf"(?m)^\s*(?:to: ?)?[<'\"(]?({_ADDRESS.pattern})", words)
    own = {address.key for address in email.to} | {email.from_.key if email.from_ else ""}
    others = [one for one in leading or _ADDRESS.findall(words) if one.lower() not in own]
    return " ".join(others)


def _kind(status: str, code: int | None, *, delayed: bool) -> Literal["hard", "soft"]:
    if delayed:
        return "soft"
    first = status[:1] or str(code or "")[:1]
    return "soft" if first == "4" else "hard"


def _original_id(email: ParsedEmail) -> str:
    """Of the mail that came back with the report, whole or its headers; else in the text."""
    for file in email.files:
        if file.content_type in ("message/rfc822", "text/rfc822-headers", "message/global"):
            content = file.content[:MOST_REPORT_BYTES].lstrip()
            if found := _bare(read_headers(content, 0, len(content))[0].first("message-id")):
                return found
    found_in_text = _MESSAGE_ID.search((email.text or "")[:MOST_TEXT])
    return found_in_text[1] if found_in_text else email.in_reply_to


def _bare(message_id: str) -> str:
    return clean_line("".join(message_id.split())).strip("<>")[:8000]


def _word(value: str) -> str:
    return re.split(r"[;(\s]", value.strip().lower(), maxsplit=1)[0]


def _unique(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, addresses)))[:MOST_RECIPIENTS]
