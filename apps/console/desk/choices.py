"""Where a session can be handed on, to whom, and where a first mail can be written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import Http404
from django.views.decorators.http import require_safe

from apps.agents.looks import colours
from apps.agents.models import Agent
from apps.agents.telling import states_of
from apps.agents.workload import NOTHING, workloads
from apps.console.answers import as_json
from apps.console.desk.own_state import Look
from apps.console.desk.state import look_json
from apps.console.frame import Visit
from apps.console.places import find_session
from apps.console.who import person_of_agent
from apps.core.models import Role, User
from apps.queues.attended import attended
from apps.queues.models import MailboxRoute, Queue
from apps.queues.routing import members
from apps.tickets.models import Session
from apps.tickets.sessions import may_steer


@require_safe
@as_json
def choices(request: Visit) -> dict[str, Any]:
    """With ?session=ID where it can go; without, where to write first; ?queue= adds its agents."""
    user = request.user
    if public_id := request.GET.get("session", ""):
        return _of_session(user, find_session(user, public_id))
    queues = writable_queues(user, list(Queue.objects.seen_by(user)))
    asked = request.GET.get("queue", "")
    queue = next((one for one in queues if str(one.pk) == asked), None)
    if asked and queue is None:
        raise Http404
    return {"queues": _queues(queues), "agents": _agents(queue, user) if queue else []}


def writable_queues(user: User, seen: Sequence[Queue]) -> list[Queue]:
    """Of those that USER sees: in use, with an address to write from, worked in or supervised."""
    able = set(MailboxRoute.objects.order_by().values_list("queue", flat=True).distinct())
    queues = [queue for queue in seen if queue.enabled and queue.pk in able]
    if user.sees_everything and not user.has_role(Role.ADMINISTRATOR):
        mine = Queue.objects.worked_by(user) | Queue.objects.steered_by(user)
        own = set(mine.values_list("pk", flat=True))
        return [queue for queue in queues if queue.pk in own]
    return queues


def _of_session(user: User, session: Session) -> dict[str, Any]:
    """Any queue in use but its own, if somebody works there: a mail goes where its matter lies."""
    queues = Queue.objects.filter(enabled=True, pk__in=attended()).exclude(pk=session.queue_id)
    agents = _agents(session.queue, user) if may_steer(user, session.queue_id) else []
    held = str(session.agent_id)
    return {"queues": _queues(queues), "agents": [one for one in agents if one["id"] != held]}


def _queues(queues: Collection[Queue]) -> list[dict[str, str]]:
    return [{"id": str(one.pk), "name": one.name, "path": one.path or one.name} for one in queues]


def _agents(queue: Queue, user: User) -> list[dict[str, Any]]:
    """States and loads of whom USER watches; colleagues are names alone."""
    watched = Agent.objects.watched_by(user).filter(pk=OuterRef("pk"))
    rows = members(queue).select_related("user").annotate(watched=Exists(watched))
    agents = sorted(rows, key=lambda one: (one.name.casefold(), one.pk))
    shown = [one for one in agents if one.watched]
    told, custom = states_of(shown), colours()
    work = workloads([one.pk for one in shown], user)
    looks = {
        pk: look_json(Look(one.effective, custom.get(one.effective, "")))
        for pk, one in told.items()
    }
    return [
        {
            **person_of_agent(one),
            "state": looks.get(one.pk),
            "load": work.get(one.pk, NOTHING).open_sessions if one.watched else None,
        }
        for one in agents
    ]
