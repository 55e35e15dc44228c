"""What stands around the list: who reads, views and queues with their counts, and what is on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.middleware.csrf import get_token
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.agents.colours import PREFIX
from apps.agents.looks import colours
from apps.agents.stylesheet import MOST
from apps.console.answers import as_json
from apps.console.desk.choices import writable_queues
from apps.console.desk.list_choice import ListChoice, titles
from apps.console.desk.lists import Reader, counted, reader_of
from apps.console.desk.state import own_state_json
from apps.console.frame import Visit
from apps.console.places import tickets_are_here
from apps.console.who import person_of
from apps.core.db.clock import milliseconds_now
from apps.core.models import Role, User
from apps.queues.loads import OpenSessions, open_sessions
from apps.queues.models import Queue
from apps.queues.tree import Node, tree_of
from apps.tickets.models import Draft

COUNTED = ("mine", "unassigned", "all")
WATCHERS = (Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR)
SHORT = 2  # letters of a queue where there is no room


@require_safe
@as_json
def desk(request: Visit) -> dict[str, Any]:
    return desk_json(request)


def desk_json(request: Visit) -> dict[str, Any]:
    """Its version is older than everything in it: what changed meanwhile is told once more."""
    version, user = milliseconds_now(), request.user
    reader = reader_of(user)
    counts = open_sessions(reader.queue_ids, own=user.pk)
    return {
        "user": _user_json(user),
        "csrf": get_token(request),
        "channel": {"enabled": request.channel.enabled},
        "test_signatures": bool(settings.TEST_SIGNATURES),
        "views": _views(reader, counts),
        "queues": _queues(reader.queues, counts),
        "state": own_state_json(user),
        "may": _may(user, reader),
        "undo_seconds": request.channel.undo_seconds,
        "demo": _demo(),
        "version": version,
    }


def _user_json(user: User) -> dict[str, Any]:
    return {
        **person_of(user),
        "language": user.language,
        "keys": user.single_keys,
        "colours_url": _colours_url(user),
    }


def _colours_url(user: User) -> str | None:
    """Of the custom states, in whose colours states are shown everywhere."""
    if not user.has_role(Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR):
        return None
    named = sorted({css.removeprefix(PREFIX) for css in colours().values()})[:MOST]
    return reverse("state-colours", args=["-".join(named)]) if named else None


def _views(reader: Reader, counts: OpenSessions) -> list[dict[str, Any]]:
    numbers: dict[str, int] = {
        view: counted(reader, ListChoice(view=view), counts) for view in COUNTED
    }
    numbers["drafts"] = Draft.objects.unsent().filter(author=reader.user).count()
    return [
        {"id": view, "title": title, "count": numbers.get(view)} for view, title in titles().items()
    ]


def _queues(queues: Sequence[Queue], counts: OpenSessions) -> list[dict[str, Any]]:
    """Queues in use, and those out of use in which something still lies."""
    shown = [one for one in queues if one.enabled or counts.of(one.pk)]
    return [_queue_json(node, counts) for node in tree_of(shown)]


def _queue_json(node: Node, counts: OpenSessions) -> dict[str, Any]:
    return {
        "id": str(node.queue.pk) if node.queue else None,
        "name": node.name,
        "parent": str(node.parent) if node.parent else None,
        "depth": node.depth,
        "short": node.name[:SHORT],
        "count": sum(map(counts.of, node.below)),
    }


def _may(user: User, reader: Reader) -> dict[str, Any]:
    return {
        "new": bool(writable_queues(user, reader.queues)),
        "board": reverse("board") if user.has_role(*WATCHERS) else None,
        "tickets": reverse("tickets") if tickets_are_here() else None,
        "settings": reverse("admin:index") if user.is_staff else None,
    }


def _demo() -> dict[str, str] | None:
    """The page of the demo's customer, where there is one."""
    inbox = settings.DEMO_CUSTOMER_INBOX
    return {"customer_inbox": inbox} if inbox else None
