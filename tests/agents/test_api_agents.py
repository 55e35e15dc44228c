"""agents/ and queues/: the names that other calls take."""

import pytest

from tests.calls import Caller, problem
from tests.people import House, make_house

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def test_agents_are_id_name_and_user(house: House) -> None:
    house.bob.user.is_active = False
    house.bob.user.save()
    agents = Caller(house.charlie.user).get("agents/").json()["results"]
    assert agents == [
        {"id": str(house.alice.pk), "name": "Alice", "user": "alice"},
        {"id": str(house.charlie.pk), "name": "Charlie", "user": "charlie"},
    ]


def test_an_agents_id_leads_to_the_agent(house: House) -> None:
    assert Caller(house.irene).get(f"agents/{house.alice.pk}/").json()["user"] == "alice"
    assert problem(Caller(house.irene).get("agents/" + "9" * 18 + "/")) == (404, "not-found")
    assert problem(Caller(house.irene).get("agents/" + "9" * 40 + "/")) == (404, "not-found")


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
