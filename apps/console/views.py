"""The pages that agents read: the list, a session beside it, and the link to one mail."""

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.attachments.models import AttachmentSettings
from apps.console.choice import Choice
from apps.console.desk import desk_of
from apps.console.forms import ReplyForm
from apps.console.frame import Visit, page
from apps.console.reading import find_session, reading_of
from apps.tickets.models import Message, Session
from apps.tickets.outbound import recipients_of


@require_safe
@page
def sessions(request: Visit) -> HttpResponse:
    """The list alone."""
    desk = desk_of(request.user, Choice.read(request.GET), request.channel)
    return render(request, "console/sessions.html", {"desk": desk})


@require_safe
@page
def session(request: Visit, public_id: str) -> HttpResponse:
    """The list, and one session beside it."""
    return render_session(request, find_session(request.user, public_id))


def render_session(
    request: Visit, session: Session, form: ReplyForm | None = None, *, status: int = 200
) -> HttpResponse:
    """FORM is the one that was refused, with what the agent wrote."""
    wanted = request.GET.get("message", "")
    reading = reading_of(
        request.user,
        session,
        request.channel,
        wanted=int(wanted) if wanted.isascii() and wanted.isdigit() else None,
    )
    context = {
        "desk": desk_of(request.user, Choice.read(request.GET), request.channel),
        "reading": reading,
        "form": form or ReplyForm(initial={"key": uuid.uuid4().hex}),
        "recipients": recipients_of(session) if reading.rights.reply else None,
        "limits": AttachmentSettings.load() if reading.rights.reply else None,
    }
    return render(request, "console/session.html", context, status=status)


@require_safe
@page
def mail_link(request: Visit, message_id: int) -> HttpResponse:
    """The link that stands in the CRM: its session, scrolled to exactly this mail."""
    visible = Message.objects.visible_to(request.user).select_related("session")
    message = get_object_or_404(visible, pk=message_id)
    address = reverse("session", args=[message.session.public_id])
    return redirect(f"{address}?status=any&message={message.pk}#m{message.pk}")
