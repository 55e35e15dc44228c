"""The pages of built-in tickets: the list, one ticket, and what is done to it by hand.

They are drawn by the server, and work without a script.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from apps.console.frame import Visit, page
from apps.console.places import tickets_are_here
from apps.console.tickets.lists import TicketChoice, page_of
from apps.console.tickets.timeline import timeline_of
from apps.core.errors import Problem
from apps.core.models import User
from apps.crm import ticket_verbs
from apps.crm.models import Ticket, TicketFile, TicketUpdate
from apps.tickets.api.builtin import links_to
from apps.tickets.models import Session

PDF_MARK = f":{TicketUpdate.Kind.PDF.value}:"


@require_safe
@page
def tickets(request: Visit) -> HttpResponse:
    choice = TicketChoice.read(request.GET.dict())
    filters = [
        ("open", pgettext("tickets", "Open"), choice.address(status="open")),
        ("closed", _("Closed"), choice.address(status="closed")),
        ("any", _("All"), choice.address(status="any")),
    ]
    context = {
        "choice": choice,
        "filters": filters,
        "page": page_of(request.user, choice),
        "everywhere": choice.address(status="any"),
        "elsewhere": not tickets_are_here(),
    }
    return render(request, "console/tickets.html", context)


@require_safe
@page
def ticket(request: Visit, ticket_id: int) -> HttpResponse:
    return _shown(request, _found(request, ticket_id))


@require_POST
@page
def close(request: Visit, ticket_id: int) -> HttpResponse:
    return _done(request, ticket_id, ticket_verbs.close, _("Closed. A new email opens it again."))


@require_POST
@page
def reopen(request: Visit, ticket_id: int) -> HttpResponse:
    return _done(request, ticket_id, ticket_verbs.reopen, _("Opened again."))


@require_POST
@page
def note(request: Visit, ticket_id: int) -> HttpResponse:
    """A form that is sent twice writes one note; one that is refused comes back with its words."""
    found = _found(request, ticket_id)
    text, token = request.POST.get("text", ""), request.POST.get("token", "")
    try:
        written = ticket_verbs.add_note(found, text, by=request.user, token=token)
    except Problem as problem:
        return _shown(request, found, status=problem.status, text=text, error=problem.sentence)
    return redirect(f"{reverse('ticket', args=[found.pk])}#comment-{written.pk}")


def _done(request: Visit, ticket_id: int, verb: Callable[..., bool], sentence: str) -> HttpResponse:
    """What was so already is said by the page itself."""
    found = _found(request, ticket_id)
    try:
        if verb(found, by=request.user):
            messages.success(request, sentence)
    except Problem as problem:
        messages.error(request, problem.sentence)
    return redirect("ticket", found.pk)


def _found(request: Visit, ticket_id: int) -> Ticket:
    return get_object_or_404(Ticket.objects.visible_to(request.user), pk=ticket_id)


def _shown(
    request: Visit, found: Ticket, *, status: int = HTTPStatus.OK, text: str = "", error: str = ""
) -> HttpResponse:
    before = request.GET.get("before", "")
    context = {
        "ticket": found,
        "sessions": _sessions(request.user, found),
        "files": _files(found),
        "timeline": timeline_of(found, int(before) if _is_number(before) else None),
        "may_write": ticket_verbs.may_write(request.user),
        "note": _note(text, error),
    }
    return render(request, "console/ticket.html", context, status=status)


def _note(text: str, error: str) -> dict[str, Any]:
    return {
        "text": text,
        "error": error,
        "token": secrets.token_urlsafe(16),
        "most": ticket_verbs.LONGEST_NOTE,
    }


def _sessions(user: User, ticket: Ticket) -> list[Session]:
    """Those of its conversations that USER sees."""
    threads = links_to(ticket).values("thread_key")
    visible = Session.objects.visible_to(user).filter(thread__key__in=threads)
    return list(visible.select_related("queue", "agent__user").order_by("id"))


def _files(ticket: Ticket) -> Sequence[tuple[TicketFile, bool]]:
    """Each with whether it is the PDF of the conversation, which comes first."""
    files = [(file, PDF_MARK in file.marker) for file in ticket.files.all()]
    return sorted(files, key=lambda pair: not pair[1])


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 19
