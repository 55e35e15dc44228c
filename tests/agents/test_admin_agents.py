"""People > Agents: supervisors see their people and set states, auditors only look."""

import csv
import io
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.agents.models import Agent, AgentState, Contact, StateChange, Team
from apps.agents.states import choose_state, enter_call, enter_chat, leave_if_refused
from apps.agents.vocabulary import AVAILABLE, BREAK, IN_CALL, IN_EMAIL, UNAVAILABLE
from apps.core.models import User
from tests.people import (
    House,
    make_agent,
    make_house,
    make_queue,
    make_session,
    make_supervisor,
    make_team,
    put_in_state,
)
from tests.statements import asked

pytestmark = pytest.mark.django_db

LIST = "/admin/agents/agent/"
SET = f"{LIST}set-state/"


@pytest.fixture
def house() -> House:
    return make_house()


def browser(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def page(user: User, path: str = LIST) -> str:
    return str(browser(user).get(path).content.decode())


def page_of(agent: Agent) -> str:
    return reverse("admin:agents_agent_change", args=[agent.pk])


def set_state(user: User, agents: Iterable[Agent], state: str, reason: str = "Lunch") -> Any:
    form = {"agents": ",".join(str(one.pk) for one in agents), "state": state, "reason": reason}
    return browser(user).post(SET, form, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def chosen(agent: Agent) -> str:
    return str(AgentState.objects.get(agent=agent).chosen)


def make_silent(agent: Agent) -> None:
    enter_call(agent, "lost")
    Contact.objects.update(heard_at=timezone.now() - timedelta(hours=9))


# ---- the list ------------------------------------------------------------------------------------


@pytest.mark.contract("1.2.d")
def test_supervisors_see_their_teams_and_those_below_and_no_more(house: House) -> None:
    below = make_team("North by night", members=[make_agent("nina")])
    Team.objects.filter(pk=below.pk).update(parent=Team.objects.get(name="North"))
    content = page(house.irene)
    assert all(name in content for name in ("Alice", "Bob", "Nina"))
    assert "Charlie" not in content


@pytest.mark.parametrize("person", ["admin", "auditor"])
def test_administrators_and_auditors_see_everybody(house: House, person: str) -> None:
    content = page(getattr(house, person))
    assert all(name in content for name in ("Alice", "Bob", "Charlie"))


def test_a_row_tells_state_since_by_whom_why_presence_load_and_teams(house: House) -> None:
    make_session(house.support, agent=house.alice)
    enter_call(house.alice, "c1")
    set_state(house.irene, [house.alice], BREAK, "Fire drill")
    AgentState.objects.update(since=timezone.now() - timedelta(minutes=18, seconds=5))
    row = page(house.irene).split('class="field-agent"')[1].split("</tr>")[0]
    assert "is-in-call" in row and "then" in row and "is-break" in row
    assert ">18 m</time>" in row
    assert "Irene" in row and "Fire drill" in row and "applies after the call" in row
    assert "Here" in row and '1 <span class="unit">open sessions' in row and "North" in row


def test_a_silent_call_is_marked(house: House) -> None:
    assert "silent for long" not in page(house.irene)
    make_silent(house.alice)
    assert "silent for long" in page(house.irene)


def test_filters_by_state_presence_and_team(house: House) -> None:
    put_in_state(house.bob, BREAK, present=False)
    north = Team.objects.get(name="North")
    assert _names(house.admin, "?state=Break") == {"Bob"}
    assert _names(house.admin, "?present=no") == {"Bob"}
    assert _names(house.admin, f"?team={north.pk}") == {"Alice", "Bob"}
    assert _names(house.admin, "?q=char") == {"Charlie"}


def test_the_filter_by_team_offers_and_takes_only_ones_own(house: House) -> None:
    south = make_team("South", members=[house.charlie, house.bob])
    assert "South" not in page(house.irene)
    assert "South" in page(house.admin)
    assert _names(house.irene, f"?team={south.pk}") == set()


def _names(user: User, query: str) -> set[str]:
    content = page(user, LIST + query)
    return {name for name in ("Alice", "Bob", "Charlie") if f"<bdi>{name}</bdi></a>" in content}


def test_a_hundred_rows_ask_as_much_as_ten(house: House) -> None:
    client = browser(house.irene)
    north = Team.objects.get(name="North")
    told = []
    for number in (10, 90):
        for _one in range(number):
            agent = make_agent(teams=[north], queues=[house.support], first_name="Zoe")
            make_session(house.support, agent=agent)
        cache.clear()  # "last seen" is noted now, and not within the next minute
        client.get(LIST)
        with asked() as statements:
            assert client.get(LIST).status_code == 200
        told.append(statements)
    assert told[0] == told[1] and len(told[0]) <= 33


# ---- setting states ------------------------------------------------------------------------------


@pytest.mark.contract("1.2.d", "1.2.h")
def test_a_supervisor_sets_in_email_and_it_applies_at_once(house: House) -> None:
    put_in_state(house.alice, AVAILABLE)
    answer = set_state(house.irene, [house.alice], IN_EMAIL, "Many mails")
    state = AgentState.objects.get(agent=house.alice)
    assert (state.effective, state.pending, state.source) == (IN_EMAIL, False, "admin")
    assert (state.set_by, state.reason) == (house.irene, "Many mails")
    assert said(answer) == ["In-Email applies at once: Alice."]


@pytest.mark.contract("1.2.h")
def test_during_a_call_it_applies_after_the_call_and_says_so(house: House) -> None:
    enter_call(house.alice, "c1")
    enter_chat(house.bob, "h1")
    answer = set_state(house.irene, [house.alice, house.bob], BREAK)
    assert AgentState.objects.get(agent=house.alice).effective == IN_CALL
    assert said(answer) == [
        "Break applies after the call: Alice.",
        "Break applies after the chat: Bob.",
    ]
    content = page(house.irene, page_of(house.alice))
    assert "Applies after the call" in content and "Irene" in content and "Lunch" in content


@pytest.mark.contract("1.2.d")
def test_whom_it_is_refused_for_is_named_and_the_others_are_set(house: House) -> None:
    make_team("West", members=[house.charlie])
    Team.objects.get(name="West").supervisors.add(house.irene)
    house.other.enabled = False
    house.other.save()
    for agent in (house.alice, house.charlie):
        put_in_state(agent, BREAK)
    answer = set_state(house.irene, [house.alice, house.charlie], IN_EMAIL)
    assert (chosen(house.alice), chosen(house.charlie)) == (IN_EMAIL, BREAK)
    assert said(answer) == [
        "In-Email applies at once: Alice.",
        "Not set for Charlie: No email queue that is in use has this agent as a member.",
    ]


def test_the_form_says_beforehand_why_a_state_is_closed(house: House) -> None:
    house.support.enabled = False
    house.support.save()
    content = page(house.irene, page_of(house.alice))
    assert "opt--closed" in content
    assert "No email queue that is in use has this agent as a member." in content


def test_who_is_in_it_already_is_left_alone(house: House) -> None:
    before = StateChange.objects.count()
    answer = set_state(house.irene, [house.alice], IN_EMAIL)
    assert said(answer) == ["In In-Email already: Alice."]
    assert StateChange.objects.count() == before


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        (BREAK, "  ", "Say why. The agent reads it, and history keeps it."),
        ("", "Lunch", "Choose the state to set."),
        (IN_CALL, "Lunch", "Select a valid choice."),
    ],
)
def test_nothing_is_set_without_a_state_and_a_reason(
    house: House, state: str, reason: str, sentence: str
) -> None:
    answer = set_state(house.irene, [house.alice], state, reason)
    assert sentence in answer.content.decode()
    assert chosen(house.alice) == IN_EMAIL


