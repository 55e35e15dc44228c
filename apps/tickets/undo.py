"""The story of Undo: a mail that has not left is a draft again, and everything as before.

Delivery takes a mail whose waiting time is over; Undo takes one whose time is not. Both change the
row in one statement, so that exactly one of them has it.
"""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.core.announce import announce
from apps.core.errors import Conflict
from apps.core.models import User
from apps.tickets import draft_files, sessions
from apps.tickets.models import Draft, Message, Participant, Session
from apps.tickets.signals import draft_changed

Status = Message.Status

_PLACE = ("status", "agent_id")
_TIMES = ("assigned_at", "finished_at")


def as_it_stands(session: Session) -> dict[str, Any]:
    """What Send may change of a session, and how far it was read, to be kept in a row."""
    times = {name: getattr(session, name) for name in _TIMES}
    place: dict[str, Any] = {name: getattr(session, name) for name in (*_PLACE, "newest_in")}
    return place | {name: one.isoformat() if one else None for name, one in times.items()}


def undo(message: Message, *, by: User) -> Draft:
    """Raises Conflict `not-yours`, or `too-late` when it has left, or may have."""
    if message.author_id != by.pk:
        raise Conflict("not-yours", _("Only its author calls a mail back."))
    with transaction.atomic():
        if not _caught(message):
            raise _too_late()
        message.refresh_from_db(fields=["thread", "session"])  # moved since the caller saw it
        draft = Draft.objects.filter(sent_as=message).select_related("session__thread").first()
        if draft is None:
            raise _too_late()
        sessions.lock([message.session_id])
        session = Session.objects.select_related("thread").get(pk=message.session_id)
        draft_files.stage_again(draft, message)
        Draft.objects.filter(pk=draft.pk).update(sent_as=None, moved={}, updated_at=Now())
        message.delete()
        _put_back(session, draft, message, by)
        announce(draft_changed, key=draft.key, user_ids=[draft.author_id])
    return draft


def undo_until(message: Message) -> Any:
    """Until when it can be called back; None where it cannot."""
    waits = message.status == Status.QUEUED and not message.attempts
    return message.next_try_at if waits else None


def _too_late() -> Conflict:
    return Conflict("too-late", _("Too late: this mail is on its way."))


def _caught(message: Message) -> bool:
    """One row or too late: from here on no delivery finds it."""
    waiting = Message.objects.filter(
        pk=message.pk, status=Status.QUEUED, attempts=0, next_try_at__gt=Now()
    )
    return bool(waiting.update(status=Status.FAILED))


def _put_back(session: Session, draft: Draft, message: Message, by: User) -> None:
    before, after = draft.moved.get("before"), draft.moved.get("after", {})
    if before is None and _is_empty(session):
        sessions.vanish(session)
        return
    sessions.message_added(session, -1)
    _forget_people(session, message, draft.moved.get("people", []))
    if before is not None:
        _step_back(session, before, after, by)


def _is_empty(session: Session) -> bool:
    """Nobody has written in it, nor begun to."""
    written = Message.objects.filter(thread=session.thread_id).exists()
    return not (written or Draft.objects.filter(session=session).exists())


def _forget_people(session: Session, message: Message, known: list[str]) -> None:
    """Whom only this mail brought into the conversation."""
    written = {one["email"].lower() for one in (*message.to, *message.cc, *message.bcc)}
    new = written - set(known)
    if not new:
        return
    others = Message.objects.filter(thread=session.thread_id)
    sides = others.values_list("from_email", "to", "cc", "bcc", "reply_to")
    for sender, *lists in sides:
        new -= {sender.lower(), *(one["email"].lower() for side in lists for one in side)}
    Participant.objects.filter(thread=session.thread_id, address__in=new).delete()


def _step_back(session: Session, before: dict[str, Any], after: dict[str, Any], by: User) -> None:
    times = {name: parse_datetime(before[name]) if before[name] else None for name in _TIMES}
    untouched = {name: after[name] for name in _PLACE}
    if before["status"] not in Session.OPEN and "newest_in" in after:
        # A customer who has written since would wait unseen in finished work.
        untouched["newest_in"] = after["newest_in"]
    sessions.step_back(
        session,
        {name: before[name] for name in _PLACE} | times,
        untouched,
        by=by,
        why=_("%(by)s called a mail back before it left.") % {"by": by.display_name},
    )
