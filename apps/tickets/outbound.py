"""The story of a mail that goes out: who may, to whom, from where; stored, then delivered.

The Message-ID is fixed here, once and for all; `delivery.py` sends it as often as it must.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from django.db import transaction
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.channels.compose import clean_line, wire_address
from apps.channels.models import Mailbox
from apps.channels.parsed import Address
from apps.core.announce import announce
from apps.core.errors import Forbidden, Guarded
from apps.core.leases import in_seconds
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets import reply_address, search, sessions, threads, tokens, writers
from apps.tickets.letters import (
    Letter,
    Recipients,
    Upload,
    addressed,
    attach_files,
    bodies_of,
    first_subject,
    newest_inbound,
    recipients_of,
    recipients_of_answer,
    subject_of_answer,
    with_session_id,
    write_files,
)
from apps.tickets.limits import Weighed, check, limits_for
from apps.tickets.models import Message, Session, SessionEvent, Thread
from apps.tickets.sending.delivery import deliver, deliver_with_others, due
from apps.tickets.sending.unwanted import confirmed_or_refuse
from apps.tickets.signals import files_waiting, message_queued
from apps.tickets.threading import references

__all__ = [
    "Letter",
    "Upload",
    "deliver",
    "deliver_with_others",
    "due",
    "recipients_of",
    "reply",
    "write_first",
]

Status = Session.Status


@dataclass(frozen=True, slots=True)
class Mail:
    """Everything that is decided before the transaction."""

    mailbox: Mailbox
    people: Recipients
    subject: str
    text: str
    html: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    answers_to: Mailbox | None = None  # where answers are wanted, if not at MAILBOX


class ThreadHeaders(TypedDict):
    in_reply_to: str
    references: tuple[str, ...]


def reply(session: Session, letter: Letter, *, by: User) -> Message:
    """Answers the newest mail of the customer; an unassigned session is taken by whoever answers.

    Raises Guarded `channel-off`, `cannot-send` or `unwanted`, Conflict `not-yours`, `closed` or
    `already-taken`, Invalid for what was written.
    """
    writers.channel_is_on_or_refuse()
    writers.own_or_refuse(session, by)
    answered = newest_inbound(session)
    mailbox = writers.mailbox_of(session, answered)
    text, html = bodies_of(letter)
    check_size(mailbox, letter.files, text, html)
    people = addressed(letter, recipients_of_answer(session, answered))
    confirmed_or_refuse(people.everybody, letter.confirmed, mailbox=mailbox.pk)
    mail = Mail(
        mailbox=mailbox,
        people=people,
        subject=with_session_id(subject_of_answer(letter, session, answered), session, mailbox),
        text=text,
        html=html,
        **thread_headers(answered or newest_outbound(session)),
    )
    written = write_files(letter.files)
    with transaction.atomic():
        session = in_hand(session, by)
        message = queue_mail(session, mail, by)
        to_be_sent(message, attach_files(message, letter.files, written))
    return message


def write_first(queue: Queue, letter: Letter, *, by: User, agent: Agent | None = None) -> Message:
    """A mail that begins a conversation: a session that is active from the start, and ours."""
    writers.channel_is_on_or_refuse()
    agent = assignee(queue, by, agent)
    mailbox = writers.mailbox_of_queue(queue)
    text, html = bodies_of(letter)
    check_size(mailbox, letter.files, text, html)
    people = addressed(letter, Recipients(()))
    confirmed_or_refuse(people.everybody, letter.confirmed, mailbox=mailbox.pk)
    mail = Mail(mailbox, people, first_subject(letter), text, html)
    written = write_files(letter.files)
    with transaction.atomic():
        session = begin_session(queue, mail, by, agent)
        message = queue_mail(session, mail, by)
        to_be_sent(message, attach_files(message, letter.files, written))
    return message


def check_size(mailbox: Mailbox, files: Sequence[Weighed], text: str, html: str) -> None:
    written = len(text.encode()) + len(html.encode())
    check(files, limits_for(mailbox), text_bytes=written)


# ---- whose session it becomes ------------------------------------------------------------------


def in_hand(session: Session, by: User) -> Session:
    """Assigned to whoever answers, and active; as it stands now, not as the caller saw it. Locked:
    a merge takes this answer along, or comes first and closes the session."""
    sessions.lock([session.pk])
    session = Session.objects.select_related("agent__user", "queue", "thread").get(pk=session.pk)
    writers.own_or_refuse(session, by)
    writers.not_closed_or_refuse(session)
    agent = writers.member(session.queue, by)
    if session.agent is None and agent is not None and session.status in Session.OPEN:
        return sessions.take(session, agent)
    if session.agent is not None and session.agent.user_id != by.pk:
        _note_helper(session, session.agent, by)
    if session.status != Status.ACTIVE:
        return sessions.set_status(session, Status.ACTIVE, by=by)
    return session


def _note_helper(session: Session, agent: Agent, by: User) -> None:
    why = _("Answered by %(by)s for %(agent)s.") % {"by": by.display_name, "agent": agent.name}
    SessionEvent.objects.create(
        session=session,
        kind=SessionEvent.Kind.STATUS,
        before=session.status,
        after=session.status,
        by=by,
        why=why,
    )


def begin_session(queue: Queue, mail: Mail, by: User, agent: Agent | None) -> Session:
    """Of a mail that nobody asked for: active, and on a thread of its own."""
    customer = mail.people.to[0]
    return sessions.start(
        threads.open_thread(mail.subject, mail.mailbox, mail.people.everybody),
        queue,
        subject=mail.subject,
        customer=customer.email,
        customer_name=customer.name,
        status=Status.ACTIVE,
        agent=agent,
        why=_("Written first by %(by)s.") % {"by": by.display_name},
    )


def assignee(queue: Queue, by: User, agent: Agent | None) -> Agent | None:
    """Whose session a first mail opens: the named agent's, else the author's, if of the queue."""
    author = writers.member(queue, by)
    if author is None and not sessions.may_steer(by, queue.pk):
        raise Forbidden("not-your-queue", _("queue: you do not work in this queue."))
    if agent is not None and writers.member(queue, agent.user) is None:
        raise Guarded("not-a-member", _("agent: this agent does not work in the queue."))
    return agent or author


# ---- the row ----------------------------------------------------------------------------------


def newest_outbound(session: Session) -> Message | None:
    """A second mail to somebody who has not answered yet belongs to the first."""
    ours = Message.objects.filter(thread=session.thread_id, direction=Message.Direction.OUT)
    return ours.exclude(status=Message.Status.FAILED).order_by("-id").first()


def thread_headers(parent: Message | None) -> ThreadHeaders:
    if parent is None:
        return {"in_reply_to": "", "references": ()}
    own = [parent.message_id] if parent.message_id else []
    return {"in_reply_to": parent.message_id, "references": (*parent.references, *own)}


def queue_mail(session: Session, mail: Mail, by: User, *, waits: int = 0) -> Message:
    """WAITS: so many seconds it may still be called back, by the database's clock."""
    [message] = _queue([(session, mail)], by)
    if waits:
        Message.objects.filter(pk=message.pk).update(next_try_at=in_seconds(waits))
        message.refresh_from_db(fields=["next_try_at"])
    return message


