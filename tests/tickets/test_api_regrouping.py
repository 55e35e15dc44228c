"""messages/…/move/, sessions/…/merge/ and keep-apart/, regroupings/…/undo/: who may, and races."""

from typing import Any

import pytest

from apps.core.errors import Conflict
from apps.tickets.models import Message, Regrouping, Session, Thread
from apps.tickets.regrouping import by_hand
from tests.calls import Caller, problem
from tests.people import House, make_house, make_message, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def parcel(house: House) -> Session:
    session = make_session(house.support, agent=house.alice, status="active")
    make_message(session)
    make_message(session, from_email="bea@outside.test")
    return session


@pytest.fixture
def invoice(house: House) -> Session:
    session = make_session(house.support, customer="bea@outside.test")
    make_message(session)
    return session


def newest(session: Session) -> Message:
    return session.messages.latest("pk")


def move_path(session: Session) -> str:
    return f"messages/{newest(session).pk}/move/"


def test_a_mail_is_moved_and_the_answer_says_where_it_is(
    house: House, parcel: Session, invoice: Session
) -> None:
    body = {"session": invoice.public_id, "why": "It is Bea's."}
    mail = newest(parcel)
    answer = Caller(house.alice.user).post(move_path(parcel), body)
    told = answer.json()
    assert answer.status_code == 200
    assert told["session"]["id"] == invoice.public_id
    assert told["session"]["message_count"] == 2
    regrouping = told["regrouping"]
    assert regrouping.pop("at")
    assert regrouping == {
        "id": str(Regrouping.objects.get().pk),
        "kind": "move",
        "from": parcel.thread.key,
        "to": invoice.thread.key,
        "messages": [str(mail.pk)],
        "why": "It is Bea's.",
        "by": "alice",
        "undone_at": None,
    }


def test_this_mail_and_the_later_ones_are_split_off(house: House, parcel: Session) -> None:
    later = make_message(parcel)
    second = parcel.messages.order_by("pk")[1]
    body: dict[str, Any] = {"session": None, "with_later": True}
    told = Caller(house.alice.user).post(f"messages/{second.pk}/move/", body).json()
    assert told["regrouping"]["kind"] == "split"
    assert told["regrouping"]["messages"] == [str(second.pk), str(later.pk)]
    assert told["session"]["agent"] == str(house.alice.pk)


def test_a_conversation_goes_on_in_another_and_comes_back(
    house: House, parcel: Session, invoice: Session
) -> None:
    alice = Caller(house.alice.user)
    body = {"into": invoice.public_id}
    told = alice.post(f"sessions/{parcel.public_id}/merge/", body).json()
    assert told["session"]["message_count"] == 3
    path = f"regroupings/{told['regrouping']['id']}/"
    assert alice.get(path).json()["kind"] == "merge"
    back = alice.post(path + "undo/").json()
    assert (back["session"]["id"], back["session"]["message_count"]) == (parcel.public_id, 2)
    assert back["regrouping"]["undone_at"]
    assert problem(alice.post(path + "undo/")) == (409, "changed-since")


def test_a_suggestion_is_refused(house: House, parcel: Session, invoice: Session) -> None:
    possible = {"thread": parcel.thread.key, "session": parcel.public_id}
    placement = {"rule": "opens-possible", "possible": possible}
    invoice.messages.update(placement=placement)
    path = f"sessions/{invoice.public_id}/keep-apart/"
    assert Caller(house.bob.user).post(path).status_code == 200
    assert newest(invoice).placement == {"rule": "opens-possible"}


