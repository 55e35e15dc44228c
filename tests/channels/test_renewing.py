"""Permissions that no fetch renews, and what is foretold of them."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.channels import renewing
from apps.channels.forecast import permission_of
from apps.channels.models import EmailAccount, OAuthGrant, OAuthProfile
from tests.channels.oauth.conftest import permitted  # noqa: F401
from tests.channels.oauth.house import connected, make_profile, oauth_account
from tests.servers.token_server import TokenServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None, token_server: TokenServer) -> EmailAccount:
    """It only sends, so that no fetch renews its token."""
    account = oauth_account(make_profile(token_server), receive_kind="none", status="ok")
    connected(account, token_server)
    return account


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)


def state_of(account: EmailAccount) -> tuple[str, str]:
    account.refresh_from_db()
    return account.status, account.status_code


def test_who_only_sends_is_renewed_all_the_same(
    account: EmailAccount, token_server: TokenServer
) -> None:
    assert renewing.due() == [account.pk]
    renewing.renew(account.pk)
    renewing.renew(account.pk)  # by another beat
    assert (renewing.due(), len(token_server.asked)) == ([], 1)
    OAuthGrant.objects.update(access_until=ago(minutes=2))
    assert renewing.due() == [account.pk]


def test_what_was_revoked_turns_red_and_green_again(
    account: EmailAccount, token_server: TokenServer
) -> None:
    token_server.revoke()
    renewing.renew(account.pk)
    assert state_of(account) == ("failing", "oauth-revoked")
    assert renewing.due() == []  # not before its pause is over
    OAuthGrant.objects.all().delete()
    connected(account, token_server)
    renewing.renew(account.pk)
    assert state_of(account) == ("ok", "")


def test_who_is_switched_off_is_renewed_once_a_week(
    account: EmailAccount, token_server: TokenServer
) -> None:
    EmailAccount.objects.update(enabled=False)
    OAuthGrant.objects.update(refreshed_at=ago(days=6), access_until=ago(days=6))
    assert renewing.due() == []
    OAuthGrant.objects.update(refreshed_at=ago(days=8))
    assert renewing.due() == [account.pk]


def test_passwords_are_left_alone(account: EmailAccount) -> None:
    EmailAccount.objects.update(sign_in="password")
    assert renewing.due() == []
    account.refresh_from_db()
    assert permission_of(account, timezone.now()) is None


@pytest.mark.parametrize(
    ("left", "level"), [(31, 0), (30, 1), (8, 1), (7, 2), (1, 2), (0, 3), (-1, 3)]
)
def test_the_end_of_a_secret_is_foretold(account: EmailAccount, left: int, level: int) -> None:
    now = timezone.now()
    OAuthProfile.objects.update(secret_until=timezone.localdate() + timedelta(days=left))
    found = permission_of(EmailAccount.objects.get(), now)
    assert found is not None
    assert (found.secret_days, found.secret_level) == (left, level)


def test_a_permission_that_nobody_uses_is_forgotten(account: EmailAccount) -> None:
    OAuthProfile.objects.update(provider="microsoft", secret_until=date(2099, 1, 1))
    OAuthGrant.objects.update(refreshed_at=ago(days=84))
    found = permission_of(EmailAccount.objects.get(), timezone.now())
    assert found is not None
    assert (found.unused_days, found.unused_level, found.secret_level) == (5, 2, 0)
    OAuthProfile.objects.update(flow="app")
    found = permission_of(EmailAccount.objects.get(), timezone.now())
    assert found is not None
    assert found.unused_days is None
