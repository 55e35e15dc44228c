"""Where each mail of a batch belongs: its conversation, then its session, saved together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.parsed import Address
from apps.queues import loads
from apps.queues.models import Queue
from apps.tickets import assignment
from apps.tickets.models import Message, Participant, Session, SessionEvent, Thread
from apps.tickets.reading import ReadMail
from apps.tickets.threads import (
    Conversation,
    Evidence,
    Place,
    base_subject,
    find_thread,
    ids_of,
)

REOPEN_CLOSED_WITHIN = timedelta(days=30)


# Mailboxes and participants that a conversation had before, by its identity.
Known = dict[int, tuple[set[int], set[str]]]


@dataclass(slots=True)
class Placed:
    """A mail with its conversation, then its session, then its message."""

    mail: ReadMail
    place: Place
    session: Session
    message: Message = field(init=False)


# ---- threads ------------------------------------------------------------------------------


def with_places(mails: Sequence[ReadMail]) -> list[tuple[ReadMail, Place]]:
    pairs, known = find_places(mails)
    _save_conversations([place.conversation for _mail, place in pairs], known)
    return pairs


def find_places(mails: Sequence[ReadMail]) -> tuple[list[tuple[ReadMail, Place]], Known]:
    """Reads, and writes nothing: the dry run asks it too."""
    evidence = Evidence([mail.parsed for mail in mails])
    known = {
        id(one): (set(one.mailbox_ids), set(one.participants)) for one in evidence.conversations
    }
    pairs = []
    for mail in mails:
        place = find_thread(mail.parsed, mail.mailbox, evidence) or _new_place(mail)
        _take_part(mail, place)
        evidence.remember(mail.parsed, place.conversation)
        pairs.append((mail, place))
    return pairs, known


def _new_place(mail: ReadMail) -> Place:
    subject = base_subject(mail.parsed.subject)
    because = _("It opens a conversation.")
    if ids_of(mail.parsed):
        because = _("It opens a conversation: it refers to no mail that its sender shares with us.")
    return Place(Conversation(Thread(subject=subject)), because, new=True)


def _take_part(mail: ReadMail, place: Place) -> None:
    """A stranger who holds our token is heard, but does not become a participant."""
    place.conversation.mailbox_ids.add(mail.mailbox.pk)
    if not place.verified or mail.parsed.is_bounce or mail.parsed.is_receipt:
        return
    parsed = mail.parsed
    people = (*([parsed.from_] if parsed.from_ else []), *parsed.reply_to, *parsed.to, *parsed.cc)
    outside = {one.key[:320] for one in people} - mail.mailbox.addresses
    place.conversation.participants.update(outside)


def _save_conversations(conversations: Iterable[Conversation], known: Known) -> None:
    unique = list({id(one): one for one in conversations}.values())
    Thread.objects.bulk_create(one.thread for one in unique if one.thread.pk is None)
    links, people = [], []
    for one in unique:
        boxes, addresses = known.get(id(one), (set(), set()))
        links += [
            Thread.mailboxes.through(thread=one.thread, mailbox_id=box)
            for box in one.mailbox_ids - boxes
        ]
        people += [Participant(thread=one.thread, address=a) for a in one.participants - addresses]
    Thread.mailboxes.through.objects.bulk_create(links, ignore_conflicts=True)
    Participant.objects.bulk_create(people, ignore_conflicts=True)


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

    A receipt asks for no work: it lies in the session as that stands.
    """
    now = timezone.now()
    current = _newest_sessions(pairs, lock=lock)
    before = {session.thread_id: (session.status, session.agent_id) for session in current.values()}
    whys = {pk: assignment.why_waiting(queue) for pk, queue in _queues_of(pairs).items()}
    placed, events = [], []
    for mail, place in pairs:
        session = current.get(place.conversation.thread.pk)
        if session is None or (_is_over(session, now) and not mail.parsed.is_receipt):
            session = current[place.conversation.thread.pk] = _new_session(
                mail, place, whys[mail.queue.pk]
            )
            before.pop(session.thread_id, None)
        elif session.status not in Session.OPEN and not mail.parsed.is_receipt:
            events.append(_reopen(session, place, now))
        placed.append(Placed(mail, place, session))
    return Sessions(placed, before, events, now)


def _newest_sessions(pairs: Sequence[tuple[ReadMail, Place]], *, lock: bool) -> dict[int, Session]:
    old = {place.conversation.thread.pk for _mail, place in pairs if not place.new}
    sessions = Session.objects.filter(thread__in=old).order_by("id")
    sessions = sessions.select_related("queue", "agent__user")
    if lock:
        sessions = sessions.select_for_update(of=("self",))
    return {session.thread_id: session for session in sessions}


def _is_over(session: Session, now: datetime) -> bool:
    finished = session.finished_at
    return (
        session.status == Session.Status.CLOSED
        and finished is not None
        and now - finished > REOPEN_CLOSED_WITHIN
    )


def _queues_of(pairs: Sequence[tuple[ReadMail, Place]]) -> dict[int, Queue]:
    return {mail.queue.pk: mail.queue for mail, _place in pairs}


def _new_session(mail: ReadMail, place: Place, why: str) -> Session:
    sender = mail.parsed.from_ or Address("")
    return Session(
        thread=place.conversation.thread,
        queue=mail.queue,
        subject=mail.parsed.subject,
        customer=sender.email[:320],
        customer_name=sender.name[:200],
        why=why,
    )


def _reopen(session: Session, place: Place, now: datetime) -> SessionEvent:
    was = session.status
    session.status = Session.Status.REOPENED
    session.finished_at = None
    session.waiting_since = now if session.agent_id is None else session.waiting_since
    session.why = _("Reopened: a mail arrived.")
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
    Session.objects.bulk_create(new)
    for session in old:
        session.message_count += counts[id(session)]
        session.updated_at = now
        _count_reopened(session, before.get(session.thread_id))
    changed = ["status", "finished_at", "waiting_since", "why", "message_count", "updated_at"]
    Session.objects.bulk_update(old, changed)
    SessionEvent.objects.bulk_create([*events, *(_born(session) for session in new)])


def _count_reopened(session: Session, before: tuple[str, int | None] | None) -> None:
    """Back in somebody's hands, it counts as load again."""
    if before and session.agent_id and before[0] not in Session.OPEN:
        loads.shift(session.queue_id, session.agent_id, int(session.status in Session.OPEN))


def _born(session: Session) -> SessionEvent:
    return SessionEvent(
        session=session,
        kind=SessionEvent.Kind.STATUS,
        after=session.status,
        why=_("A mail arrived."),
    )
