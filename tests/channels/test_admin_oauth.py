"""*Connect* in the admin: profiles, the way to the provider and back, and every way it can fail."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    FolderCursor,
    OAuthGrant,
    OAuthProfile,
)
from apps.channels.oauth import consent
from apps.core.models import SettingsChange
from apps.core.secrets import seal, unseal
from tests.channels.oauth.house import at_dovecot, connected, make_profile, oauth_account
from tests.people import House, make_house, make_user
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import running_smtp_sink
from tests.servers.token_server import SECRET, TokenServer

pytestmark = pytest.mark.django_db

HERE = "http://testserver"
CALLBACK = "/settings/oauth/callback/"
BOX = "box@acme.test"
ACCOUNTS = "/admin/email_channels/emailaccount/"
PROFILES = "/admin/email_channels/oauthprofile/"


@dataclass(slots=True)
class Desk:
    """An administrator's browser, and the account whose page is open in it."""

    client: Client
    account: EmailAccount
    server: TokenServer

    @property
    def page(self) -> str:
        return f"{ACCOUNTS}{self.account.pk}/change/"

    def connect(self) -> str:
        """Presses the button; the address that the browser is led to."""
        answer = self.client.post(f"{ACCOUNTS}{self.account.pk}/connect/")
        assert answer.status_code == 200, told(answer)
        found = re.search(r'http-equiv="refresh" content="\d;url=([^"]+)"', answer.content.decode())
        assert found
        return unescape(found[1])

    def allow(self, address: str) -> str:
        """Clicks *allow* at the provider; where the browser is sent back to."""
        answer = httpx.get(address, trust_env=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"].removeprefix(HERE)

    def come_back(self, address: str, client: Client | None = None) -> Any:
        return (client or self.client).get(address, follow=True)


@pytest.fixture
def house(settings: Any) -> House:
    settings.PRIVATE_HOSTS = [ip_network("127.0.0.0/8")]
    house = make_house()
    ChannelSettings.load()
    ChannelSettings.objects.update(external_url=HERE)
    return house


@pytest.fixture
def desk(house: House, token_server: TokenServer) -> Desk:
    token_server.user, token_server.redirect = BOX, HERE + CALLBACK
    account = oauth_account(make_profile(token_server), BOX)
    return Desk(as_user(house.admin), account, token_server)


def as_user(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def told(answer: Any) -> list[str]:
    return [str(one) for one in answer.context["messages"]] if answer.context else []


def kept(account: EmailAccount) -> Any:
    """All that a failed sign-in must leave alone."""
    grants = OAuthGrant.objects.filter(account=account)
    return EmailAccount.objects.values().get(pk=account.pk), list(grants.values())


# ---- the whole way --------------------------------------------------------------------------


@pytest.mark.servers
def test_connect_says_as_whom_and_tests_both_servers(
    house: House, token_dovecot: Dovecot, token_server: TokenServer
) -> None:
    user = token_dovecot.new_user()
    token_server.user, token_server.redirect = user, HERE + CALLBACK
    token_server.claims = {"preferred_username": f"{user}@acme.test"}
    with running_smtp_sink(knows=token_server.knows) as sink:
        profile = make_profile(token_server)
        account = at_dovecot(token_dovecot, profile, user, send_port=sink.port)
        desk = Desk(as_user(house.admin), account, token_server)
        before = desk.client.get(desk.page).content.decode()
        answer = desk.come_back(desk.allow(desk.connect()))
    assert "Not connected yet" in before
    assert answer.request["PATH_INFO"] == desk.page
    assert told(answer) == [
        f"Connected as {user}@acme.test.",
        "Incoming mail: Signed in. Mails by folder: INBOX (0);"
        " the server tells of new mail at once (IDLE).",
        "Outgoing mail: Signed in; no mail was sent.",
    ]
    assert f"Connected as {user}@acme.test since" in desk.client.get(desk.page).content.decode()


def test_the_way_leads_over_a_page_of_ours(desk: Desk) -> None:
    """A form may lead to our own pages alone, as the browser's policy has it."""
    page = desk.client.post(f"{ACCOUNTS}{desk.account.pk}/connect/").content.decode()
    assert "On to 127.0.0.1" in page
    assert BOX in page
    asked = dict(parse_qsl(urlsplit(desk.connect()).query))
    assert asked["redirect_uri"] == HERE + CALLBACK
    assert asked["login_hint"] == BOX


def test_the_application_itself_is_connected_without_anybody(
    house: House, token_server: TokenServer
) -> None:
    account = oauth_account(make_profile(token_server, flow="app", scopes="mail"), BOX)
    desk = Desk(as_user(house.admin), account, token_server)
    answer = desk.client.post(f"{ACCOUNTS}{account.pk}/connect/", follow=True)
    assert told(answer)[0] == "Connected."
    assert OAuthGrant.objects.get(account=account).connected_by == house.admin
    assert token_server.questions("client_credentials") == 1


def test_reconnect_keeps_cursor_mailboxes_and_what_waits(desk: Desk) -> None:
    FolderCursor.objects.create(
        account=desk.account, folder="INBOX", uidvalidity=1, first_uid=1, last_uid=41
    )
    mailboxes = list(desk.account.mailboxes.values())
    connected(desk.account, desk.server, status="revoked", code="oauth-revoked")
    assert "Reconnect" in desk.client.get(desk.page).content.decode()
    desk.come_back(desk.allow(desk.connect()))
    grant = OAuthGrant.objects.get(account=desk.account)
    assert (grant.status, grant.code, grant.user) == ("working", "", BOX)
    assert FolderCursor.objects.get(account=desk.account).last_uid == 41
    assert list(desk.account.mailboxes.values()) == mailboxes


# ---- what goes wrong ------------------------------------------------------------------------

Wrong = Callable[[Desk, pytest.MonkeyPatch], str]  # it gives the address that is come back to


def _denied(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    desk.server.denies = "access_denied"
    return desk.allow(desk.connect())


def _wrong_redirect(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    """The provider stays with it; some come back with an error, others take no code."""
    begun = dict(parse_qsl(urlsplit(desk.connect()).query))
    return f"{CALLBACK}?{urlencode({'error': 'invalid_request', 'state': begun['state']})}"


def _code_for_another_redirect(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    back = desk.allow(desk.connect())
    for code in desk.server.codes.values():
        code["redirect_uri"] = "https://elsewhere.test/"
    return back


def _expired(desk: Desk, patch: pytest.MonkeyPatch) -> str:
    back = desk.allow(desk.connect())
    patch.setattr(consent, "MINUTES", -1)
    return back


def _used_twice(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    back = desk.allow(desk.connect())
    desk.come_back(back)
    desk.client.get(desk.page)
    return back


def _without_scope(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    desk.server.granted = "profile"
    return desk.allow(desk.connect())


def _another_mailbox(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    OAuthProfile.objects.update(provider="google")
    desk.server.user = "other@acme.test"
    return desk.allow(desk.connect())


def _for_an_hour(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    desk.server.scripted = [(200, {}, {"access_token": "x", "expires_in": 3600})]
    return desk.allow(desk.connect())


def _wrong_secret(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    OAuthProfile.objects.update(client_secret=seal("ended"))
    return desk.allow(desk.connect())


def _throttled(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    desk.server.scripted = [(429, {"Retry-After": "30"}, {})]
    return desk.allow(desk.connect())


def _another_profile(desk: Desk, _patch: pytest.MonkeyPatch) -> str:
    back = desk.allow(desk.connect())
    other = make_profile(desk.server, name="other")
    EmailAccount.objects.filter(pk=desk.account.pk).update(oauth_profile=other)
    return back


WRONG: dict[str, tuple[Wrong, str]] = {
    "denied consent": (_denied, "was not allowed"),
    "wrong redirect": (_wrong_redirect, f"check that {HERE}{CALLBACK} is registered"),
    "code for another redirect": (_code_for_another_redirect, "is not the redirect address"),
    "expired state": (_expired, "press Connect again"),
    "state used twice": (_used_twice, "was used already"),
    "scope missing": (_without_scope, "The permission lacks mail"),
    "token of another mailbox": (_another_mailbox, f"other@acme.test, and the mailbox is {BOX}"),
    "no refresh token": (_for_an_hour, "offline access"),
    "wrong secret": (_wrong_secret, "Make a new one at the provider"),
    "throttled": (_throttled, "asks us to slow down"),
    "another profile meanwhile": (_another_profile, "another OAuth profile now"),
}


@pytest.mark.parametrize("what", WRONG)
def test_one_sentence_and_nothing_changes(
    what: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, sentence = WRONG[what]
    back = prepare(desk, monkeypatch)
    before = kept(desk.account)
    answer = desk.come_back(back)
    assert len(told(answer)) == 1
    assert sentence in told(answer)[0]
    assert kept(desk.account) == before
    at_its_page = answer.request["PATH_INFO"] == desk.page
    assert at_its_page or what == "state used twice"  # its page was left before


def test_a_foreign_session_changes_nothing(desk: Desk, house: House) -> None:
    back = desk.allow(desk.connect())
    before = kept(desk.account)
    answer = desk.come_back(back, as_user(house.admin))
    assert "This sign-in was not begun here" in told(answer)[0]
    assert kept(desk.account) == before


def test_a_clock_that_lies_does_no_harm(desk: Desk) -> None:
    for lasts in (-3600, 0, 10**9, "soon", None):
        desk.server.lasts = lasts
        answer = desk.come_back(desk.allow(desk.connect()))
        assert told(answer)[0] == f"Connected as {BOX}."
        until = OAuthGrant.objects.get(account=desk.account).access_until
        assert until is not None
        assert until < timezone.now() + timedelta(hours=1)


@pytest.mark.servers
def test_a_tenant_that_blocks_imap_is_connected_and_told_so(
    desk: Desk, token_dovecot: Dovecot
) -> None:
    """The permission is good; the mail server lets nobody in for this mailbox."""
    EmailAccount.objects.update(receive_port=token_dovecot.port, send_kind="none")
    desk.server.user = "somebody@acme.test"
    answer = desk.come_back(desk.allow(desk.connect()))
    assert told(answer)[0] == "Connected as somebody@acme.test."
    assert "does not open the mailbox box@acme.test to somebody@acme.test" in told(answer)[1]
    assert len(told(answer)) == 2


def test_there_is_no_way_back_without_a_console_address(desk: Desk) -> None:
    ChannelSettings.objects.update(external_url="", enabled=False)
    answer = desk.client.post(f"{ACCOUNTS}{desk.account.pk}/connect/", follow=True)
    assert "First say the console address" in told(answer)[0]
    ChannelSettings.objects.update(external_url="https://support.acme.test")
    answer = desk.client.post(f"{ACCOUNTS}{desk.account.pk}/connect/", follow=True)
    assert "Open Carteria at https://support.acme.test to connect" in told(answer)[0]


def test_an_account_without_a_profile_says_what_is_missing(desk: Desk) -> None:
    EmailAccount.objects.update(oauth_profile=None)
    answer = desk.client.post(f"{ACCOUNTS}{desk.account.pk}/connect/", follow=True)
    assert "has no OAuth profile; choose one" in told(answer)[0]


def test_a_token_does_not_follow_to_another_server(desk: Desk) -> None:
    connected(desk.account, desk.server)
    form = form_of(desk.client.get(desk.page), receive_host="imap.elsewhere.test")
    answer = desk.client.post(desk.page, form, follow=True)
    assert "Server or user changed: press “Connect” once more." in told(answer)
    grant = OAuthGrant.objects.get(account=desk.account)
    assert (grant.status, grant.refresh_token, grant.access_token) == ("waiting", "", "")


# ---- the forms ------------------------------------------------------------------------------


def form_of(answer: Any, **typed: Any) -> dict[str, Any]:
    form = answer.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    shown = {name: value for name, value in values.items() if value not in (None, False)}
    inline = {"mailboxes-TOTAL_FORMS": "0", "mailboxes-INITIAL_FORMS": "0"}
    return shown | inline | typed


def test_an_account_needs_a_profile_and_no_password(desk: Desk) -> None:
    page = desk.client.get(f"{ACCOUNTS}add/")
    servers = {"receive_host": "imap.x.test", "receive_user": BOX, "send_host": "smtp.x.test"}
    form = form_of(page, name="new", sign_in="oauth", **servers)
    answer = desk.client.post(f"{ACCOUNTS}add/", form)
    assert set(answer.context["adminform"].errors) == {"oauth_profile", "send_user"}
    form |= {"send_user": BOX, "oauth_profile": desk.account.oauth_profile_id}
    answer = desk.client.post(f"{ACCOUNTS}add/", form, follow=True)
    account = EmailAccount.objects.get(name="new")
    assert "Saved. Now press “Connect”." in told(answer)
    assert answer.request["PATH_INFO"] == f"{ACCOUNTS}{account.pk}/change/"
    assert not account.receive_password


A_PROFILE = {"name": "M365", "provider": "microsoft", "flow": "code", "client_id": "an-id"}


def test_a_secret_goes_in_and_never_comes_out(desk: Desk) -> None:
    desk.client.post(f"{PROFILES}add/", A_PROFILE | {"new_client_secret": "s3cret-4711"})
    profile = OAuthProfile.objects.get(name="M365")
    assert unseal(profile.client_secret) == "s3cret-4711"
    page = f"{PROFILES}{profile.pk}/change/"
    desk.client.post(page, A_PROFILE | {"name": "M366"})
    profile.refresh_from_db()
    assert (profile.name, unseal(profile.client_secret)) == ("M366", "s3cret-4711")
    shown = desk.client.get(page).content.decode()
    assert HERE + CALLBACK in shown
    assert not {one for one in ("s3cret-4711", profile.client_secret) if one in shown}
    changes = SettingsChange.objects.filter(object_id=str(profile.pk))
    changes = changes.filter(kind="email_channels.oauthprofile")
    assert changes.count() == 2
    assert "s3cret" not in str(list(changes.values()))


def test_a_kept_secret_does_not_follow_elsewhere(desk: Desk) -> None:
    profile = desk.account.oauth_profile
    assert profile is not None
    page = f"{PROFILES}{profile.pk}/change/"
    form = form_of(desk.client.get(page), token_url="https://elsewhere.test/token")
    answer = desk.client.post(page, form)
    assert "type it again" in str(answer.context["adminform"].errors["new_client_secret"])


REFUSED: dict[str, tuple[dict[str, str], str, str]] = {
    "no secret": ({"new_client_secret": ""}, "new_client_secret", "Type the secret"),
    "application without a tenant": ({"flow": "app"}, "tenant", "type its ID or domain"),
    "an address as tenant": ({"tenant": "https://x.test/"}, "tenant", "such as example"),
    "an application of Google": ({"provider": "google", "flow": "app"}, "flow", "a person signs"),
    "nothing of another provider": ({"provider": "other"}, "token_url", "token server"),
    "the metadata service": ({"token_url": "https://169.254.169.254/token"}, "token_url", "public"),
    "without encryption": ({"token_url": "http://x.test/token"}, "token_url", "Begin with https"),
    "two lines": ({"token_url": "https://x.test/\nHost: y"}, "token_url", "Write it like"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_profile_that_cannot_work_is_refused_at_its_field(what: str, desk: Desk) -> None:
    typed, field, sentence = REFUSED[what]
    answer = desk.client.post(f"{PROFILES}add/", A_PROFILE | {"new_client_secret": "s"} | typed)
    assert sentence in str(answer.context["adminform"].errors[field])
    assert not OAuthProfile.objects.filter(name="M365").exists()


def test_a_profile_names_the_accounts_that_use_it(desk: Desk) -> None:
    connected(desk.account, desk.server)
    page = desk.client.get(f"{PROFILES}{desk.account.oauth_profile_id}/change/").content.decode()
    assert f"{desk.account.name}</bdi></a>" in page
    assert desk.page in page


# ---- who may --------------------------------------------------------------------------------

DOORS = {"admin": (302, 302), "auditor": (403, 403), "irene": (403, 403), "alice": (302, 302)}


@pytest.mark.parametrize("who", DOORS)
def test_only_administrators_connect(who: str, desk: Desk, house: House) -> None:
    """Agents do not get into the admin at all, and are led to its sign-in."""
    people = {"auditor": make_user("audit", roles=["auditor"]), "alice": house.alice.user}
    client = as_user(people.get(who) or getattr(house, who))
    EmailAccount.objects.update(oauth_profile=None)  # refused with a sentence, without a way out
    before = kept(desk.account)
    pressed = client.post(f"{ACCOUNTS}{desk.account.pk}/connect/")
    came = client.get(f"{CALLBACK}?code=a&state=b")
    assert (pressed.status_code, came.status_code) == DOORS[who]
    assert client.get(f"{ACCOUNTS}{desk.account.pk}/connect/").status_code in (302, 405)
    assert kept(desk.account) == before


def test_an_auditor_reads_and_has_no_button(desk: Desk) -> None:
    client = as_user(make_user("audit", roles=["auditor"]))
    for page in (desk.page, f"{PROFILES}{desk.account.oauth_profile_id}/change/"):
        shown = client.get(page).content.decode()
        assert "Guides" in shown
        assert not {one for one in ("data-connect", "data-fill", 'name="_save"') if one in shown}


def test_who_is_not_signed_in_takes_no_code_along() -> None:
    answer = Client().get(f"{CALLBACK}?code=c0de&state=b", follow=True)
    assert "/accounts/login/" in answer.redirect_chain[-1][0]
    assert "c0de" not in str(answer.redirect_chain)


def test_no_page_shows_a_token_or_a_secret(desk: Desk) -> None:
    grant = connected(desk.account, desk.server, access_token=seal("acc3ss-4711"))
    secrets = [SECRET, "acc3ss-4711", unseal(grant.refresh_token)]
    secrets += [grant.access_token, grant.refresh_token]
    pages = (desk.page, ACCOUNTS, PROFILES, f"{PROFILES}{grant.profile_id}/change/", "/admin/")
    shown = [desk.client.get(page).content.decode() for page in pages]
    assert [(page, one) for page in shown for one in secrets if one in page] == []


# ---- what it costs --------------------------------------------------------------------------


def test_a_list_of_connected_accounts_costs_no_more(desk: Desk) -> None:
    def asked() -> int:
        cache.clear()
        desk.client.get(ACCOUNTS)
        with CaptureQueriesContext(connection) as queries:
            assert desk.client.get(ACCOUNTS).status_code == 200
        return len(queries)

    few = asked()
    for number in range(12):
        connected(oauth_account(desk.account.oauth_profile, f"b{number}@x.test"), desk.server)
    assert asked() == few
