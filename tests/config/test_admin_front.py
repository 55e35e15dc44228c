"""The admin's front page: sections of rows, each with its state in words, in few queries."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.timezone import localdate

from apps.agents.models import Agent, CustomState, Team
from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    InboundEmail,
    OAuthGrant,
    OAuthProfile,
)
from apps.core.models import Role
from apps.crm.models import CrmConnection, CrmSettings, TicketLink, TicketUpdate
from config import front, front_facts
from config import urls as urls  # the pages of the admin are registered with it
from config.admin import SECTIONS
from tests.people import (
    House,
    make_account,
    make_agent,
    make_house,
    make_mailbox,
    make_queue,
    make_user,
)

pytestmark = pytest.mark.django_db

FRONT = "/admin/"
SETTINGS = {label for key, _name, labels in SECTIONS if key == "settings" for label in labels}


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(make_user("root", roles=[Role.ADMINISTRATOR]))
    return client


def facts(client: Client) -> dict[str, tuple[str, str]]:
    """Title of each row: its words, its tone."""
    sections = client.get(FRONT).context["sections"]
    return {row.title: (row.fact.words, row.fact.tone) for one in sections for row in one["rows"]}


def test_an_empty_installation_leads_to_the_set_up(root: Client) -> None:
    page = root.get(FRONT)
    hint = page.context["next_step"]
    assert hint.title == "Connect your first mailbox"
    assert f'href="{hint.url}"' in page.content.decode()
    assert facts(root)["Channel"] == ("off: no console address yet", "warn")
    assert facts(root)["Accounts"] == ("none yet", "warn")


def test_a_half_finished_one_is_led_on(root: Client) -> None:
    make_account()
    ChannelSettings.objects.update_or_create(pk=1, defaults={"external_url": "https://c.test"})
    assert root.get(FRONT).context["next_step"].title == "Mail is not fetched yet"
    assert facts(root)["Channel"] == ("off: no mail is fetched", "warn")


def test_a_working_one_is_left_in_peace(root: Client) -> None:
    make_house()
    page = root.get(FRONT)
    assert page.context["next_step"] is None
    assert facts(root)["Channel"] == ("on", "ok")
    assert facts(root)["Accounts"] == ("1 account", "ok")


def test_trouble_stands_at_its_row_in_words(root: Client) -> None:
    make_house()
    make_account(status=EmailAccount.Status.FAILING)
    make_account(enabled=False)
    make_mailbox()
    make_queue(enabled=False)
    make_queue()
    InboundEmail.objects.create(status="quarantined", source="api", sha256="x")
    TicketUpdate.objects.create(thread_key="T", kind="link", key="1", text="x", status="failed")
    said = facts(root)
    assert said["Accounts"] == ("4 accounts, 1 failing, 1 switched off", "danger")
    assert said["Mailboxes"] == ("2 addresses, 1 without a queue", "warn")
    assert said["Queues and members"] == ("4 queues, 1 without members, 1 switched off", "warn")
    assert said["Quarantine"] == ("1 mail held", "warn")
    assert said["Updates for the CRM"] == ("1 failed", "danger")


def test_settings_say_what_they_are_set_to(root: Client) -> None:
    CustomState.objects.create(name="Training")
    said = facts(root)
    assert said["CRM"][0] == "built-in tickets, comments in English"
    assert said["CRM connections"] == ("1 connection", "ok")
    assert said["Attachments"][0] == "10 files and 25 MB a mail, scanned up to 50 MB"
    assert said["Agent states"][0] == "Available after sign-in, Offline after 10 min away"
    assert said["Custom states"][0] == "1 in use"
    assert said["Changes of settings"][0].startswith("last today at ")
    assert said["Sign-in"][0] == "second factor: nobody has to"


@pytest.mark.parametrize(
    ("code", "words", "tone"),
    [
        ("unreachable", "rests until", "warn"),
        ("auth", "user refused", "danger"),
    ],
)
def test_a_crm_that_rests_stands_at_its_row(root: Client, code: str, words: str, tone: str) -> None:
    CrmSettings.load()
    until = timezone.now() + timedelta(minutes=5)
    crm = CrmConnection.objects.create(
        kind="rt", url="https://rt.example.com", paused_until=until, error_code=code
    )
    assert facts(root)["CRM connections"] == ("2 connections", "ok")  # it has no ticket
    TicketLink.objects.create(thread_key="T1", connection=crm, ticket="1")
    told, said_in = facts(root)["CRM connections"]
    assert told.startswith(f"Request Tracker, rt.example.com: {words}")
    assert said_in == tone


def test_settings_gather_everything_of_the_channel_in_one_section(root: Client) -> None:
    (settings, *_others) = root.get(FRONT).context["sections"]
    assert str(settings["name"]) == "Settings > Email"
    assert {row.label for row in settings["rows"]} == SETTINGS
    assert {"agents.CustomState", "agents.AgentSettings", "crm.CrmSettings"} <= SETTINGS


def test_every_page_has_a_place_on_it_and_a_sentence() -> None:
    placed = {label for _key, _name, labels in SECTIONS for label in labels}
    assert {model._meta.label for model in admin.site._registry} == placed
    assert placed == set(front_facts.ROWS)


def test_who_may_see_less_sees_less_and_asks_less() -> None:
    make_house()
    counts = {}
    for role, sees in (
        (Role.AUDITOR, ["Settings > Email", "Mail", "People"]),
        (Role.SUPERVISOR, ["People"]),
    ):
        client = Client()
        client.force_login(make_user(f"some-{role}", roles=[role]))
        client.get(FRONT)
        with CaptureQueriesContext(connection) as asked:
            page = client.get(FRONT)
        counts[role] = len(asked)
        assert [str(one["name"]) for one in page.context["sections"]] == sees
        assert page.context["next_step"] is None
    assert counts[Role.SUPERVISOR] < counts[Role.AUDITOR]


def test_a_supervisor_reads_the_numbers_of_the_own_teams() -> None:
    house = make_house()
    client = Client()
    client.force_login(house.irene)
    told = facts(client)
    seen = Agent.objects.watched_by(house.irene).count()
    assert seen < Agent.objects.count()
    assert told["Agents"][0].startswith(f"{seen} agent")
    assert told["Teams"][0].startswith(f"{Team.objects.visible_to(house.irene).count()} team")

    client.force_login(make_user("lone", roles=[Role.SUPERVISOR]))
    assert facts(client)["Agents"][0] == facts(client)["Teams"][0] == "none yet"


def test_the_accounts_say_who_has_to_be_connected_and_which_secret_ends(root: Client) -> None:
    profile = OAuthProfile.objects.create(name="M365", secret_until=localdate() + timedelta(90))
    account = make_account(sign_in="oauth", oauth_profile=profile)
    assert facts(root)["Accounts"] == ("1 account", "ok")
    OAuthProfile.objects.update(secret_until=date(2020, 1, 2))
    assert facts(root)["Accounts"] == ("1 account, an OAuth secret ended on 01/02/2020", "warn")
    OAuthProfile.objects.update(secret_until=None)
    OAuthGrant.objects.create(account=account, profile=profile, status="revoked")
    assert facts(root)["Accounts"] == ("1 account, 1 to be connected again", "danger")


def test_an_auditor_is_not_sent_to_the_set_up() -> None:
    client = Client()
    client.force_login(make_user("audit", roles=[Role.AUDITOR]))
    page = client.get(FRONT)
    assert page.context["next_step"] is None
    assert "/admin/email/setup/" not in page.content.decode()
    assert "/admin/email/health/" in page.content.decode()


def test_a_page_that_is_not_there_is_no_link() -> None:
    assert front.page_named("admin:no-such-page") == ""


# ---- queries, as figures ---------------------------------------------------------------------------

COSTS = {
    FRONT: 28,
    "/admin/email_channels/channelsettings/1/change/": 6,
    "/admin/email_channels/emailaccount/": 7,
    "/admin/queues/queue/{queue}/change/": 13,
}


@pytest.fixture
def crowd(root: Client) -> Iterator[House]:
    """More of everything than a page could ask about one by one."""
    house = make_house()
    for number in range(12):
        account = make_account(f"Account {number}")
        mailbox = make_mailbox(f"a{number}@x.test", account=account)
        make_queue(f"Queue {number}", members=[make_agent()])
        assert mailbox.pk
    yield house


@pytest.mark.parametrize("path", COSTS)
def test_a_page_costs_the_same_in_a_large_house(root: Client, crowd: House, path: str) -> None:
    address = path.format(queue=crowd.support.pk)
    root.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert root.get(address).status_code == 200
    print(f"{address}: {len(asked)} queries")
    assert len(asked) <= COSTS[path]
