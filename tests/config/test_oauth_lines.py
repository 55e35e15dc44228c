"""What the health page and the alarms say of permissions by OAuth."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels import renewing
from apps.channels.condition import accounts
from apps.channels.fetch import fetch
from apps.channels.models import EmailAccount, OAuthProfile
from apps.core.models import Alarm
from config import alarms
from config.condition import forecasts, mail
from config.condition.line import Line
from tests.channels.mailboxes import switch_on
from tests.channels.oauth.conftest import permitted  # noqa: F401
from tests.channels.oauth.house import connected, make_profile, oauth_account
from tests.servers.token_server import TokenServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None, token_server: TokenServer) -> EmailAccount:
    switch_on()
    account = oauth_account(make_profile(token_server))
    connected(account, token_server)
    return account


def warnings() -> list[Line]:
    return list(forecasts.warnings(accounts(channel_on=True)))


def keys_of_alarms() -> list[str]:
    alarms.keep()
    rows = Alarm.objects.filter(state=Alarm.State.OPEN, code__regex="^(account|oauth)")
    return list(rows.values_list("code", flat=True))


def test_a_revoked_permission_is_one_alarm_at_once(
    account: EmailAccount, token_server: TokenServer
) -> None:
    """Within a minute of the refresh that hears of it, and only once."""
    token_server.revoke()
    assert fetch(account) == 0
    line = next(mail.accounts(accounts(channel_on=True)))
    assert (line.state, line.patience) == ("down", 0)
    assert "Reconnect" in line.cures[0].sentence
    assert keys_of_alarms() == [f"account-{account.pk}"]
    fetch(account)
    assert (keys_of_alarms(), warnings()) == ([f"account-{account.pk}"], [])


def test_of_who_only_sends_it_has_a_line_of_its_own(
    account: EmailAccount, token_server: TokenServer
) -> None:
    EmailAccount.objects.update(receive_kind="none")
    token_server.revoke()
    renewing.renew(account.pk)
    (line,) = warnings()
    assert (line.key, line.state) == (f"oauth-{account.pk}", "down")
    assert "press Reconnect" in line.fact
    assert keys_of_alarms() == [line.key]


@pytest.mark.parametrize(
    ("left", "state", "words"),
    [
        (20, "degraded", "It ends in 20 days"),
        (1, "degraded", "It ends in 1 day,"),
        (-2, "down", "It ended on"),
    ],
)
def test_the_secret_of_a_profile_is_said_once(
    account: EmailAccount, token_server: TokenServer, left: int, state: str, words: str
) -> None:
    second = oauth_account(OAuthProfile.objects.get())
    connected(second, token_server)
    OAuthProfile.objects.update(secret_until=timezone.localdate() + timedelta(days=left))
    (line,) = warnings()
    assert (line.key.startswith("oauth-secret-"), line.state) == (True, state)
    assert words in line.fact
    assert "new secret at the provider" in line.cures[0].sentence


def test_a_permission_about_to_be_forgotten(account: EmailAccount) -> None:
    OAuthProfile.objects.update(provider="google")
    grant = account.oauth_grant
    grant.refreshed_at = timezone.now() - timedelta(days=176)
    grant.save()
    (line,) = warnings()
    assert (line.key, line.level) == (f"oauth-unused-{account.pk}", 2)
    assert "forgets it in 3 days" in line.fact


def test_accounts_and_their_permissions_are_one_question(
    account: EmailAccount, token_server: TokenServer, django_assert_num_queries
) -> None:
    for number in range(3):
        more = oauth_account(OAuthProfile.objects.get(), f"more{number}")
        connected(more, token_server)
    with django_assert_num_queries(2):  # and the folders' cursors
        found = accounts(channel_on=True)
        assert len(list(forecasts.warnings(found))) == 0
