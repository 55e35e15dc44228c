"""Permissions are used often enough to hear soon that one was taken back, whoever needs them.

A fetch renews its account's token every ten minutes at most. Here are the others: accounts that
only send, or look seldom; and once a week those that are switched off, so that their permission
does not end for want of use.
"""

import logging
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from apps.channels.fetch import note_failure
from apps.channels.models import EmailAccount
from apps.channels.oauth.tokens import access_token
from apps.channels.transports.errors import TransportError
from apps.core.errors import Problem
from apps.core.leases import expired

log = logging.getLogger(__name__)

LATE = timedelta(minutes=1)  # behind the end of a token: so long a fetch may take to renew it
SELDOM = timedelta(days=7)
AT_ONCE = 20


def due() -> list[int]:
    """By account, the one that was renewed longest ago first."""
    return list(_due().order_by("oauth_grant__refreshed_at").values_list("pk", flat=True)[:AT_ONCE])


def renew(account_id: int) -> None:
    """Whatever goes wrong stands at the account, as after a fetch."""
    for account in _due().filter(pk=account_id).select_related("oauth_profile"):
        try:
            access_token(account)
        except (TransportError, Problem) as error:
            if account.status_code != error.code:
                note_failure(account, error.code, error.sentence)
        else:
            _note_success(account)


def _due() -> QuerySet[EmailAccount]:
    over = Q(oauth_grant__access_until=None) | Q(oauth_grant__access_until__lt=Now() - LATE)
    seldom = Q(oauth_grant__refreshed_at__lt=Now() - SELDOM)
    connected = EmailAccount.objects.filter(
        expired("oauth_grant__ask_after"),
        sign_in=EmailAccount.SignIn.OAUTH,
        oauth_grant__isnull=False,
    )
    return connected.filter(over & Q(enabled=True) | seldom)


def _note_success(account: EmailAccount) -> None:
    """Only of who fetches nothing: a fetch says it of the others, and by looking."""
    mended = EmailAccount.objects.filter(
        pk=account.pk, status=EmailAccount.Status.FAILING, receive_kind=EmailAccount.Receive.NONE
    )
    mended.update(status=EmailAccount.Status.OK, status_code="", status_sentence="", failures=0)
