"""Who reads and does what in the admin."""

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.agents.models import Team
from apps.core.admin_bases import Restricted
from tests.rights.world import PEOPLE, World, cell, state, undone

# What a database does differently is asked elsewhere: rights are asked of one.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]


# Who reads: administrators and auditors everything, supervisors their people alone. Nobody else
# gets in, and only administrators do the verbs named here.
ADMIN = {
    "core.User":                         "add change",
    "core.ApiToken":                     "delete",
    "core.SignInSettings":               "change",
    "core.SettingsChange":               "",
    "core.Alarm":                        "",
    "agents.Agent":                      "",
    "agents.Team":                       "add change delete",
    "agents.AgentSettings":              "change",
    "agents.CustomState":                "add change",
    "console.CannedReply":               "add change delete",
    "console.Signature":                 "add change delete",
    "email_channels.ChannelSettings":    "change",
    "email_channels.EmailAccount":       "add change delete",
    "email_channels.OAuthProfile":       "add change delete",
    "email_channels.Mailbox":            "add change delete",
    "email_channels.SendingDomain":      "change",
    "email_channels.InboundEmail":       "",
    "email_channels.LedgerCheck":        "",
    "email_channels.MailImport":         "add",
    "email_channels.MailboxMove":        "add",
    "email_channels.SuppressedAddress":  "add remove_them",
    "tickets.ThreadDeletion":            "",
    "email_channels.QuarantinedEmail":   "release_them delete_them tell_senders",
    "queues.Queue":                      "add change delete",
    "attachments.AttachmentSettings":    "change",
    "attachments.Attachment":            "",
    "attachments.VerdictChange":         "",
    "crm.CrmSettings":                   "change",
    "crm.CrmConnection":                 "add change delete",
    "crm.Ticket":                        "",
    "crm.TicketUpdate":                  "try_again leave_out rebuild_comments",
    "storage.StorageSettings":           "change",
    "storage.StoredObject":              "try_again",
}  # fmt: skip
SUPERVISED = {"agents.Agent", "agents.Team"}
ONE_ROW = {
    "core.SignInSettings",
    "agents.AgentSettings",
    "email_channels.ChannelSettings",
    "attachments.AttachmentSettings",
    "crm.CrmSettings",
    "storage.StorageSettings",
}
VERBS = ("list", "search", "get", "history", "popup", "add", "change", "delete", "actions")
# Fields through which one could look for rows of others: app, model, field.
AUTOCOMPLETE = {
    "agents.Agent": ("queues", "queuemembership", "agent"),
    "agents.Team": ("queues", "queuemembership", "team"),
    "core.User": ("agents", "agent", "user"),
    "email_channels.EmailAccount": ("email_channels", "mailbox", "account"),
    "email_channels.Mailbox": ("queues", "mailboxroute", "mailbox"),
    "queues.Queue": ("queues", "mailboxroute", "queue"),
}


def _expected(label: str, verb: str, person: str) -> str:
    """From the table: what one person gets at one page."""
    if person not in ("admin", "irene", "otto", "nora", "auditor"):
        return "r"
    supervises = person in ("irene", "otto", "nora")
    if supervises and label not in SUPERVISED:
        return "3"
    may = ADMIN[label].split() if person == "admin" else []
    if verb in ("add", "change"):
        return "+" if verb in may else "3"
    if verb == "actions":
        doing = set(may) - {"add", "change"}
        return "+" if doing else "-"
    mine = not supervises or person == "irene"
    if verb == "delete":
        return "+" if "delete" in may else "3"
    if verb in ("list", "search", "popup"):
        return "+" if label in ONE_ROW else "y" if mine else "n"
    return "+" if mine else "4"


def _ask(world: World, label: str, verb: str, browser: Client) -> str:
    row = world.rows[label]
    base = f"admin:{label.replace('.', '_').lower()}"
    objects = {"get": "change", "change": "change"}
    if verb in ("get", "history", "change", "delete"):
        address = reverse(f"{base}_{objects.get(verb, verb)}", args=[row.pk])
        answer = browser.post(address) if verb == "change" else browser.get(address)
        return cell(answer)
    if verb == "add":
        return cell(browser.get(reverse(f"{base}_add")))
    address = reverse(f"{base}_changelist")
    if verb == "actions":
        return _act(browser, label, address, row)
    query = {"list": "", "search": "?q=", "popup": "?_popup=1&_to_field=id"}[verb]
    mark = "" if label in ONE_ROW else f'name="_selected_action" value="{row.pk}"'
    link = "" if label in ONE_ROW else f"/{row.pk}/change/"
    answer = browser.get(address + query)
    found = cell(answer, link)
    return "y" if found == "n" and mark in answer.content.decode() else found


