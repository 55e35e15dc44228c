"""Who hears of a state: the agent, the supervisors above, and who sees everything."""

from typing import Any

import pytest

from apps.agents import live, states
from apps.agents.signals import state_changed
from apps.core.live import topics_of
from tests.calls import Caller
from tests.people import House, make_agent, make_house, make_supervisor, make_team, put_in_state

pytestmark = pytest.mark.django_db

Heard = list[tuple[str, str, str, int, dict[str, object]]]


@pytest.fixture
def house() -> House:
    house = make_house()
    put_in_state(house.alice, "Available")
    return house


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    said: Heard = []

    def hear(topic: str, kind: str, identity: str, version: int, **facts: object) -> None:
        said.append((topic, kind, identity, version, facts))

    monkeypatch.setattr(live, "push", hear)
    return said


@pytest.mark.contract("1.2.e")
def test_a_call_is_heard_by_the_agent_and_everybody_above(
    house: House, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    north = house.alice.teams.get()
    north.parent = make_team("All of us")
    north.save()
    make_team("Elsewhere")
    body = {"event": "enter_call", "agent": "alice", "session": "c1"}
    with django_capture_on_commit_callbacks(execute=True):
        Caller(house.robot).post("agent-events/", body)
    assert {topic for topic, *_rest in heard} == {
        f"user.{house.alice.user_id}",
        f"agents.team.{north.pk}",
        f"agents.team.{north.parent.pk}",
        "agents.all",
    }
    facts = {"effective": "In-Call", "accepts": [], "present": True}
    assert {(kind, pk, version) for _topic, kind, pk, version, _facts in heard} == {
        ("agent.state", str(house.alice.pk), 1)
    }
    assert all(told == facts for *_news, told in heard)


@pytest.mark.contract("1.2.e")
def test_what_a_state_takes_rides_along(
    house: House, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    house.support.eligible_states = ["Available"]
    house.support.save()
    for state in ("In-Email", "Break", "Available"):
        with django_capture_on_commit_callbacks(execute=True):
            states.choose_state(house.alice, state, by=house.alice.user, source="test")
    told = [rest[3] for topic, *rest in heard if topic == "agents.all"]
    assert [(one["effective"], one["accepts"]) for one in told] == [
        ("In-Email", ["email", "call", "chat"]),
        ("Break", []),
        ("Available", ["email", "call", "chat"]),
    ]


def test_what_changes_nothing_is_not_told(
    house: House, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        states.choose_state(house.alice, "Available", by=house.alice.user, source="test")
        states.leave_call(house.alice, "never")
    assert heard == []


def test_topics_follow_the_tree_of_teams(house: House) -> None:
    north = house.alice.teams.get()
    below = make_team("Below")
    below.parent = north
    below.save()
    irene = make_supervisor("irene2", teams=[north])
    teams = {f"agents.team.{north.pk}", f"agents.team.{below.pk}"}
    assert {topic for topic in topics_of(irene) if topic.startswith("agents.")} == teams
    for user in (house.admin, house.auditor, house.robot):
        assert {one for one in topics_of(user) if one.startswith("agents.")} == {"agents.all"}
    for user in (house.alice.user, make_supervisor("nora")):
        assert not {one for one in topics_of(user) if one.startswith("agents.")}


def test_many_at_once_cost_no_more_queries(
    house: House, heard: Heard, django_assert_num_queries: Any
) -> None:
    team = make_team("Many")
    counts = []
    for more in (2, 20):
        agents = [make_agent(teams=[team], queues=[house.other]) for _number in range(more)]
        with django_assert_num_queries(10_000, exact=False) as asked:
            state_changed.send(None, agent_ids=[agent.pk for agent in agents])
        counts.append(len(asked))
    assert counts[0] == counts[1] < 12
