"""OAuth profiles from a settings file, and accounts that sign in through them."""

from datetime import date
from pathlib import Path

import pytest

from apps.channels.models import EmailAccount, OAuthGrant, OAuthProfile
from apps.core.secrets import seal, unseal
from tests.config.test_configure import configured

pytestmark = pytest.mark.django_db

WHOLE = """\
version: 1
oauth:
- {name: m365, provider: microsoft, flow: app, tenant: acme.test, client_id: abc, client_secret: env:SECRET, secret_until: 2027-01-31}
accounts:
- name: main
  sign_in: oauth
  oauth: m365
  receive: {kind: imap, host: outlook.office365.com, user: box@acme.test}
  send: {kind: smtp, host: smtp.office365.com, user: box@acme.test}
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "client-secret")


def test_a_profile_and_an_account(tmp_path: Path) -> None:
    code, changes, told = configured(tmp_path, WHOLE)
    assert (code, told) == (0, "")
    assert [one["object"] for one in changes] == ["OAuth profile", "account"]
    account = EmailAccount.objects.get()
    profile = OAuthProfile.objects.get()
    assert (account.sign_in, account.oauth_profile) == ("oauth", profile)
    assert (profile.flow, profile.tenant, profile.secret_until) == (
        "app", "acme.test", date(2027, 1, 31),
    )  # fmt: skip
    assert unseal(profile.client_secret) == "client-secret"
    assert configured(tmp_path, WHOLE) == (0, [], "")


def test_a_changed_secret_is_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(tmp_path, WHOLE)
    monkeypatch.setenv("SECRET", "new-secret")
    _code, changes, _told = configured(tmp_path, WHOLE)
    assert changes == [{"object": "OAuth profile", "name": "m365", "change": "changed"}]
    assert unseal(OAuthProfile.objects.get().client_secret) == "new-secret"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "oauth: [{name: x, provider: google, flow: app, client_id: a}]",
            "oauth.flow: With Google",
        ),
        ("oauth: [{name: x, provider: google}]", "oauth.client_id: A new profile needs"),
        ("oauth: [{name: x, provider: yahoo}]", "oauth.provider: "),
        ("oauth: [{name: x, secret_until: soon}]", "oauth.secret_until: A day like"),
        ("oauth: [{name: x, client_secret: env:NOT_THERE}]", "The environment has no NOT_THERE"),
        ("accounts: [{name: a, oauth: nobody}]", "There is no OAuth profile 'nobody'"),
        ("accounts: [{name: a, sign_in: oauth}]", "accounts.oauth: Choose a profile"),
        ("oauth: [{name: m365, absent: true}]", "It is still in use"),
        ("oauth: [{name: m365, tenant: evil.test}]", "give the secret here as well"),
    ],
)
def test_what_a_file_may_not_say(tmp_path: Path, text: str, told: str) -> None:
    configured(tmp_path, WHOLE)
    code, changes, said = configured(tmp_path, f"version: 1\n{text}\n")
    assert (code, changes) == (2, [])
    assert told in said


def test_no_token_follows_an_account_to_another_server(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    account = EmailAccount.objects.get()
    OAuthGrant.objects.create(
        account=account,
        profile=OAuthProfile.objects.get(),
        refresh_token=seal("r"),
        status="working",
    )
    configured(tmp_path, WHOLE.replace("every", "x"))
    assert OAuthGrant.objects.get().refresh_token
    configured(tmp_path, WHOLE.replace("outlook.office365.com", "imap.evil.test"))
    grant = OAuthGrant.objects.get()
    assert (grant.refresh_token, grant.status) == ("", "waiting")
