"""Mail servers that take tokens: a Dovecot that asks the token server, and an SMTP server."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels import diagnose
from apps.channels.fetch import fetch, signed_in
from apps.channels.models import EmailAccount, InboundEmail, OAuthGrant
from apps.channels.send import Envelope, send
from apps.channels.transports.imap import ImapInbox
from tests.channels.mailboxes import fetched_again, mails, switch_on
from tests.channels.oauth.house import at_dovecot, connected, make_profile, oauth_account
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import running_fake_imap, serving
from tests.servers.smtp_sink import SmtpSink, running_smtp_sink
from tests.servers.token_server import TokenServer

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

ROTATIONS = 100


@pytest.fixture
def account(db, token_dovecot: Dovecot, token_server: TokenServer) -> EmailAccount:
    switch_on()
    user = token_dovecot.new_user()
    account = at_dovecot(token_dovecot, make_profile(token_server), user)
    connected(account, token_server)
    return account


@pytest.fixture
def sink(token_server: TokenServer) -> Iterator[SmtpSink]:
    with running_smtp_sink(knows=token_server.knows) as sink:
        yield sink


def end_use() -> None:
    OAuthGrant.objects.update(access_until=timezone.now() - timedelta(seconds=1), ask_after=None)


def state_of(account: EmailAccount) -> tuple[str, str]:
    account.refresh_from_db()
    return account.status, account.status_code


def test_a_hundred_rotations_without_a_gap(
    account: EmailAccount, token_dovecot: Dovecot, token_server: TokenServer
) -> None:
    """A mail comes after each; a refresh token of before is good for nothing."""
    first = next(iter(token_server.refresh))
    fetched = 0
    for number in range(ROTATIONS):
        token_dovecot.deliver(account.receive_user, *mails(1, number))
        fetched += fetched_again(account)
        end_use()
    sent = [one["refresh_token"] for one in token_server.asked]
    live = [token for token in token_server.refresh.values() if token.live]
    assert (fetched, InboundEmail.objects.count()) == (ROTATIONS, ROTATIONS)
    assert (len(set(sent)), token_server.refused_refreshes, len(live)) == (ROTATIONS, 0, 1)
    assert token_server._by_refresh_token({"refresh_token": first})[0] == 400
    assert OAuthGrant.objects.get().version == ROTATIONS


def test_a_token_that_ends_before_its_time_is_renewed_amid_signing_in(
    account: EmailAccount, token_dovecot: Dovecot, token_server: TokenServer
) -> None:
    fetch(account)
    token_server.end_access()
    token_dovecot.deliver(account.receive_user, *mails(2))
    assert (fetched_again(account), state_of(account)) == (2, ("ok", ""))
    assert len(token_server.asked) == 2


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_both_mechanisms(
    account: EmailAccount, mechanism: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.channels.transports.xoauth2.MECHANISMS", (mechanism,))
    with signed_in(account, ImapInbox) as inbox:
        assert inbox.select("INBOX").exists == 0


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_mailbox_that_takes_no_good_token(
    account: EmailAccount,
    token_server: TokenServer,
    mechanism: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Renewed once and tried again; then it is the mailbox, and not the token."""
    monkeypatch.setattr("apps.channels.transports.xoauth2.MECHANISMS", (mechanism,))
    OAuthGrant.objects.update(user="")
    for token in token_server.refresh.values():
        token.user = "nobody"
    told = diagnose.test_receive(account)
    assert (told.code, len(token_server.asked)) == ("oauth-refused", 2)
    assert f"switch on IMAP for the mailbox {account.receive_user}" in told.sentence


def test_a_token_of_another_mailbox_is_told_by_its_name(
    account: EmailAccount, token_server: TokenServer
) -> None:
    OAuthGrant.objects.update(user="ann@acme.test")
    for token in token_server.refresh.values():
        token.user = "ann@acme.test"
    told = diagnose.test_receive(account)
    assert told.code == "oauth-mailbox"
    assert f"sign in as {account.receive_user}, or give ann@acme.test full access" in told.sentence


def test_what_was_revoked_is_red_at_the_next_refresh_and_loses_nothing(
    account: EmailAccount, token_dovecot: Dovecot, token_server: TokenServer
) -> None:
    token_dovecot.deliver(account.receive_user, *mails(3))
    assert fetch(account) == 3
    cursor = account.cursors.get()
    token_server.revoke()
    token_dovecot.deliver(account.receive_user, *mails(2, 3))
    end_use()
    assert (fetched_again(account), state_of(account)) == (0, ("failing", "oauth-revoked"))
    OAuthGrant.objects.all().delete()
    connected(account, token_server)
    assert (fetched_again(account), state_of(account)) == (2, ("ok", ""))
    assert (account.cursors.get().pk, InboundEmail.objects.count()) == (cursor.pk, 5)


def test_throttling_of_the_token_server_slows_down_and_is_not_red(
    account: EmailAccount, token_server: TokenServer
) -> None:
    token_server.scripted = [(429, {"Retry-After": "30"}, {})]
    fetch(account)
    assert state_of(account) == ("throttled", "throttled")


def test_a_server_without_oauth_is_named(token_server: TokenServer) -> None:
    with running_fake_imap(serving({})) as port:
        account = oauth_account(make_profile(token_server), receive_port=port)
        connected(account, token_server)
        told = diagnose.test_receive(account)
    assert (told.code, "does not offer signing in by OAuth" in told.sentence) == (
        "oauth-method",
        True,
    )


# ---- sending ------------------------------------------------------------------------------


def outgoing(account: EmailAccount, sink: SmtpSink) -> tuple[str, str]:
    account.send_port = sink.port
    envelope = Envelope("support@acme.test", ("bo@outside.test",))
    outcome = send(account, envelope, b"Subject: x\r\n\r\ny\r\n", before_data=lambda: None)
    return outcome.kind, outcome.sentence


def test_a_mail_leaves_by_xoauth2(token_server: TokenServer, sink: SmtpSink) -> None:
    account = oauth_account(make_profile(token_server))
    connected(account, token_server)
    assert outgoing(account, sink)[0] == "sent"
    token_server.end_access()
    assert outgoing(account, sink)[0] == "sent"
    assert (len(sink.mails), len(token_server.asked), sink.said.count("AUTH")) == (2, 2, 3)


def test_a_mail_waits_while_the_permission_is_gone(
    token_server: TokenServer, sink: SmtpSink
) -> None:
    account = oauth_account(make_profile(token_server))
    connected(account, token_server)
    token_server.revoke()
    kind, sentence = outgoing(account, sink)
    assert (kind, "Reconnect" in sentence, sink.said) == ("retry", True, [])


def test_a_server_that_switched_smtp_off(token_server: TokenServer, sink: SmtpSink) -> None:
    account = oauth_account(make_profile(token_server), send_port=sink.port)
    connected(account, token_server)
    sink.answers["AUTH"] = "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant"
    told = diagnose.test_send(account)
    assert (told.code, "switch on SMTP" in told.sentence) == ("oauth-refused", True)
    sink.answers["AUTH"] = "454 4.7.0 Temporary authentication failure"
    assert diagnose.test_send(account).code == "throttled"
    sink.answers.clear()
    sink.without.add("AUTH")
    assert diagnose.test_send(account).code == "oauth-method"
