"""News of sent mail as each provider posts it, made one kind of plain data.

Anymail knows the fields of each provider; what it leaves open, whether a bounce is for good, is
read beside it. Nothing here trusts the shape of what was posted.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.compose import clean_line
from apps.channels.models import Provider
from apps.channels.provider_api.asked import MARK
from apps.channels.sent_news import Kind, News, NoNews

MOST_WORDS = 1000
MOST_IN_ONE = 2000  # events of one post

_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_CODE = re.compile(r"\b[45]\d\d\b")
_KINDS: dict[str, Kind] = {
    "queued": "taken",
    "sent": "taken",
    "opened": "taken",
    "clicked": "taken",
    "delivered": "delivered",
    "deferred": "delayed",
    "bounced": "hard",  # or soft: see _is_soft
    "rejected": "hard",
    "failed": "hard",
    "complained": "complaint",
    "unsubscribed": "opted-out",
}
_REFUSED_FOR: dict[str, Kind] = {"spam": "complaint", "unsubscribed": "opted-out"}

Facts = dict[str, Any]


def news_in(provider: str, told: Any, *, post_id: str = "") -> Iterator[News | NoNews]:
    """TOLD as it was posted; SNS's own envelope is off, its id is POST_ID."""
    some = told if isinstance(told, list) else [told]
    for one in some[:MOST_IN_ONE]:
        if isinstance(one, dict):
            yield from _of_one(provider, one, post_id)


def _of_one(provider: str, told: Facts, post_id: str) -> Iterator[News | NoNews]:
    try:
        events = _READERS[provider](told)
    except Exception as problem:  # the rim: Anymail trusts the shape of what is posted
        yield NoNews(_digest(told), "unreadable", _unreadable(type(problem).__name__))
        return
    for event in events:
        yield _news(provider, event, told, post_id)


def _news(provider: str, event: Any, told: Facts, post_id: str) -> News | NoNews:
    recipient = str(event.recipient or "").strip().lower()[:320]
    event_id = _id_of(provider, event, told, post_id, recipient)
    kind = _kind(provider, event, told)
    if kind is None:
        named = clean_line(str(told.get("event") or told.get("RecordType") or event.event_type), 60)
        sentence = _("“%(event)s” says nothing of a mail's way.") % {"event": named}
        return NoNews(event_id, "unknown-event", sentence)
    words = _words(event)
    return News(
        kind=kind,
        event_id=event_id,
        mark=_mark(provider, event, told),
        ids=_ids(event, told),
        recipient=recipient,
        status=_first(
            _STATUS, _dig(told, "status"), _dig(told, "event-data", "delivery-status"), words
        ),
        smtp_code=int(_first(_CODE, words) or 0) or None,
        words=words,
        at=event.timestamp if isinstance(event.timestamp, datetime) else timezone.now(),
    )


# ---- as Anymail reads it ----------------------------------------------------------------------


def _ses(told: Facts) -> list[Any]:
    from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView as View

    read = partial(View.esp_to_anymail_events, object.__new__(View), sns_message={})
    if told.get("eventType") != "DeliveryDelay":
        return list(read(told))
    delay = told["deliveryDelay"]  # as a bounce that is not for good, which Anymail knows
    bounced = {"bounceType": "", "bounceSubType": delay.get("delayType", "")}
    bounced["bouncedRecipients"] = delay["delayedRecipients"]
    events = list(read(told | {"eventType": "Bounce", "bounce": bounced}))
    for event in events:
        event.event_type = "deferred"
    return events


def _by(module: str, name: str) -> Callable[[Facts], list[Any]]:
    """Anymail's view is not in the memory of processes that never hear of it."""

    def read(told: Facts) -> list[Any]:
        from importlib import import_module

        view = getattr(import_module(f"anymail.webhooks.{module}"), name)
        return [view.esp_to_anymail_event(object.__new__(view), told)]

    return read


_READERS: dict[str, Callable[[Facts], list[Any]]] = {
    Provider.SES: _ses,
    Provider.MAILGUN: _by("mailgun", "MailgunTrackingWebhookView"),
    Provider.POSTMARK: _by("postmark", "PostmarkTrackingWebhookView"),
    Provider.SENDGRID: _by("sendgrid", "SendGridTrackingWebhookView"),
    Provider.BREVO: _by("brevo", "BrevoTrackingWebhookView"),
}


# ---- what it means ----------------------------------------------------------------------------


def _kind(provider: str, event: Any, told: Facts) -> Kind | None:
    kind = _KINDS.get(event.event_type)
    if event.event_type == "rejected":
        return _REFUSED_FOR.get(str(event.reject_reason), "hard")
    if event.event_type == "bounced" and _is_soft(provider, told):
        return "soft"
    return kind


def _is_soft(provider: str, told: Facts) -> bool:
    """As the provider itself sorts them; full mailboxes, and what may pass."""
    if provider == Provider.SES:
        return bool(_dig(told, "bounce", "bounceType") != "Permanent")
    if provider == Provider.POSTMARK:
        return told.get("Type") == "SoftBounce"
    if provider == Provider.SENDGRID:
        return told.get("type") == "blocked"
    return provider == Provider.BREVO and told.get("event") == "soft_bounce"


def _mark(provider: str, event: Any, told: Facts) -> str:
    found = event.metadata.get(MARK) if isinstance(event.metadata, dict) else None
    if provider == Provider.SES:
        tags = _dig(told, "mail", "tags", MARK)
        found = tags[0] if isinstance(tags, list) and tags else None
    return found[:32] if isinstance(found, str) else ""


def _ids(event: Any, told: Facts) -> tuple[str, ...]:
    """The provider's, and the Message-ID that the mail bears in the end."""
    named = [event.message_id, told.get("smtp-id"), _header(told, "message-id")]
    found = (one.strip().strip("<>")[:1000] for one in named if isinstance(one, str))
    return tuple(dict.fromkeys(filter(None, found)))


def _header(told: Facts, name: str) -> object:
    """Amazon tells the headers that it was given."""
    headers = _dig(told, "mail", "headers")
    rows = headers if isinstance(headers, list) else []
    named = (one for one in rows if isinstance(one, dict))
    return next((one.get("value") for one in named if str(one.get("name")).lower() == name), None)


def _words(event: Any) -> str:
    said = event.mta_response or event.description or ""
    return clean_line(str(said), MOST_WORDS)


def _first(pattern: re.Pattern[str], *places: Any) -> str:
    found = (pattern.search(json.dumps(place, default=str)) for place in places if place)
    return next((one[0] for one in found if one), "")


def _dig(told: Any, *path: str) -> Any:
    for name in path:
        told = told.get(name) if isinstance(told, dict) else None
    return told


# ---- which event it is ------------------------------------------------------------------------


def _id_of(provider: str, event: Any, told: Facts, post_id: str, recipient: str) -> str:
    """The provider's own, where it has one; else made of what it says, which it repeats."""
    own = post_id
    if provider == Provider.MAILGUN:  # unique within a day; its token is anew with each try
        data = told.get("event-data")
        own = f"{_dig(data, 'id')}@{_dig(data, 'timestamp')}" if _dig(data, "id") else ""
    elif not own and event.event_id:
        own = str(event.event_id)
    return f"{own or _digest(told)} {recipient}".strip()[:255]


def _digest(told: Facts) -> str:
    text = json.dumps(told, sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _unreadable(why: str) -> str:
    sentence = _("This is no news of a sent mail as the provider writes it (%(why)s).")
    return sentence % {"why": why}
