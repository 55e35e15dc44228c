"""The pages that agents read: the list, a session beside it, and the link to one mail."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.console.choice import Choice
from apps.console.desk import desk_of
from apps.console.forms import ReplyForm
from apps.console.frame import Visit, page
from apps.console.reading import find_session, reading_of
from apps.console.uploads import uploads_of
from apps.core.models import User
from apps.tickets.letters import newest_inbound, recipients_of_answer
from apps.tickets.models import Message, Session


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
    context: dict[str, Any] = {
        "desk": desk_of(request.user, Choice.read(request.GET), request.channel),
        "reading": reading,
        "form": form or ReplyForm(initial={"key": uuid.uuid4().hex, "staging": uuid.uuid4().hex}),
    }
    if reading.rights.reply:
        context |= _composer(request.user, session, form)
    return render(request, "console/session.html", context, status=status)


def _composer(user: User, session: Session, refused: ReplyForm | None) -> dict[str, Any]:
    """A new form has no files yet; one that was refused keeps those that were uploaded to it."""
    answered = newest_inbound(session)
    staged_in = str(refused["staging"].value() or "") if refused else ""
    return {
        "recipients": recipients_of_answer(session, answered),
        "uploads": uploads_of(session, staged_in, user, answered=answered),
    }


@require_safe
@page
def mail_link(request: Visit, message_id: int) -> HttpResponse:
    """The link that stands in the CRM: its session, scrolled to exactly this mail."""
    visible = Message.objects.visible_to(request.user).select_related("session")
    message = get_object_or_404(visible, pk=message_id)
    address = reverse("session", args=[message.session.public_id])
    return redirect(f"{address}?status=any&message={message.pk}#m{message.pk}")
