"""Whether a webhook is from the provider: our password first, then the provider's own signature."""

import time
from types import SimpleNamespace

from django.http import HttpRequest, QueryDict
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.channels.providers.keys import login_of
from apps.channels.providers.post import Form, Post
from apps.core.errors import Forbidden, Invalid, Problem, Unavailable
from apps.core.secrets import unseal

# Providers try again for up to 8 hours; whatever comes twice is known by its event anyway.
OLDEST, NEWEST = 24 * 3600, 3600  # seconds


class SignInFirst(Problem):
    """Amazon's SNS sends the password only after this answer."""

    status = 401


def check_password(account: EmailAccount, request: HttpRequest) -> None:
    from anymail.utils import get_request_basic_auth  # not in the worker's memory

    given = get_request_basic_auth(request) or ""
    if not account.webhook_secret or not constant_time_compare(given, _expected(account)):
        sentence = _("The password in the webhook's address is missing or wrong; paste it anew.")
        raise SignInFirst("sign-in", sentence)


def _expected(account: EmailAccount) -> str:
    """A wrong CARTERIA_KEY is no fault of the provider's: it keeps the mail until it is right."""
    try:
        return login_of(account)
    except Invalid as invalid:
        raise Unavailable(invalid.code, invalid.sentence) from None


def forged(name: str) -> Forbidden:
    sentence = _(
        "The signature of %(provider)s does not fit. Copy its signing key to the account anew, if"
        " this was %(provider)s at all."
    )
    return Forbidden("forged", sentence % {"provider": name})


def check_time(told: float) -> None:
    """TOLD in seconds since 1970: a replay of long ago is refused, whatever its signature."""
    age = time.time() - told
    if not -NEWEST <= age <= OLDEST:
        sentence = _(
            "Its time stamp is %(hours)s hours off: an old webhook sent again, or the clock of"
            " this machine is wrong."
        )
        raise Forbidden("too-old", sentence % {"hours": round(abs(age) / 3600)})


def check_mailgun(account: EmailAccount, post: Post, form: Form) -> None:
    """HMAC-SHA256 over time stamp and token, as Anymail checks it."""
    from anymail.exceptions import AnymailWebhookValidationFailure
    from anymail.webhooks.mailgun import MailgunInboundWebhookView

    key = unseal(account.webhook_signing_key)
    if not key.strip() or not key.isascii():
        raise Forbidden("no-signing-key", _("The account has no signing key of Mailgun yet."))
    view = MailgunInboundWebhookView(
        webhook_signing_key=key.strip(), webhook_secret=login_of(account)
    )
    signed = {name: form[name].text("ascii") for name in SIGNED if name in form}
    try:
        view.run_validators(_as_anymail_reads(post, signed))
        check_time(float(signed["timestamp"]))
    except (AnymailWebhookValidationFailure, ValueError):
        raise forged("Mailgun") from None


SIGNED = ("token", "timestamp", "signature")


def _as_anymail_reads(post: Post, fields: dict[str, str]) -> SimpleNamespace:
    values = QueryDict(mutable=True)
    values.update(fields)
    kind = post.content_type.partition(";")[0].strip().lower()
    return SimpleNamespace(content_type=kind, META=post.meta, POST=values)
