"""The page of the console: one for every address, drawn by the browser from JSON."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.console.desk.desk import desk_json
from apps.console.desk.lists import list_json
from apps.console.frame import Visit, page
from apps.tickets.models import Message

FIRST_VIEW = "mine"  # as the script has it
DRAFTS = "drafts"


@require_safe
@page
def shell(request: Visit, /, **address: str) -> HttpResponse:
    """What the address names is read by the script; rights are checked where the data is asked.

    The answers to its first two questions come along, which saves their time on the way.
    """
    start = {"desk": desk_json(request), "list": _list(request)}
    return render(request, "console/console.html", {"start": start})


@require_safe
@page
def mail_link(request: Visit, message_id: int) -> HttpResponse:
    """The link that stands in the CRM: its session, scrolled to exactly this mail."""
    visible = Message.objects.visible_to(request.user).select_related("session")
    message = get_object_or_404(visible, pk=message_id)
    address = reverse("session", args=[message.session.public_id])
    return redirect(f"{address}?view=all&status=any&message={message.pk}")


def _list(request: Visit) -> dict[str, Any] | None:
    """Nothing where the script has to ask by itself, and shows what is wrong."""
    query = {"view": FIRST_VIEW, **request.GET.dict()}
    if query["view"] == DRAFTS:
        return None
    try:
        return list_json(request.user, query)
    except Http404:
        return None