def queue_automatic(answers: Sequence[tuple[Session, Mail]]) -> list[Message]:
    """By nobody, each in a session of its own; as many statements for one as for many."""
    messages = _queue(answers, None)
    search.add(messages)
    for message in messages:
        announce(message_queued, message_id=message.pk, after=0)
    return messages


def _queue(mails: Sequence[tuple[Session, Mail]], by: User | None) -> list[Message]:
    messages = Message.objects.bulk_create(_row(session, mail, by) for session, mail in mails)
    references.record_own(messages)
    threads.widen([(one.thread, mail.mailbox, mail.people.everybody) for one, mail in mails])
    sessions.messages_added([session for session, _mail in mails])
    return messages


def _row(session: Session, mail: Mail, by: User | None) -> Message:
    thread: Thread = session.thread
    domain = wire_address(mail.mailbox.address).rpartition("@")[2]
    message_id = tokens.new_message_id(thread, domain)
    return Message(
        thread=thread,
        session=session,
        mailbox=mail.mailbox,
        direction=Message.Direction.OUT,
        status=Message.Status.QUEUED,
        from_email=mail.mailbox.address,
        from_name=mail.mailbox.from_name,
        to=_people(mail.people.to),
        cc=_people(mail.people.cc),
        bcc=_people(mail.people.bcc),
        reply_to=_people(_reply_to(mail, thread)),
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id=message_id,
        message_id_hash=tokens.hash_of(message_id),
        in_reply_to=mail.in_reply_to,
        references=list(mail.references),
        automatic=by is None,
        author=by,
    )


def _reply_to(mail: Mail, thread: Thread) -> tuple[Address, ...]:
    box = mail.answers_to or mail.mailbox
    plain = (Address(box.address, box.from_name),) if box != mail.mailbox else ()
    return reply_address.of_thread(box, thread) or plain


def _people(addresses: tuple[Address, ...]) -> list[dict[str, str]]:
    return [{"email": one.email, "name": clean_line(one.name, 200)} for one in addresses]


def to_be_sent(message: Message, waiting: list[int], *, after: int = 0) -> None:
    """It leaves when the last file is clean. Asked in any case: a file that was uploaded earlier
    may have got its verdict while the message was being stored."""
    search.add([message])
    if waiting:
        announce(files_waiting, attachment_ids=waiting)
    announce(message_queued, message_id=message.pk, after=after)
