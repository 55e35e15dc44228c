"""Inside the one transaction of a batch: conversations, sessions, messages, files, assignment.

Every step works on the whole batch, so that fifty mails cost about as many statements as one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.attachments import screen
from apps.attachments.models import Attachment
from apps.channels.models import InboundEmail
from apps.channels.parsed import Address, ParsedEmail
from apps.core import blobs
from apps.queues import loads
from apps.tickets import assignment, comments
from apps.tickets.models import (
    Message,
    MessageFile,
    Participant,
    Session,
    SessionEvent,
    Thread,
)
from apps.tickets.reading import ReadMail
from apps.tickets.sessions import say_changed
from apps.tickets.threads import (
    Conversation,
    Evidence,
    Place,
    base_subject,
    find_thread,
    hash_of,
    ids_of,
)

REOPEN_CLOSED_WITHIN = timedelta(days=30)


@dataclass(slots=True)
class _Placed:
    """A mail with its conversation, then its session, then its message."""

    mail: ReadMail
    place: Place
    session: Session
    message: Message = field(init=False)


def store(mails: Sequence[ReadMail]) -> list[int]:
    """Stores what is no duplicate; answers the ids of files that wait for the scanner."""
    fresh = _without_duplicates(mails)
    if not fresh:
        return []
    placed = _with_sessions(_with_places(fresh))
    _store_messages(placed)
    file_ids = _store_files(placed)
    _settle(placed)
    _route(placed)
    comments.plan_for([one.message for one in placed])
    return file_ids


# ---- the same bytes again -----------------------------------------------------------------


def _without_duplicates(mails: Sequence[ReadMail]) -> list[ReadMail]:
    """The same bytes in the same mailbox are one mail, whatever server named them twice."""
    first = _stored_before(mails)
    fresh = []
    for mail in mails:
        key = (mail.mailbox.pk, mail.row.sha256)
        original = first.setdefault(key, mail.row.pk)
        if original == mail.row.pk:
            fresh.append(mail)
        else:
            _settle_duplicate(mail, original)
    return fresh


def _stored_before(mails: Sequence[ReadMail]) -> dict[tuple[int, str], int]:
    stored = InboundEmail.objects.filter(
        status=InboundEmail.Status.STORED,
        mailbox__in={mail.mailbox.pk for mail in mails},
        sha256__in={mail.row.sha256 for mail in mails},
    )
    return {(box, sha): pk for box, sha, pk in stored.values_list("mailbox_id", "sha256", "pk")}


def _settle_duplicate(mail: ReadMail, original: int) -> None:
    InboundEmail.objects.filter(pk=mail.row.pk).update(
        status=InboundEmail.Status.DUPLICATE,
        duplicate_of=original,
        mailbox=mail.mailbox,
        reason=_("The same bytes as mail %(number)s.") % {"number": original},
        settled_at=timezone.now(),
    )


# ---- threads ------------------------------------------------------------------------------


def _with_places(mails: Sequence[ReadMail]) -> list[tuple[ReadMail, Place]]:
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
    _save_conversations([place.conversation for _mail, place in pairs], known)
    return pairs


def _new_place(mail: ReadMail) -> Place:
    subject = base_subject(mail.parsed.subject)
    because = _("It opens a conversation.")
    if ids_of(mail.parsed):
        because = _("It opens a conversation: it refers to no mail that its sender shares with us.")
    return Place(Conversation(Thread(subject=subject)), because, new=True)


def _take_part(mail: ReadMail, place: Place) -> None:
    """A stranger who holds our token is heard, but does not become a participant."""
    place.conversation.mailbox_ids.add(mail.mailbox.pk)
    if not place.verified or mail.parsed.is_bounce:
        return
    parsed = mail.parsed
    people = (*([parsed.from_] if parsed.from_ else []), *parsed.reply_to, *parsed.to, *parsed.cc)
    outside = {one.key[:320] for one in people} - mail.mailbox.addresses
    place.conversation.participants.update(outside)


def _save_conversations(
    conversations: Iterable[Conversation], known: dict[int, tuple[set[int], set[str]]]
) -> None:
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


def _with_sessions(pairs: Sequence[tuple[ReadMail, Place]]) -> list[_Placed]:
    """The newest session of each thread, reopened where needed; else a new one."""
    now = timezone.now()
    current = _newest_sessions(pairs)
    before = {session.thread_id: (session.status, session.agent_id) for session in current.values()}
    placed, events = [], []
    for mail, place in pairs:
        session = current.get(place.conversation.thread.pk)
        if session is None or _is_over(session, now):
            session = current[place.conversation.thread.pk] = _new_session(mail, place)
            before.pop(session.thread_id, None)
        elif session.status not in Session.OPEN:
            events.append(_reopen(session, place, now))
        placed.append(_Placed(mail, place, session))
    _save_sessions(placed, before, events, now)
    return placed


def _newest_sessions(pairs: Sequence[tuple[ReadMail, Place]]) -> dict[int, Session]:
    old = {place.conversation.thread.pk for _mail, place in pairs if not place.new}
    sessions = Session.objects.filter(thread__in=old).order_by("id")
    sessions = sessions.select_related("queue", "agent__user").select_for_update(of=("self",))
    return {session.thread_id: session for session in sessions}


def _is_over(session: Session, now: datetime) -> bool:
    finished = session.finished_at
    return (
        session.status == Session.Status.CLOSED
        and finished is not None
        and now - finished > REOPEN_CLOSED_WITHIN
    )


def _new_session(mail: ReadMail, place: Place) -> Session:
    sender = mail.parsed.from_ or Address("")
    return Session(
        thread=place.conversation.thread,
        queue=mail.queue,
        subject=mail.parsed.subject,
        customer=sender.email[:320],
        customer_name=sender.name[:200],
        why=assignment.why_waiting(mail.queue),
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
    placed: Sequence[_Placed],
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


# ---- messages and files -------------------------------------------------------------------


def _store_messages(placed: Sequence[_Placed]) -> None:
    for one in placed:
        one.message = _message(one)
    Message.objects.bulk_create(one.message for one in placed)


def _message(one: _Placed) -> Message:
    mail, parsed = one.mail, one.mail.parsed
    return Message(
        thread=one.place.conversation.thread,
        session=one.session,
        mailbox=mail.mailbox,
        direction=Message.Direction.IN,
        status=Message.Status.RECEIVED,
        because=one.place.because,
        from_email=parsed.from_.email[:320] if parsed.from_ else "",
        from_name=parsed.from_.name[:200] if parsed.from_ else "",
        to=_people(parsed.to),
        cc=_people(parsed.cc),
        reply_to=_people(parsed.reply_to),
        subject=parsed.subject,
        text=mail.text,
        html=parsed.html or "",
        message_id=parsed.message_id,
        message_id_hash=hash_of(parsed.message_id),
        in_reply_to=parsed.in_reply_to,
        references=list(parsed.references),
        automatic=_is_automatic(parsed),
        date=parsed.date,
        inbound=mail.row,
    )


def _people(addresses: Iterable[Address]) -> list[dict[str, str]]:
    return [{"email": one.email, "name": one.name} for one in addresses]


def _is_automatic(parsed: ParsedEmail) -> bool:
    return parsed.is_auto_reply or parsed.is_list or parsed.is_bounce


def _store_files(placed: Sequence[_Placed]) -> list[int]:
    files = [(one, file, where) for one in placed for file, where in one.mail.files]
    if not files:
        return []
    rows = blobs.record([where for _one, _file, where in files])
    attachments = [
        screen.plan(blob=blob, names=(file.name, *file.names), declared_type=file.content_type)
        for (_one, file, _where), blob in zip(files, rows, strict=True)
    ]
    Attachment.objects.bulk_create(attachments)
    positions: dict[int, int] = {}
    carriers = []
    for (one, file, _where), attachment in zip(files, attachments, strict=True):
        position = positions[one.message.pk] = positions.get(one.message.pk, -1) + 1
        carriers.append(
            MessageFile(
                message=one.message,
                attachment=attachment,
                position=position,
                inline=file.inline,
                content_id=file.content_id,
            )
        )
    MessageFile.objects.bulk_create(carriers)
    return [attachment.pk for attachment in attachments]


# ---- outcome, routing ---------------------------------------------------------------------


def _settle(placed: Sequence[_Placed]) -> None:
    now = timezone.now()
    for one in placed:
        row, parsed = one.mail.row, one.mail.parsed
        row.status = InboundEmail.Status.STORED
        row.mailbox = one.mail.mailbox
        row.sender = parsed.from_.email[:320] if parsed.from_ else ""
        row.subject = parsed.subject
        row.settled_at = now
    InboundEmail.objects.bulk_update(
        [one.mail.row for one in placed], ["status", "mailbox", "sender", "subject", "settled_at"]
    )


def _route(placed: Sequence[_Placed]) -> None:
    """The routing decision of every session in the batch, before its comments are written."""
    given = {
        session.pk: session
        for queue in {one.session.queue_id: one.session.queue for one in placed}.values()
        for session in assignment.assign_waiting(queue)
    }
    for one in placed:
        decided = given.get(one.session.pk)
        if decided is not None:
            one.session.agent, one.session.why = decided.agent, decided.why
    say_changed(list({one.session.pk: one.session for one in placed}.values()))
