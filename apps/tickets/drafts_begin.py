"""How a draft begins: an answer to all, a mail to pass on, a first one, or one more try.

What stands in it from the start is the caller's OPENING (signatures), cleaned.
"""

from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from apps.channels.models import Mailbox
from apps.core.errors import Conflict, Problem
from apps.core.html import html_to_text
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets import draft_files, forwarding, staging, writers
from apps.tickets.delivery_reports import standing
from apps.tickets.drafts import WITH, announce_change, cleaned, find, newest_of, stored
from apps.tickets.letters import (
    Letter,
    newest_inbound,
    recipients_of_everybody,
    subject_of_answer,
)
from apps.tickets.models import DeliveryReport, Draft, Message, Session
from apps.tickets.sending.recipients import everybody
from apps.tickets.tokens import hash_of

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


def begin_again(message: Message, *, by: User, newest: int = 0) -> Draft:
    """*Edit and resend*: text, files and those recipients that MESSAGE did not reach.

    Raises Conflict `nothing-to-resend` where it reached everybody, or nobody knows.
    """
    staging.may_write_or_refuse(message.session, by)
    missed = _missed_or_refuse(message)
    with transaction.atomic():
        _one_after_the_other(by)
        draft = _about(message.session, _answered(message), by, newest, kind=Kind.REPLY)
        draft.mailbox = message.mailbox
        draft.subject, draft.plain, draft.text = message.subject, not message.html, message.text
        for side in ("to", "cc", "bcc"):
            setattr(draft, side, [one for one in getattr(message, side) if _is_in(one, missed)])
        draft.left_out = draft_files.take_along(draft, message)
        draft.html = cleaned(message.html, draft_files.content_ids(draft))
        draft.save()
        announce_change(draft)
    return find(draft.key, by=by)


def _missed_or_refuse(message: Message) -> set[str]:
    """In small letters."""
    if message.status == Message.Status.FAILED:
        return {one.lower() for one in everybody(message)}
    reports = standing(message.reports.all())
    missed = {who for who, one in reports.items() if one.kind in DeliveryReport.FAILED}
    if message.status != Message.Status.SENT or not missed:
        sentence = _("This mail has not failed: write a new one, or say whether it arrived.")
        raise Conflict("nothing-to-resend", sentence)
    return {one.lower() for one in everybody(message)} if "" in missed else missed


def _is_in(person: dict[str, str], missed: set[str]) -> bool:
    return person["email"].lower() in missed


def _answered(message: Message) -> Message | None:
    parent = hash_of(message.in_reply_to) if message.in_reply_to else "-"
    return Message.objects.filter(thread=message.thread_id, message_id_hash=parent).first()


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
