"""The moves of a session: each is one verb that checks and moves in one query, and leaves a row."""

from collections import Counter
from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.core.announce import announce
from apps.core.errors import Conflict, Guarded
from apps.core.models import User
from apps.queues import loads
from apps.queues.models import Queue
from apps.tickets import thread_pdf
from apps.tickets.models import Session, SessionEvent, Thread
from apps.tickets.signals import room_made, session_changed, session_vanished
from apps.tickets.thread_pdf import FINISHED
from apps.tickets.versions import new_version

Status = Session.Status
Kind = SessionEvent.Kind

REOPEN_CLOSED_WITHIN = timedelta(days=30)  # later it is new work on the same thread

# SPEC 2.2: what a person may do to a session, by where it stands.
MOVES: dict[str, tuple[str, ...]] = {
    Status.UNOPENED: (Status.ACTIVE, Status.PAUSED, Status.RESOLVED, Status.CLOSED),
    Status.REOPENED: (Status.ACTIVE, Status.PAUSED, Status.RESOLVED, Status.CLOSED),
    Status.ACTIVE: (Status.PAUSED, Status.RESOLVED, Status.CLOSED),
    Status.PAUSED: (Status.ACTIVE,),
    Status.RESOLVED: (Status.ACTIVE, Status.CLOSED),
    Status.CLOSED: (),
}


@dataclass(frozen=True, slots=True)
class _Move:
    """What changes, and what the row about it says."""

    kind: str
    changes: dict[str, Any]
    why: str
    by: User | None = None
    facts: dict[str, object] = field(default_factory=dict)


def start(
    thread: Thread,
    queue: Queue,
    *,
    subject: str,
    customer: str,
    customer_name: str = "",
    status: str = Status.UNOPENED,
    agent: Agent | None = None,
    why: str = "",
) -> Session:
    """A new stretch of work; call it inside a transaction."""
    session = Session.objects.create(
        thread=thread,
        queue=queue,
        subject=subject,
        customer=customer,
        customer_name=customer_name[:200],
        status=status,
        agent=agent,
        assigned_at=timezone.now() if agent else None,
        why=why,
    )
    SessionEvent.objects.create(session=session, kind=Kind.STATUS, after=status, why=why)
    if _weight(session):
        loads.shift(queue.pk, session.agent_id or 0, 1)
    loads.shift_waiting({queue.pk: _waits(session)})
    say_changed([session])
    return session


def is_over(session: Session, now: datetime) -> bool:
    """Closed so long ago that what comes is new work on the same thread."""
    finished = session.finished_at
    return (
        session.status == Status.CLOSED
        and finished is not None
        and now - finished > REOPEN_CLOSED_WITHIN
    )


def lock(session_ids: Collection[int]) -> None:
    """Until the transaction ends. Before drafts and loads, and after messages: whoever needs
    several of them takes them in this order, so that nobody waits in a circle."""
    rows = Session.objects.filter(pk__in=session_ids).select_for_update()
    list(rows.order_by("pk").values_list("pk", flat=True))


def vanish(session: Session) -> None:
    """Undoes `start`: the one mail of a new conversation was called back before it left."""
    now = Session.objects.select_for_update().select_related("thread").get(pk=session.pk)
    leave_queue(now)
    now.thread.delete()


def leave_queue(now: Session) -> None:
    """Of a session that is about to be deleted, and locked: nobody has or waits for it any more."""
    if _weight(now):
        loads.shift(now.queue_id, now.agent_id or 0, -1)
        announce(room_made, queue_id=now.queue_id)
    loads.shift_waiting({now.queue_id: -_waits(now)})
    left = Left(now.pk, now.queue_id, now.agent_id)
    announce(session_vanished, public_id=now.public_id, left=left)


def step_back(
    session: Session, before: dict[str, Any], after: dict[str, Any], *, by: User, why: str
) -> Session:
    """A mail was called back: as BEFORE it, unless somebody has moved the session on from AFTER."""
    now = Session.objects.select_for_update().get(pk=session.pk)
    untouched = all(getattr(now, name) == value for name, value in after.items())
    return _move(now, _Move(Kind.UNDONE, before if untouched else {}, why, by))


def take(session: Session, agent: Agent) -> Session:
    """An agent helps himself; Conflict `already-taken` when somebody was quicker."""
    _work_in_queue_or_refuse(session, agent)
    if session.agent_id == agent.pk:
        return open_session(session, agent)
    if session.agent is not None:
        raise _already_taken(session.agent)
    if session.status not in Session.OPEN:
        raise Conflict("not-open", _("Only an open session can be taken."))
    changes = {"agent": agent, "status": Status.ACTIVE, "assigned_at": timezone.now()}
    why = _("Taken by %(agent)s.") % {"agent": agent.name}
    free = Q(agent__isnull=True, status__in=Session.OPEN, queue=session.queue_id)
    move = _Move(Kind.ASSIGNED, changes, why, agent.user)
    return _move(session, move, only_if=free)


