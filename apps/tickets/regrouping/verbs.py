"""Messages are put into another thread, threads become one, and both can be undone.

Inside a transaction that the caller holds, and before it locks any session: both threads are locked
first, then messages, then sessions. by_hand.py asks who may.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Conflict
from apps.core.models import User
from apps.tickets import sessions, threads
from apps.tickets.models import Message, Regrouping, Session, Thread
from apps.tickets.regrouping import carrying
from apps.tickets.regrouping.rows import Rows, changed_since, locked_messages, locked_sessions
from apps.tickets.subjects import base_subject

Kind, Status = Regrouping.Kind, Session.Status
UNFINISHED = (*Session.OPEN, Status.PAUSED)
LEAVING = (Message.Status.QUEUED, Message.Status.SENDING)


def head_of(thread: Thread) -> Thread:
    """Where the conversation goes on."""
    while thread.merged_into is not None:
        thread = thread.merged_into
    return thread


# ---- move and split ---------------------------------------------------------------------------


def move(
    messages: Sequence[Message], to: Session | None, *, by: User | None, why: str
) -> Regrouping:
    """MESSAGES, of one thread, go to the thread of TO; None: into one of their own.

    Raises Conflict: `changed-since` when somebody was quicker, `same-thread`, `only-mail` when
    nothing would be left behind, `on-its-way` for a mail that is about to leave.
    """
    threads.lock([*(one.thread_id for one in messages), *([head_of(to.thread).pk] if to else [])])
    moved = locked_messages(Message.objects.filter(pk__in=[one.pk for one in messages]))
    _as_seen_or_refuse(moved, messages)
    source, target = moved[0].thread, head_of(to.thread) if to else None
    _refuse(moved, source, target)
    known = locked_sessions(source, *([target] if target else []))
    _still_apart_or_refuse(source, *([target] if target else []))
    if to is None or target is None:
        kind, landing = Kind.SPLIT, _split_off(moved, known, by)
    else:
        kind, landing = Kind.MOVE, _landing(to, target, moved, known)
    row = Regrouping(kind=kind, from_thread=source, to_thread=landing.thread, by=by, why=why)
    rows = Rows(row, moved, known)
    rows.carry({one.pk: landing for one in moved})
    return rows.settle(landing)


def _as_seen_or_refuse(found: Sequence[Message], seen: Sequence[Message]) -> None:
    places = {one.pk: one.session_id for one in seen}
    if not places or {one.pk: one.session_id for one in found} != places:
        raise changed_since()


def _refuse(moved: Sequence[Message], source: Thread, target: Thread | None) -> None:
    if target == source or {one.thread_id for one in moved} != {source.pk}:
        raise Conflict("same-thread", _("This mail is in that conversation already."))
    if any(one.status in LEAVING for one in moved):
        raise Conflict("on-its-way", _("This mail is about to leave; move it once it has gone."))
    pks = [one.pk for one in moved]
    if target is None and not Message.objects.filter(thread=source).exclude(pk__in=pks).exists():
        sentence = _("This is all there is in the conversation: nothing can be split off.")
        raise Conflict("only-mail", sentence)


def _split_off(moved: Sequence[Message], known: Sequence[Session], by: User | None) -> Session:
    """In the same queue, and in the hands of whoever splits a conversation of his own."""
    first = moved[0]
    old = next(one for one in known if one.pk == first.session_id)
    is_own = by is not None and old.agent is not None and old.agent.user_id == by.pk
    customer = carrying.customer_of_mail(first)
    thread = Thread.objects.create(subject=base_subject(first.subject))
    return sessions.start(
        thread,
        old.queue,
        subject=first.subject,
        customer=customer.email[:320],
        customer_name=customer.name,
        status=Status.ACTIVE if is_own else Status.UNOPENED,
        agent=old.agent if is_own else None,
        why=_("Split off from %(session)s.") % {"session": old.public_id},
    )


def _landing(
    to: Session, target: Thread, moved: Sequence[Message], known: Sequence[Session]
) -> Session:
    """TO, or what is open of its thread; work that was open there is open here."""
    here = [one for one in known if one.thread_id == target.pk]
    session = next((one for one in here if one.pk == to.pk), here[-1])
    if session.status not in UNFINISHED:
        session = next((one for one in here if one.status in UNFINISHED), session)
    sources = {one.session_id for one in moved if one.direction == Message.Direction.IN}
    asks = any(one.pk in sources and one.status in Session.OPEN for one in known)
    if session.status in Session.OPEN or not asks:
        return session
    if sessions.is_over(session, timezone.now()):
        return _next_session(session)
    return sessions.reopen(session, why=_("Reopened: a mail was moved here."))


def _next_session(session: Session) -> Session:
    return sessions.start(
        session.thread,
        session.queue,
        subject=session.subject,
        customer=session.customer,
        customer_name=session.customer_name,
        why=_("A mail was moved here."),
    )


# ---- merge ------------------------------------------------------------------------------------


def merge(
    loser: Thread, survivor: Thread, *, by: User | None, kind: str = Kind.MERGE, why: str
) -> Regrouping:
    """All of LOSER goes on in SURVIVOR: the one that somebody chose, else the older one.

    What is finished comes along as history. What is open joins the open session there, or comes
    along whole; so it does by itself where that session is of another queue, whose people would
    see it then. Raises Conflict `same-thread`.
    """
    loser, survivor = head_of(loser), head_of(survivor)
    if loser == survivor:
        raise Conflict("same-thread", _("These are one conversation already."))
    threads.lock([loser.pk, survivor.pk])
    moved = locked_messages(_all_of(loser))
    known = locked_sessions(loser, survivor)
    _still_apart_or_refuse(loser, survivor)
    theirs = [one for one in known if one.thread_id == loser.pk]
    landing = _unfinished(known, survivor)
    joining = [one for one in theirs if landing and _may_join(one, landing, by)]
    row = Regrouping(kind=kind, from_thread=loser, to_thread=survivor, by=by, why=why)
    rows = Rows(row, moved, known)
    rows.carry_whole([one for one in theirs if one not in joining])
    if landing is not None:
        landing = _taking_over(landing, joining)
        pks = {one.pk for one in joining}
        rows.carry({one.pk: landing for one in moved if one.session_id in pks}, leaving=joining)
    return rows.settle(landing or (_unfinished(theirs, survivor) or known[-1]))


def _may_join(session: Session, landing: Session, by: User | None) -> bool:
    in_sight = by is not None or session.queue_id == landing.queue_id
    return in_sight and session.status in UNFINISHED


def _all_of(thread: Thread) -> QuerySet[Message]:
    return Message.objects.filter(thread=thread)


def _still_apart_or_refuse(*halves: Thread) -> None:
    """They are locked: nobody joins them now, but somebody may have been quicker."""
    pks = [one.pk for one in halves]
    if Thread.objects.filter(pk__in=pks, merged_into__isnull=False).exists():
        raise changed_since()


def _unfinished(known: Sequence[Session], thread: Thread) -> Session | None:
    """The newest of THREAD that somebody works on or will, rather an open one than a paused."""
    here = [one for one in known if one.thread_id == thread.pk and one.status in UNFINISHED]
    return max(here, key=lambda one: (one.status in Session.OPEN, one.pk), default=None)


def _taking_over(landing: Session, joining: Sequence[Session]) -> Session:
    """The work of the other half: it is open if that was, and in the hands that had that."""
    if landing.status == Status.PAUSED and any(one.status in Session.OPEN for one in joining):
        landing = sessions.reopen(landing, why=_("Reopened: another conversation joined it."))
    agent = next((one.agent for one in joining if one.agent is not None), None)
    if agent is not None and landing.agent is None and landing.status in Session.OPEN:
        landing = sessions.entrust(landing, agent, why=_("It came with a conversation of theirs."))
    return landing
