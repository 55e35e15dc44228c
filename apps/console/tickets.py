"""The page of a built-in ticket: read only, for whoever sees a session of its conversation."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from apps.console.choice import Choice
from apps.console.desk import desk_of
from apps.console.frame import Visit, page
from apps.console.text import linked
from apps.core import blobs
from apps.core.models import User
from apps.crm.models import CrmSettings, Ticket, TicketComment, TicketFile, TicketLink
from apps.tickets.models import Session


@dataclass(frozen=True, slots=True)
class ShownComment:
    comment: TicketComment
    html: SafeString


@require_safe
@page
def ticket(request: Visit, ticket_id: int) -> HttpResponse:
    found, sessions = _visible_ticket(request.user, ticket_id)
    context = {
        "desk": desk_of(request.user, Choice(), request.channel),
        "ticket": found,
        "sessions": sessions,
        "comments": [ShownComment(one, linked(one.text)) for one in found.comments.all()],
        "files": found.files.all(),
    }
    return render(request, "console/ticket.html", context)


@require_safe
@page
def ticket_file(request: Visit, ticket_id: int, file_id: int) -> HttpResponse:
    """Files of a ticket are clean by the time they are here; they are still only downloaded."""
    found, _sessions = _visible_ticket(request.user, ticket_id)
    file = get_object_or_404(TicketFile.objects.select_related("blob"), ticket=found, pk=file_id)
    response = HttpResponse(blobs.read(file.blob), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _visible_ticket(user: User, ticket_id: int) -> tuple[Ticket, list[Session]]:
    """Its sessions that USER sees; a ticket without any is only for those who see everything."""
    found = get_object_or_404(Ticket, pk=ticket_id)
    links = TicketLink.objects.filter(kind=CrmSettings.Kind.BUILTIN, ticket=str(ticket_id))
    sessions = list(
        Session.objects.visible_to(user)
        .filter(thread__key__in=links.values("thread_key"))
        .order_by("id")
    )
    if not sessions and not user.sees_everything:
        raise Http404
    return found, sessions
