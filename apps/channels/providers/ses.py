"""Amazon SES: a receipt rule's SNS action, whose topic posts the mail itself to us.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html, read on
2026-11-26. SNS carries mails of up to 150 kB and larger ones bounce; a rule that delivers to an S3
bucket takes up to 40 MB, and its notification says where the mail lies.
"""

import base64
from typing import Any

from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.channels.providers import s3, sns
from apps.channels.providers.post import Post, json_object
from apps.channels.providers.told import Mail, Other, Told
from apps.core.errors import Guarded, Invalid

# What SNS says by itself once a topic works.
_HELLO = "Successfully validated SNS topic"


def read(account: EmailAccount, post: Post) -> list[Told]:
    message = _message(post)
    sns.check(message)
    event, kind = str(message.get("MessageId", "")), message.get("Type")
    if kind == "SubscriptionConfirmation":
        sns.confirm(message)
        return [Other("subscribed", _("The topic of Amazon SNS was confirmed."), event)]
    text = str(message.get("Message", ""))
    if kind != "Notification" or text.startswith(_HELLO):
        return [Other("not-a-mail", _("Amazon SNS tells of its topic, not of a mail."), event)]
    return [_told(account, json_object(text), event)]


def _message(post: Post) -> dict[str, Any]:
    if post.meta.get("HTTP_X_AMZ_SNS_RAWDELIVERY"):
        sentence = _("Switch raw message delivery off at the subscription: it has no signature.")
        raise Invalid("raw-delivery", sentence)
    return post.json()


def _told(account: EmailAccount, told: dict[str, Any], event: str) -> Told:
    if told.get("notificationType") != "Received":
        return Other("not-a-mail", _("This tells of a sent mail, not of one that came."), event)
    receipt = _inside(told, "receipt")
    recipients = receipt.get("recipients")
    named = tuple(str(one) for one in recipients) if isinstance(recipients, list) else ()
    return Mail(_raw(account, told, _inside(receipt, "action")), named, event)


def _inside(told: dict[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def _raw(account: EmailAccount, told: dict[str, Any], action: dict[str, Any]) -> bytes:
    content = told.get("content")
    if isinstance(content, str):
        return _bytes(content, str(action.get("encoding")).upper())
    if action.get("type") == "S3":
        return s3.fetch(account, action)
    sentence = _(
        "The notification holds no mail. Give the receipt rule an action “Publish to Amazon SNS"
        " topic” with Base64, or “Deliver to S3 bucket” with this topic."
    )
    raise Guarded("no-content", sentence)


def _bytes(content: str, encoding: str) -> bytes:
    if encoding != "BASE64":
        return content.encode("utf-8", "replace")
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        raise Invalid("malformed", _("The mail is not valid base64.")) from None