@pytest.mark.contract("1.2.d")
def test_one_foreign_agent_among_them_is_not_there_and_nothing_is_set(house: House) -> None:
    for agents in ([house.charlie], [house.alice, house.charlie]):
        assert set_state(house.irene, agents, BREAK).status_code == 404
    form = {"action": "set_state", "_selected_action": [house.alice.pk, house.charlie.pk]}
    assert browser(house.irene).post(LIST, form).status_code == 404
    assert {chosen(one) for one in (house.alice, house.charlie)} == {IN_EMAIL}


@pytest.mark.parametrize("ids", ["", "x", "1;2", "9" * 30, "-1", "1,,2"])
def test_nonsense_instead_of_ids_is_not_found(house: House, ids: str) -> None:
    form = {"agents": ids, "state": BREAK, "reason": "Lunch"}
    assert browser(house.irene).post(SET, form).status_code == 404


def test_an_auditor_looks_and_changes_nothing(house: House) -> None:
    make_silent(house.alice)
    client, path = browser(house.auditor), page_of(house.alice)
    content = page(house.auditor) + page(house.auditor, path)
    assert "Set state" not in content and "End it" not in content
    assert set_state(house.auditor, [house.alice], BREAK).status_code == 403
    assert client.post(f"{LIST}{house.alice.pk}/end-stale/", {"reason": "x"}).status_code == 403
    form = {"action": "set_state", "_selected_action": [house.alice.pk]}
    assert "Set state" not in client.post(LIST, form, follow=True).content.decode()
    assert AgentState.objects.get(agent=house.alice).overlay == IN_CALL


