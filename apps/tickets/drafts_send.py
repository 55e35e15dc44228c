"""The story of Send: checked, stored, the session moved, all in one transaction; then it waits.

The mail leaves `undo_seconds` later by the database's clock, and until then `undo.py` can call it
back. The draft stays as it was sent: a second Send gets the first one's answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.channels.models import ChannelSettings, Mailbox
from apps.core.announce import announce
from apps.core.errors import Conflict, Invalid
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets import draft_files, outbound, placeholders, sessions, staging, writers
from apps.tickets.drafts import (
    Content,
    fields_of,
    one_of_its_own_or_refuse,
    put,
    refuse_late,
)
from apps.tickets.letters import (
    Letter,
    Recipients,
    addressed,
    people_of,
    subject_of_answer,
    with_session_id,
)
from apps.tickets.models import Draft, Message, Session, SessionEvent, StagedFile
from apps.tickets.signals import draft_changed
from apps.tickets.undo import as_it_stands

Status = Session.Status

THEN = ("", Status.PAUSED, Status.RESOLVED, Status.CLOSED)
LONGEST_REASON = 300
MOST_NEWER = 20  # mails that a refusal tells of


class ThreadChanged(Conflict):
    """Mails came that the author has not seen."""

    def __init__(self, newer: Sequence[Message]) -> None:
        sentence = _("A newer mail has come in this conversation. Read it, then send.")
        super().__init__("thread-changed", sentence)
        self.newer = newer


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to happen with the mail beside its content."""

    then: str = ""  # the session's status afterwards, if not as an answer leaves it
    override: str = ""  # why it is sent although a newer mail has come
    version: int | None = None  # of the draft as the author's window knows it


@dataclass(frozen=True, slots=True)
class _Ready:
    """Everything that is decided before the transaction."""

    fields: dict[str, Any]
    mail: outbound.Mail
    staged: list[StagedFile]
    queue: Queue | None
    agent: Agent | None
    waits: int


def send(draft: Draft, content: Content, wish: Wish, *, by: User) -> Message:
    """Raises what `outbound.reply` raises; ThreadChanged; Conflict `draft-changed`; Guarded
    `place-left` for a canned place that is still empty.
    """
    if draft.sent_as is not None:
        return draft.sent_as
    _known_or_refuse(wish)
    ready = _ready(draft, content, by)
    with transaction.atomic():
        sessions.lock([draft.session_id] if draft.session_id else [])
        if not put(draft, ready.fields, version=wish.version):
            return _sent_meanwhile(draft)
        people = _people_before(draft.session)
        session, before = _session_for(draft, ready, wish, by)
        message = outbound.queue_mail(session, ready.mail, by, waits=ready.waits)
        staging.send_along(message, ready.staged)
        if wish.then:
            session = sessions.set_status(session, wish.then, by=by)
        moved = {"before": before, "after": as_it_stands(session), "people": people}
        Draft.objects.filter(pk=draft.pk).update(sent_as=message, moved=moved)
        outbound.to_be_sent(message, [], after=ready.waits)
        announce(draft_changed, key=draft.key, user_ids=[draft.author_id])
    return message


def _known_or_refuse(wish: Wish) -> None:
    if wish.then not in THEN:
        raise Invalid("then", _("then: paused, resolved, closed, or nothing."))
    if len(wish.override) > LONGEST_REASON:
        told = {"limit": LONGEST_REASON}
        raise Invalid("too-long", _("override: at most %(limit)s characters.") % told)


# ---- before the transaction -------------------------------------------------------------------


def _ready(draft: Draft, content: Content, by: User) -> _Ready:
    writers.channel_is_on_or_refuse()
    if draft.session is not None:
        staging.may_write_or_refuse(draft.session, by)
    fields = fields_of(draft, content)
    html, text = fields["html"], fields["text"]
    placeholders.none_left_or_refuse([text, html, fields["subject"]])
    staged = draft_files.standing_in(draft, html)
    if not text.strip() and not staged:
        raise Invalid("empty", _("text: write something, or attach a file."))
    staging.stopped_or_pass(staged)
    queue = _queue(fields) if draft.session is None else None
    agent = outbound.assignee(queue, by, _agent(fields)) if queue else None
    mailbox = _mailbox(draft, fields, queue)
    outbound.check_size(mailbox, staged, text, html)
    mail = _mail(draft, fields, mailbox)
    return _Ready(fields, mail, staged, queue, agent, ChannelSettings.load().undo_seconds)


