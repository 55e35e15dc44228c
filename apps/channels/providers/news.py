"""The story of news of sent mail: from whom it is, and told once to whoever knows the mail.

Each event is a row of its own, which its id keeps from being taken twice. What follows from it on
the mail is written in the same transaction (`sent_mail_news`), and 200 is said after that.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.channels import suppression
from apps.channels.models import EmailAccount, Provider, ProviderEvent
from apps.channels.providers import sns
from apps.channels.providers.inbound import posted
from apps.channels.providers.keys import login_of
from apps.channels.providers.news_read import news_in
from apps.channels.providers.post import Field, Post, json_object
from apps.channels.providers.proof import check_mailgun, check_password, check_time, forged
from apps.channels.sent_news import News, NoNews
from apps.channels.signals import sent_mail_news
from apps.core.announce import announce
from apps.core.errors import Invalid, Missing
from apps.core.secrets import unseal

Outcome = ProviderEvent.Outcome


def take(request: HttpRequest, provider: str, key: str) -> dict[str, Any]:
    """What is answered with 200. Raises Problem; who does not know the password leaves no trace."""
    account = _account(provider, key)
    check_password(account, request)
    with posted(request) as post:
        told, post_id = _READERS[account.provider](account, post)
    found = list(news_in(account.provider, told, post_id=post_id)) if told is not None else []
    return {"events": len(found), "new": sum(_take(account, one) for one in found)}


def _account(provider: str, key: str) -> EmailAccount:
    sending = EmailAccount.Send.ANYMAIL
    wanted = EmailAccount.objects.filter(send_kind=sending, provider=provider, webhook_key=key)
    account = wanted.first()
    if account is None:
        sentence = _("No account has this webhook address; paste the one that its page shows.")
        raise Missing("not-found", sentence)
    return account


def _take(account: EmailAccount, news: News | NoNews) -> bool:
    """Whether it was new."""
    with transaction.atomic():
        event, new = ProviderEvent.objects.get_or_create(
            account=account,
            kind=ProviderEvent.Kind.SENDING,
            event_id=news.event_id,
            defaults=_as_row(news),
        )
        if new and isinstance(news, News):
            announce(sent_mail_news, event_id=event.pk, news=news)
            suppression.note_news(account, news)  # of a conversation: known by now
    return new


def _as_row(news: News | NoNews) -> dict[str, Any]:
    if isinstance(news, NoNews):
        return {"outcome": Outcome.IGNORED, "code": news.code, "sentence": news.sentence}
    return {"outcome": Outcome.TAKEN, "code": news.kind}


# ---- whom it is from --------------------------------------------------------------------------

_Read = tuple[Any, str]  # what was posted, and the id of the post itself


def _signed_by_amazon(account: EmailAccount, post: Post) -> _Read:
    message = post.json()
    sns.check(message)
    if message.get("Type") == "SubscriptionConfirmation":
        sns.confirm(message)
    if message.get("Type") != "Notification" or not str(message.get("Message")).startswith("{"):
        return None, ""
    return json_object(str(message["Message"])), str(message.get("MessageId", ""))


def _signed_by_mailgun(account: EmailAccount, post: Post) -> _Read:
    told = post.json()
    signature = told.get("signature")
    pairs = signature.items() if isinstance(signature, dict) else ()
    form = {name: Field(str(value).encode()) for name, value in pairs}
    check_mailgun(account, Post("application/x-www-form-urlencoded", b"", post.meta), form)
    return told, ""


def _signed_by_sendgrid(account: EmailAccount, post: Post) -> _Read:
    """Where the account has its key; the password is proof enough for the others."""
    if key := unseal(account.webhook_signing_key).strip():
        _check_sendgrid(account, post, key)
    return _list_in(post), ""


def _check_sendgrid(account: EmailAccount, post: Post, key: str) -> None:
    from anymail.exceptions import AnymailWebhookValidationFailure
    from anymail.webhooks.sendgrid import SendGridTrackingWebhookView as View

    prefix = "HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_"
    names = {"Signature": f"{prefix}SIGNATURE", "Timestamp": f"{prefix}TIMESTAMP"}
    headers = {
        f"X-Twilio-Email-Event-Webhook-{name}": post.meta[place]
        for name, place in names.items()
        if place in post.meta
    }
    request = SimpleNamespace(headers=headers, body=post.body, META=post.meta)
    try:
        view = View(tracking_webhook_verification_key=key, webhook_secret=login_of(account))
        view.run_validators(request)
        check_time(float(headers["X-Twilio-Email-Event-Webhook-Timestamp"]))
    except (AnymailWebhookValidationFailure, ValueError):
        raise forged("SendGrid") from None


def _known_by_password(account: EmailAccount, post: Post) -> _Read:
    return post.json(), ""


def _list_in(post: Post) -> list[Any]:
    try:
        told = json.loads(post.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, list):
        raise Invalid("malformed", _("This is no list of events; SendGrid posts one."))
    return told


_READERS: dict[str, Callable[[EmailAccount, Post], _Read]] = {
    Provider.SES: _signed_by_amazon,
    Provider.MAILGUN: _signed_by_mailgun,
    Provider.SENDGRID: _signed_by_sendgrid,
    Provider.POSTMARK: _known_by_password,
    Provider.BREVO: _known_by_password,
}