def test_agents_do_not_get_in(house: House) -> None:
    assert set_state(house.alice.user, [house.bob], BREAK).redirect_chain
    assert chosen(house.bob) == IN_EMAIL


def test_the_action_leads_to_a_form_for_the_selected(house: House) -> None:
    form = {"action": "set_state", "_selected_action": [house.alice.pk, house.bob.pk]}
    content = browser(house.irene).post(f"{LIST}?state=In-Email", form).content.decode()
    assert "For 2 agents" in content and "Alice" in content and "Bob" in content
    assert 'name="query" value="state=In-Email"' in content


def test_the_form_leads_back_to_the_filtered_list_or_to_the_page(house: House) -> None:
    form = {"agents": house.alice.pk, "state": BREAK, "reason": "Lunch"}
    client = browser(house.irene)
    assert client.post(SET, form | {"query": "state=Break"}).url == f"{LIST}?state=Break"
    assert client.post(SET, form | {"back": "page"}).url == page_of(house.alice)
    assert client.get(SET).url == LIST


def test_a_supervisor_of_nothing_sets_nothing(house: House) -> None:
    nora = make_supervisor("nora")
    assert "You supervise no team yet." in page(nora)
    assert set_state(nora, [house.alice], BREAK).status_code == 404


# ---- silent calls --------------------------------------------------------------------------------


@pytest.mark.contract("1.2.f")
def test_a_silent_call_is_ended_with_a_reason_and_the_chosen_state_shows(house: House) -> None:
    make_silent(house.alice)
    path = f"{LIST}{house.alice.pk}/end-stale/"
    answer = browser(house.irene).post(path, {"reason": "Telephony was down"}, follow=True)
    assert said(answer) == ["Ended. Alice is in In-Email now."]
    row = StateChange.objects.latest("pk")
    assert (row.code, row.by, row.reason, row.source) == (
        "stale-ended", house.irene, "Telephony was down", "admin",
    )  # fmt: skip
    assert (row.before, row.after) == (IN_CALL, IN_EMAIL)


@pytest.mark.contract("1.2.f")
@pytest.mark.parametrize("reason", ["", "Telephony was down"])
def test_without_a_reason_or_before_its_time_no_call_is_ended(house: House, reason: str) -> None:
    enter_call(house.alice, "c1")
    if not reason:
        make_silent(house.alice)
    path = f"{LIST}{house.alice.pk}/end-stale/"
    answer = browser(house.irene).post(path, {"reason": reason}, follow=True)
    assert said(answer) in (
        ["reason: say why the call or chat is ended."],
        ["No call or chat of this agent has gone silent."],
    )
    assert AgentState.objects.get(agent=house.alice).overlay == IN_CALL