def assign(session: Session, agent: Agent, *, by: User) -> Session:
    """A supervisor or administrator gives it to somebody."""
    if session.status not in Session.OPEN:
        raise Conflict("not-open", _("Only an open session can be assigned."))
    if not may_steer(by, session.queue_id):
        raise Conflict("not-yours", _("You do not supervise the queue of this session."))
    _work_in_queue_or_refuse(session, agent)
    changes = {"agent": agent, "status": Status.UNOPENED, "assigned_at": timezone.now()}
    why = _("Given to %(agent)s by %(by)s.") % {"agent": agent.name, "by": by.display_name}
    return _move(session, _Move(Kind.ASSIGNED, changes, why, by))


def transfer(session: Session, queue: Queue, *, by: User) -> Session:
    """To another queue, unopened and unassigned; the same queue means: give it back."""
    _own_or_refuse(session, by)
    if session.status not in Session.OPEN:
        raise Conflict("not-open", _("Only an open session can be transferred."))
    if not queue.enabled:
        raise Guarded("queue-disabled", _("The queue %(queue)s is not in use.") % {"queue": queue})
    why = _("Transferred to %(queue)s by %(by)s.")
    if queue.pk == session.queue_id:
        why = _("Given back to %(queue)s by %(by)s.")
    changes: dict[str, Any] = {
        "queue": queue,
        "agent": None,
        "status": Status.UNOPENED,
        "assigned_at": None,
    }
    changes["waiting_since"] = timezone.now()
    return _move(
        session,
        _Move(Kind.QUEUE, changes, why % {"queue": queue.name, "by": by.display_name}, by),
    )


def open_session(session: Session, agent: Agent) -> Session:
    """The assignee begins; a session that is active already stays as it is."""
    if session.agent_id != agent.pk:
        raise Conflict("not-yours", _("This session is not assigned to you."))
    if session.status == Status.ACTIVE:
        return session
    return set_status(session, Status.ACTIVE, by=agent.user)


def set_status(session: Session, status: str, *, by: User) -> Session:
    """The moves of SPEC 2.2 by a person; everything else is a Conflict."""
    _own_or_refuse(session, by)
    if status not in MOVES[session.status]:
        raise Conflict(
            "no-such-move",
            _("A session that is %(before)s cannot become %(after)s.")
            % {"before": session.get_status_display(), "after": status},
        )
    changes: dict[str, Any] = {"status": status}
    changes["finished_at"] = timezone.now() if status in FINISHED else None
    why = _("Set by %(by)s.") % {"by": by.display_name}
    return _move(session, _Move(Kind.STATUS, changes, why, by))


def reopen(session: Session, *, why: str) -> Session:
    """The customer wrote, or a mail of ours did not arrive; an open session stays as it is."""
    if session.status in Session.OPEN:
        return session
    session = _without_who_left(session)
    changes: dict[str, Any] = {"status": Status.REOPENED, "finished_at": None}
    if session.agent_id is None:
        changes["waiting_since"] = timezone.now()
    return _move(session, _Move(Kind.STATUS, changes, why))


def regroup(
    session: Session,
    changes: dict[str, Any],
    *,
    by: User | None,
    why: str,
    facts: dict[str, object],
) -> Session:
    """Its mails went elsewhere or came back, and it changes with that (regrouping.py)."""
    return _move(session, _Move(Kind.REGROUPED, changes, why, by, facts))


def entrust(session: Session, agent: Agent, *, why: str) -> Session:
    """To who had a conversation that has joined it, if he works there."""
    if not Queue.objects.worked_by(agent.user).filter(pk=session.queue_id).exists():
        return session
    return _move(
        session, _Move(Kind.ASSIGNED, {"agent": agent, "assigned_at": timezone.now()}, why)
    )


def _without_who_left(session: Session) -> Session:
    """Nobody waits for somebody who is no agent any more: it goes back to its queue."""
    if session.agent is None or Agent.objects.working().filter(pk=session.agent.pk):
        return session
    why = why_released(session.agent)
    return _move(session, _Move(Kind.RELEASED, {"agent": None, "assigned_at": None}, why))


def why_released(agent: Agent) -> str:
    return _("Back in the queue: %(agent)s is no agent any more.") % {"agent": agent.name}


def message_added(session: Session, count: int = 1) -> None:
    """Counts a message in the transaction that stores it."""
    messages_added([session], count)


