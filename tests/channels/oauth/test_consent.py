"""*Connect* and *Reconnect*: what a browser brings back from the provider, once and only here."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.contrib.sessions.backends.db import SessionStore

from apps.channels.models import EmailAccount, FolderCursor, OAuthGrant
from apps.channels.oauth import consent, tokens
from apps.channels.transports.errors import TransportError
from apps.core.models import User
from apps.core.secrets import unseal
from tests.channels.mailboxes import switch_on
from tests.channels.oauth.house import connected, make_profile, oauth_account
from tests.people import make_user
from tests.servers.token_server import TokenServer

pytestmark = pytest.mark.django_db

BOX = "box@acme.test"


@pytest.fixture
def ada(db) -> User:
    switch_on()
    return make_user("ada", roles=["administrator"])


@pytest.fixture
def account(ada: User, token_server: TokenServer) -> EmailAccount:
    token_server.user = BOX
    return oauth_account(make_profile(token_server), BOX)


def clicked(address: str) -> dict[str, str]:
    """What the browser brings back."""
    answer = httpx.get(address, trust_env=False)
    assert answer.status_code == 302, answer.text
    return flat(answer.headers["Location"])


def flat(address: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}


def refused(session: SessionStore, answer: dict[str, str], by: User) -> TransportError:
    with pytest.raises(TransportError) as told:
        consent.finish(session, answer, by)
    return told.value


def test_a_person_allows_it_and_the_account_works(
    account: EmailAccount, ada: User, token_server: TokenServer
) -> None:
    session = SessionStore()
    answer = clicked(consent.begin(session, account, ada))
    assert consent.finish(session, answer, ada) == account
    grant = OAuthGrant.objects.get(account=account)
    assert (grant.status, grant.user, grant.connected_by, grant.scopes) == (
        "working", BOX, ada, "mail offline_access",
    )  # fmt: skip
    assert token_server.knows(BOX, tokens.access_token(account))
    assert token_server.questions("refresh_token") == 0  # the first one came along
    assert token_server.asked[0]["redirect_uri"] == token_server.redirect
    account.refresh_from_db()
    assert (account.status, account.failures) == ("new", 0)


def test_what_the_provider_gets_to_see(account: EmailAccount, ada: User) -> None:
    session = SessionStore()
    asked = flat(consent.begin(session, account, ada))
    assert (asked["scope"], asked["login_hint"], asked["code_challenge_method"]) == (
        "mail offline_access", BOX, "S256",
    )  # fmt: skip
    kept = str(dict(session.items()))
    assert len(asked["code_challenge"]) == 43
    assert asked["code_challenge"] not in kept
    verifier = unseal(next(iter(session["oauth_begun"].values()))["verifier"])
    assert verifier not in kept
    assert not {"client_secret", "code_verifier"} & asked.keys()


def test_an_answer_counts_once(account: EmailAccount, ada: User) -> None:
    session = SessionStore()
    answer = clicked(consent.begin(session, account, ada))
    consent.finish(session, answer, ada)
    assert refused(session, answer, ada).code == "oauth-state"


def test_an_answer_of_another_session_or_person_or_day(
    account: EmailAccount, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SessionStore()
    answer = clicked(consent.begin(session, account, ada))
    assert refused(SessionStore(), answer, ada).code == "oauth-state"
    assert (
        refused(session, answer | {"state": answer["state"][:-1] + "~"}, ada).code == "oauth-state"
    )
    assert refused(session, {"code": "x"}, ada).code == "oauth-state"
    assert refused(session, answer, make_user("eve")).code == "oauth-state"
    answer = clicked(consent.begin(session, account, ada))
    monkeypatch.setattr(consent, "MINUTES", -1)
    error = refused(session, answer, ada)
    assert (error.code, "press Connect again" in error.sentence) == ("oauth-state", True)
    assert not OAuthGrant.objects.exists()


def test_denied_is_said_with_its_cure(
    account: EmailAccount, ada: User, token_server: TokenServer
) -> None:
    token_server.denies = "access_denied"
    session = SessionStore()
    error = refused(session, clicked(consent.begin(session, account, ada)), ada)
    assert error.code == "oauth-consent"
    assert "not allowed (access_denied AADSTS65004); press Connect again" in error.sentence
    token_server.denies = "<script>"
    error = refused(session, clicked(consent.begin(session, account, ada)), ada)
    assert (error.code, "<" in error.sentence) == ("oauth-consent", False)
    assert "/settings/oauth/callback/ is registered" in error.sentence


def test_a_wrong_redirect_is_never_sent_back(
    account: EmailAccount, ada: User, token_server: TokenServer
) -> None:
    """The provider shows its own page; should it send a code all the same, that is refused."""
    session = SessionStore()
    address = consent.begin(session, account, ada)
    token_server.redirect = "http://elsewhere.test/"
    assert httpx.get(address, trust_env=False).status_code == 400
    state = flat(address)["state"]
    error = refused(session, {"state": state, "code": "guessed"}, ada)
    assert error.code == "oauth-code"
    assert "http://console.test/settings/oauth/callback/ is not the redirect" in error.sentence


def test_a_stolen_code_without_its_verifier_is_refused(account: EmailAccount, ada: User) -> None:
    session = SessionStore()
    theirs = clicked(consent.begin(SessionStore(), account, ada))
    mine = flat(consent.begin(session, account, ada))
    error = refused(session, {"state": mine["state"], "code": theirs["code"]}, ada)
    assert error.code == "oauth-code"


@pytest.mark.parametrize(
    ("server", "code", "cure"),
    [
        ({"granted": "calendar"}, "oauth-scope", "lacks mail"),
        ({"secret": "changed"}, "oauth-secret", "Make a new one at the provider"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    account: EmailAccount,
    ada: User,
    token_server: TokenServer,
    server: dict[str, Any],
    code: str,
    cure: str,
) -> None:
    before = connected(account, token_server)
    for name, value in server.items():
        setattr(token_server, name, value)
    session = SessionStore()
    error = refused(session, clicked(consent.begin(session, account, ada)), ada)
    assert (error.code, cure in error.sentence) == (code, True)
    after = OAuthGrant.objects.get()
    assert (after.version, after.refresh_token) == (before.version, before.refresh_token)


def test_a_permission_that_ends_within_the_hour_is_none(
    account: EmailAccount, ada: User, token_server: TokenServer
) -> None:
    session = SessionStore()
    answer = clicked(consent.begin(session, account, ada))
    token_server.scripted = [(200, {}, {"access_token": "a", "scope": "mail"})]
    error = refused(session, answer, ada)
    assert (error.code, "offline access" in error.sentence) == ("oauth-offline", True)


def test_googles_token_opens_nobody_elses_mailbox(ada: User, token_server: TokenServer) -> None:
    account = oauth_account(make_profile(token_server, provider="google"), BOX)
    token_server.user = "ann@acme.test"
    session = SessionStore()
    error = refused(session, clicked(consent.begin(session, account, ada)), ada)
    assert error.code == "oauth-mailbox"
    assert "You signed in as ann@acme.test, and the mailbox is box@acme.test" in error.sentence


def test_microsofts_token_may_open_a_shared_mailbox(ada: User, token_server: TokenServer) -> None:
    profile = make_profile(token_server, provider="microsoft")
    account = oauth_account(profile, "shared@acme.test")
    token_server.user = "ann@acme.test"
    session = SessionStore()
    consent.finish(session, clicked(consent.begin(session, account, ada)), ada)
    assert OAuthGrant.objects.get().user == "ann@acme.test"


def test_an_identity_of_another_application_names_nobody(
    account: EmailAccount, ada: User, token_server: TokenServer
) -> None:
    token_server.claims = {"aud": "another"}
    session = SessionStore()
    consent.finish(session, clicked(consent.begin(session, account, ada)), ada)
    assert OAuthGrant.objects.get().user == ""


def test_reconnect_keeps_everything_but_the_permission(
    account: EmailAccount, ada: User, token_server: TokenServer
) -> None:
    grant = connected(account, token_server)
    FolderCursor.objects.create(
        account=account, folder="INBOX", uidvalidity=1, first_uid=1, last_uid=41
    )
    token_server.revoke()
    with pytest.raises(TransportError):
        tokens.access_token(account)
    session = SessionStore()
    consent.finish(session, clicked(consent.begin(session, account, ada)), ada)
    account.refresh_from_db()
    assert OAuthGrant.objects.get().pk == grant.pk
    assert tokens.access_token(account)
    assert (account.cursors.get().last_uid, account.mailboxes.count()) == (41, 1)


def test_another_profile_meanwhile(
    account: EmailAccount, ada: User, token_server: TokenServer
) -> None:
    session = SessionStore()
    answer = clicked(consent.begin(session, account, ada))
    account.oauth_profile = make_profile(token_server, name="second")
    account.save()
    error = refused(session, answer, ada)
    assert (error.code, token_server.asked) == ("oauth-state", [])


def test_a_profile_without_a_page_to_sign_in(ada: User, token_server: TokenServer) -> None:
    account = oauth_account(make_profile(token_server, authorize_url=""))
    with pytest.raises(TransportError) as told:
        consent.begin(SessionStore(), account, ada)
    assert told.value.code == "oauth-address"


def test_the_application_itself_is_connected_by_asking_once(
    ada: User, token_server: TokenServer
) -> None:
    account = oauth_account(make_profile(token_server, flow="app"))
    consent.connect_app(account, ada)
    consent.connect_app(account, ada)  # whoever presses wants to see it asked
    grant = OAuthGrant.objects.get()
    assert (grant.status, grant.connected_by, len(token_server.asked)) == ("working", ada, 2)


def test_a_session_keeps_few_beginnings(account: EmailAccount, ada: User) -> None:
    session = SessionStore()
    answers = [clicked(consent.begin(session, account, ada)) for _time in range(7)]
    assert refused(session, answers[0], ada).code == "oauth-state"
    assert consent.finish(session, answers[-1], ada) == account
