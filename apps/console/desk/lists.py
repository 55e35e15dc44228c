"""The list: which sessions a view or queue shows, 25 a load; and rows that are looked at again.

Two queries, whatever lies there: the first finds ids, out of an index alone; the second tells of
these few what a row tells (rows.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, Subquery
from django.http import Http404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.agents.models import Agent
from apps.console.answers import as_json
from apps.console.desk.list_choice import ListChoice
from apps.console.desk.rows import Row, rows_of
from apps.console.frame import Visit
from apps.core.db.planning import beside_order
from apps.core.errors import Invalid
from apps.core.models import User
from apps.queues.loads import OpenSessions, open_sessions
from apps.queues.models import Queue
from apps.queues.tree import with_those_below
from apps.tickets.models import Session, SessionQuerySet
from apps.tickets.search import matching

PER_LOAD = 25
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, and the queues that this user sees."""

    user: User
    queues: Sequence[Queue]

    @property
    def queue_ids(self) -> list[int]:
        return [queue.pk for queue in self.queues]

    def queue(self, pk: int) -> Queue:
        found = next((one for one in self.queues if one.pk == pk), None)
        if found is None:
            raise Http404
        return found


@require_safe
@as_json
def sessions(request: Visit) -> dict[str, Any]:
    return list_json(request.user, request.GET.dict())


def list_json(user: User, query: dict[str, str]) -> dict[str, Any]:
    """One load of what QUERY asks for. Raises Http404 for a queue that USER does not see."""
    choice, reader = ListChoice.read(query), reader_of(user)
    title = reader.queue(choice.queue).name if choice.queue is not None else choice.title
    ids, mark = _load(reader, choice)
    return {
        "title": title,
        "rows": rows_of(reader.user, ids),
        "next": mark,
        "total": _total(reader, choice),
    }


@require_safe
@as_json
def rows(request: Visit) -> dict[str, Any]:
    """Rows of a list that is open already: as they are now, or gone from it."""
    ids = [one for one in request.GET.get("ids", "").replace("\x00", "").split(",") if one]
    if len(ids) > MOST_ROWS:
        sentence = _("ids: ask for at most %(most)d sessions at once.") % {"most": MOST_ROWS}
        raise Invalid("too-many", sentence)
    choice = ListChoice.read(request.GET.dict())
    found = chosen(reader_of(request.user), choice).filter(public_id__in=ids)
    shown = rows_of(request.user, list(found.values_list("pk", flat=True)))
    still = {row["id"] for row in shown}
    return {"rows": _in_order(shown, ids), "gone": [one for one in ids if one not in still]}


def reader_of(user: User) -> Reader:
    return Reader(user, list(Queue.objects.seen_by(user)))


def chosen(reader: Reader, choice: ListChoice) -> SessionQuerySet:
    """All that the choice shows to this reader, not only a load of it."""
    found = _placed(reader, choice).filter(choice.conditions).order_by()
    return matching(found, choice.words) if choice.words else found


def counted(reader: Reader, choice: ListChoice, counts: OpenSessions) -> int:
    """Open sessions of the choice, by the kept counters."""
    if choice.queue is not None:
        return sum(map(counts.of, with_those_below(reader.queue(choice.queue), reader.queues)))
    if choice.view == "mine":
        return sum(counts.own.values())
    if choice.view == "unassigned":
        return sum(counts.waiting.values())
    seen = set(reader.queue_ids)
    elsewhere = sum(n for queue, n in counts.own.items() if queue not in seen)
    return sum(map(counts.of, seen)) + elsewhere


def _placed(reader: Reader, choice: ListChoice) -> SessionQuerySet:
    """As `visible_to` of sessions, and narrower, in shapes that an index answers in its order."""
    place, holder = beside_order("queue_id"), beside_order("agent_id")
    every = Session.objects.alias(place=place, holder=holder)
    if choice.queue is not None:
        under = with_those_below(reader.queue(choice.queue), reader.queues)
        is_alone = len(under) == 1 and choice.sort != "waiting"
        return every.filter(Q(queue=under[0]) if is_alone else Q(place__in=under))
    seen = Q() if reader.user.sees_everything else Q(place__in=reader.queue_ids)
    if choice.view == "mine":
        return every.filter(agent=_own(reader.user))
    if choice.view == "unassigned":
        return every.filter(seen, holder__isnull=True)
    return every.filter(seen | Q(holder=_own(reader.user))) if seen else every


def _own(user: User) -> Subquery:
    """Asked once for a query; nobody, for who is no agent today."""
    return Subquery(Agent.objects.working().filter(user=user).order_by().values("pk")[:1])


def _load(reader: Reader, choice: ListChoice) -> tuple[list[int], str | None]:
    """One more than is shown tells whether the list goes on."""
    found = chosen(reader, choice).filter(choice.after_mark).order_by(*choice.order)
    pairs = list(found.values_list("pk", choice.field)[: PER_LOAD + 1])
    shown = pairs[:PER_LOAD]
    mark = choice.mark_of(shown[-1][1], shown[-1][0]) if len(pairs) > PER_LOAD else None
    return [pk for pk, _at in shown], mark


def _total(reader: Reader, choice: ListChoice) -> int | None:
    if not choice.is_counted or choice.before:
        return None
    return counted(reader, choice, open_sessions(reader.queue_ids, own=reader.user.pk))


def _in_order(shown: list[Row], ids: list[str]) -> list[Row]:
    places = {public_id: place for place, public_id in enumerate(ids)}
    return sorted(shown, key=lambda row: places[row["id"]])
