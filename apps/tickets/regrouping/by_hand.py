"""A person moves mails, joins conversations, or takes that back: who may, in one transaction."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import Conflict, Invalid, Missing
from apps.core.models import User
from apps.tickets import sessions, writers
from apps.tickets.models import Message, Regrouping, Session, Thread
from apps.tickets.regrouping import verbs
from apps.tickets.regrouping.rows import locked_messages
from apps.tickets.regrouping.undo import undo as put_back

LONGEST_WHY = 500
MOST_AT_ONCE = 500  # mails
MOST_MERGED = 2000  # mails that go on elsewhere, while everybody who works on them waits

Done = tuple[Regrouping, Session]


def move(
    message: Message, to: str | None, *, by: User, with_later: bool = False, why: str = ""
) -> Done:
    """TO is a session's id; None: into a conversation of its own. WITH_LATER: and all mails of
    the conversation after it.

    Raises Missing for a session that BY does not see, Conflict `not-yours`, Invalid `too-many` or
    `too-long`, and what verbs.move raises.
    """
    _short_or_refuse(why)
    target = find(to, by) if to else None
    messages = _with_later(message) if with_later else [message]
    _work_in_all_or_refuse({one.session_id for one in messages}, by)
    with transaction.atomic():
        row = verbs.move(messages, target, by=by, why=why)
    return row, landed(row)


def merge(session: Session, into: str, *, by: User, why: str = "") -> Done:
    """The whole conversation of SESSION goes on in that of INTO, a session's id. Raises what `move`
    raises."""
    _short_or_refuse(why)
    target = find(into, by)
    writers.own_or_refuse(session, by)
    loser = verbs.head_of(session.thread)
    _not_too_many_or_refuse(loser)
    open_ones = Session.objects.filter(thread=loser, status__in=verbs.UNFINISHED)
    _work_in_all_or_refuse(set(open_ones.values_list("pk", flat=True)), by)
    with transaction.atomic():
        row = verbs.merge(session.thread, target.thread, by=by, why=why)
    return row, landed(row)


def undo(row: Regrouping, *, by: User) -> Done:
    """By whoever did it and works there still, or may work on where the mails are now."""
    here = landed(row)
    _both_sides_or_refuse(row, here, by)
    is_own = row.by_id == by.pk and writers.member(here.queue, by) is not None
    if not is_own:
        writers.own_or_refuse(here, by)
    with transaction.atomic():
        back = put_back(row, by=by)
    row.refresh_from_db()
    return row, back


def keep_apart(session: Session, *, by: User) -> None:
    """The suggested conversation is another one: the suggestion goes."""
    writers.own_or_refuse(session, by)
    with transaction.atomic():
        mails = locked_messages(suggested(session))
        if not mails:
            return
        for one in mails:
            one.placement = {name: v for name, v in one.placement.items() if name != "possible"}
        Message.objects.bulk_update(mails, ["placement"])
        sessions.lock([session.pk])
        sessions.say_changed([session])


def suggested(session: Session) -> QuerySet[Message]:
    return Message.objects.filter(session=session, placement__has_key="possible")


def find(public_id: str, by: User) -> Session:
    seen = Session.objects.visible_to(by).select_related("thread__merged_into", "queue")
    session = seen.filter(public_id=public_id.strip().upper()).first()
    if session is None:
        raise Missing("not-found", _("There is no such conversation, or you may not see it."))
    return session


def landed(row: Regrouping) -> Session:
    """Where the mails are."""
    known = Session.objects.select_related("thread", "queue", "agent__user")
    return known.get(pk=row.before["landed"])


def _both_sides_or_refuse(row: Regrouping, here: Session, by: User) -> None:
    """Whoever undoes sees where the mails are, and sees then where they have been."""
    sides = {here.pk, *(home for home, _placement in row.before["messages"].values())}
    if Session.objects.visible_to(by).filter(pk__in=sides).count() < len(sides):
        raise Missing("not-found", _("This conversation is not here, or not yours to see."))


def _with_later(message: Message) -> list[Message]:
    later = Message.objects.filter(thread=message.thread_id, pk__gte=message.pk).order_by("pk")
    found = list(later.select_related("session")[: MOST_AT_ONCE + 1])
    if len(found) > MOST_AT_ONCE:
        told = {"limit": MOST_AT_ONCE}
        raise Invalid("too-many", _("At most %(limit)s mails can be moved at once.") % told)
    return found


def _not_too_many_or_refuse(loser: Thread) -> None:
    mails = Message.objects.filter(thread=loser).values("pk")[: MOST_MERGED + 1]
    if mails.count() > MOST_MERGED:
        sentence = _(
            "This conversation has more than %(limit)s mails: let the other one go on in this one."
        )
        raise Invalid("too-many", sentence % {"limit": MOST_MERGED})


def _work_in_all_or_refuse(pks: Collection[int], by: User) -> None:
    """Later mails, and other open work of a conversation, may lie in sessions of other queues."""
    seen = Session.objects.visible_to(by).filter(pk__in=pks).select_related("queue", "agent__user")
    found = list(seen)
    if len(found) < len(pks):
        raise Conflict("not-yours", _("Some of these mails are not yours to move."))
    for session in found:
        writers.own_or_refuse(session, by)


def _short_or_refuse(why: str) -> None:
    if len(why) > LONGEST_WHY:
        told = {"limit": LONGEST_WHY}
        raise Invalid("too-long", _("why: at most %(limit)s characters.") % told)
