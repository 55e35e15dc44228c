"""Postmark: JSON, with the mail itself if *Include raw email content* is on.

https://postmarkapp.com/developer/webhooks/inbound-webhook, read on 2026-11-26. It signs nothing:
the password is the proof.
"""

import base64
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.channels.providers.post import Post
from apps.channels.providers.rebuild import File, rebuild
from apps.channels.providers.told import Mail, Other, Told
from apps.core.errors import Invalid


def read(account: EmailAccount, post: Post) -> list[Told]:
    told = post.json()
    event = _text(told, "MessageID")
    if told.get("RecordType", "Inbound") != "Inbound":
        return [Other("not-a-mail", _("This tells of a sent mail, not of one that came."), event)]
    if "RawEmail" not in told and "Headers" not in told:
        return [Other("unknown-event", _("Nothing in it is a mail."), event)]
    recipients = tuple(filter(None, [_text(told, "OriginalRecipient")]))
    if raw := _text(told, "RawEmail"):
        return [Mail(raw.encode("utf-8", "replace"), recipients, event)]
    return [Mail(_rebuilt(told, recipients), recipients, event, rebuilt=True)]


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _rebuilt(told: dict[str, Any], recipients: tuple[str, ...]) -> bytes:
    named = list(_named(told))
    path = next((value for name, value in named if name.lower() == "return-path"), None)
    return rebuild(
        [*_lifted(told, {name.lower() for name, _value in named}), *named],
        text=_text(told, "TextBody"),
        html=_text(told, "HtmlBody"),
        files=list(_files(told)),
        recipients=recipients,
        sender=path,
    )


def _lifted(told: dict[str, Any], there: set[str]) -> Iterator[tuple[str, str]]:
    """Headers that Postmark takes out of their list and tells by themselves."""
    fields = {"From": "From", "To": "To", "Cc": "Cc", "Subject": "Subject", "Date": "Date"}
    for name, field in {**fields, "Reply-To": "ReplyTo"}.items():
        if name.lower() not in there and (value := _text(told, field)):
            yield name, value


def _named(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for one in _rows(told, "Headers"):
        yield _text(one, "Name"), _text(one, "Value")


def _rows(told: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    rows = told.get(name)
    return (one for one in (rows if isinstance(rows, list) else []) if isinstance(one, dict))


def _files(told: dict[str, Any]) -> Iterator[File]:
    """Its own test mail has the content under another name."""
    for one in _rows(told, "Attachments"):
        try:
            content = base64.b64decode(_text(one, "Content") or _text(one, "Data"), validate=True)
        except ValueError:
            raise Invalid("malformed", _("A file of the mail is not valid base64.")) from None
        content_id = _text(one, "ContentID").strip("<>")
        yield File(_text(one, "Name"), _text(one, "ContentType"), content, content_id)
