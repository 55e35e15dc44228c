"""Somebody leaves: the work goes on, and nothing of theirs works any more."""

from dataclasses import replace

import pytest
from django.test import Client

from apps.core.errors import Forbidden, Guarded, Invalid
from apps.core.models import ApiToken, Role, User
from apps.core.people import set_roles, switch_off
from apps.queues.models import AgentLoad, Queue
from apps.queues.routing import members
from apps.tickets.drafts import find, take_over
from apps.tickets.drafts_begin import begin_new, begin_reply
from apps.tickets.hand_over import HandedOver, hand_over, holdings_of
from apps.tickets.models import Draft, Session, SessionEvent
from apps.tickets.sessions import reopen, set_status, take
from tests.calls import Caller
from tests.counted import drifts
from tests.people import (
    House,
    make_agent,
    make_house,
    make_queue,
    make_session,
    make_user,
    token_of,
)
from tests.tickets.arrivals import a_mail, arrive

pytestmark = pytest.mark.django_db
Status = Session.Status


@pytest.fixture
def house() -> House:
    return make_house()


def loads() -> dict[tuple[int, int], int]:
    rows = AgentLoad.objects.values_list("queue", "agent", "open_sessions")
    return {(queue, agent): count for queue, agent, count in rows}


def test_work_goes_to_who_works_there_and_else_back(house: House) -> None:
    second = make_queue(members=[house.alice])
    given = make_session(house.support, agent=house.alice, status=Status.ACTIVE)
    returned = make_session(second, agent=house.alice, status=Status.REOPENED)

    done = hand_over(house.alice.user, to=house.bob, by=house.admin)

    given.refresh_from_db()
    returned.refresh_from_db()
    assert (done.given, done.returned) == (1, 1)
    assert (given.agent, given.status) == (house.bob, Status.UNOPENED)
    assert (returned.agent, returned.status) == (None, Status.UNOPENED)
    assert returned in Session.objects.waiting()
    assert loads() == {
        (house.support.pk, house.alice.pk): 0,
        (second.pk, house.alice.pk): 0,
        (house.support.pk, house.bob.pk): 1,
    }


def test_every_move_leaves_a_row_with_why(house: House) -> None:
    make_session(house.support, agent=house.alice)
    hand_over(house.alice.user, to=None, by=house.admin)
    event = SessionEvent.objects.get()
    assert (event.kind, event.by, event.before) == ("released", house.admin, str(house.alice.pk))
    assert event.why == "Back in the queue: Alice has left." == event.session.why


def test_what_is_paused_waits_on_and_what_is_finished_stays(house: House) -> None:
    paused = make_session(house.support, agent=house.alice, status=Status.PAUSED)
    closed = make_session(house.support, agent=house.alice, status=Status.CLOSED)
    hand_over(house.alice.user, to=house.bob, by=house.admin)
    paused.refresh_from_db()
    closed.refresh_from_db()
    assert (paused.agent, paused.status) == (house.bob, Status.PAUSED)
    assert (closed.agent, closed.status) == (house.alice, Status.CLOSED)
    assert house.bob.pk not in {agent for _queue, agent in loads()}


def test_drafts_go_with_their_sessions_and_first_mails_to_who_takes_over(house: House) -> None:
    alice = house.alice.user
    second = make_queue(members=[house.alice])
    given = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    returned = make_session(second, agent=house.alice)
    answers = [begin_reply(one, by=alice, opening="")[0] for one in (given, returned)]
    first = begin_new(house.support, by=alice, opening="")
    assert holdings_of(alice).drafts == 3

    done = hand_over(alice, to=house.bob, by=house.admin)

    authors = [Draft.objects.get(pk=one.pk).author for one in (*answers, first)]
    assert (done.drafts, authors) == (2, [house.bob.user, alice, house.bob.user])
    later = make_agent("later", queues=[second])
    taken = take_over(find(answers[1].key, by=later.user), by=later.user)
    assert taken.author == later.user


def test_nothing_of_theirs_works_any_more(house: House) -> None:
    alice, headers = house.alice.user, token_of(house.alice.user)
    browser = Client()
    browser.force_login(alice)
    house.bob.teams.get().supervisors.add(alice)
    make_queue(members=[house.alice])

    done = hand_over(alice, to=None, by=house.admin)

    assert done == HandedOver(memberships=1, teams=1, supervised=1, tokens=1, logins=1)
    assert not User.objects.get(pk=alice.pk).is_active
    assert not ApiToken.objects.filter(user=alice)
    assert Client().get("/api/v1/sessions/", headers=headers).status_code == 401
    assert browser.get("/").status_code == 302
    assert list(members(house.support)) == [house.bob]


