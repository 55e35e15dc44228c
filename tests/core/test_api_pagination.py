"""Pages: 25 rows, stable while rows come in."""

import pytest

from tests.calls import Caller, problem
from tests.people import House, make_house, make_message, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def test_new_rows_neither_repeat_nor_hide_others_on_the_way_down(house: House) -> None:
    made = [make_session(house.support).public_id for _number in range(60)]
    alice, url, seen, sizes = Caller(house.alice.user), "sessions/", [], []
    while url:
        page = alice.get(url).json()
        assert set(page) == {"results", "next"}
        seen += [one["id"] for one in page["results"]]
        sizes.append(len(page["results"]))
        make_session(house.support)
        url = page["next"]
    assert seen == list(reversed(made))
    assert sizes == [25, 25, 10]


def test_messages_are_read_oldest_first_to_the_end(house: House) -> None:
    session = make_session(house.support)
    made = [str(make_message(session).pk) for _number in range(5)]
    alice = Caller(house.alice.user)
    first = alice.get("messages/", session=session.public_id, page_size="3").json()
    made.append(str(make_message(session).pk))
    second = alice.get(first["next"]).json()
    assert [one["id"] for one in first["results"] + second["results"]] == made
    assert second["next"] is None
    assert session.public_id in first["next"]


@pytest.mark.parametrize("size", ["0", "101", "-1", "x", "1e1", "9" * 5000])
def test_a_page_has_1_to_100_rows(house: House, size: str) -> None:
    assert problem(Caller(house.admin).get("sessions/", page_size=size)) == (400, "invalid")


@pytest.mark.parametrize("cursor", ["x", "äö", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"])
def test_a_made_up_cursor_is_refused(house: House, cursor: str) -> None:
    assert problem(Caller(house.admin).get("sessions/", cursor=cursor)) == (400, "invalid")
