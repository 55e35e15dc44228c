"""Who gets mail by itself: members in a state that takes it, and present."""

import pytest

from apps.agents.models import Agent, AgentState
from apps.agents.presence import seen
from apps.agents.states import choose_state, enter_call, enter_chat, leave_call
from apps.queues.models import Queue
from apps.queues.routing import eligible
from apps.tickets.assignment import assign_waiting, why_waiting
from apps.tickets.models import Session
from apps.tickets.sessions import take
from tests.people import House, make_house, make_session, make_team, put_in_state

pytestmark = pytest.mark.django_db
ALL_STATES = ["Available", "Break", "Unavailable", "Offline", "In-Email"]


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.fixture
def house_automatic(db: None) -> House:
    return make_house(routing=Queue.Routing.AUTOMATIC)


def names(queue: Queue) -> set[str]:
    return {agent.user.username for agent in eligible(queue)}


def choose(agent: Agent, state: str) -> None:
    choose_state(agent, state, by=agent.user, source="test")


@pytest.mark.contract("1.1.b")
@pytest.mark.parametrize("state", ALL_STATES)
def test_by_default_only_in_email_gets_mail(house: House, state: str) -> None:
    put_in_state(house.alice, state)
    put_in_state(house.bob, "Offline")
    assert names(house.support) == ({"alice"} if state == "In-Email" else set())


@pytest.mark.contract("1.1.b")
def test_a_queue_may_add_states(house: House) -> None:
    put_in_state(house.alice, "Available")
    house.support.eligible_states = ["Available"]
    house.support.save()
    assert names(house.support) == {"alice", "bob"}


@pytest.mark.contract("1.1.b")
def test_who_is_not_there_gets_nothing(house: House) -> None:
    put_in_state(house.alice, "In-Email", present=False)
    assert names(house.support) == {"bob"}
    seen([house.alice.user_id])
    assert names(house.support) == {"alice", "bob"}


@pytest.mark.contract("1.1.b", "1.2.e")
def test_a_call_takes_the_agent_out_of_the_line_and_back(house: House) -> None:
    enter_call(house.alice, "c1")
    assert names(house.support) == {"bob"}
    leave_call(house.alice, "c1")
    assert names(house.support) == {"alice", "bob"}
    enter_chat(house.bob, "d1")
    assert names(house.support) == {"alice"}


@pytest.mark.contract("1.1.b")
def test_a_team_brings_its_sub_teams(house: House) -> None:
    below = make_team("North-East", members=[house.charlie])
    assert "charlie" not in names(house.support)
    below.parent = house.alice.teams.get()
    below.save()
    assert "charlie" in names(house.support)


@pytest.mark.contract("1.1.b")
def test_waiting_mail_is_given_when_somebody_enters(
    house_automatic: House,
) -> None:
    house = house_automatic
    for agent in (house.alice, house.bob):
        put_in_state(agent, "Available")
    session = make_session(house.support)
    assert assign_waiting(house.support) == []
    assert "In-Email" in why_waiting(house.support)
    choose(house.alice, "In-Email")
    assert assign_waiting(house.support) == [session]
    session.refresh_from_db()
    assert session.agent == house.alice


@pytest.mark.contract("1.1.b")
def test_a_manual_queue_never_assigns_and_lets_every_state_take(house: House) -> None:
    session = make_session(house.support)
    assert assign_waiting(house.support) == []
    put_in_state(house.alice, "Break")
    assert take(session, house.alice).status == Session.Status.ACTIVE


def test_the_line_costs_the_same_for_many_agents(
    house: House, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        assert len(list(eligible(house.support))) == 2
    assert AgentState.objects.count() == 3
