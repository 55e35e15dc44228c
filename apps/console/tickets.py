"""The page of a built-in ticket: read only, for whoever sees a session of its conversation."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from apps.console.choice import Choice
from apps.console.desk import desk_of
from apps.console.frame import Visit, page
from apps.console.text import linked
from apps.core.models import User
from apps.crm.models import Ticket, TicketComment
from apps.tickets.api.builtin import links_to
from apps.tickets.models import Session


@dataclass(frozen=True, slots=True)
class ShownComment:
    comment: TicketComment
    html: SafeString


@require_safe
@page
def ticket(request: Visit, ticket_id: int) -> HttpResponse:
    mine = Ticket.objects.visible_to(request.user).prefetch_related("comments", "files")
    found = get_object_or_404(mine, pk=ticket_id)
    context = {
        "desk": desk_of(request.user, Choice(), request.channel),
        "ticket": found,
        "sessions": _sessions(request.user, found),
        "comments": [ShownComment(one, linked(one.text)) for one in found.comments.all()],
    }
    return render(request, "console/ticket.html", context)


def _sessions(user: User, ticket: Ticket) -> list[Session]:
    """Those of its conversations that USER sees."""
    threads = links_to(ticket).values("thread_key")
    visible = Session.objects.visible_to(user).filter(thread__key__in=threads)
    return list(visible.order_by("id"))
