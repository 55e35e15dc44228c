"""Where each mail of a batch belongs: its conversation, then its session, saved together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.core.db.rows import add_all, add_unless_known
from apps.queues import loads
from apps.queues.models import Queue
from apps.tickets import assignment, regrouping
from apps.tickets.fates import asks_for_work, fates_of
from apps.tickets.models import (
    Message,
    Participant,
    Regrouping,
    Session,
    SessionEvent,
    Thread,
)
from apps.tickets.reading import ReadMail
from apps.tickets.sessions import is_over, lock, why_released
from apps.tickets.threading.evidence import Conversation, Evidence
from apps.tickets.threading.joining import Place, place_of
from apps.tickets.threading.late_parents import people_of, reunite

# Of a session that was there before; `storing.py` writes it with what only the message tells.
CHANGED_BY_MAIL = (
    "status agent assigned_at finished_at waiting_since why message_count updated_at"
).split()
UNFINISHED = (*Session.OPEN, Session.Status.PAUSED)


@dataclass(slots=True)
class Placed:
    """A mail with its conversation, then its session, then its message."""

    mail: ReadMail
    place: Place
    session: Session
    message: Message = field(init=False)


# ---- threads ------------------------------------------------------------------------------


def with_places(mails: Sequence[ReadMail]) -> list[tuple[ReadMail, Place]]:
    """Threads are locked before sessions, in one order, by everybody who needs both."""
    pairs, evidence = find_places(mails, lock=True)
    _lock_for_merges(pairs, evidence)
    for loser, survivor in evidence.merges:
        why = _("A mail arrived late that both conversations refer to.")
        regrouping.merge(loser, survivor, by=None, kind=Regrouping.Kind.LATE_PARENT, why=why)
    _save_conversations(place.conversation for _mail, place in pairs)
    return pairs


def _lock_for_merges(pairs: Sequence[tuple[ReadMail, Place]], evidence: Evidence) -> None:
    """All that the batch will change, messages before sessions before queues, each in one order: a
    merge alone would take its own first, then loads, and the next one's sessions after those."""
    if not evidence.merges:
        return
    losers = [loser.pk for loser, _survivor in evidence.merges]
    mails = Message.objects.filter(thread__in=losers).select_for_update().order_by("pk")
    list(mails.values_list("pk", flat=True))
    both = {pk for _mail, place in pairs for pk in place.conversation.stored_ids}
    sessions = Session.objects.filter(thread__in={*both, *losers})
    lock(sessions.values_list("pk", flat=True))
    assignment.lock({*sessions.values_list("queue", flat=True), *_queues_of(pairs)})


def find_places(
    mails: Sequence[ReadMail], *, lock: bool = False
) -> tuple[list[tuple[ReadMail, Place]], Evidence]:
    """Reads, and writes nothing: the dry run asks it too."""
    evidence = Evidence(mails, lock=lock)
    pairs = []
    for mail in mails:
        place = place_of(mail, evidence)
        _take_part(mail, place, evidence)
        evidence.remember(mail, place.conversation)
        pairs.append((mail, place))
    reunite(pairs, evidence)
    return pairs, evidence


def _take_part(mail: ReadMail, place: Place, evidence: Evidence) -> None:
    """Who is heard without being let in: a stranger who holds our token, a report, and whoever
    writes from an agent's address, which anybody can."""
    place.conversation.mailbox_ids.add(mail.mailbox.pk)
    if place.verified and not place.silent and not fates_of(mail.parsed):
        evidence.join(place.conversation, people_of(mail))


def _save_conversations(conversations: Iterable[Conversation]) -> None:
    unique = list(dict.fromkeys(conversations))
    add_all(one.thread for one in unique if one.thread.pk is None)
    links, people = [], []
    for one in unique:
        links += [
            Thread.mailboxes.through(thread=one.thread, mailbox_id=box)
            for box in one.mailbox_ids - one.stored_boxes
        ]
        people += [
            Participant(thread=one.thread, address=address)
            for address in one.participants - one.stored_people
        ]
    add_unless_known(links)
    add_unless_known(people)


# ---- sessions -----------------------------------------------------------------------------


@dataclass(slots=True)
class Sessions:
    """What is to be saved: each mail in its session, and how sessions were before."""

    placed: list[Placed]
    before: dict[int, tuple[str, int | None]]
    events: list[SessionEvent]
    now: datetime


def with_sessions(pairs: Sequence[tuple[ReadMail, Place]]) -> list[Placed]:
    found = find_sessions(pairs, lock=True)
    _save_sessions(found.placed, found.before, found.events, found.now)
    return found.placed


def find_sessions(pairs: Sequence[tuple[ReadMail, Place]], *, lock: bool) -> Sessions:
    """The newest session of each thread, reopened where needed; else a new one.

    What asks for no work lies in the session as that stands.
    """
    now = timezone.now()
    current = _newest_sessions(pairs, lock=lock)
    before = {session.thread_id: (session.status, session.agent_id) for session in current.values()}
    whys = {pk: assignment.why_waiting(queue) for pk, queue in _queues_of(pairs).items()}
    gone = _who_left(current.values())
    placed, events = [], []
    for mail, place in pairs:
        session = current.get(place.conversation.thread.pk)
        if session is None or (is_over(session, now) and asks(mail, place)):
            session = current[place.conversation.thread.pk] = _new_session(
                mail, place, whys[mail.queue.pk], session
            )
            before.pop(session.thread_id, None)
        elif session.status not in Session.OPEN and asks(mail, place):
            if session.agent_id in gone:
                events.append(_release(session))
            events.append(_reopen(session, mail, now))
        placed.append(Placed(mail, place, session))
    return Sessions(placed, before, events, now)


