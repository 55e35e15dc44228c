"""Somebody leaves: the open work finds new hands, and nothing of theirs works any more."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.core.announce import announce
from apps.core.errors import Forbidden, Invalid
from apps.core.models import Role, User
from apps.core.people import logins_of, switch_off
from apps.queues import loads
from apps.queues.models import Queue, QueueMembership
from apps.tickets import assignment, drafts
from apps.tickets.models import Draft, Session, SessionEvent
from apps.tickets.sessions import Left, lock, say_changed
from apps.tickets.signals import room_made

Status, Kind = Session.Status, SessionEvent.Kind
IN_HAND = (*Session.OPEN, Status.PAUSED)  # what is finished stays with who finished it
AT_ONCE = 200  # rows per statement


@dataclass(frozen=True, slots=True)
class Holdings:
    """What somebody has in hand, before it is handed over."""

    sessions: dict[Queue, int]
    memberships: int
    teams: int
    supervised: int
    tokens: int
    logins: int
    drafts: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What happened: how many of each."""

    given: int = 0
    returned: int = 0
    memberships: int = 0
    teams: int = 0
    supervised: int = 0
    tokens: int = 0
    logins: int = 0
    drafts: int = 0

    def __add__(self, other: "HandedOver") -> "HandedOver":
        return HandedOver(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def holdings_of(user: User) -> Holdings:
    agent = Agent.objects.filter(user=user).first()
    rows = Session.objects.filter(agent__user=user, status__in=IN_HAND)
    counts = Counter(rows.values_list("queue", flat=True))
    return Holdings(
        sessions={one: counts[one.pk] for one in Queue.objects.filter(pk__in=counts)},
        memberships=QueueMembership.objects.filter(agent__user=user).count(),
        teams=agent.teams.count() if agent else 0,
        supervised=user.supervised_teams.count(),
        tokens=user.tokens.count(),
        logins=len(logins_of(user)),
        drafts=Draft.objects.unsent().filter(author=user).count(),
    )


def hand_over(user: User, *, to: Agent | None, by: User) -> HandedOver:
    """Sessions go to TO where TO works, else back to their queues; all rights of USER end.

    Drafts go with their sessions, and those of first mails to TO; else whoever gets the session
    later finds them there.

    Repeated, it does what is left to do. Sockets close after the commit, as always when rights
    change; whatever was given to USER while this ran is moved by a second look.
    """
    _refuse(user, to, by)
    with transaction.atomic():
        done = _end_rights(user) + _move_work(user, to, by)
    _wait_for_who_gives_out()
    with transaction.atomic():
        done += _move_work(user, to, by)
    return done + _move_drafts(user, to, by)


def _refuse(user: User, to: Agent | None, by: User) -> None:
    if not by.has_role(Role.ADMINISTRATOR):
        raise Forbidden("role-required", _("Only an administrator can hand over."))
    if by.pk == user.pk:
        raise Invalid("yourself", _("Ask another administrator to hand over your own work."))
    if to is not None and to.user_id == user.pk:
        raise Invalid("same-person", _("Choose somebody else to take over the work."))
    if to is not None and not Agent.objects.working().filter(pk=to.pk).exists():
        raise Invalid("unknown-agent", _("Choose an agent who can sign in."))


def _end_rights(user: User) -> HandedOver:
    agent = Agent.objects.filter(user=user).first()
    teams = agent.teams.count() if agent else 0
    supervised = user.supervised_teams.count()
    logins = switch_off(user)
    _rows, deleted = QueueMembership.objects.filter(agent__user=user).delete()
    if agent:
        agent.teams.clear()
    user.supervised_teams.clear()
    return HandedOver(
        memberships=deleted.get("queues.QueueMembership", 0),
        teams=teams,
        supervised=supervised,
        tokens=user.tokens.all().delete()[0],
        logins=logins,
    )


def _wait_for_who_gives_out() -> None:
    """Whoever counted before the rights ended may be giving the leaver something just now. In a
    transaction of its own: a batch of mails locks sessions before queues."""
    automatic = Queue.objects.filter(routing=Queue.Routing.AUTOMATIC)
    with transaction.atomic():
        assignment.lock(automatic.values_list("pk", flat=True))


def _move_work(user: User, to: Agent | None, by: User) -> HandedOver:
    rows = Session.objects.select_for_update().filter(agent__user=user, status__in=IN_HAND)
    sessions = list(rows.order_by("pk"))  # all locked before a load is: nobody waits in a circle
    if not sessions:
        return HandedOver()
    takes = set(Queue.objects.worked_by(to.user).values_list("pk", flat=True)) if to else set()
    left = [Left(one.pk, one.queue_id, one.agent_id) for one in sessions]
    _keep_loads(sessions, to, takes)
    for session in sessions:
        _move(session, to if session.queue_id in takes else None, user)
    _store(sessions, left, by)
    say_changed(sessions, left)
    returned = [one for one in sessions if one.agent_id is None]
    for queue_id in {one.queue_id for one in returned}:
        announce(room_made, queue_id=queue_id)
    return HandedOver(given=len(sessions) - len(returned), returned=len(returned))


def _move_drafts(user: User, to: Agent | None, by: User) -> HandedOver:
    """In a transaction of its own: sessions are locked in the order of their keys."""
    if to is None:
        return HandedOver()
    mine = Draft.objects.unsent().filter(author=user).select_related("author", "session")
    with transaction.atomic():
        lock([pk for pk in mine.values_list("session", flat=True) if pk])
        found = mine.filter(Q(session__isnull=True) | Q(session__agent=to))
        return HandedOver(drafts=drafts.give(list(found), to.user, why_by=by))


def _move(session: Session, to: Agent | None, user: User) -> None:
    """A paused one goes on waiting for the customer; an open one is new to whoever gets it."""
    now = session.updated_at = timezone.now()
    session.agent = to
    if session.status in Session.OPEN:
        session.status = Status.UNOPENED
    if to is None:
        session.assigned_at, session.waiting_since = None, now
        session.why = _("Back in the queue: %(user)s has left.") % {"user": user.display_name}
    else:
        session.assigned_at = now
        words = {"agent": to.name, "user": user.display_name}
        session.why = _("Given to %(agent)s: %(user)s has left.") % words


def _store(sessions: Sequence[Session], left: Iterable[Left], by: User) -> None:
    fields = ["agent", "status", "why", "assigned_at", "waiting_since", "updated_at"]
    Session.objects.bulk_update(sessions, fields, batch_size=AT_ONCE)
    events = (_event(one, was, by) for one, was in zip(sessions, left, strict=True))
    SessionEvent.objects.bulk_create(events, batch_size=AT_ONCE)


def _event(session: Session, left: Left, by: User) -> SessionEvent:
    return SessionEvent(
        session=session,
        kind=Kind.ASSIGNED if session.agent_id else Kind.RELEASED,
        before=str(left.agent_id),
        after=str(session.agent_id or ""),
        by=by,
        why=session.why,
        facts={"hand_over": True},
    )


def _keep_loads(sessions: Sequence[Session], to: Agent | None, takes: set[int]) -> None:
    """Before the sessions change: the leaver's loads fall, the receiver's or the queue's rise."""
    shifts: Counter[tuple[int, int]] = Counter()
    for session in sessions:
        if session.status in Session.OPEN and session.agent_id:
            shifts[session.queue_id, session.agent_id] -= 1
            if to and session.queue_id in takes:
                shifts[session.queue_id, to.pk] += 1
    loads.shift_all(shifts)
    returned = (one for one in sessions if not to or one.queue_id not in takes)
    loads.shift_waiting(Counter(one.queue_id for one in returned if one.status in Session.OPEN))
