"""How a draft begins: an answer to all, a mail to pass on, or a first mail to somebody.

What stands in it from the start is the caller's OPENING (signatures), cleaned.
"""

from collections.abc import Callable, Iterable

from django.db import transaction

from apps.channels.models import Mailbox
from apps.core.errors import Problem
from apps.core.html import html_to_text
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets import draft_files, forwarding, staging, writers
from apps.tickets.drafts import WITH, announce_change, cleaned, find, newest_of, stored
from apps.tickets.letters import (
    Letter,
    newest_inbound,
    recipients_of_everybody,
    subject_of_answer,
)
from apps.tickets.models import Draft, Message, Session

Kind = Draft.Kind


def begin_reply(
    session: Session, *, by: User, answers: Message | None = None, newest: int = 0, opening: str
) -> tuple[Draft, bool]:
    """To all; an own answer that was begun goes on. Says whether it is new.

    Raises Guarded `channel-off`, Conflict `not-yours` or `closed`.
    """
    staging.may_write_or_refuse(session, by)
    answers = answers or newest_inbound(session)
    people = recipients_of_everybody(session, answers)
    with transaction.atomic():
        _one_after_the_other(by)  # two tabs, one draft
        if begun := _begun(session, by, newest):
            return begun, False
        draft = _about(session, answers, by, newest, kind=Kind.REPLY)
        draft.to, draft.cc = stored(people.to), stored(people.cc)
        draft.subject = subject_of_answer(Letter(), session, answers)
        _open(draft, opening)
    return find(draft.key, by=by), True


def begin_forward(
    session: Session, message: Message, *, by: User, newest: int = 0, opening: str
) -> Draft:
    """MESSAGE, of any session of the thread, below the author's words, with its clean files."""
    staging.may_write_or_refuse(session, by)
    whole = opening + forwarding.quoted(message)
    with transaction.atomic():
        _one_after_the_other(by)  # the room for files is counted
        draft = _about(session, message, by, newest, kind=Kind.FORWARD)
        draft.subject = forwarding.subject_of(message)
        draft.left_out = draft_files.take_along(draft, message)
        _open(draft, whole, draft_files.content_ids(draft))
    return find(draft.key, by=by)


def begin_new(queue: Queue | None, *, by: User, opening: str) -> Draft:
    """A mail that nobody asked for; its queue may be chosen later."""
    writers.channel_is_on_or_refuse()
    draft = Draft(author=by, kind=Kind.NEW, queue=queue)
    if queue is not None:
        draft.mailbox = _or_none(lambda: writers.mailbox_of_queue(queue))
        draft.agent = writers.member(queue, by)
    with transaction.atomic():
        _open(draft, opening)
    return find(draft.key, by=by)


def _one_after_the_other(by: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=by.pk)


def _begun(session: Session, by: User, newest: int) -> Draft | None:
    """The one that lies there. Whoever opens it has the conversation of now before the eyes."""
    mine = Draft.objects.unsent().filter(session=session, author=by, kind=Kind.REPLY)
    draft = mine.select_related(*WITH).order_by("-pk").first()
    if draft:
        draft.newest = max(draft.newest, newest or newest_of(session))
        draft.save(update_fields=["newest"])
    return draft


def _about(session: Session, answers: Message | None, by: User, newest: int, *, kind: str) -> Draft:
    received = answers if answers and answers.direction == Message.Direction.IN else None
    return Draft(
        author=by,
        kind=kind,
        session=session,
        answers=answers,
        mailbox=_or_none(lambda: writers.mailbox_of(session, received)),
        newest=newest or newest_of(session),
    )


def _or_none(choose: Callable[[], Mailbox]) -> Mailbox | None:
    """Send says what is wrong where no address can send."""
    try:
        return choose()
    except Problem:
        return None


def _open(draft: Draft, html: str, content_ids: Iterable[str] = ()) -> None:
    draft.html = cleaned(html, set(content_ids))
    draft.text = html_to_text(draft.html)
    draft.save()
    announce_change(draft)