def asks(mail: ReadMail, place: Place) -> bool:
    """For somebody's work: receipts, notices of delay and mails from agents' addresses do not."""
    return asks_for_work(mail.parsed) and not place.silent


def _newest_sessions(pairs: Sequence[tuple[ReadMail, Place]], *, lock: bool) -> dict[int, Session]:
    """Of each conversation the one that somebody works on or will, else the newest. A dry run
    finds those of threads that intake would have made one."""
    threads = {
        pk: place.conversation.thread.pk
        for _mail, place in pairs
        for pk in place.conversation.stored_ids
    }
    sessions = Session.objects.filter(thread__in=threads).order_by("id")
    sessions = sessions.select_related("queue", "agent__user")
    if lock:
        sessions = sessions.select_for_update(of=("self",))
    ranked = sorted(sessions, key=lambda one: _rank(one, threads[one.thread_id]))
    return {threads[session.thread_id]: session for session in ranked}


def _rank(session: Session, thread: int) -> tuple[bool, bool, int]:
    return session.status in UNFINISHED, session.thread_id == thread, session.pk


def _queues_of(pairs: Sequence[tuple[ReadMail, Place]]) -> dict[int, Queue]:
    return {mail.queue.pk: mail.queue for mail, _place in pairs}


def _new_session(mail: ReadMail, place: Place, why: str, last: Session | None) -> Session:
    """A report on a mail of ours is by no customer: LAST says who that is."""
    session = Session(
        thread=place.conversation.thread,
        queue=mail.queue,
        subject=mail.parsed.subject,
        customer=mail.customer.email[:320],
        customer_name=mail.customer.name[:200],
        why=why,
    )
    if last is not None and fates_of(mail.parsed):
        session.customer, session.customer_name = last.customer, last.customer_name
        session.subject = last.subject
    return session


def _who_left(known: Iterable[Session]) -> set[int]:
    """Who had a session and is no agent any more: nobody waits for them."""
    held = {one.agent_id for one in known if one.agent_id and one.status not in Session.OPEN}
    if not held:
        return set()
    return held - set(Agent.objects.working().filter(pk__in=held).values_list("pk", flat=True))


def _release(session: Session) -> SessionEvent:
    assert session.agent is not None  # one of `_who_left`
    before, why = str(session.agent_id), why_released(session.agent)
    session.agent, session.assigned_at = None, None
    kind = SessionEvent.Kind.RELEASED
    return SessionEvent(session=session, kind=kind, before=before, why=why)


def _reopen(session: Session, mail: ReadMail, now: datetime) -> SessionEvent:
    was = session.status
    did_not_arrive = bool(fates_of(mail.parsed))
    session.status = Session.Status.REOPENED
    session.finished_at = None
    session.waiting_since = now if session.agent_id is None else session.waiting_since
    session.why = (
        _("Reopened: a mail of ours did not arrive.")
        if did_not_arrive
        else _("Reopened: a mail arrived.")
    )
    return SessionEvent(
        session=session,
        kind=SessionEvent.Kind.STATUS,
        before=was,
        after=session.status,
        why=session.why,
    )


def _save_sessions(
    placed: Sequence[Placed],
    before: dict[int, tuple[str, int | None]],
    events: list[SessionEvent],
    now: datetime,
) -> None:
    counts: dict[int, int] = {}
    unique = {id(one.session): one.session for one in placed}
    for one in placed:
        counts[id(one.session)] = counts.get(id(one.session), 0) + 1
    new = [session for session in unique.values() if session.pk is None]
    old = [session for session in unique.values() if session.pk is not None]
    for session in new:
        session.message_count = counts[id(session)]
    add_all(new)
    waiting = Counter(session.queue_id for session in new)
    in_hand = Counter[tuple[int, int]]()
    for session in old:
        session.message_count += counts[id(session)]
        session.updated_at = now
        if _is_open_again(session, before.get(session.thread_id)):
            if session.agent_id is None:
                waiting[session.queue_id] += 1
            else:
                in_hand[session.queue_id, session.agent_id] += 1
    loads.shift_waiting(waiting)
    if in_hand:
        assignment.lock({session.queue_id for session in unique.values()})
        loads.shift_all(in_hand)
    add_all([*events, *(_born(session) for session in new)])


def _is_open_again(session: Session, before: tuple[str, int | None] | None) -> bool:
    was_over = before is not None and before[0] not in Session.OPEN
    return was_over and session.status in Session.OPEN


def _born(session: Session) -> SessionEvent:
    return SessionEvent(
        session=session,
        kind=SessionEvent.Kind.STATUS,
        after=session.status,
        why=_("A mail arrived."),
    )
