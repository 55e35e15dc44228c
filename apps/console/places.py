"""Where the things of a conversation are: a session by its id, a file, its pictures, a ticket."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.attachments.models import Attachment, Verdict
from apps.attachments.previews import PICTURES, WHOLE
from apps.core.models import User
from apps.crm.models import CrmConnection, TicketLink
from apps.tickets.models import Session


def find_session(user: User, public_id: str) -> Session:
    """404 for what is not there and for what is not this user's alike."""
    visible = Session.objects.visible_to(user).select_related("thread", "queue", "agent__user")
    return get_object_or_404(visible, public_id=public_id)


def content_url(attachment: Attachment, *, inline: bool = False) -> str:
    """Where the file is saved from; inline: where its picture comes from, drawn anew by us."""
    if attachment.verdict != Verdict.CLEAN:
        return ""
    if inline:
        return preview_url(attachment) if attachment.detected_type in PICTURES else ""
    return reverse("api:attachment-content", args=[attachment.pk])


def preview_url(attachment: Attachment, *, longest: int = WHOLE, page: int = 1) -> str:
    url = reverse("api:attachment-preview", args=[attachment.pk])
    paged = f"&page={page}" if page > 1 else ""
    return f"{url}?longest={longest}{paged}"


def ticket_url(link: TicketLink) -> str:
    """The built-in tickets have a page of ours; every other CRM has its own."""
    if link.connection.is_builtin and link.ticket.isdigit():
        return reverse("ticket", args=[int(link.ticket)])
    return link.url


def tickets_are_here() -> bool:
    """New conversations get built-in tickets; so it is until another CRM is the present one."""
    others = CrmConnection.objects.present().exclude(kind=CrmConnection.Kind.BUILTIN)
    return not others.exists()