def test_a_long_conversation_goes_on_nowhere_else_but_takes_up_others(
    house: House, parcel: Session, invoice: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is moved is locked for all that time."""
    monkeypatch.setattr(by_hand, "MOST_MERGED", 1)
    alice = Caller(house.alice.user)
    path = f"sessions/{parcel.public_id}/merge/"
    assert problem(alice.post(path, {"into": invoice.public_id})) == (400, "too-many")
    path = f"sessions/{invoice.public_id}/merge/"
    assert alice.post(path, {"into": parcel.public_id}).status_code == 200


# ---- who may ----------------------------------------------------------------------------------


def test_whoever_may_work_on_it_may_move_it(
    house: House, parcel: Session, invoice: Session
) -> None:
    people = {
        "alice": house.alice.user, "bob": house.bob.user, "charlie": house.charlie.user,
        "irene": house.irene, "admin": house.admin, "auditor": house.auditor,
    }  # fmt: skip
    said = {}
    for name, user in people.items():
        answer = Caller(user).post(move_path(parcel), {"session": invoice.public_id})
        said[name] = answer.status_code
        if answer.status_code == 200:
            undo = f"regroupings/{answer.json()['regrouping']['id']}/undo/"
            assert Caller(user).post(undo).status_code == 200
    assert said == {
        "alice": 200, "bob": 409, "charlie": 404, "irene": 200, "admin": 200, "auditor": 403,
    }  # fmt: skip


def test_both_sides_must_be_in_sight(house: House, parcel: Session) -> None:
    hidden = make_session(house.other, agent=house.charlie)
    alice = Caller(house.alice.user)
    body = {"session": hidden.public_id}
    assert problem(alice.post(move_path(parcel), body)) == (404, "not-found")
    path = f"sessions/{parcel.public_id}/merge/"
    assert problem(alice.post(path, {"into": hidden.public_id})) == (404, "not-found")


def test_no_merge_brings_the_open_work_of_others_into_sight(
    house: House, parcel: Session, invoice: Session
) -> None:
    """The same conversation goes on in a queue that Alice does not see."""
    hidden = make_session(house.other, agent=house.charlie, thread=parcel.thread)
    mail = make_message(hidden)
    path = f"sessions/{parcel.public_id}/merge/"
    answer = Caller(house.alice.user).post(path, {"into": invoice.public_id})
    assert problem(answer) == (409, "not-yours")
    mail.refresh_from_db()
    assert mail.session == hidden


def test_nobody_undoes_what_is_not_theirs(house: House, parcel: Session) -> None:
    hidden = make_session(house.other, agent=house.charlie)
    told = Caller(house.admin).post(move_path(parcel), {"session": hidden.public_id}).json()
    path = f"regroupings/{told['regrouping']['id']}/undo/"
    assert problem(Caller(house.alice.user).post(path)) == (404, "not-found")
    assert problem(Caller(house.auditor).post(path)) == (403, "read-only")


def test_who_did_it_and_works_there_no_more_does_not_undo_it(
    house: House, parcel: Session, invoice: Session
) -> None:
    """Whoever becomes an auditor sees everything still."""
    row, _landed = by_hand.merge(parcel, invoice.public_id, by=house.alice.user)
    Regrouping.objects.update(by=house.auditor)
    row.refresh_from_db()
    with pytest.raises(Conflict) as refusal:
        by_hand.undo(row, by=house.auditor)
    assert refusal.value.code == "not-yours"


def test_nobody_undoes_into_a_conversation_that_is_out_of_sight(
    house: House, parcel: Session
) -> None:
    """The answer shows where the mails are then: its customer and its ticket."""
    hidden = make_session(house.other, agent=house.charlie)
    told = Caller(house.admin).post(move_path(parcel), {"session": hidden.public_id}).json()
    path = f"regroupings/{told['regrouping']['id']}/"
    charlie = Caller(house.charlie.user)
    assert problem(charlie.get(path)) == (404, "not-found")
    assert problem(charlie.post(f"{path}undo/")) == (404, "not-found")
    assert Regrouping.objects.get().undone_at is None


@pytest.mark.parametrize(
    "body", [{}, {"session": 7.5}, {"session": "E1"}, {"session": None, "why": "x" * 501}]
)
def test_odd_bodies_move_nothing(house: House, parcel: Session, body: dict[str, Any]) -> None:
    answer = Caller(house.alice.user).post(move_path(parcel), body)
    assert answer.status_code in (400, 404)
    assert Thread.objects.count() == 1
