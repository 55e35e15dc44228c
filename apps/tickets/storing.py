"""Inside the one transaction of a batch: conversations, sessions, messages, files, assignment.

Every step works on the whole batch, so that fifty mails cost about as many statements as one.
"""

from collections.abc import Iterable, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.attachments import screen
from apps.channels.models import InboundEmail
from apps.channels.parsed import Address, ParsedEmail
from apps.core import blobs
from apps.core.db.rows import add_all, update_each
from apps.tickets import assignment, comments, delivery_reports, search
from apps.tickets.automatic import response as auto_response
from apps.tickets.models import (
    Message,
    MessageFile,
)
from apps.tickets.moving import twins
from apps.tickets.placing import CHANGED_BY_MAIL, Placed, with_places, with_sessions
from apps.tickets.reading import ReadMail
from apps.tickets.sessions import say_changed
from apps.tickets.stages import stage
from apps.tickets.threading import references
from apps.tickets.threading.placement import facts_of
from apps.tickets.tokens import hash_of
from apps.tickets.trusting import trusts_of


def store(mails: Sequence[ReadMail]) -> list[int]:
    """Stores what is no duplicate; answers the ids of files that wait for the scanner."""
    fresh = twins.without(_without_duplicates(mails))
    if not fresh:
        return []
    with stage("place"):
        placed = with_sessions(with_places(fresh))
    _store_messages(placed)
    reports = delivery_reports.record(placed)
    with stage("files"):
        files = _store_files(placed)
    search.add([one.message for one in placed], files)
    _settle(placed)
    with stage("assign"):
        undecided = _route(placed)
    with stage("crm"):
        comments.plan_for([one.message for one in placed], undecided=undecided, reports=reports)
    with stage("answer"):
        auto_response.answer(placed)
    return [file.attachment_id for file in files]


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


# ---- messages and files -------------------------------------------------------------------


def _store_messages(placed: Sequence[Placed]) -> None:
    for one, trust in zip(placed, trusts_of(placed), strict=True):
        one.message = message_of(one)
        one.message.trust = trust.as_json()
    messages = add_all(one.message for one in placed)
    references.record(messages, [one.mail.parsed for one in placed])
    _keep_newest(placed)


def _keep_newest(placed: Sequence[Placed]) -> None:
    """What readers have not seen yet is known from it; the other changes wait for this one."""
    for one in placed:
        one.session.newest_in = max(one.session.newest_in, one.message.pk)
    sessions = {one.session.pk: one.session for one in placed}
    update_each(list(sessions.values()), *CHANGED_BY_MAIL, "newest_in")


def message_of(one: Placed) -> Message:
    """Not saved yet."""
    mail, parsed = one.mail, one.mail.parsed
    return Message(
        thread=one.place.conversation.thread,
        session=one.session,
        mailbox=mail.mailbox,
        direction=Message.Direction.IN,
        status=Message.Status.RECEIVED,
        placement=facts_of(one.place),
        forwarded=mail.forwarded,
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
    """Nothing automatic answers it; an empty return path asks for that as well (RFC 3834, 2)."""
    said = parsed.is_auto_reply or parsed.is_list or parsed.is_bounce or parsed.is_receipt
    return said or parsed.null_return_path


def _store_files(placed: Sequence[Placed]) -> list[MessageFile]:
    files = [(one, file, where) for one in placed for file, where in one.mail.files]
    if not files:
        return []
    rows = blobs.record([where for _one, _file, where in files])
    attachments = [
        screen.plan(blob=blob, names=(file.name, *file.names), declared_type=file.content_type)
        for (_one, file, _where), blob in zip(files, rows, strict=True)
    ]
    add_all(attachments)
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
    return add_all(carriers)


# ---- outcome, routing ---------------------------------------------------------------------


def _settle(placed: Sequence[Placed]) -> None:
    now = timezone.now()
    for one in placed:
        one.mail.row.status, one.mail.row.reason = InboundEmail.Status.STORED, ""
        one.mail.row.settled_at = now
    rows = [one.mail.row for one in placed]
    update_each(rows, "status", "reason", "mailbox", "sender", "subject", "settled_at")


def _route(placed: Sequence[Placed]) -> set[int]:
    """The routing decision of every session in the batch, before its comments are written.

    Each queue is locked for it until the batch ends: always in the same order. Answers the queues
    whose line was too long to be looked at whole.
    """
    heard = [one.session for one in placed if not one.place.silent]
    queues = {session.queue_id: session.queue for session in heard}
    if len(queues) > 1:
        assignment.lock(queues)
    given = {pk: assignment.decide(queues[pk]) for pk in sorted(queues)}
    decided = {session.pk: session for sessions in given.values() for session in sessions}
    sessions = {one.session.pk: one.session for one in placed}
    for pk in decided.keys() & sessions:
        sessions[pk].agent, sessions[pk].why = decided[pk].agent, decided[pk].why
    say_changed(list((sessions | decided).values()))
    return {pk for pk, sessions in given.items() if len(sessions) >= assignment.AT_ONCE}
