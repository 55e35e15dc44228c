"""Complaints about other help desks (PAINS 8): OAuth dies silently, and nobody can sign in again."""

from datetime import timedelta
from ipaddress import ip_network

import httpx
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from apps.channels.fetch import fetch
from apps.channels.models import EmailAccount, InboundEmail, OAuthGrant
from apps.channels.oauth import consent
from apps.core.models import Alarm
from apps.core.secrets import seal
from config import alarms
from tests.channels.mailboxes import fetched_again, mails, switch_on
from tests.channels.oauth.house import at_dovecot, connected, make_profile
from tests.channels.oauth.test_consent import clicked
from tests.people import make_user
from tests.servers.dovecot import Dovecot
from tests.servers.token_server import TokenServer

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

SOON = timedelta(minutes=15)


@pytest.fixture
def account(db, settings, token_dovecot: Dovecot, token_server: TokenServer) -> EmailAccount:
    settings.PRIVATE_HOSTS = [ip_network("127.0.0.0/8")]
    switch_on()
    account = at_dovecot(token_dovecot, make_profile(token_server), token_dovecot.new_user())
    connected(account, token_server)
    token_dovecot.deliver(account.receive_user, *mails(2))
    assert fetch(account) == 2
    return account


def later() -> None:
    """The access token's time is over."""
    past = timezone.now() - timedelta(seconds=1)
    OAuthGrant.objects.update(access_until=past, ask_after=past)


def open_alarms() -> list[str]:
    alarms.keep()
    found = Alarm.objects.filter(state=Alarm.State.OPEN, code__regex="^(account|oauth)")
    return list(found.values_list("code", flat=True))


def test_8_a_revoked_permission_is_red_in_time_told_once_and_mended_by_one_button(
    account: EmailAccount, token_dovecot: Dovecot, token_server: TokenServer
) -> None:
    until = OAuthGrant.objects.get().access_until
    assert until is not None
    assert until - timezone.now() < SOON - timedelta(minutes=3)  # a fetch and a beat fit behind it
    token_server.revoke()
    token_dovecot.deliver(account.receive_user, *mails(1, 2))
    later()
    assert fetched_again(account) == 0
    account.refresh_from_db()
    assert (account.status, account.status_code) == ("failing", "oauth-revoked")
    assert open_alarms() == open_alarms() == [f"account-{account.pk}"]

    cursor, mailbox = account.cursors.get(), account.mailboxes.get()
    session, ada = SessionStore(), make_user("ada", roles=["administrator"])
    token_server.user = account.receive_user
    consent.finish(session, clicked(consent.begin(session, account, ada)), ada)
    assert fetched_again(account) == 1
    assert open_alarms() == []
    assert (account.cursors.get().pk, account.mailboxes.get()) == (cursor.pk, mailbox)
    assert InboundEmail.objects.count() == 3


def test_8_a_changed_client_secret_is_used_at_the_next_refresh(
    account: EmailAccount, token_dovecot: Dovecot, token_server: TokenServer
) -> None:
    token_server.secret = "made-anew"
    profile = account.oauth_profile
    assert profile is not None
    profile.client_secret = seal("made-anew")
    profile.save()
    token_dovecot.deliver(account.receive_user, *mails(1, 2))
    later()
    assert fetched_again(account) == 1
    assert [one["client_secret"] for one in token_server.asked] == ["the-secret", "made-anew"]


def test_8_no_secret_leaves_the_house(account: EmailAccount, token_server: TokenServer) -> None:
    """The token server alone hears the client secret; the browser never does."""
    address = consent.begin(SessionStore(), account, make_user("ada"))
    assert "the-secret" not in address
    assert httpx.get(address, trust_env=False).status_code == 302
