"""The customer's panel: earlier sessions with this address, as far as the reader may see them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Min, Window
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from apps.channels.lookalikes import visible
from apps.console.answers import as_json
from apps.console.desk.rows import moment
from apps.console.frame import Visit
from apps.console.places import find_session, ticket_url
from apps.core.models import User
from apps.crm.links import links_of
from apps.crm.models import TicketLink
from apps.tickets.delivery_reports import trouble
from apps.tickets.models import Session

MOST_SESSIONS = 10


@require_safe
@as_json
def customer(request: Visit, public_id: str) -> dict[str, Any]:
    return customer_of(request.user, find_session(request.user, public_id))


def customer_of(user: User, session: Session) -> dict[str, Any]:
    """Three queries, all out of an index: the sessions with their number, their tickets, and
    whether mails to this address arrive."""
    others = _others(user, session)
    links = links_of(one.thread.key for one in others) if others else {}
    names = [session.customer_name, *(one.customer_name for one in others)]
    troubled = trouble([session.customer]).get(session.customer.lower())
    first = min([session.created_at, *(one.begun for one in others[:1])])
    return {
        "name": visible(next(filter(None, names), "")),
        "email": visible(session.customer),
        "since": moment(first),
        "trouble": troubled.sentence if troubled else "",
        "count": 1 + (others[0].found if others else 0),
        "sessions": [_session_json(one, links.get(one.thread.key)) for one in others],
    }


def _others(user: User, session: Session) -> list[Any]:
    """The newest, each with how many there are and when the first one began. An address is what
    the mails called it: that is how it is found in the index."""
    if not session.customer:
        return []
    spelled = {session.customer, session.customer.lower()}
    sessions = Session.objects.visible_to(user).filter(customer__in=spelled)
    counted = sessions.exclude(pk=session.pk).annotate(
        found=Window(Count("pk")), begun=Window(Min(F("created_at")))
    )
    return list(counted.select_related("thread").order_by("-updated_at", "-pk")[:MOST_SESSIONS])


def _session_json(session: Session, link: TicketLink | None) -> dict[str, Any]:
    return {
        "id": session.public_id,
        "subject": session.subject,
        "status": session.status,
        "status_word": capfirst(session.get_status_display()),
        "updated_at": moment(session.updated_at),
        "ticket": {"id": link.ticket, "url": ticket_url(link)} if link else None,
    }
