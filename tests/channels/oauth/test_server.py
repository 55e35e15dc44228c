"""What a token server says, and what people are told of it."""

from typing import Any

import pytest

from apps.channels.models import OAuthProfile
from apps.channels.oauth import server
from apps.channels.transports.errors import TransportError
from apps.core.secrets import seal
from tests.servers.token_server import CLIENT, SECRET, Answer, TokenServer


@pytest.fixture
def profile() -> OAuthProfile:
    return OAuthProfile(name="local", client_id=CLIENT, client_secret=seal(SECRET))


def refused(profile: OAuthProfile, address: str) -> TransportError:
    with pytest.raises(TransportError) as told:
        server.ask(profile, address, grant_type="client_credentials", scope="mail")
    return told.value


def said(code: str, number: str = "") -> Answer:
    return 400, {}, {"error": code, "error_description": f"{number}: {SECRET} is in here"}


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (said("invalid_grant", "AADSTS700082"), "oauth-revoked", "(invalid_grant AADSTS700082)"),
        (said("invalid_client", "AADSTS7000222"), "oauth-secret", "the secret may have ended"),
        (said("unauthorized_client"), "oauth-flow", "check “who signs in”"),
        (said("invalid_scope", "AADSTS70011"), "oauth-scope", "add them to the application"),
        (said("consent_required", "AADSTS65001"), "oauth-consent", "wants somebody to allow it"),
        ((503, {}, {}), "throttled", "slow down"),
        ((502, {}, "<html>"), "oauth-server", "asked again by itself"),
        ((404, {}, "nothing"), "oauth-address", "check its address"),
        ((200, {}, "<html>hello</html>"), "oauth-address", "check its address"),
        ((200, {}, "[" * 100_000), "oauth-address", "check its address"),
        ((200, {}, "{" + " " * 300_000), "oauth-address", "check its address"),
        ((302, {"Location": "http://169.254.169.254/"}, ""), "oauth-address", "check its address"),
    ],
    ids=["grant", "client", "flow", "scope", "consent", "busy", "broken", "nothing", "page", "deep",
         "big", "redirect"],
)  # fmt: skip
def test_each_refusal_is_one_sentence_with_its_cure(
    profile: OAuthProfile, token_server: TokenServer, answer: Answer, code: str, words: str
) -> None:
    token_server.scripted = [answer]
    error = refused(profile, f"{token_server.url}/token")
    assert (error.code, words in error.sentence, SECRET in error.sentence) == (code, True, False)
    assert len(token_server.asked) == 1


def test_how_long_it_wants_to_be_left_alone(
    profile: OAuthProfile, token_server: TokenServer
) -> None:
    token_server.scripted = [(429, {"Retry-After": wait}, {}) for wait in ("7", "soon", "-1")]
    errors = [refused(profile, f"{token_server.url}/token") for _time in range(3)]
    assert [getattr(one, "seconds", 0) for one in errors] == [7, 60, 1]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://127.0.0.1:9/token", "refused"),
        ("http://no-such-name.invalid/token", "dns"),
        ("ftp://127.0.0.1/token", "oauth-address"),
        ("http://[::1", "oauth-address"),
    ],
)
def test_an_address_that_leads_nowhere(profile: OAuthProfile, address: str, code: str) -> None:
    assert refused(profile, address).code in (code, "refused")


def test_our_own_network_is_asked_only_where_it_is_permitted(
    profile: OAuthProfile, token_server: TokenServer, settings: Any
) -> None:
    settings.PRIVATE_HOSTS = []
    error = refused(profile, f"{token_server.url}/token")
    assert (error.code, "CARTERIA_PRIVATE_HOSTS" in error.sentence) == ("oauth-address", True)
    assert token_server.asked == []


def test_a_silent_server_is_given_up(
    profile: OAuthProfile, token_server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SECONDS", 0.2)
    token_server.may_answer.clear()
    assert refused(profile, f"{token_server.url}/token").code == "timeout"


def test_tokens_are_shown_to_nobody(profile: OAuthProfile, token_server: TokenServer) -> None:
    granted = server.ask(
        profile, f"{token_server.url}/token", grant_type="client_credentials", scope="mail"
    )
    assert granted.access.startswith("token-")
    assert "token-" not in repr(granted)