def test_a_foreign_call_is_not_there(house: House) -> None:
    make_silent(house.charlie)
    path = f"{LIST}{house.charlie.pk}/end-stale/"
    assert browser(house.irene).post(path, {"reason": "x"}).status_code == 404


# ---- one agent -----------------------------------------------------------------------------------


def test_the_page_tells_now_today_queues_teams_and_history(house: House) -> None:
    make_queue("Hidden", members=[house.charlie])
    choose_state(house.alice, UNAVAILABLE, by=house.alice.user, source="console", reason="Dentist")
    StateChange.objects.update(at=timezone.now() - timedelta(seconds=5))
    content = page(house.irene, page_of(house.alice))
    for words in ("is-unavailable", "Dentist", "the agent", "Support", "North", "Shift", "Console"):
        assert words in content
    assert "Hidden" not in content and "<input" in content


def test_history_comes_in_pages_of_fifty(house: House) -> None:
    StateChange.objects.bulk_create(
        StateChange(agent=house.alice, before=BREAK, after=IN_EMAIL, chosen=IN_EMAIL, code="chosen")
        for _n in range(51)
    )
    first, second = page(house.irene, page_of(house.alice)), page_of(house.alice) + "?p=2"
    assert first.count('class="when"') == 50 and "Page 1 of 2" in first
    assert page(house.irene, second).count('class="when"') == 1
    assert page(house.irene, page_of(house.alice) + "?p=nonsense").count('class="when"') == 50


def test_what_a_person_wrote_is_text_and_no_markup(house: House) -> None:
    bad = "<script>alert(1)</script>"
    User.objects.filter(pk=house.irene.pk).update(first_name=bad)
    set_state(house.irene, [house.alice], BREAK, bad)
    content = page(house.admin) + page(house.admin, page_of(house.alice))
    assert bad not in content and "&lt;script&gt;alert(1)" in content


def test_the_page_asks_few_questions(house: House) -> None:
    client = browser(house.irene)
    client.get(page_of(house.alice))
    with CaptureQueriesContext(connection) as asked:
        client.get(page_of(house.alice))
    assert len(asked) <= 34


# ---- time in state -------------------------------------------------------------------------------


def test_the_csv_holds_ones_own_people(house: House) -> None:
    assert _csv_names(house.irene) == ["Alice", "Bob"]
    assert _csv_names(house.auditor) == ["Alice", "Bob", "Charlie"]
    assert _csv_names(house.irene, f"?agent={house.bob.pk}") == ["Bob"]


def _csv_names(user: User, query: str = "") -> list[str]:
    answer: Any = browser(user).get(f"{LIST}time-in-state/{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return [line["name"] for line in csv.DictReader(io.StringIO(text, newline=""))]


def test_the_csv_of_a_foreign_agent_is_not_there(house: House) -> None:
    client = browser(house.irene)
    for agent in (house.charlie.pk, "x"):
        assert client.get(f"{LIST}time-in-state/?agent={agent}").status_code == 404


def test_wrong_days_are_told_on_the_list(house: House) -> None:
    answer = browser(house.irene).get(f"{LIST}time-in-state/?from=x", follow=True)
    assert said(answer) == ["from: write a day like 2026-11-25."]


def test_what_the_product_did_bears_its_name_and_the_cause(house: House) -> None:
    """During a call only the state below it moves, and history shows that one."""
    enter_call(house.alice, "c1")
    house.support.enabled = False
    house.support.save()
    leave_if_refused(house.alice.pk)
    content = page(house.irene, page_of(house.alice))
    now, history = content.split('data-test="now"')[1].split('data-test="history"')
    assert "<bdi>Carteria</bdi>" in now
    assert "No email queue that is in use has this agent as a member." in now
    assert "is-available" in history.split("</tr>")[1]
