"""Canned replies at hand while writing: found by their words, filled in for this conversation."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from apps.channels.models import ChannelSettings
from apps.console.answers import as_json
from apps.console.frame import Visit
from apps.console.models import CannedReply
from apps.console.places import find_session, ticket_url
from apps.core.html import html_to_text
from apps.core.models import User
from apps.crm.links import links_of
from apps.queues.models import Queue
from apps.tickets import placeholders
from apps.tickets.models import Session

MOST_SHOWN = 50
LONGEST_SEARCH = 100

_Values = dict[str, str]


@require_safe
@as_json
def canned(request: Visit) -> HttpResponse:
    """`?session=ID` fills the places; `?queue=` is for a mail that begins one; `?q=` searches."""
    user = request.user
    public_id = request.GET.get("session", "")
    session = find_session(user, public_id) if public_id else None
    queue = session.queue if session else _queue(user, request.GET.get("queue", ""))
    values = values_of(user, session, queue, request.channel)
    found = _found(user, queue, request.GET.get("q", ""))
    return JsonResponse([_shown(one, values) for one in found], safe=False)


def _queue(user: User, pk: str) -> Queue | None:
    if not pk:
        return None
    if not (pk.isascii() and pk.isdigit() and len(pk) <= 18):
        raise Http404
    return Queue.objects.visible_to(user).filter(pk=int(pk)).first()


def _found(user: User, queue: Queue | None, words: str) -> list[CannedReply]:
    """Those of the queue first, then those for everybody."""
    offered = CannedReply.objects.visible_to(user).filter(enabled=True)
    if queue is not None:
        offered = offered.filter(Q(queue=queue) | Q(queue__isnull=True))
    for word in words[:LONGEST_SEARCH].split():
        offered = offered.filter(Q(name__icontains=word) | Q(html__icontains=word))
    rows = offered.select_related("queue").order_by("name", "pk")[:MOST_SHOWN]
    return sorted(rows, key=lambda one: one.queue_id is None)


def _shown(reply: CannedReply, values: _Values) -> dict[str, Any]:
    html, missing = placeholders.fill(reply.html, values)
    return {
        "id": str(reply.pk),
        "name": reply.name,
        "language": reply.language,
        "queue": {"id": str(reply.queue.pk), "name": reply.queue.name} if reply.queue else None,
        "html": html,
        "text": html_to_text(html),
        "missing": missing,
    }


def values_of(
    user: User, session: Session | None, queue: Queue | None, channel: ChannelSettings
) -> _Values:
    """What is known now; a name without a value is left to the author."""
    values = {"agent.name": user.display_name, "queue.name": queue.name if queue else ""}
    if session is None:
        return values
    name = session.customer_name.strip()
    return (
        values
        | _ticket(session, channel)
        | {
            "customer.name": name,
            "customer.first_name": _first_name(name),
            "customer.email": session.customer,
            "session.id": session.public_id,
            "session.subject": session.subject,
        }
    )


def _first_name(name: str) -> str:
    """`Ana Ruiz` and `Ruiz, Ana` are both Ana's."""
    last, comma, first = name.partition(",")
    words = (first if comma and first.strip() else last).split()
    return words[0] if words else ""


def _ticket(session: Session, channel: ChannelSettings) -> _Values:
    link = links_of([session.thread.key]).get(session.thread.key)
    if link is None or not link.ticket:
        return {}
    url = ticket_url(link)
    whole = channel.external_url.rstrip("/") + url if url.startswith("/") else url
    return {"ticket.id": link.ticket, "ticket.url": whole}
