"""What Google and Microsoft are asked for."""

import pytest

from apps.channels.models import EmailAccount, OAuthProfile
from apps.channels.oauth.providers import facts_of

OUTLOOK = "https://outlook.office.com/"


def test_google() -> None:
    facts = facts_of(OAuthProfile(provider="google"), EmailAccount())
    assert facts.authorize_url == "https://accounts.google.com/o/oauth2/v2/auth"
    assert facts.token_url == "https://oauth2.googleapis.com/token"
    assert facts.wanted == "https://mail.google.com/ openid email"
    assert facts.at_sign_in == {"access_type": "offline", "prompt": "consent"}


@pytest.mark.parametrize(
    ("receive", "send", "scopes"),
    [
        ("imap", "smtp", ("IMAP.AccessAsUser.All", "SMTP.Send")),
        ("pop3", "none", ("POP.AccessAsUser.All",)),
        ("none", "smtp", ("SMTP.Send",)),
    ],
)
def test_microsoft_is_asked_for_what_the_account_uses(
    receive: str, send: str, scopes: tuple[str, ...]
) -> None:
    account = EmailAccount(receive_kind=receive, send_kind=send)
    facts = facts_of(OAuthProfile(provider="microsoft", tenant="acme.test"), account)
    base = "https://login.microsoftonline.com/acme.test/oauth2/v2.0"
    assert (facts.authorize_url, facts.token_url) == (f"{base}/authorize", f"{base}/token")
    assert facts.scopes == tuple(OUTLOOK + one for one in scopes)
    assert facts.wanted.endswith("openid email profile offline_access")


def test_microsofts_application_itself() -> None:
    profile = OAuthProfile(provider="microsoft", flow="app", tenant="t")
    facts = facts_of(profile, EmailAccount())
    assert facts.wanted == "https://outlook.office365.com/.default"


def test_what_the_profile_says_comes_first() -> None:
    profile = OAuthProfile(provider="google", token_url="https://x.test/t", scopes="a openid b")
    facts = facts_of(profile, EmailAccount())
    assert (facts.token_url, facts.scopes, facts.about_the_person) == (
        "https://x.test/t", ("a", "b"), ("openid",),
    )  # fmt: skip
    assert facts.authorize_url.startswith("https://accounts.google.com/")
