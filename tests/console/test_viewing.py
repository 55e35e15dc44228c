"""Who is looking and who is writing: told once, told to others only, and over by itself."""

from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from apps.console import live, viewing
from apps.console.models import Viewing
from apps.core.leases import in_seconds
from apps.tickets.models import Session
from apps.tickets.sessions import transfer
from tests.console.asking import act, queries
from tests.console.conftest import SignIn
from tests.people import House, make_agent, make_session

Told = list[str]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """The topics that heard of it."""
    topics: Told = []

    def hear(topic: str, kind: str, identity: str, version: int) -> None:
        assert kind == "session.viewers" and version > 0
        topics.append(topic)

    monkeypatch.setattr(live, "push", hear)
    return topics


@pytest.fixture
def session(house: House) -> Session:
    return make_session(house.support)


def say(client: Client, session: Session, word: str, **body: Any) -> Any:
    return act(client, session, word, **({"tab": "a1"} | body))


def seen_by(client: Client, session: Session) -> list[tuple[str, bool]]:
    answer = client.get(f"/desk/sessions/{session.public_id}/viewers/").json()
    return [(one["name"], one["writing"]) for one in answer["viewers"]]


def pass_time(seconds: int) -> None:
    """The clock is the database's: so the rows grow older."""
    Viewing.objects.update(until=in_seconds(viewing.SECONDS - seconds))


def test_looking_and_writing_are_seen_by_the_other_within_one_event_each(
    session: Session, alice: Client, bob: Client, told: Told
) -> None:
    assert say(alice, session, "here").json()["viewers"] == []
    assert seen_by(bob, session) == [("Alice", False)]
    assert len(told) == 1

    say(alice, session, "here", writing=True)
    assert seen_by(bob, session) == [("Alice", True)]
    assert len(told) == 2


def test_the_answer_tells_of_the_others_and_never_of_oneself(
    house: House, session: Session, alice: Client, bob: Client
) -> None:
    say(alice, session, "here", writing=True)

    (viewer,) = say(bob, session, "here").json()["viewers"]

    assert viewer["id"] == str(house.alice.user_id)
    assert (viewer["initials"], viewer["writing"]) == ("A", True)
    assert viewer["since"] < viewer["until"]
    assert seen_by(alice, session) == [("Bob", False)]


def test_signs_of_life_that_change_nothing_are_told_to_nobody(
    session: Session, alice: Client, bob: Client, told: Told
) -> None:
    for _number in range(3):
        say(alice, session, "here", writing=True)
    assert len(told) == 1

    say(alice, session, "here")
    assert len(told) == 2


def test_the_queue_hears_it_and_the_agent(house: House, bob: Client, told: Told) -> None:
    session = make_session(house.support, agent=house.alice)

    say(bob, session, "here")

    assert told == [f"queue.{house.support.pk}", f"user.{house.alice.user_id}"]


def test_a_dead_browser_is_gone_after_45_seconds(
    session: Session, alice: Client, bob: Client, told: Told
) -> None:
    say(alice, session, "here", writing=True)
    pass_time(44)
    assert seen_by(bob, session) == [("Alice", True)]

    pass_time(45)
    assert seen_by(bob, session) == []

    say(alice, session, "here", writing=True)
    assert len(told) == 2
    assert seen_by(bob, session) == [("Alice", True)]


def test_who_comes_back_after_that_is_there_since_then(
    session: Session, alice: Client, bob: Client
) -> None:
    say(alice, session, "here")
    Viewing.objects.update(
        since=F("since") - (Viewing.objects.get().until - Viewing.objects.get().since)
    )
    long_ago = Viewing.objects.get().since
    say(alice, session, "here")
    assert Viewing.objects.get().since == long_ago

    pass_time(50)
    say(alice, session, "here")
    assert Viewing.objects.get().since > long_ago


def test_who_leaves_is_gone_at_once(
    session: Session, alice: Client, bob: Client, told: Told
) -> None:
    say(alice, session, "here")

    assert say(alice, session, "gone").status_code == 200

    assert seen_by(bob, session) == []
    assert len(told) == 2


def test_two_tabs_of_one_person_are_one_person(
    session: Session, alice: Client, bob: Client, told: Told
) -> None:
    say(alice, session, "here", tab="one")
    say(alice, session, "here", tab="two", writing=True)
    assert seen_by(bob, session) == [("Alice", True)]

    say(alice, session, "gone", tab="two")
    assert seen_by(bob, session) == [("Alice", False)]
    assert len(told) == 3

    say(alice, session, "gone", tab="nobody")
    assert len(told) == 3


def test_nobody_else_sees_or_says_anything(
    house: House, session: Session, as_user: SignIn, alice: Client
) -> None:
    say(alice, session, "here")
    for client, status in ((as_user(house.charlie.user), 404), (Client(), 401)):
        assert say(client, session, "here").status_code == status
        assert say(client, session, "gone").status_code == status
        address = f"/desk/sessions/{session.public_id}/viewers/"
        assert client.get(address).status_code == status
    assert Viewing.objects.count() == 1


def test_one_can_leave_what_has_moved_out_of_sight(
    house: House, session: Session, alice: Client
) -> None:
    say(alice, session, "here")
    transfer(session, house.other, by=house.irene)

    assert say(alice, session, "gone").status_code == 200
    assert not Viewing.objects.exists()


@pytest.mark.parametrize("tab", ["", "x" * 33, "a b", "é", 7, None])
def test_a_tab_without_a_proper_name_is_refused(session: Session, alice: Client, tab: Any) -> None:
    answer = say(alice, session, "here", tab=tab)

    assert (answer.status_code, answer.json()["code"]) == (400, "no-tab")


def test_tabs_without_end_are_not_kept(session: Session, alice: Client) -> None:
    for number in range(viewing.MOST_TABS + 3):
        assert say(alice, session, "here", tab=f"t{number}").status_code == 200

    assert Viewing.objects.count() == viewing.MOST_TABS


def test_a_token_is_asked_for(house: House, session: Session) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.alice.user)

    assert say(client, session, "here").status_code == 403


def test_old_rows_are_swept(session: Session, alice: Client, bob: Client) -> None:
    say(alice, session, "here")
    say(bob, session, "here")
    Viewing.objects.filter(user__username="alice").update(until=in_seconds(-90_000))

    viewing.forget_old()

    assert Viewing.objects.get().user.username == "bob"


def test_many_viewers_cost_no_more_queries(
    house: House, session: Session, alice: Client, as_user: SignIn
) -> None:
    say(alice, session, "here")
    few = queries(lambda: say(alice, session, "here"))
    for _number in range(10):
        say(as_user(make_agent(queues=[house.support]).user), session, "here")

    assert queries(lambda: say(alice, session, "here")) == few
    assert queries(lambda: seen_by(alice, session)) <= few
