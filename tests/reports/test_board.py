"""The live board: who sees whom, what it tells, and a state that is set from it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.agents.models import Agent, AgentState, Team
from apps.agents.states import enter_call
from apps.agents.vocabulary import BREAK, IN_CALL, IN_EMAIL
from apps.channels.models import ChannelSettings
from apps.core.models import User
from apps.queues import loads
from tests.people import (
    House,
    make_agent,
    make_house,
    make_session,
    make_supervisor,
    make_team,
    put_in_state,
)
from tests.statements import asked

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User) -> str:
    response = browser(user).get(reverse("board"))
    assert response.status_code == 200
    return str(response.content.decode())


def card(user: User, agent: Agent) -> str:
    return page(user).split(f'id="agent-{agent.pk}"')[1].split("</li>\n")[0]


def set_state(user: User, agent: Agent, state: str, reason: str = "Phones are down") -> Any:
    address = reverse("board-state", args=[agent.pk])
    return browser(user).post(address, {"state": state, "reason": reason}, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def state_of(agent: Agent) -> AgentState:
    return AgentState.objects.get(agent=agent)


# ---- who sees whom -------------------------------------------------------------------------------


@pytest.mark.contract("1.2.d")
def test_supervisors_see_their_teams_and_those_below_and_no_more(house: House) -> None:
    below = make_team("North by night", members=[make_agent("nina")])
    Team.objects.filter(pk=below.pk).update(parent=Team.objects.get(name="North"))
    content = page(house.irene)
    assert all(name in content for name in ("Alice", "Bob", "Nina"))
    assert "Charlie" not in content


def test_a_supervisor_of_nothing_is_told_so(house: House) -> None:
    assert "You supervise no team yet." in page(make_supervisor("nora"))
    assert "You supervise no team yet." not in page(house.irene)


def test_auditors_look_and_cannot_set(house: House) -> None:
    content = page(house.auditor)
    assert "Alice" in content and "Charlie" in content
    assert 'name="reason"' not in content
    assert set_state(house.auditor, house.alice, BREAK).status_code == 404


def test_who_left_is_not_on_the_board(house: House) -> None:
    User.objects.filter(pk=house.bob.user_id).update(is_active=False)
    assert "Bob" not in page(house.admin)


def test_the_way_to_the_board_is_shown_to_those_who_may(house: House) -> None:
    board = reverse("board")
    for user in (house.irene, house.admin, house.auditor):
        client = browser(user)
        assert client.get(reverse("desk")).json()["may"]["board"] == board
        assert f'href="{board}"' in client.get(reverse("admin:index")).content.decode()
    assert browser(house.alice.user).get(reverse("desk")).json()["may"]["board"] is None


# ---- what it tells -------------------------------------------------------------------------------


def test_a_card_tells_state_since_by_whom_why_presence_and_load(house: House) -> None:
    make_session(house.support, agent=house.alice)
    enter_call(house.alice, "c1")
    set_state(house.irene, house.alice, BREAK, "Fire drill")
    AgentState.objects.update(since=timezone.now() - timedelta(minutes=18, seconds=5))
    told = card(house.irene, house.alice)
    assert "is-in-call" in told and "then" in told and "is-break" in told
    assert ">18 m</time>" in told and "set by Irene" in told and "Fire drill" in told
    assert "applies after the call" in told
    assert "Here" in told and "1 open session<" in told and "North" in told


def test_states_are_counted(house: House) -> None:
    put_in_state(house.bob, BREAK, present=False)
    counts = page(house.admin).split('data-piece="counts"')[1].split("</ul>")[0]
    numbers = [part.split("</b>")[0] for part in counts.split('class="num">')[1:]]
    assert numbers == ["2", "1"]
    assert counts.index("is-in-email") < counts.index("is-break")


def test_queues_tell_what_waits_and_since_when(house: House) -> None:
    long_ago = timezone.now() - timedelta(hours=3, minutes=5, seconds=5)
    make_session(house.support, waiting_since=long_ago)
    make_session(house.support)
    make_session(house.support, agent=house.alice)
    make_session(house.other)
    queues = page(house.irene).split('data-piece="queues"')[1]
    assert '<td class="n">2</td>' in queues and ">3 h 5 m</time>" in queues
    assert "Other" not in queues


def test_what_waits_is_not_counted_by_its_rows(house: House) -> None:
    loads.shift_waiting({house.support.pk: 120_000})
    with CaptureQueriesContext(connection) as asked:
        queues = page(house.irene).split('data-piece="queues"')[1]
    assert '<td class="n">120000</td>' in queues.replace(",", "").replace("\xa0", "")
    assert not any("COUNT(" in one["sql"] and "tickets_session" in one["sql"] for one in asked)


@pytest.mark.parametrize("person", ["irene", "admin"])
def test_a_hundred_agents_ask_as_much_as_ten(house: House, person: str) -> None:
    client = browser(getattr(house, person))
    north = Team.objects.get(name="North")
    told = []
    for number in (10, 90):
        for _one in range(number):
            agent = make_agent(teams=[north], queues=[house.support], first_name="Zoe")
            make_session(house.support, agent=agent)
        cache.clear()  # "last seen" is noted once a minute: now, and not while it is counted
        client.get(reverse("board"))
        with asked() as statements:
            assert client.get(reverse("board")).status_code == 200
        told.append(statements)
    assert told[0] == told[1] and len(told[0]) <= 34


# ---- setting a state -----------------------------------------------------------------------------


@pytest.mark.contract("1.2.d")
def test_an_override_applies_at_once_and_is_signed(house: House) -> None:
    response = set_state(house.irene, house.alice, BREAK)
    row = state_of(house.alice)
    assert said(response) == ["Break applies at once: Alice."]
    assert (row.effective, row.set_by, row.source) == (BREAK, house.irene, "board")
    assert row.reason == "Phones are down"


@pytest.mark.contract("1.2.d", "1.2.h")
def test_during_a_call_it_applies_after_the_call(house: House) -> None:
    enter_call(house.alice, "c1")
    response = set_state(house.irene, house.alice, BREAK)
    row = state_of(house.alice)
    assert said(response) == ["Break applies after the call: Alice."]
    assert (row.effective, row.chosen, row.pending) == (IN_CALL, BREAK, True)


@pytest.mark.contract("1.2.d")
def test_an_agent_of_others_is_not_there(house: House) -> None:
    assert set_state(house.irene, house.charlie, BREAK).status_code == 404
    assert set_state(house.irene, Agent(pk=10_000), BREAK).status_code == 404
    assert state_of(house.charlie).chosen == IN_EMAIL


def test_a_refusal_of_in_email_is_said_before_and_after(house: House) -> None:
    put_in_state(house.alice, BREAK)
    ChannelSettings.objects.update(enabled=False)
    sentence = "The email channel is switched off."
    assert sentence in card(house.irene, house.alice)
    assert said(set_state(house.irene, house.alice, IN_EMAIL)) == [f"Not set for Alice: {sentence}"]
    assert state_of(house.alice).chosen == BREAK


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_needed(house: House, reason: str) -> None:
    response = set_state(house.irene, house.alice, BREAK, reason)
    assert said(response) == ["Say why. The agent reads it, and history keeps it."]
    assert state_of(house.alice).chosen == IN_EMAIL


@pytest.mark.parametrize("state", ["", "Nonsense", IN_CALL])
def test_only_what_can_be_chosen_can_be_set(house: House, state: str) -> None:
    assert len(said(set_state(house.irene, house.alice, state))) == 1
    assert state_of(house.alice).chosen == IN_EMAIL