def messages_added(sessions: list[Session], count: int = 1) -> None:
    """As many in each of them."""
    rows = Session.objects.filter(pk__in=[session.pk for session in sessions])
    rows.update(message_count=F("message_count") + count, updated_at=timezone.now())
    say_changed(sessions)


class Left(NamedTuple):
    """Where a session was before: whoever saw it there has to hear that it is gone."""

    session_id: int
    queue_id: int
    agent_id: int | None


def say_changed(sessions: list[Session], left: Iterable[Left] = ()) -> None:
    """In the transaction of the change: whoever was away finds it by its version."""
    if sessions:
        pks = sorted({session.pk for session in sessions})
        new_version(pks)
        announce(session_changed, session_ids=pks, left=list(left))


def may_steer(user: User, queue_id: int) -> bool:
    """Whose people work there may act on sessions that are not theirs; administrators anywhere."""
    return Queue.objects.steered_by(user).filter(pk=queue_id).exists()


def _move(session: Session, move: _Move, *, only_if: Q | None = None) -> Session:
    """One row or too late; then the loads and the row that tells of it."""
    same = only_if or Q(status=session.status, agent=session.agent_id, queue=session.queue_id)
    with transaction.atomic():
        before = Session.objects.select_for_update().filter(same, pk=session.pk).first()
        if before is None:
            raise _too_late(session)
        after = copy(before)
        for name, value in (move.changes | {"why": move.why, "updated_at": timezone.now()}).items():
            setattr(after, name, value)
        after.save(update_fields=[*move.changes, "why", "updated_at"])
        if _keep_loads(before, after) < 0:
            announce(room_made, queue_id=before.queue_id)
        _remember(before, after, move)
        if after.status in FINISHED and before.status != after.status:
            thread_pdf.plan_finished(after)
        say_changed([after], [Left(before.pk, before.queue_id, before.agent_id)])
    return after


def _keep_loads(before: Session, after: Session) -> int:
    """Answers by how much the agent of before has more in hand now."""
    same_place = (before.queue_id, before.agent_id) == (after.queue_id, after.agent_id)
    _keep_waiting(before, after)
    if same_place and _weight(before) == _weight(after):
        return 0
    shifts = Counter({(before.queue_id, before.agent_id or 0): -_weight(before)})
    shifts[after.queue_id, after.agent_id or 0] += _weight(after)
    loads.shift_all(shifts)
    return (_weight(after) if same_place else 0) - _weight(before)


def _keep_waiting(before: Session, after: Session) -> None:
    shifts = Counter({before.queue_id: -_waits(before)})
    shifts[after.queue_id] += _waits(after)
    loads.shift_waiting(shifts)


def _weight(session: Session) -> int:
    return 1 if session.agent_id and session.status in Session.OPEN else 0


def _waits(session: Session) -> int:
    return 0 if session.agent_id or session.status not in Session.OPEN else 1


def _remember(before: Session, after: Session, move: _Move) -> None:
    names = {
        Kind.STATUS: (before.status, after.status),
        Kind.UNDONE: (before.status, after.status),
        Kind.REGROUPED: (before.status, after.status),
        Kind.QUEUE: (str(before.queue_id), str(after.queue_id)),
    }
    was, now = names.get(Kind(move.kind), (str(before.agent_id or ""), str(after.agent_id or "")))
    SessionEvent.objects.create(
        session=after,
        kind=move.kind,
        before=was,
        after=now,
        by=move.by,
        why=move.why,
        facts=move.facts,
    )


def _own_or_refuse(session: Session, user: User) -> None:
    if session.agent is not None and session.agent.user_id == user.pk:
        return
    if not may_steer(user, session.queue_id):
        raise Conflict("not-yours", _("This session is not assigned to you."))


def _work_in_queue_or_refuse(session: Session, agent: Agent) -> None:
    if not Queue.objects.worked_by(agent.user).filter(pk=session.queue_id).exists():
        raise Guarded(
            "not-a-member",
            _("%(agent)s does not work in the queue %(queue)s.")
            % {"agent": agent.name, "queue": session.queue},
        )


def _too_late(session: Session) -> Conflict:
    """Names who was quicker, where somebody has it now who had it not before."""
    now = Session.objects.filter(pk=session.pk).select_related("agent__user").first()
    if now is None or now.agent is None or now.agent_id == session.agent_id:
        sentence = _("Somebody changed this session meanwhile; look at it again.")
        return Conflict("too-late", sentence)
    return _already_taken(now.agent)


def _already_taken(agent: Agent) -> Conflict:
    sentence = _("%(agent)s was quicker: this session is taken already.")
    return Conflict("already-taken", sentence % {"agent": agent.name})