def _queue(fields: dict[str, Any]) -> Queue:
    queue = Queue.objects.filter(pk=fields["queue_id"], enabled=True).first()
    if queue is None:
        raise Invalid("no-queue", _("queue: choose the queue that this mail belongs to."))
    return queue


def _agent(fields: dict[str, Any]) -> Agent | None:
    return Agent.objects.select_related("user").filter(pk=fields["agent_id"]).first()


def _mailbox(draft: Draft, fields: dict[str, Any], queue: Queue | None) -> Mailbox:
    """The chosen one, if it may be chosen now; without a choice, the one that is suggested."""
    chosen = fields.get("mailbox_id", draft.mailbox_id)
    known = Mailbox.objects.select_related("account")
    if chosen is not None and (mailbox := known.filter(pk=chosen).first()):
        return one_of_its_own_or_refuse(draft, writers.sending(mailbox))
    if draft.session is None:
        assert queue is not None  # a mail without a session has one, or was refused
        return writers.mailbox_of_queue(queue)
    return writers.mailbox_of(draft.session, None)


def _mail(draft: Draft, fields: dict[str, Any], mailbox: Mailbox) -> outbound.Mail:
    to, cc, bcc = (people_of(fields[side]) for side in ("to", "cc", "bcc"))
    parent = draft.answers
    if parent is None and draft.session is not None:
        parent = outbound.newest_outbound(draft.session)
    return outbound.Mail(
        mailbox=mailbox,
        people=addressed(Letter(to=to, cc=cc, bcc=bcc), Recipients(())),
        subject=_subject(draft, fields["subject"], mailbox),
        text=fields["text"],
        html=fields["html"],
        **outbound.thread_headers(parent),
    )


def _subject(draft: Draft, subject: str, mailbox: Mailbox) -> str:
    if draft.session is not None and draft.kind == Draft.Kind.REPLY:
        said = subject or subject_of_answer(Letter(), draft.session, draft.answers)
        return with_session_id(said, draft.session, mailbox)
    if subject or draft.kind == Draft.Kind.FORWARD:
        return subject
    raise Invalid("no-subject", _("subject: say in a few words what the mail is about."))


# ---- inside it --------------------------------------------------------------------------------


def _sent_meanwhile(draft: Draft) -> Message:
    """Of two that press Send, both get the mail that there is."""
    now = Draft.objects.filter(pk=draft.pk, author=draft.author_id).select_related("sent_as")
    sent = next((one.sent_as for one in now if one.sent_as is not None), None)
    if sent is None:
        refuse_late(draft)
        raise AssertionError  # refuse_late always raises
    return sent


def _people_before(session: Session | None) -> list[str]:
    if session is None:
        return []
    return list(session.thread.participants.values_list("address", flat=True))


def _session_for(
    draft: Draft, ready: _Ready, wish: Wish, by: User
) -> tuple[Session, dict[str, Any] | None]:
    """In the author's hands, and how it stood before: None for one that this mail begins."""
    if draft.session is None:
        assert ready.queue is not None  # refused without one
        return outbound.begin_session(ready.queue, ready.mail, by, ready.agent), None
    # Locked above: a mail that is being stored waits for us, or we for it, and then we see it.
    session = Session.objects.get(pk=draft.session.pk)
    before = as_it_stands(session)
    _unchanged_or_refuse(draft, ready, wish, session, by)
    return outbound.in_hand(session, by), before


def _unchanged_or_refuse(
    draft: Draft, ready: _Ready, wish: Wish, session: Session, by: User
) -> None:
    here = Message.objects.calling().filter(thread=session.thread_id)
    newer = here.filter(pk__gt=ready.fields["newest"])
    own = Q(author=by) | Q(automatic=True)
    unseen = newer.exclude(own & Q(direction=Message.Direction.OUT))
    found = list(unseen.select_related("author").order_by("pk")[:MOST_NEWER])
    if not found:
        return
    if not wish.override.strip():
        raise ThreadChanged(found)
    _remember_override(session, wish.override.strip(), found, by)


def _remember_override(session: Session, reason: str, newer: Sequence[Message], by: User) -> None:
    words = {"by": by.display_name, "reason": reason}
    SessionEvent.objects.create(
        session=session,
        kind=SessionEvent.Kind.SENT_ANYWAY,
        by=by,
        why=_("%(by)s answered although a newer mail had come: %(reason)s") % words,
        facts={"newer": [one.pk for one in newer]},
    )
