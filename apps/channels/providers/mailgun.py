"""Mailgun: a route's forward() posts a form, with the mail itself if its address ends in "mime".

https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http,
read on 2026-11-26.
"""

import json
from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.channels.providers import proof
from apps.channels.providers.post import Field, Form, Post
from apps.channels.providers.rebuild import File, rebuild
from apps.channels.providers.told import Mail, Other, Told
from apps.core.errors import Invalid


def read(account: EmailAccount, post: Post) -> list[Told]:
    form = post.form()
    proof.check_mailgun(account, post, form)
    event = form["token"].text()
    if "event" in form and form["event"].text() != "inbound":
        return [Other("not-a-mail", _("This tells of a sent mail, not of one that came."), event)]
    if "attachments" in form:
        sentence = _("The route at Mailgun uses store(); it has to use forward() instead.")
        raise Invalid("stored-there", sentence)
    recipients = tuple(form[name].text() for name in ("recipient",) if name in form)
    if "body-mime" in form:
        return [Mail(form["body-mime"].content, recipients, event)]
    if "message-headers" not in form:
        return [Other("unknown-event", _("Nothing in it is a mail."), event)]
    return [Mail(_rebuilt(form, recipients), recipients, event, rebuilt=True)]


def _rebuilt(form: Form, recipients: tuple[str, ...]) -> bytes:
    return rebuild(
        headers_of(form["message-headers"]),
        text=_text(form, "body-plain"),
        html=_text(form, "body-html"),
        files=list(_files(form)),
        recipients=recipients,
        sender=_text(form, "sender"),
    )


def headers_of(told: Field) -> list[tuple[str, str]]:
    """JSON: [[name, value], …] in the order of the mail."""
    try:
        pairs = json.loads(told.content)
        return [(str(name), str(value)) for name, value in pairs]
    except (ValueError, TypeError, RecursionError):
        raise Invalid("malformed", _("The headers of the mail are malformed.")) from None


def _text(form: Form, name: str) -> str | None:
    return form[name].text() if name in form else None


def _files(form: Form) -> Iterator[File]:
    ids = _content_ids(_text(form, "content-id-map") or "{}")
    for name, field in form.items():
        if field.filename is not None or (name.startswith("attachment-") and name[11:].isdigit()):
            yield File(field.filename or "", field.content_type, field.content, ids.get(name, ""))


def _content_ids(told: str) -> dict[str, str]:
    """JSON: {"<content id>": "attachment-1", …}; here by the name of the field."""
    try:
        return {str(field): str(one).strip("<>") for one, field in json.loads(told).items()}
    except (ValueError, AttributeError, RecursionError):
        return {}