def test_a_second_time_finds_nothing_left(house: House) -> None:
    make_session(house.support, agent=house.alice)
    hand_over(house.alice.user, to=house.bob, by=house.admin)
    assert hand_over(house.alice.user, to=house.bob, by=house.admin) == HandedOver()
    assert SessionEvent.objects.count() == 1


def test_somebody_without_work_can_leave_too(house: House) -> None:
    hand_over(house.irene, to=None, by=house.admin)
    assert not User.objects.get(pk=house.irene.pk).is_active
    assert not house.bob.teams.get().supervisors.exists()


def test_a_thousand_sessions_take_few_queries(
    house: House, django_assert_max_num_queries: object
) -> None:
    thread = make_session(house.support).thread
    Session.objects.bulk_create(
        Session(thread=thread, queue=house.support, agent=house.alice, subject="x", customer="c@x")
        for _number in range(1000)
    )
    with django_assert_max_num_queries(70):  # type: ignore[operator]
        assert hand_over(house.alice.user, to=house.bob, by=house.admin).given == 1000


@pytest.mark.parametrize("person", ["irene", "auditor", "robot"])
def test_only_administrators_hand_over(house: House, person: str) -> None:
    with pytest.raises(Forbidden):
        hand_over(house.alice.user, to=None, by=getattr(house, person))
    assert User.objects.get(pk=house.alice.user_id).is_active


def test_whom_nothing_can_be_given_to(house: House) -> None:
    gone = make_agent("gone", is_active=False)
    for to, code in ((house.alice, "same-person"), (gone, "unknown-agent")):
        with pytest.raises(Invalid) as error:
            hand_over(house.alice.user, to=to, by=house.admin)
        assert error.value.code == code
    with pytest.raises(Invalid):
        hand_over(house.admin, to=None, by=house.admin)


def test_the_last_administrator_stays(house: House) -> None:
    second = make_user("second", roles=[Role.ADMINISTRATOR])
    hand_over(second, to=None, by=house.admin)
    inactive = User.objects.get(pk=second.pk)
    with pytest.raises(Guarded) as error:
        hand_over(house.admin, to=None, by=inactive)
    assert error.value.code == "last-administrator"
    assert User.objects.get(pk=house.admin.pk).is_active


def test_the_counts_before_are_what_happens(house: House) -> None:
    for status in (Status.UNOPENED, Status.PAUSED, Status.RESOLVED):
        make_session(house.support, agent=house.alice, status=status)
    token_of(house.alice.user)
    before = holdings_of(house.alice.user)
    assert before.sessions == {house.support: 2}
    assert (before.teams, before.tokens, before.logins) == (1, 1, 0)
    done = hand_over(house.alice.user, to=None, by=house.admin)
    assert done == replace(HandedOver(), returned=2, teams=1, tokens=1)


def test_what_comes_back_to_who_lost_the_role_waits_in_the_queue(house: House) -> None:
    session = make_session(house.support, agent=house.alice, status=Status.RESOLVED)
    set_roles(house.alice.user, [])
    session = Session.objects.get(pk=session.pk)
    again = reopen(session, why="A mail arrived.")
    assert (again.agent, again.status) == (None, Status.REOPENED)
    assert [event.kind for event in again.events.order_by("id")] == ["released", "status"]


@pytest.mark.parametrize("status", [Status.PAUSED, Status.RESOLVED, Status.CLOSED])
def test_a_mail_to_who_has_left_waits_in_the_queue(house: House, status: str) -> None:
    [first] = arrive(a_mail(house.mailbox, message_id="one@outside.test"))
    session = take(first.session, house.alice)
    set_status(session, status, by=house.alice.user)
    switch_off(house.alice.user)
    arrive(a_mail(house.mailbox, in_reply_to="one@outside.test"))
    session = Session.objects.get()
    assert (session.agent, session.status) == (None, Status.REOPENED)
    assert [event.kind for event in session.events.order_by("id")][-2:] == ["released", "status"]
    assert session in Session.objects.waiting()
    assert drifts() == []


def test_who_lost_the_role_sees_and_gets_nothing(house: House) -> None:
    session = make_session(house.support, agent=house.alice)
    set_roles(house.alice.user, [])
    alice = User.objects.get(pk=house.alice.user_id)
    assert not Session.objects.visible_to(alice)
    assert not Queue.objects.visible_to(alice)
    path = f"sessions/{session.public_id}/assign/"
    given = Caller(house.admin).post(path, {"agent": "alice"})
    assert (given.status_code, given.json()["code"]) == (400, "unknown-agent")
