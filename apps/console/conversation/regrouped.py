"""What a reader sees of where a mail lies: why, what is odd about that, and what has moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypedDict

from django.utils.translation import gettext as _

from apps.core.models import User
from apps.tickets.models import Message, Regrouping, Session, SessionEvent
from apps.tickets.regrouping.undo import undoable
from apps.tickets.regrouping.verbs import LEAVING
from apps.tickets.threading.evidence import FROM_AGENT
from apps.tickets.threading.joining import NEW_TOPIC, UNVERIFIED
from apps.tickets.threading.words import because_of


class MarkJson(TypedDict):
    code: str
    word: str


class PlaceJson(TypedDict):
    """WHY is a sentence; a mail that has yet to leave is not movable."""

    why: str
    marks: list[MarkJson]
    movable: bool


class PossibleJson(TypedDict):
    id: str
    subject: str
    customer: str


class WayJson(TypedDict):
    """Of a line of the history: the other conversation, and the regrouping to be undone."""

    session: str
    undo: str | None


def place_of(message: Message) -> PlaceJson:
    incoming = message.direction == Message.Direction.IN
    flags = message.placement.get("flags", ()) if incoming else ()
    words = _words()
    return PlaceJson(
        why=because_of(message) if incoming else "",
        marks=[MarkJson(code=one, word=words[one]) for one in flags if one in words],
        movable=message.status not in LEAVING,
    )


def _words() -> dict[str, str]:
    return {
        UNVERIFIED: _("Unverified sender"),
        FROM_AGENT: _("From an agent's address, unverified"),
        NEW_TOPIC: _("Subject changed"),
    }


def possible_of(user: User, session: Session, messages: Iterable[Message]) -> PossibleJson | None:
    """The conversation that a mail of SESSION may belong to, if the reader sees it."""
    named = (
        one.placement["possible"].get("session", "")
        for one in messages
        if one.session_id == session.pk and "possible" in one.placement
    )
    wanted = next((one for one in named if one and one != session.public_id), None)
    if wanted is None:
        return None
    found = Session.objects.visible_to(user).filter(public_id=wanted).first()
    if found is None or found.thread_id == session.thread_id:
        return None
    customer = found.customer_name or found.customer
    return PossibleJson(id=found.public_id, subject=found.subject, customer=customer)


def ways_of(events: Sequence[SessionEvent]) -> dict[int, WayJson]:
    """By the event's key; some queries where something has moved, and none else."""
    moves = [one for one in events if one.kind == SessionEvent.Kind.REGROUPED]
    if not moves:
        return {}
    open_ones = _undoable(moves)
    return {one.pk: _way(one.facts, open_ones) for one in moves}


def _undoable(moves: Sequence[SessionEvent]) -> set[int]:
    wanted = {one.facts.get("regrouping") for one in moves if not one.facts.get("undone")}
    rows = Regrouping.objects.filter(pk__in=wanted - {None}, undone_at__isnull=True)
    return undoable(list(rows.select_related("from_thread")))


def _way(facts: Mapping[str, Any], open_ones: Collection[int]) -> WayJson:
    number = facts.get("regrouping")
    is_open = number in open_ones and not facts.get("undone")
    return WayJson(session=str(facts.get("session", "")), undo=str(number) if is_open else None)
