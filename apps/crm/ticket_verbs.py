"""What people do to a built-in ticket: close it, open it again, write a note."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Forbidden, Invalid
from apps.core.models import Role, User
from apps.crm import ticket_search
from apps.crm.models import Ticket, TicketComment, TicketMove

Status = Ticket.Status

LONGEST_NOTE = 20_000  # characters
WRITERS = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)
_TOKEN = re.compile(r"[\w-]{16,40}", re.ASCII)


def may_write(user: User) -> bool:
    """On tickets that the user sees: auditors and programs read."""
    return user.has_role(*WRITERS)


def close(ticket: Ticket, *, by: User) -> bool:
    """Whether it was open until now. Raises Forbidden `read-only`."""
    return _move(ticket, Status.CLOSED, by)


def reopen(ticket: Ticket, *, by: User) -> bool:
    """Whether it was closed until now. Raises Forbidden `read-only`."""
    return _move(ticket, Status.OPEN, by)


def reopen_by_mail(ticket_ids: Iterable[int]) -> None:
    """Closed ones of them, in the caller's transaction: somebody wrote, so they are not done."""
    closed = Ticket.objects.filter(pk__in=set(ticket_ids), status=Status.CLOSED)
    pks = list(closed.select_for_update().order_by("pk").values_list("pk", flat=True))
    if pks:
        Ticket.objects.filter(pk__in=pks).update(status=Status.OPEN)
        TicketMove.objects.bulk_create(TicketMove(ticket_id=pk, status=Status.OPEN) for pk in pks)


def add_note(ticket: Ticket, text: str, *, by: User, token: str) -> TicketComment:
    """Private, as everything on a ticket; the same TOKEN again answers the note that is there.

    Raises Forbidden `read-only`, Invalid `empty`, `too-long` or `no-token`.
    """
    _writer_or_refuse(by)
    words = _note_or_refuse(text)
    if not _TOKEN.fullmatch(token):
        raise Invalid("no-token", _("The form is incomplete. Load the page again, then send."))
    marker = f"note:{ticket.pk}:{by.pk}:{token}"
    with transaction.atomic():
        note, is_new = TicketComment.objects.get_or_create(
            marker=marker,
            defaults={
                "ticket": ticket,
                "kind": TicketComment.NOTE,
                "text": words,
                "author": by,
            },
        )
        if is_new:
            said = ticket_search.Said(note.pk, ticket.pk, note.kind, note.text)
            ticket_search.add_comments([said])
            Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now())
    return note


def _note_or_refuse(text: str) -> str:
    words = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not words:
        raise Invalid("empty", _("Note: write something first."))
    if len(words) > LONGEST_NOTE:
        sentence = _("Note: at most %(most)d characters; this has %(count)d. Shorten it.")
        raise Invalid("too-long", sentence % {"most": LONGEST_NOTE, "count": len(words)})
    return words


def _move(ticket: Ticket, status: str, by: User) -> bool:
    """One row or too late."""
    _writer_or_refuse(by)
    with transaction.atomic():
        others = Ticket.objects.filter(pk=ticket.pk).exclude(status=status)
        if not others.update(status=status, updated_at=timezone.now()):
            return False
        TicketMove.objects.create(ticket=ticket, status=status, by=by)
    return True


def _writer_or_refuse(user: User) -> None:
    if not may_write(user):
        raise Forbidden("read-only", _("You can read this ticket; you cannot change it."))
