"""The moves of a session (SPEC 2.2): each allowed one works, every other one is refused."""

import pytest

from apps.core.errors import Conflict, Guarded
from apps.queues.models import AgentLoad
from apps.tickets import sessions
from apps.tickets.models import Session, SessionEvent
from tests.people import make_agent, make_queue, make_session, make_supervisor, make_team

pytestmark = pytest.mark.django_db

Status = Session.Status
ALLOWED = {(before, after) for before, afters in sessions.MOVES.items() for after in afters}


def load_of(session: Session) -> int:
    return sum(
        AgentLoad.objects.filter(agent=session.agent).values_list("open_sessions", flat=True)
    )


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_every_move_of_the_assignee(before: str, after: str) -> None:
    alice = make_agent("alice")
    session = make_session(make_queue(members=[alice]), agent=alice, status=before)
    if (before, after) in ALLOWED:
        moved = sessions.set_status(session, after, by=alice.user)
        assert moved.status == after
        assert load_of(moved) == int(after in Session.OPEN)
        assert SessionEvent.objects.get().after == after
    else:
        with pytest.raises(Conflict):
            sessions.set_status(session, after, by=alice.user)
        assert not SessionEvent.objects.exists()


@pytest.mark.contract("1.1.b")
def test_a_member_takes_a_waiting_session() -> None:
    alice = make_agent("alice")
    session = make_session(make_queue(members=[alice]))
    taken = sessions.take(session, alice)
    assert (taken.agent, taken.status, load_of(taken)) == (alice, Status.ACTIVE, 1)
    assert "Alice" in taken.why


def test_the_second_of_two_is_too_late() -> None:
    alice, bob = make_agent("alice"), make_agent("bob")
    session = make_session(make_queue(members=[alice, bob]))
    same_row_seen_by_bob = Session.objects.get(pk=session.pk)
    sessions.take(session, alice)
    with pytest.raises(Conflict) as refusal:
        sessions.take(same_row_seen_by_bob, bob)
    assert refusal.value.code == "already-taken"
    assert Session.objects.get().agent == alice


def test_somebody_outside_cannot_take() -> None:
    session = make_session(make_queue())
    with pytest.raises(Guarded):
        sessions.take(session, make_agent("charlie"))


def test_nobody_moves_what_is_not_theirs_but_a_supervisor_may() -> None:
    alice, bob = make_agent("alice"), make_agent("bob")
    session = make_session(make_queue(members=[alice, bob]), agent=alice)
    with pytest.raises(Conflict) as refusal:
        sessions.set_status(session, Status.RESOLVED, by=bob.user)
    assert refusal.value.code == "not-yours"
    stranger = make_supervisor("nora", teams=[make_team(members=[make_agent()])])
    with pytest.raises(Conflict):
        sessions.set_status(session, Status.RESOLVED, by=stranger)
    irene = make_supervisor("irene", teams=[make_team(members=[alice])])
    assert sessions.set_status(session, Status.RESOLVED, by=irene).status == Status.RESOLVED


def test_giving_back_makes_it_wait_unopened() -> None:
    alice = make_agent("alice")
    queue = make_queue(members=[alice])
    session = make_session(queue, agent=alice, status=Status.ACTIVE)
    back = sessions.transfer(session, queue, by=alice.user)
    assert (back.agent, back.status) == (None, Status.UNOPENED)
    assert sum(AgentLoad.objects.values_list("open_sessions", flat=True)) == 0


def test_reassigning_moves_the_load() -> None:
    alice, bob = make_agent("alice"), make_agent("bob")
    queue = make_queue(members=[alice, bob])
    session = make_session(queue, agent=alice, status=Status.ACTIVE)
    irene = make_supervisor("irene", teams=[make_team(members=[alice])])
    moved = sessions.assign(session, bob, by=irene)
    loads = dict(AgentLoad.objects.values_list("agent", "open_sessions"))
    assert loads == {alice.pk: 0, bob.pk: 1}
    assert moved.status == Status.UNOPENED


def test_a_resolved_session_is_reopened_and_counts_again() -> None:
    alice = make_agent("alice")
    session = make_session(make_queue(members=[alice]), agent=alice, status=Status.RESOLVED)
    again = sessions.reopen(session, why="A mail arrived.")
    assert (again.status, load_of(again)) == (Status.REOPENED, 1)
    assert sessions.reopen(again, why="Another mail.") is again


def test_a_stale_view_of_a_session_changes_nothing() -> None:
    alice = make_agent("alice")
    session = make_session(make_queue(members=[alice]), agent=alice)
    stale = Session.objects.get(pk=session.pk)
    sessions.set_status(session, Status.ACTIVE, by=alice.user)
    with pytest.raises(Conflict) as refusal:
        sessions.set_status(stale, Status.PAUSED, by=alice.user)
    assert refusal.value.code == "too-late"
