"""SendGrid's Inbound Parse: a form, with the mail itself if *POST the raw, full MIME* is on.

https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook,
read on 2026-11-26. The password is the proof. It names no event: the bytes are what is known.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.channels.providers.post import Form, Post
from apps.channels.providers.rebuild import File, rebuild
from apps.channels.providers.told import Mail, Other, Told


def read(account: EmailAccount, post: Post) -> list[Told]:
    form = post.form()
    envelope = _facts(form, "envelope")
    to = envelope.get("to")
    recipients = tuple(str(one) for one in to) if isinstance(to, list) else ()
    if "email" in form:
        return [Mail(form["email"].content, recipients)]
    if "headers" not in form:
        return [Other("unknown-event", _("Nothing in it is a mail."))]
    sender = str(envelope["from"]) if "from" in envelope else None
    return [Mail(_rebuilt(form, recipients, sender), recipients, rebuilt=True)]


def _facts(form: Form, name: str) -> dict[str, Any]:
    try:
        told = json.loads(form[name].content) if name in form else {}
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _rebuilt(form: Form, recipients: tuple[str, ...], sender: str | None) -> bytes:
    charsets = _facts(form, "charsets")

    def text(name: str) -> str | None:
        charset = str(charsets.get(name, "utf-8"))
        return form[name].text(charset) if name in form else None

    return rebuild(
        _headers(text("headers") or ""),
        text=text("text"),
        html=text("html"),
        files=list(_files(form)),
        recipients=recipients,
        sender=sender,
    )


def _headers(told: str) -> Iterator[tuple[str, str]]:
    """As they stood in the mail, folded or not."""
    for line in re.split(r"\r?\n(?![ \t])", told):
        name, colon, value = line.partition(":")
        if colon:
            yield name, re.sub(r"\r?\n", "", value)


def _files(form: Form) -> Iterator[File]:
    known = _facts(form, "attachment-info")
    for name, field in form.items():
        if field.filename is None and name not in known:
            continue
        facts = known.get(name)
        facts = facts if isinstance(facts, dict) else {}
        named = field.filename or str(facts.get("filename") or "")
        kind = field.content_type or str(facts.get("type") or "")
        content_id = str(facts.get("content-id") or "").strip("<>")
        yield File(named, kind, field.content, content_id)
