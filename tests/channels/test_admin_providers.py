"""A mail provider on an account's page: secrets go in alone, the webhook's address is shown."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.channels.models import EmailAccount, OAuthProfile, ProviderEvent
from apps.channels.providers import keys
from apps.core.models import Role, SettingsChange
from apps.core.secrets import seal, unseal
from config import urls as urls  # the pages of the admin are registered with it
from tests.channels.mailboxes import CONSOLE, switch_on
from tests.channels.providers.hooks import make_hooked
from tests.people import make_account, make_user

pytestmark = pytest.mark.django_db

LIST = "admin:email_channels_emailaccount_changelist"


@pytest.fixture
def admin() -> Client:
    switch_on()
    return signed_in(Role.ADMINISTRATOR)


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(make_user(roles=[role]))
    return client


def page_of(account: EmailAccount) -> str:
    return reverse("admin:email_channels_emailaccount_change", args=[account.pk])


def typed(**more: Any) -> dict[str, Any]:
    return {
        "name": "brought",
        "enabled": "on",
        "receive_kind": "provider",
        "receive_port": 993,
        "receive_tls": "implicit",
        "every_seconds": 60,
        "after": "seen",
        "start": "now",
        "send_kind": "none",
        "send_port": 587,
        "send_tls": "starttls",
        "provider": "mailgun",
        "mailboxes-TOTAL_FORMS": 0,
        "mailboxes-INITIAL_FORMS": 0,
    } | more


def test_a_provider_needs_no_server_and_makes_its_own_address(admin: Client) -> None:
    keyed = {"new_webhook_signing_key": " the-key ", "option_region": "eu", "option_stream": "x"}
    answer = admin.post(reverse("admin:email_channels_emailaccount_add"), typed(**keyed))
    assert answer.status_code == 302
    account = EmailAccount.objects.get()
    assert unseal(account.webhook_signing_key) == "the-key"
    assert account.provider_options == {"region": "eu"}
    assert account.webhook_key and account.webhook_secret
    page = admin.get(page_of(account)).content.decode()
    assert keys.address_of(account) in page
    assert keys.address_of(account).startswith(f"http://{keys.login_of(account)}@console.test/")
    assert CONSOLE.endswith("console.test")
    assert "the-key" not in page


def test_without_a_provider_it_is_asked_for(admin: Client) -> None:
    answer = admin.post(reverse("admin:email_channels_emailaccount_add"), typed(provider=""))
    assert "Choose the mail provider." in answer.content.decode()
    assert not EmailAccount.objects.exists()


def test_what_is_refused_shows_no_address(admin: Client) -> None:
    account = make_hooked("mailgun")
    assert keys.address_of(account) in admin.get(page_of(account)).content.decode()
    answer = admin.post(page_of(account), typed(name="", provider="postmark"))
    assert answer.status_code == 200
    assert "/hooks/mail/" not in answer.content.decode()


def test_whoever_goes_over_to_a_provider_signs_in_nowhere(admin: Client) -> None:
    profile = OAuthProfile.objects.create(name="google", provider="google", client_id="x")
    old = {"sign_in": "oauth", "oauth_profile": profile, "last_fetched_at": timezone.now()}
    account = make_account(status="failing", status_sentence="Connect it.", **old)
    keyed = typed(send_kind="anymail", sign_in="oauth", oauth_profile=profile.pk)
    answer = admin.post(page_of(account), keyed | {"new_provider_key": "a-key"}, follow=True)
    assert "data-connect" not in answer.content.decode()
    account.refresh_from_db()
    assert (account.sign_in, account.status, account.status_sentence) == ("password", "new", "")
    assert account.last_fetched_at is None
    assert "by password" not in admin.get(reverse(LIST)).content.decode()


def test_secrets_stay_until_they_are_typed_anew_or_the_provider_changes(admin: Client) -> None:
    account = make_hooked("mailgun", provider_key=seal("api"), name="brought")
    admin.post(page_of(account), typed())
    account.refresh_from_db()
    assert (unseal(account.provider_key), bool(account.webhook_signing_key)) == ("api", True)
    admin.post(page_of(account), typed(provider="postmark"))
    account.refresh_from_db()
    assert (account.provider_key, account.webhook_signing_key) == ("", "")


@pytest.mark.parametrize("provider", ["brevo", "mailgun", "postmark", "sendgrid", "ses"])
def test_the_steps_are_those_of_the_provider_and_what_failed_is_shown(
    admin: Client, provider: str
) -> None:
    account = make_hooked(provider)
    ProviderEvent.objects.create(
        account=account, kind="other", outcome="refused", code="x", sentence="It was malformed."
    )
    page = admin.get(page_of(account)).content.decode()
    assert f"{account.get_provider_display()} brings the mail" in page
    assert page.count("<li>") >= 3
    assert "It was malformed." in page
    assert account.get_provider_display() in admin.get(reverse(LIST)).content.decode()


def test_a_new_address_replaces_the_old_one(admin: Client) -> None:
    account = make_hooked("postmark")
    before = keys.address_of(account)
    path = reverse("admin:account-webhook", args=[account.pk])
    assert admin.get(path).status_code == 405
    assert "new address" in admin.post(path, follow=True).content.decode()
    account.refresh_from_db()
    assert keys.address_of(account) not in ("", before)
    told = json.dumps(list(SettingsChange.objects.values("changes")), default=str)
    assert "webhook_secret" in told
    assert str(account.webhook_key) not in told and "webhook_key" not in told


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPERVISOR, Role.AGENT])
def test_who_may_not_change_the_account_sees_no_address(admin: Client, role: str) -> None:
    account, other = make_hooked("postmark"), signed_in(role)
    page = other.get(page_of(account)).content.decode()
    assert str(account.webhook_key) not in page
    assert keys.login_of(account) not in page
    key = account.webhook_key
    assert other.post(reverse("admin:account-webhook", args=[account.pk])).status_code in (302, 403)
    account.refresh_from_db()
    assert account.webhook_key == key


def test_who_only_looks_reads_what_is_stored_and_has_nothing_to_press(admin: Client) -> None:
    account = make_hooked("mailgun", provider_options={"region": "eu"}, folders=["Support"])
    page = signed_in(Role.AUDITOR).get(page_of(account)).content.decode()
    assert all(one in page for one in ("stored, never shown", ">eu<", ">Support<", "API key"))
    assert not any(one in page for one in ("New provider key", ">None<", 'name="_test"'))
    assert 'name="_test"' in admin.get(page_of(account)).content.decode()


def test_the_test_says_whether_anything_came(admin: Client) -> None:
    account = make_hooked("postmark", name="brought", send_kind="none")
    answer = admin.post(page_of(account), typed(provider="postmark", _test="1"), follow=True)
    assert "Nothing came yet." in answer.content.decode()
