"""Amazon SES reports as JSON, on a topic that may be subscribed to by mail."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from apps.channels.parsed import Fate, ParsedEmail
from apps.channels.parsing.bounces import codes
from apps.channels.parsing.bounces.words import one_line, shown_address

MOST_TEXT = 256 * 1024
MOST_RECIPIENTS = 200
LONGEST_SHOWN = 500

_FOLD = re.compile(r"!\r?\n ?")  # how some mail servers cut a line that is too long
_TOLD: dict[str, Literal["hard", "soft"]] = {"Permanent": "hard", "Transient": "soft"}


@dataclass(frozen=True, slots=True)
class Notice:
    kind: Literal["bounce", "complaint", "receipt"]
    fates: tuple[Fate, ...]
    message_ids: tuple[str, ...]
    feedback_type: str = ""


def notice_of(email: ParsedEmail) -> Notice | None:
    text = (email.text or "")[:MOST_TEXT].lstrip()
    if not text.startswith("{") or ("otificationType" not in text and "eventType" not in text):
        return None
    told = _object(_FOLD.sub("", text))
    told = _object(told["Message"]) if isinstance(told.get("Message"), str) else told
    kind = _text(told, "notificationType") or _text(told, "eventType")
    fates = tuple(_fates(kind, told))[:MOST_RECIPIENTS]
    if not fates:
        return None
    ids = tuple(_ids(_part(told, "mail")))
    if kind == "Complaint":
        return Notice("complaint", fates, ids, fates[0].words or "other")
    return Notice("bounce" if kind == "Bounce" else "receipt", fates, ids)


def _object(text: str) -> dict[str, Any]:
    """What follows the object, such as how to unsubscribe, does not matter."""
    try:
        found, _end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _fates(kind: str, told: dict[str, Any]) -> Iterator[Fate]:
    if kind == "Bounce":
        bounce = _part(told, "bounce")
        for one in _list(bounce, "bouncedRecipients"):
            yield _bounced(_text(bounce, "bounceType"), one)
    if kind == "Complaint":
        complaint = _part(told, "complaint")
        words = one_line(_text(complaint, "complaintFeedbackType"))[:40]
        for one in _list(complaint, "complainedRecipients"):
            yield Fate(_address(_text(one, "emailAddress")), "complaint", words=words)
    if kind == "Delivery":
        delivery = _part(told, "delivery")
        words = one_line(_text(delivery, "smtpResponse"))[:LONGEST_SHOWN]
        for recipient in _list(delivery, "recipients"):
            yield Fate(_address(str(recipient)), "delivered", words=words)


def _bounced(kind: str, one: object) -> Fate:
    words = one_line(_text(one, "diagnosticCode").partition(";")[2])
    code = codes.code_in(words)
    written = codes.written_status(_text(one, "status"))
    status = codes.better_status(written, codes.status_in(words), code)
    bad = _TOLD.get(kind) or codes.kind_of(status, code, words)
    address = _address(_text(one, "emailAddress"))
    return Fate(address, bad, status, code, words[:LONGEST_SHOWN])


def _ids(mail: dict[str, Any]) -> Iterator[str]:
    """Our own Message-ID, which SES replaces; then its replacement."""
    headers = [one for one in _list(mail, "headers") if isinstance(one, dict)]
    named = [_text(one, "value") for one in headers if _text(one, "name").lower() == "message-id"]
    for text in (
        *named,
        _text(_part(mail, "commonHeaders"), "messageId"),
        _text(mail, "messageId"),
    ):
        if found := one_line(text).strip("<>"):
            yield found


def _address(text: str) -> str:
    bare = shown_address(text.rpartition("<")[2].strip("<> "))
    return bare if "@" in bare else ""


def _part(told: object, name: str) -> dict[str, Any]:
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}


def _list(told: object, name: str) -> list[object]:
    found = told.get(name) if isinstance(told, dict) else None
    return found[:MOST_RECIPIENTS] if isinstance(found, list) else []


def _text(told: object, name: str) -> str:
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, str) else ""
