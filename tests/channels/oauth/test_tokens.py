"""Access tokens: asked for once, kept before use, renewed where a server lies about them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from apps.channels.models import EmailAccount, OAuthGrant
from apps.channels.oauth import tokens
from apps.channels.oauth.tokens import access_token
from apps.channels.transports.errors import TransportError
from apps.core.models import Lease
from apps.core.secrets import seal, unseal
from tests.channels.oauth.house import connected, make_profile, oauth_account
from tests.servers.token_server import TokenServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db, token_server: TokenServer) -> EmailAccount:
    account = oauth_account(make_profile(token_server))
    connected(account, token_server)
    return account


def grant() -> OAuthGrant:
    return OAuthGrant.objects.get()


def refused(account: EmailAccount) -> TransportError:
    with pytest.raises(TransportError) as told:
        access_token(account)
    return told.value


def end_use() -> None:
    """As after ten minutes, for the token and for a pause."""
    past = timezone.now() - timedelta(seconds=1)
    OAuthGrant.objects.update(access_until=past, ask_after=past)


def test_a_token_is_asked_for_once_and_kept(
    account: EmailAccount, token_server: TokenServer
) -> None:
    first = access_token(account)
    assert (access_token(account), len(token_server.asked)) == (first, 1)
    assert token_server.knows("user1", first)
    kept = grant()
    assert (unseal(kept.access_token), kept.status, kept.version) == (first, "working", 1)
    assert first not in kept.access_token  # sealed


def test_the_rotated_refresh_token_is_the_one_that_is_used(
    account: EmailAccount, token_server: TokenServer
) -> None:
    given = [access_token(account)]
    for _round in range(3):
        end_use()
        given.append(access_token(account))
    sent = [one["refresh_token"] for one in token_server.asked]
    assert (len(set(given)), len(set(sent)), token_server.refused_refreshes) == (4, 4, 0)


def test_a_provider_that_gives_no_new_one_leaves_the_old(
    account: EmailAccount, token_server: TokenServer
) -> None:
    token_server.rotates = False
    before = unseal(grant().refresh_token)
    for _round in range(3):
        access_token(account)
        end_use()
    assert unseal(grant().refresh_token) == before


@pytest.mark.parametrize(
    ("lasts", "seconds"),
    [
        (None, 300),
        (0, 300),
        (-3600, 300),
        ("soon", 300),
        (True, 30),
        (10, 30),
        ("3600", 600),
        (3600, 600),
        (400, 360),
        (1e12, 600),
        (10**400, 300),
    ],
    ids=["none", "zero", "negative", "words", "true", "short", "text", "hour", "less", "absurd",
         "endless"],
)  # fmt: skip
def test_however_long_a_token_is_said_to_last(
    account: EmailAccount, token_server: TokenServer, lasts: object, seconds: float
) -> None:
    token_server.lasts = lasts
    assert access_token(account) == access_token(account)
    until = grant().access_until
    assert until is not None
    assert abs((until - timezone.now()).total_seconds() - seconds) < 20
    assert len(token_server.asked) == 1


def test_a_token_that_a_mail_server_refuses_is_renewed_at_once(
    account: EmailAccount, token_server: TokenServer
) -> None:
    first = access_token(account)
    second = access_token(account, refused=first)
    assert first != second
    assert access_token(account, refused=first) == second  # whoever comes later takes what is new
    assert len(token_server.asked) == 2


def test_throttling_is_obeyed_and_is_no_revocation(
    account: EmailAccount, token_server: TokenServer
) -> None:
    token_server.scripted = [(429, {"Retry-After": "90"}, {"error": "slow_down"})]
    assert (refused(account).code, refused(account).code) == ("throttled", "throttled")
    assert len(token_server.asked) == 1  # the second one did not ask
    after = grant().ask_after
    assert after is not None
    assert 60 < (after - timezone.now()).total_seconds() <= 90
    end_use()
    assert access_token(account)
    assert (grant().status, grant().code, grant().failing_since) == ("working", "", None)


def test_what_was_revoked_is_known_and_not_asked_again_and_again(
    account: EmailAccount, token_server: TokenServer
) -> None:
    token_server.revoke()
    error = refused(account)
    assert (error.code, "Reconnect" in error.sentence) == ("oauth-revoked", True)
    since = grant().failing_since
    assert refused(account).sentence == grant().sentence == error.sentence
    assert (len(token_server.asked), grant().status) == (1, "revoked")
    end_use()
    refused(account)
    assert (len(token_server.asked), grant().failing_since) == (2, since)


def test_a_changed_secret_is_used_at_the_next_refresh(
    account: EmailAccount, token_server: TokenServer
) -> None:
    token_server.secret = "the-new-secret"
    assert refused(account).code == "oauth-secret"
    profile = account.oauth_profile
    assert profile is not None
    profile.client_secret = seal("the-new-secret")
    profile.save()
    assert access_token(EmailAccount.objects.get())  # no pause of the old one counts
    assert [one["client_secret"] for one in token_server.asked] == ["the-secret", "the-new-secret"]


def test_a_scope_that_was_taken_away_is_named(
    account: EmailAccount, token_server: TokenServer
) -> None:
    token_server.granted = "calendar"
    error = refused(account)
    assert (error.code, "lacks mail" in error.sentence) == ("oauth-scope", True)


def test_who_never_signed_in_is_told_to(token_server: TokenServer) -> None:
    account = oauth_account(make_profile(token_server))
    assert refused(account).code == "oauth-waiting"
    account.oauth_profile = None
    assert refused(account).code == "oauth-profile"
    assert token_server.asked == []


def test_a_grant_of_another_application_is_none(
    account: EmailAccount, token_server: TokenServer
) -> None:
    account.oauth_profile = make_profile(token_server, name="other")
    assert refused(account).code == "oauth-waiting"


def test_the_application_itself_needs_nobody_to_sign_in(token_server: TokenServer) -> None:
    account = oauth_account(make_profile(token_server, flow="app"))
    assert access_token(account) == access_token(account)
    end_use()
    assert access_token(account)
    kinds = [(one["grant_type"], one["scope"]) for one in token_server.asked]
    assert kinds == [("client_credentials", "mail")] * 2


def test_an_account_under_test_leaves_no_row(token_server: TokenServer) -> None:
    profile = make_profile(token_server, flow="app")
    draft = EmailAccount(name="draft", sign_in="oauth", oauth_profile=profile)
    assert access_token(draft)
    assert not OAuthGrant.objects.exists()
    profile.flow = "code"
    assert refused(draft).code == "oauth-waiting"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_spent_inside_a_transaction(token_server: TokenServer) -> None:
    account = oauth_account(make_profile(token_server))
    connected(account, token_server)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        access_token(account)
    assert token_server.asked == []


def test_somebody_connects_anew_amid_a_refresh(
    account: EmailAccount, token_server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the person brought stays, and is used."""
    new = seal("brought-by-a-person")

    def meanwhile(_place: str) -> None:
        later = timezone.now() + timedelta(minutes=5)
        OAuthGrant.objects.update(
            version=7, access_token=new, refresh_token=new, access_until=later
        )

    monkeypatch.setattr(tokens, "crashpoint", meanwhile)
    assert access_token(account) == "brought-by-a-person"
    assert unseal(grant().refresh_token) == "brought-by-a-person"


