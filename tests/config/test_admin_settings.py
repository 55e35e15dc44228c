"""The forms of Settings > Email: help at every field, and refusals that name field and cure."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client, RequestFactory

from apps.agents.models import CustomState
from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    Mailbox,
    OAuthProfile,
    SendingDomain,
)
from apps.console.models import CannedReply, Signature
from apps.core.models import Role
from apps.core.secrets import unseal
from apps.queues.models import Queue
from config import urls as urls  # the pages of the admin are registered with it
from tests.config.test_admin_front import SETTINGS
from tests.people import (
    House,
    crm_connection,
    make_account,
    make_house,
    make_mailbox,
    make_queue,
    make_user,
)

pytestmark = pytest.mark.django_db

FORMS = sorted(SETTINGS - {"core.SettingsChange"})
CHANNEL = "/admin/email_channels/channelsettings/1/change/"
ACCOUNT = "/admin/email_channels/emailaccount/add/"
MAILBOX = "/admin/email_channels/mailbox/add/"
QUEUE = "/admin/queues/queue/add/"

AN_ACCOUNT = {
    "name": "main",
    "enabled": "on",
    "receive_kind": "imap",
    "receive_host": "imap.x.test",
    "receive_port": 993,
    "receive_tls": "implicit",
    "receive_user": "support",
    "new_receive_password": "secret",
    "folder_names": "",
    "every_seconds": 60,
    "after": "seen",
    "start": "now",
    "send_kind": "smtp",
    "send_host": "smtp.x.test",
    "send_port": 587,
    "send_tls": "starttls",
    "mailboxes-TOTAL_FORMS": 0,
    "mailboxes-INITIAL_FORMS": 0,
}
A_CHANNEL = {
    "external_url": "https://c.test",
    "language": "en",
    "time_zone": "Europe/Madrid",
    "undo_seconds": 10,
    "auto_responses_per_day": 1,
}
A_MAILBOX = {
    "address": "info@x.test",
    "customer_from": "from",
    "route-TOTAL_FORMS": 0,
    "route-INITIAL_FORMS": 0,
}
A_QUEUE = {
    "name": "Support",
    "routing": "manual",
    "capacity": 5,
    "enabled": "on",
    "memberships-TOTAL_FORMS": 0,
    "memberships-INITIAL_FORMS": 0,
    "routes-TOTAL_FORMS": 0,
    "routes-INITIAL_FORMS": 0,
}


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(make_user("root", roles=[Role.ADMINISTRATOR]))
    ChannelSettings.load()
    return client


def errors(answer: Any) -> dict[str, list[str]]:
    """What the page says at which field; nothing: it was saved."""
    return dict(answer.context["adminform"].errors) if answer.status_code == 200 else {}


def said(answer: Any) -> str:
    assert answer.status_code == 302, errors(answer)
    told = list(answer.wsgi_request._messages)
    answer.client.cookies.pop("messages", None)  # what is not shown would wait for the next page
    return " | ".join(str(one) for one in told)


# ---- help -------------------------------------------------------------------------------------


def _forms(label: str) -> list[tuple[str, Any]]:
    request = RequestFactory().get("/")
    request.user = make_user(f"root-{label}", roles=[Role.ADMINISTRATOR])
    page = admin.site._registry[apps.get_model(label)]
    found = [(label, page.get_form(request).base_fields)]
    for inline in page.get_inline_instances(request):
        formset = inline.get_formset(request)
        fields = {**formset.form.base_fields}
        fields.pop(formset.fk.name, None)  # the page itself
        found.append((f"{label} {inline.model.__name__}", fields))
    return found


@pytest.mark.parametrize("label", FORMS)
def test_every_field_is_explained(label: str) -> None:
    silent = [
        f"{where}.{name}"
        for where, fields in _forms(label)
        for name, field in fields.items()
        if name != "DELETE" and not field.widget.is_hidden and not field.help_text
    ]
    assert not silent


@pytest.mark.parametrize("label", FORMS)
def test_every_group_of_fields_begins_with_a_sentence(label: str) -> None:
    fieldsets = admin.site._registry[apps.get_model(label)].fieldsets
    assert fieldsets
    for name, options in fieldsets:
        assert options.get("description"), f"{label}: {name}"


@pytest.mark.parametrize("label", FORMS)
def test_who_only_looks_gets_the_page(label: str, root: Client) -> None:
    house = make_house()
    CustomState.objects.create(name="Training")
    CannedReply.objects.create(name="Late", html="<p>Sorry</p>")
    Signature.objects.create(queue=house.support, html="<p>Support</p>")
    crm_connection()
    OAuthProfile.objects.create(name="Mail", client_id="carteria")
    SendingDomain.objects.create(name="shop.net")
    row = apps.get_model(label)
    one = row.load() if hasattr(row, "load") else row._default_manager.first()
    assert one is not None
    audit = Client()
    audit.force_login(make_user("audit", roles=[Role.AUDITOR]))
    address = f"/admin/{label.replace('.', '/').lower()}/{one.pk}/change/"
    assert audit.get(address).status_code == 200
    assert audit.post(address, {}).status_code == 403


# ---- the channel --------------------------------------------------------------------------------


@pytest.mark.contract("1.1.c")
def test_the_switch_needs_the_console_address(root: Client) -> None:
    answer = root.post(CHANNEL, A_CHANNEL | {"enabled": "on", "external_url": ""})
    assert errors(answer) == {
        "external_url": ["Fill in the console address first: links in tickets need it."]
    }
    assert not ChannelSettings.load().enabled


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("https://c.test/admin/?a=1", "Only up to the host: leave out “/admin/?a=1”."),
        ("https://c.test/#x", "Only up to the host: leave out “/#x”."),
        ("https://ana:secret@c.test", "Leave out user and password"),
        ("ftp://c.test", "Write it like https://support.example.com."),
    ],
)
def test_a_console_address_is_a_host_and_no_more(root: Client, typed: str, told: str) -> None:
    (sentence, *_more) = errors(root.post(CHANNEL, A_CHANNEL | {"external_url": typed}))[
        "external_url"
    ]
    assert told in sentence
    assert ChannelSettings.load().external_url == ""


def test_a_slash_at_its_end_is_left_out_and_https_is_meant(root: Client) -> None:
    said(root.post(CHANNEL, A_CHANNEL | {"external_url": "support.example.com/"}))
    assert ChannelSettings.load().external_url == "https://support.example.com"


@pytest.mark.parametrize(("seconds", "kept"), [("0", 0), ("60", 60), ("61", 10), ("-1", 10)])
def test_a_mail_waits_a_minute_at_most(root: Client, seconds: str, kept: int) -> None:
    root.post(CHANNEL, A_CHANNEL | {"undo_seconds": seconds})
    assert ChannelSettings.load().undo_seconds == kept


def test_http_is_doubted_except_here(root: Client) -> None:
    doubt = "begins with http://"
    assert doubt in said(root.post(CHANNEL, A_CHANNEL | {"external_url": "http://c.test"}))
    assert doubt not in said(
        root.post(CHANNEL, A_CHANNEL | {"external_url": "http://127.0.0.1:8000"})
    )


def test_a_channel_without_an_account_is_doubted(root: Client) -> None:
    assert "no account receives mail" in said(root.post(CHANNEL, A_CHANNEL | {"enabled": "on"}))


# ---- accounts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"receive_host": ""}, "receive_host", "Name the server"),
        ({"receive_host": "https://imap.x.test"}, "receive_host", "Only the server's name"),
        ({"receive_host": "imap.x.test:993"}, "receive_host", "Write the port in its own field"),
        ({"receive_host": "imap x"}, "receive_host", "This is no name of a server"),
        ({"receive_host": "169.254.169.254"}, "receive_host", "CARTERIA_PRIVATE_HOSTS"),
        ({"send_host": "0xa9fea9fe"}, "send_host", "CARTERIA_PRIVATE_HOSTS"),
        ({"send_host": "[fe80::1]"}, "send_host", "CARTERIA_PRIVATE_HOSTS"),
        ({"send_host": "metadata.google.internal"}, "send_host", "service of the cloud"),
        ({"receive_user": ""}, "receive_user", "Name the user"),
        ({"new_receive_password": ""}, "new_receive_password", "Type the password"),
        ({"receive_port": 0}, "receive_port", "greater than or equal to 1"),
        ({"send_port": 70000}, "send_port", "less than or equal to 65535"),
        ({"every_seconds": 1}, "every_seconds", "greater than or equal to 5"),
        ({"after": "move"}, "after_folder", "Name the folder"),
        ({"after": "move", "after_folder": "inbox"}, "after_folder", "Choose another"),
        (
            {"after": "move", "after_folder": "Done", "folder_names": "INBOX, Done"},
            "after_folder",
            "Choose another",
        ),
        ({"start": "date"}, "start_date", "Say from which day on."),
    ],
)
def test_an_account_that_cannot_work_is_refused_at_its_field(
    root: Client, typed: dict[str, Any], field: str, told: str
) -> None:
    found = errors(root.post(ACCOUNT, AN_ACCOUNT | typed))
    assert list(found) == [field]
    assert told in found[field][0]
    assert not EmailAccount.objects.exists()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"receive_tls": "starttls"}, "port 993 does not go with this encryption; with it, 143"),
        ({"receive_port": 143}, "port 143 does not go with this encryption; with it, 993"),
        ({"receive_port": 587}, "port 587 is one for sending; 993 is usual here."),
        ({"send_port": 993}, "port 993 is one for receiving; 587 is usual here."),
        ({"receive_port": 995}, "port 995 is one of POP3; with this choice 993 is usual."),
        ({"send_tls": "none", "send_port": 25}, "without encryption, everybody on the way"),
        ({"send_user": "ana"}, "Outgoing mail: there is a user, but no password."),
        ({"after": "delete"}, "back up Carteria's data"),
        ({}, "No mailbox belongs to this account yet"),
    ],
)
def test_what_looks_odd_is_saved_and_doubted(
    root: Client, typed: dict[str, Any], told: str
) -> None:
    assert told in said(root.post(ACCOUNT, AN_ACCOUNT | typed))
    assert EmailAccount.objects.count() == 1


def test_ports_and_encryption_that_fit_are_not_doubted(root: Client) -> None:
    assert "port" not in said(root.post(ACCOUNT, AN_ACCOUNT))


def test_a_permitted_range_may_be_named(root: Client, settings: Any) -> None:
    from ipaddress import ip_network

    settings.PRIVATE_HOSTS = [ip_network("169.254.0.0/16")]
    said(root.post(ACCOUNT, AN_ACCOUNT | {"receive_host": "169.254.1.1"}))


def test_an_account_that_only_sends_needs_no_server_to_fetch_from(root: Client) -> None:
    typed = {"receive_kind": "none", "receive_host": "", "receive_user": ""}
    said(root.post(ACCOUNT, AN_ACCOUNT | typed | {"new_receive_password": ""}))


# ---- mailboxes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"address": "Old@x.test"}, "address", "belongs to the mailbox taken@x.test already"),
        ({"address": "TAKEN@x.test"}, "address", "belongs to the mailbox taken@x.test already"),
        ({"aliases": "a@x.test\nOLD@x.test"}, "aliases", "OLD@x.test belongs to the mailbox"),
        ({"aliases": "taken@x.test"}, "aliases", "taken@x.test belongs to the mailbox"),
        ({"aliases": "nonsense"}, "aliases", "“nonsense” is no email address"),
    ],
)
def test_an_address_belongs_to_one_mailbox(
    root: Client, typed: dict[str, Any], field: str, told: str
) -> None:
    account = make_mailbox("taken@x.test", aliases=["old@x.test"]).account
    found = errors(root.post(MAILBOX, A_MAILBOX | {"account": account.pk} | typed))
    assert list(found) == [field]
    assert told in found[field][0]


def test_aliases_are_lines_and_the_address_is_none_of_them(root: Client) -> None:
    typed = {"account": make_account().pk, "aliases": "a@x.test, INFO@x.test\n\nA@x.test;b@x.test"}
    said(root.post(MAILBOX, A_MAILBOX | typed))
    assert Mailbox.objects.get().aliases == ["a@x.test", "b@x.test"]


def test_a_mailbox_without_a_queue_is_doubted(root: Client) -> None:
    typed = A_MAILBOX | {"account": make_account().pk}
    assert "No queue takes the mail of this address yet" in said(root.post(MAILBOX, typed))


def test_a_mailbox_gets_its_queue_on_its_own_page(root: Client) -> None:
    queue = make_queue("Support")
    route = {"route-TOTAL_FORMS": 1, "route-0-queue": queue.pk}
    told = said(root.post(MAILBOX, A_MAILBOX | route | {"account": make_account().pk}))
    assert Mailbox.objects.get().route.queue == queue
    assert "No queue" not in told


# ---- queues -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"capacity": 0}, "capacity", "With 0, nobody would ever be given a session."),
        ({"path": "Orders//Returns"}, "path", "There is a name missing between two slashes"),
        ({"path": "Orders/../Money"}, "path", "no dots alone"),
        ({"path": "Orders\\Returns"}, "path", "no backslash"),
        ({"eligible_states": ["Offline"]}, "eligible_states", "Select a valid choice"),
    ],
)
def test_a_queue_that_cannot_work_is_refused_at_its_field(
    root: Client, typed: dict[str, Any], field: str, told: str
) -> None:
    found = errors(root.post(QUEUE, A_QUEUE | typed))
    assert list(found) == [field]
    assert told in found[field][0]


def test_a_queue_without_members_is_doubted(root: Client) -> None:
    assert "Nobody works in this queue yet" in said(root.post(QUEUE, A_QUEUE | {"path": " /A/ B/"}))
    assert Queue.objects.get().path == "A/B"


def test_a_row_of_members_is_an_agent_or_a_team(root: Client, house: House) -> None:
    both = {
        "memberships-TOTAL_FORMS": 1,
        "memberships-0-agent": house.alice.pk,
        "memberships-0-team": house.alice.teams.get().pk,
    }
    page = root.post(QUEUE, A_QUEUE | {"name": "New"} | both).content.decode()
    assert "Choose an agent or a team, one of the two in each row." in page


def test_states_that_take_mail_are_ticked(root: Client) -> None:
    CustomState.objects.create(name="Training")
    CustomState.objects.create(name="Gone", enabled=False)
    field = root.get(QUEUE).context["adminform"].form.fields["eligible_states"]
    offered = [name for name, _label in field.choices]
    assert offered == ["Available", "Break", "Unavailable", "Training", "In-Chat", "In-Call"]
    said(root.post(QUEUE, A_QUEUE | {"eligible_states": ["Available", "Training"]}))
    assert Queue.objects.get().eligible_states == ["Available", "Training"]


def test_a_state_that_is_gone_can_still_be_unticked(root: Client) -> None:
    queue = make_queue(eligible_states=["Gone", "In-Email"])
    page = root.get(f"/admin/queues/queue/{queue.pk}/change/")
    choices = page.context["adminform"].form.fields["eligible_states"].choices
    assert ("Gone", "Gone (not in use)") in choices


@pytest.fixture
def house() -> House:
    return make_house()


# ---- attachments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"), [("max_total_mb", 0), ("scan_limit_mb", 0), ("max_files", 5000)]
)
def test_limits_have_limits(root: Client, field: str, value: int) -> None:
    form = {
        "max_files": 5,
        "max_inline": 6,
        "max_total_mb": 20,
        "scan_limit_mb": 30,
        "blocked": "",
    } | {"rescan_days": 7}
    page = "/admin/attachments/attachmentsettings/1/change/"
    root.get("/admin/attachments/attachmentsettings/")
    assert list(errors(root.post(page, form | {field: value}))) == [field]


# ---- passwords of mail ----------------------------------------------------------------------------


@pytest.fixture
def main(root: Client) -> str:
    """The page of an account with a password at either side."""
    said(root.post(ACCOUNT, AN_ACCOUNT | {"send_user": "support", "new_send_password": "out"}))
    return f"/admin/email_channels/emailaccount/{EmailAccount.objects.get().pk}/change/"


KEPT = AN_ACCOUNT | {"send_user": "support", "new_receive_password": ""}


@pytest.mark.parametrize(
    ("side", "moved"),
    [
        ("receive", {"receive_host": "imap.thief.test"}),
        ("receive", {"receive_port": 994}),
        ("receive", {"receive_user": "other"}),
        ("receive", {"receive_tls": "none"}),
        ("send", {"send_host": "smtp.thief.test"}),
        ("send", {"send_port": 588}),
        ("send", {"send_user": "other"}),
        ("send", {"send_tls": "none"}),
    ],
)
def test_a_stored_password_does_not_follow_to_another_server(
    root: Client, main: str, side: str, moved: dict[str, Any]
) -> None:
    before = EmailAccount.objects.get()
    told = errors(root.post(main, KEPT | moved))
    assert told == {f"new_{side}_password": ["The server changed: type the password again."]}
    assert getattr(EmailAccount.objects.get(), f"{side}_host") == getattr(before, f"{side}_host")

    said(root.post(main, KEPT | moved | {f"new_{side}_password": "anew"}))
    assert unseal(getattr(EmailAccount.objects.get(), f"{side}_password")) == "anew"


def test_whoever_goes_over_to_oauth_needs_no_password_again(root: Client, main: str) -> None:
    profile = OAuthProfile.objects.create(name="google", provider="google", client_id="x")
    by_oauth = {"sign_in": "oauth", "oauth_profile": profile.pk, "receive_host": "imap.new.test"}
    said(root.post(main, KEPT | by_oauth))
    account = EmailAccount.objects.get()
    assert account.receive_host == "imap.new.test"
    assert account.receive_password == ""
    assert unseal(account.send_password) == "out"


def test_a_stored_password_stays_with_its_own_server(root: Client, main: str) -> None:
    for same in ({}, {"receive_host": "IMAP.x.test"}, {"name": "new"}, {"send_tls": "implicit"}):
        said(root.post(main, KEPT | same))
    account = EmailAccount.objects.get()
    assert (unseal(account.receive_password), unseal(account.send_password)) == ("secret", "out")


def test_a_server_taken_away_and_named_anew_is_another(root: Client, main: str) -> None:
    off = KEPT | {"send_kind": "none", "send_host": ""}
    said(root.post(main, off))
    told = errors(root.post(main, KEPT | {"send_host": "smtp.thief.test"}))
    assert list(told) == ["new_send_password"]


def test_spaces_belong_to_a_password_of_mail(root: Client) -> None:
    typed = {"new_receive_password": " in ", "send_user": "support", "new_send_password": " out "}
    said(root.post(ACCOUNT, AN_ACCOUNT | typed))
    account = EmailAccount.objects.get()
    assert (unseal(account.receive_password), unseal(account.send_password)) == (" in ", " out ")
