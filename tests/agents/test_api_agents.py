"""agents/ and queues/: the names that other calls take, and who takes calls, chats and mail."""

from typing import Any

import pytest

from apps.agents.models import AgentState, CustomState
from tests.calls import Caller, problem
from tests.people import House, make_agent, make_house, put_in_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def takers(house: House, kind: str) -> set[str]:
    rows = Caller(house.robot, "read").get("agents/", accepts=kind).json()["results"]
    return {row["user"] for row in rows}


def test_agents_are_id_name_user_and_what_they_take(house: House) -> None:
    house.bob.user.is_active = False
    house.bob.user.save()
    put_in_state(house.charlie, "Break", present=False)
    agents = Caller(house.charlie.user).get("agents/").json()["results"]
    alice = {"state": "In-Email", "accepts": ["email", "call", "chat"], "present": True}
    charlie: dict[str, Any] = {"state": "Break", "accepts": [], "present": False}
    assert agents == [
        {"id": str(house.alice.pk), "name": "Alice", "user": "alice"} | alice,
        {"id": str(house.charlie.pk), "name": "Charlie", "user": "charlie"} | charlie,
    ]


def test_an_agents_id_leads_to_the_agent(house: House) -> None:
    alice = Caller(house.irene).get(f"agents/{house.alice.pk}/").json()
    assert (alice["user"], alice["state"]) == ("alice", "In-Email")
    assert problem(Caller(house.irene).get("agents/" + "9" * 18 + "/")) == (404, "not-found")
    assert problem(Caller(house.irene).get("agents/" + "9" * 40 + "/")) == (404, "not-found")


@pytest.mark.contract("1.2.e")
@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ("Available", {"call", "chat"}),
        ("In-Email", {"email", "call", "chat"}),
        ("Break", set()),
        ("Unavailable", set()),
        ("Offline", set()),
        ("In-Chat", {"call", "chat"}),
        ("In-Call", set()),
        ("Phone duty", {"call"}),
        ("Chat duty", {"chat"}),
    ],
)
def test_a_router_finds_who_takes_what(house: House, state: str, kinds: set[str]) -> None:
    CustomState.objects.create(name="Phone duty", accepts_calls=True)
    CustomState.objects.create(name="Chat duty", accepts_chats=True)
    AgentState.objects.filter(agent=house.alice).update(effective=state)
    assert {kind for kind in ("email", "call", "chat") if "alice" in takers(house, kind)} == kinds


@pytest.mark.contract("1.2.e")
def test_a_queue_that_lists_a_state_takes_mail_in_it(house: House) -> None:
    house.support.eligible_states = ["Available"]
    house.support.save()
    for agent in (house.alice, house.bob, house.charlie):
        put_in_state(agent, "Available" if agent != house.bob else "Break")
    assert takers(house, "email") == {"alice"}
    assert takers(house, "call") == {"alice", "charlie"}
    row = Caller(house.robot).get(f"agents/{house.alice.pk}/").json()
    assert row["accepts"] == ["email", "call", "chat"]


def test_an_unknown_kind_is_told_the_known_ones(house: House) -> None:
    answer = Caller(house.robot).get("agents/", accepts="fax")
    assert problem(answer) == (400, "invalid")
    assert answer.json()["detail"] == "accepts: Choose one of: email, call, chat."
    assert Caller(house.robot).get(f"agents/{house.bob.pk}/", accepts="fax").status_code == 200


@pytest.mark.parametrize("kind", ["", "email"])
def test_more_agents_are_no_more_queries(
    house: House, kind: str, django_assert_num_queries: Any
) -> None:
    for queue in (house.support, house.other):
        queue.eligible_states = ["Available"]
        queue.save()
    caller = Caller(house.admin)
    caller.get("queues/")  # the token's first use is written down
    counts = []
    for more in (0, 20):
        for _number in range(more):
            make_agent(queues=[house.support])
        with django_assert_num_queries(10_000, exact=False) as asked:
            caller.get("agents/", accepts=kind)
        counts.append(len(asked))
    assert counts[0] == counts[1] < 20


def test_a_queue_says_how_it_is_routed_and_fed(house: House) -> None:
    [queue] = Caller(house.alice.user).get("queues/").json()["results"]
    assert queue == {
        "id": str(house.support.pk),
        "name": "Support",
        "path": "",
        "routing": "manual",
        "capacity": 10,
        "enabled": True,
        "mailboxes": ["support@carteria.test"],
    }
