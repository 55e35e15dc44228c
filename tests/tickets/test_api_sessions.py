"""sessions/: who sees what, the moves, the races."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.http import urlencode
from pytest_django import DjangoAssertNumQueries

from apps.crm.models import TicketLink
from apps.tickets.models import Session
from tests.calls import Caller, problem
from tests.people import House, crm_connection, make_house, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def ids(response: object) -> list[str]:
    return [one["id"] for one in response.json()["results"]]  # type: ignore[attr-defined]


def test_a_session_has_the_fields_of_the_contract(house: House) -> None:
    session = make_session(house.support, agent=house.alice, why="Because.")
    TicketLink.objects.create(
        thread_key=session.thread.key,
        connection=crm_connection(),
        ticket="7",
        url="http://console.test/t/7/",
    )
    answer = Caller(house.alice.user).get(f"sessions/{session.public_id}/")
    body = answer.json()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert {body.pop("created_at")[-1], body.pop("updated_at")[-1]} == {"Z"}
    assert body == {
        "id": session.public_id,
        "thread": session.thread.key,
        "queue": str(house.support.pk),
        "status": "unopened",
        "agent": str(house.alice.pk),
        "ticket": {"id": "7", "url": "http://console.test/t/7/"},
        "subject": "Where is my parcel?",
        "customer": "customer@outside.test",
        "message_count": 0,
        "why": "Because.",
    }


def test_everybody_sees_their_own_queues_and_the_others_get_404(house: House) -> None:
    session = make_session(house.support)
    seen = {
        user.username: Caller(user).get(f"sessions/{session.public_id}/").status_code
        for user in (
            house.alice.user, house.bob.user, house.irene, house.admin, house.auditor,
            house.robot, house.charlie.user,
        )
    }  # fmt: skip
    assert seen.pop("charlie") == 404
    assert set(seen.values()) == {200}
    assert ids(Caller(house.charlie.user).get("sessions/")) == []
    assert ids(Caller(house.bob.user).get("sessions/")) == [session.public_id]


def test_a_session_that_is_assigned_to_me_is_mine_in_any_queue(house: House) -> None:
    session = make_session(house.other, agent=house.alice)
    assert ids(Caller(house.alice.user).get("sessions/")) == [session.public_id]


def test_take_makes_it_active_and_mine(house: House) -> None:
    session = make_session(house.support)
    answer = Caller(house.alice.user).post(f"sessions/{session.public_id}/take/")
    assert answer.status_code == 200
    assert answer.json()["agent"] == str(house.alice.pk)
    assert answer.json()["status"] == "active"


def test_who_comes_second_gets_already_taken(house: House) -> None:
    session = make_session(house.support)
    assert Caller(house.alice.user).post(f"sessions/{session.public_id}/take/").status_code == 200
    second = Caller(house.bob.user).post(f"sessions/{session.public_id}/take/")
    assert problem(second) == (409, "already-taken")


def test_who_is_not_an_agent_cannot_take(house: House) -> None:
    session = make_session(house.support)
    answer = Caller(house.admin).post(f"sessions/{session.public_id}/take/")
    assert problem(answer) == (403, "agent-required")


def test_open_is_for_the_assignee(house: House) -> None:
    session = make_session(house.support, agent=house.alice)
    path = f"sessions/{session.public_id}/open/"
    assert problem(Caller(house.bob.user).post(path)) == (409, "not-yours")
    assert Caller(house.alice.user).post(path).json()["status"] == "active"


def test_reading_changes_nothing(house: House) -> None:
    session = make_session(house.support, agent=house.alice)
    Caller(house.alice.user).get(f"sessions/{session.public_id}/")
    assert Session.objects.get().status == "unopened"


@pytest.mark.parametrize("by_name", [True, False])
def test_a_supervisor_assigns_by_id_or_user_name(house: House, by_name: bool) -> None:
    session = make_session(house.support)
    word = "bob" if by_name else str(house.bob.pk)
    answer = Caller(house.irene).post(f"sessions/{session.public_id}/assign/", {"agent": word})
    assert answer.json()["agent"] == str(house.bob.pk)


def test_an_agent_does_not_assign(house: House) -> None:
    session = make_session(house.support)
    path = f"sessions/{session.public_id}/assign/"
    answer = Caller(house.alice.user).post(path, {"agent": "bob"})
    assert problem(answer) == (403, "role-required")


def test_an_agent_outside_the_queue_is_a_guard(house: House) -> None:
    session = make_session(house.support)
    path = f"sessions/{session.public_id}/assign/"
    assert problem(Caller(house.irene).post(path, {"agent": "charlie"})) == (422, "not-a-member")
    assert problem(Caller(house.irene).post(path, {"agent": "nobody"})) == (400, "unknown-agent")
    assert problem(Caller(house.irene).post(path, {"agent": "9" * 40})) == (400, "unknown-agent")
    assert problem(Caller(house.irene).post(path, {})) == (400, "invalid")


def test_transfer_goes_to_a_queue_that_is_not_mine(house: House) -> None:
    session = make_session(house.support, agent=house.alice)
    path = f"sessions/{session.public_id}/transfer/"
    body = Caller(house.alice.user).post(path, {"queue": "Other"}).json()
    assert (body["queue"], body["agent"], body["status"]) == (
        str(house.other.pk), None, "unopened",
    )  # fmt: skip
    assert Caller(house.alice.user).get(f"sessions/{session.public_id}/").status_code == 404


def test_status_moves_as_the_rules_say(house: House) -> None:
    session = make_session(house.support, agent=house.alice, status="active")
    alice, path = Caller(house.alice.user), f"sessions/{session.public_id}/status/"
    assert alice.post(path, {"status": "resolved"}).json()["status"] == "resolved"
    assert problem(alice.post(path, {"status": "unopened"})) == (409, "no-such-move")
    assert problem(alice.post(path, {"status": "asleep"})) == (400, "invalid")
    assert problem(Caller(house.bob.user).post(path, {"status": "closed"})) == (409, "not-yours")


def test_the_list_filters(house: House) -> None:
    old = make_session(house.support, agent=house.alice, status="active")
    Session.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(hours=2))
    new = make_session(house.other)
    admin = Caller(house.admin)
    hour_ago = (timezone.now() - timedelta(hours=1)).isoformat()
    assert ids(admin.get("sessions/")) == [new.public_id, old.public_id]
    assert ids(admin.get("sessions/", queue="Support")) == [old.public_id]
    assert ids(admin.get("sessions/", queue=str(house.other.pk))) == [new.public_id]
    assert ids(admin.get("sessions/", status="active")) == [old.public_id]
    assert ids(admin.get("sessions/", agent="alice")) == [old.public_id]
    assert ids(admin.get("sessions/", agent=str(house.alice.pk))) == [old.public_id]
    assert ids(admin.get("sessions/", agent="none")) == [new.public_id]
    assert ids(admin.get("sessions/", agent="me")) == []
    assert ids(Caller(house.alice.user).get("sessions/", agent="me")) == [old.public_id]
    assert ids(admin.get("sessions/", thread=new.thread.key)) == [new.public_id]
    assert ids(admin.get("sessions/", updated_after=hour_ago)) == [new.public_id]


@pytest.mark.parametrize(
    "query", [{"status": "odd"}, {"updated_after": "soon"}, {"agent": "a\x00b"}, {"cursor": "!"}]
)
def test_a_filter_that_makes_no_sense_names_itself(house: House, query: dict[str, str]) -> None:
    answer = Caller(house.admin).get(f"sessions/?{urlencode(query)}")
    assert problem(answer) == (400, "invalid")
    assert next(iter(query)) in answer.json()["detail"]


def test_a_list_of_25_takes_as_many_queries_as_one_of_1(
    house: House, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    alice = Caller(house.alice.user)
    make_session(house.support, agent=house.alice)
    alice.get("sessions/")
    with django_assert_max_num_queries(6) as few:
        alice.get("sessions/")
    for _number in range(30):
        make_session(house.support)
    with django_assert_max_num_queries(6) as many:
        assert len(ids(alice.get("sessions/"))) == 25
    assert len(many) == len(few)