def test_a_database_that_restarts_at_that_moment_costs_no_refresh_token(
    account: EmailAccount, token_server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, tries = tokens.keep, []

    def away_twice(*args: object, **more: object) -> bool:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("gone")
        return keep(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(tokens, "keep", away_twice)
    monkeypatch.setattr(tokens, "COMMIT_AGAIN", (0, 0, 0))
    token = access_token(account)
    assert (len(tries), unseal(grant().access_token) == token) == (3, True)
    end_use()
    assert access_token(account)
    assert token_server.refused_refreshes == 0


def test_whoever_waits_too_long_for_another_says_so(
    account: EmailAccount, token_server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WAIT", 0)
    soon = timezone.now() + timedelta(minutes=1)
    Lease.objects.create(name=f"oauth:{grant().pk}", holder="somebody", until=soon)
    error = refused(account)
    assert (error.code, error.again, token_server.asked) == ("oauth-busy", True, [])


@pytest.mark.only_on("postgresql")
@pytest.mark.django_db(transaction=True)
def test_many_at_once_ask_once(token_server: TokenServer) -> None:
    account = oauth_account(make_profile(token_server))
    connected(account, token_server)

    def one(_number: int) -> str:
        try:
            return access_token(EmailAccount.objects.get())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        for round_ in (1, 2, 3):
            found = set(pool.map(one, range(8)))
            assert (len(found), len(token_server.asked)) == (1, round_)
            end_use()
    assert token_server.refused_refreshes == 0


@pytest.mark.only_on("postgresql")
@pytest.mark.django_db(transaction=True)
def test_many_at_once_hear_of_one_revocation(token_server: TokenServer) -> None:
    account = oauth_account(make_profile(token_server))
    connected(account, token_server)
    token_server.revoke()

    def one(_number: int) -> str:
        try:
            return refused(EmailAccount.objects.get()).code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(one, range(6))) == {"oauth-revoked"}
    assert len(token_server.asked) == 1
