"""The story of a webhook: whose it is, whether it is from the provider, which mail it brings.

2xx is said only after the mail is committed; before that, whatever fails leaves it with the
provider, who tells of it again. Who does not know the password leaves no trace.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db.models.functions import Now
from django.http import HttpRequest, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    InboundEmail,
    Mailbox,
    Provider,
    ProviderEvent,
)
from apps.channels.providers import brevo, mailgun, postmark, sendgrid, ses
from apps.channels.providers.post import Post
from apps.channels.providers.proof import check_password
from apps.channels.providers.told import Mail, Other, Told
from apps.channels.receive import receive_told
from apps.channels.room import room
from apps.channels.tagged import plain
from apps.core.errors import (
    Forbidden,
    Invalid,
    LengthRequired,
    Missing,
    Problem,
    TooLarge,
    Unavailable,
)

log = logging.getLogger(__name__)

# A mail may have 50 MB; base64 and the form around it make more of it.
MOST_BYTES = 64 * 2**20
MOST_WAIT = 20.0  # seconds, for room among other large ones
SEEN_EVERY = timedelta(seconds=10)  # how often *last mail* is written down

READERS: dict[str, Callable[[EmailAccount, Post], list[Told]]] = {
    Provider.SES: ses.read,
    Provider.BREVO: brevo.read,
    Provider.MAILGUN: mailgun.read,
    Provider.POSTMARK: postmark.read,
    Provider.SENDGRID: sendgrid.read,
}

Status = EmailAccount.Status


def take(request: HttpRequest, provider: str, key: str) -> dict[str, Any]:
    """What is answered with 200. Raises Problem, after what an administrator should see of it."""
    account = _account(provider, key)
    check_password(account, request)
    try:
        _open_for(account)
        with posted(request) as post:
            told = READERS[account.provider](account, post)
            return _answer([_take(account, one) for one in told])
    except Problem as problem:
        _note_trouble(account, problem)
        raise


def _account(provider: str, key: str) -> EmailAccount:
    wanted = EmailAccount.objects.filter(
        receive_kind=EmailAccount.Receive.PROVIDER, provider=provider, webhook_key=key
    )
    account = wanted.first()
    if account is None:
        sentence = _("No account has this webhook address; paste the one that its page shows.")
        raise Missing("not-found", sentence)
    return account


def _open_for(account: EmailAccount) -> None:
    if not ChannelSettings.load().enabled:
        raise Unavailable("channel-off", _("The email channel is switched off; try again later."))
    if not account.enabled:
        raise Unavailable("account-off", _("The account is switched off; try again later."))


@contextmanager
def posted(request: HttpRequest) -> Iterator[Post]:
    """Large ones wait for each other, so that many at once fill no memory."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        raise LengthRequired("length-required", _("Send the body with a Content-Length."))
    if int(length) > MOST_BYTES:
        raise _too_large()
    until = time.monotonic() + MOST_WAIT
    with room.taken(int(length), tick=lambda: _patience(until)):
        yield Post(request.META.get("CONTENT_TYPE", ""), _body(request), request.META)


def _patience(until: float) -> None:
    if time.monotonic() > until:
        raise Unavailable("busy", _("Too many large mails come at once; try again later."))


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        raise _too_large() from None
    except UnreadablePostError:
        raise Invalid("cut-off", _("The connection ended before the whole body came.")) from None


def _too_large() -> TooLarge:
    most = MOST_BYTES // 2**20
    return TooLarge("too-large", _("The webhook is larger than %(most)s MB.") % {"most": most})


def _take(account: EmailAccount, told: Told) -> dict[str, Any]:
    if isinstance(told, Other):
        _ignore(account, told)
        return {"inbound": None, "outcome": "ignored", "detail": told.sentence}
    if not told.raw.strip():
        raise Invalid("empty", _("The mail in the webhook is empty."))
    row, new = receive_told(
        told.raw,
        account=account,
        mailbox=_mailbox(account, told),
        event_id=told.event_id,
        rebuilt=told.rebuilt,
    )
    _note_life(account)
    return {"inbound": str(row.pk) if row else None, "outcome": _outcome(row), "new": new}


def _outcome(row: InboundEmail | None) -> str:
    """Nothing is left of a mail whose conversation was deleted."""
    return row.status if row else InboundEmail.DELETED


def _mailbox(account: EmailAccount, mail: Mail) -> Mailbox | None:
    """Whom the envelope names; else the headers decide when the mail is read."""
    if not mail.recipients:
        return None
    owners = {address: one for one in account.mailboxes.all() for address in one.addresses}
    named = (plain(address.strip("<> ")) for address in mail.recipients)
    return next((owners[address] for address in named if address in owners), None)


def _answer(taken: list[dict[str, Any]]) -> dict[str, Any]:
    return taken[0] if len(taken) == 1 else {"mails": taken}


# ---- what an administrator sees -----------------------------------------------------------------


def _note_life(account: EmailAccount) -> None:
    seen = account.last_fetched_at
    if account.status == Status.OK and seen and timezone.now() - seen < SEEN_EVERY:
        return
    EmailAccount.objects.filter(pk=account.pk).update(
        status=Status.OK, status_code="", status_sentence="", failures=0, last_fetched_at=Now()
    )


def _ignore(account: EmailAccount, other: Other) -> None:
    ProviderEvent.objects.bulk_create(
        [_row(account, ProviderEvent.Outcome.IGNORED, other.code, other.sentence, other.event)],
        ignore_conflicts=True,
    )


def _note_trouble(account: EmailAccount, problem: Problem) -> None:
    """Not what passes by itself. A wrong signature stores nothing, but the account says so."""
    log.warning("a webhook failed", extra={"account": account.pk, "code": problem.code})
    if isinstance(problem, Unavailable) and problem.code in ("channel-off", "account-off", "busy"):
        return
    if isinstance(problem, Forbidden | Unavailable):
        EmailAccount.objects.filter(pk=account.pk).update(
            status=Status.FAILING, status_code=problem.code, status_sentence=problem.sentence
        )
        return
    _row(account, ProviderEvent.Outcome.REFUSED, problem.code, problem.sentence, "").save()


def _row(
    account: EmailAccount, outcome: str, code: str, sentence: str, event: str
) -> ProviderEvent:
    return ProviderEvent(
        account=account,
        kind=ProviderEvent.Kind.OTHER,
        event_id=event[:255] or None,
        outcome=outcome,
        code=code,
        sentence=sentence,
    )