ACTIONS = (
    *("delete_selected", "release_them", "delete_them", "tell_senders", "remove_them"),
    *("try_again", "leave_out", "rebuild_comments"),
)


def _act(browser: Client, label: str, address: str, row: models.Model) -> str:
    """Every action that there could be, as if the page had offered it."""
    done, before = "-", state()
    for action in ACTIONS:
        form = {"action": action, "_selected_action": row.pk, "post": "yes", "index": 0}
        outcome = cell(browser.post(address, form))
        if outcome in ("r", "3", "4"):
            return outcome
        gone = not type(row)._default_manager.filter(pk=row.pk).exists()
        after = state()
        done = "+" if (outcome == "+" and after != before) or gone else done
        before = after
    return done


@pytest.mark.parametrize("label", ADMIN)
def test_admin(world: World, label: str) -> None:
    verbs = [verb for verb in VERBS if not (label in ONE_ROW and verb == "actions")]
    asked, expected = {}, {}
    for verb in verbs:
        for person, browser in world.browsers.items():
            with undone():
                asked[verb, person] = _ask(world, label, verb, browser)
            expected[verb, person] = _expected(label, verb, person)
    assert asked == expected


@pytest.mark.parametrize("label", AUTOCOMPLETE)
def test_autocomplete(world: World, label: str) -> None:
    app, model, field = AUTOCOMPLETE[label]
    query = {"app_label": app, "model_name": model, "field_name": field, "term": ""}
    mark = f'"id": "{world.rows[label].pk}"'
    answers = {
        person: cell(browser.get(reverse("admin:autocomplete"), query), mark)
        for person, browser in world.browsers.items()
    }
    assert answers == {person: _expected(label, "list", person) for person in PEOPLE}


def test_every_page_of_the_admin_is_in_the_table() -> None:
    assert {model._meta.label for model in admin.site._registry} == set(ADMIN)


def test_every_search_of_the_admin_is_in_the_table(world: World) -> None:
    """Whatever a field can search for, somebody could search through."""
    request = RequestFactory().get("/")
    request.user = world.house.admin
    sought = {
        name.remote_field.model._meta.label
        for page in admin.site._registry.values()
        for each in (page, *page.get_inline_instances(request))
        for name in (each.opts.get_field(field) for field in each.autocomplete_fields)
    }
    assert sought <= set(AUTOCOMPLETE)


def test_every_page_of_the_admin_is_restricted() -> None:
    """What has `visible_to` is shown through it; the rest is a row of settings."""
    for model, page in admin.site._registry.items():
        narrow = hasattr(model._default_manager.all(), "visible_to")
        assert isinstance(page, Restricted) == narrow, model._meta.label


class _TeamsByPeople(Restricted):
    list_filter = ("parent", "members")


@pytest.mark.parametrize(
    ("person", "agents"), [("irene", {"Alice", "Bob"}), ("nora", set()), ("admin", None)]
)
def test_filters_offer_only_who_is_yours(
    world: World, person: str, agents: set[str] | None
) -> None:
    user = world.people[person]
    request = RequestFactory().get("/")
    request.user = user  # type: ignore[assignment]
    page = _TeamsByPeople(Team, admin.site)
    found = page.get_changelist_instance(request).filter_specs
    offered = {str(name) for one in found for _pk, name in getattr(one, "lookup_choices", ())}
    everybody = {"Alice", "Bob", "Charlie", "Eve"}
    assert offered & everybody == (everybody if agents is None else agents)


def test_choices_of_a_form_take_only_what_is_yours(world: World) -> None:
    request = RequestFactory().get("/")
    request.user = world.people["irene"]  # type: ignore[assignment]
    page = _TeamsByPeople(Team, admin.site)
    field = page.formfield_for_manytomany(Team._meta.get_field("members"), request)  # type: ignore[arg-type]
    assert field is not None
    assert set(field.queryset) == {world.house.alice, world.house.bob}


def test_a_supervisor_of_nothing_is_told_so(world: World) -> None:
    for model in ("agent", "team"):
        page = world.browsers["nora"].get(reverse(f"admin:agents_{model}_changelist"))
        assert "You supervise no team yet." in page.content.decode()
    page = world.browsers["irene"].get(reverse("admin:agents_agent_changelist"))
    assert "You supervise no team yet." not in page.content.decode()
