"""The built-in CRM: tickets, comments and files as rows of our own database."""

import logging
from collections.abc import Sequence, Set
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core.db.patience import DATABASE_AWAY
from apps.core.db.rows import add_new
from apps.core.sentences import gettext_noop as _
from apps.crm import ticket_search, ticket_verbs
from apps.crm.connectors.base import Added, CrmError, Entry, Most, NewTicket, TicketRef
from apps.crm.models import CrmConnection, Ticket, TicketComment, TicketFile, TicketUpdate

log = logging.getLogger(__name__)

LONGEST_NAME, LONGEST_EMAIL = 200, 320  # the columns'


class BuiltinConnector:
    """Markers are unique columns, so the database itself makes a repeated request harmless."""

    kind = CrmConnection.Kind.BUILTIN.value
    most = Most(subject=10**6, comment=10**7, file=2**40)  # nothing is ever cut

    def __init__(self, console_address: str) -> None:
        self._console_address = console_address.rstrip("/")

    def create_tickets(self, wanted: Sequence[NewTicket]) -> list[TicketRef | CrmError]:
        """What is refused holds back its own thread."""
        try:
            return [*self._create(wanted)]
        except DATABASE_AWAY:
            raise  # the database is away or busy: nothing of these is to blame
        except Exception as error:  # the rim, as for connectors to elsewhere
            if len(wanted) == 1:
                return [_failed(error)]
        middle = len(wanted) // 2
        return [*self.create_tickets(wanted[:middle]), *self.create_tickets(wanted[middle:])]

    def add_entries(self, per_ticket: Sequence[Sequence[Entry]]) -> list[Added]:
        """What is refused holds back its own ticket, behind what comes before it there."""
        try:
            return self._add(per_ticket)
        except DATABASE_AWAY:
            raise
        except Exception as error:  # the rim, too
            if len(per_ticket) == 1:
                entries = per_ticket[0]
                return [self._add_singly(entries) if len(entries) > 1 else Added(0, _failed(error))]
        middle = len(per_ticket) // 2
        return [*self.add_entries(per_ticket[:middle]), *self.add_entries(per_ticket[middle:])]

    def _add_singly(self, entries: Sequence[Entry]) -> Added:
        for done, entry in enumerate(entries):
            [added] = self.add_entries([[entry]])
            if added.error:
                return Added(done, added.error)
        return Added(len(entries))

    def _create(self, wanted: Sequence[NewTicket]) -> list[TicketRef]:
        with transaction.atomic():
            made = _add_tickets(wanted)
            known = [one.marker for one in wanted if one.marker not in made]
            if known:
                there = Ticket.objects.filter(marker__in=known)
                made.update(there.values_list("marker", "pk"))
        return [self._ref(made[one.marker]) for one in wanted]

    def _add(self, per_ticket: Sequence[Sequence[Entry]]) -> list[Added]:
        wanted = {int(entries[0].ticket.id) for entries in per_ticket}
        with transaction.atomic():
            # Locked in order: nobody closes or deletes one meanwhile, nor waits in a circle.
            tickets = Ticket.objects.filter(pk__in=wanted).order_by("pk")
            locked = tickets.select_for_update(no_key=True).values_list("pk", "status")
            known = {str(pk): status for pk, status in locked}
            entries = [one for many in per_ticket for one in many if one.ticket.id in known]
            _write(entries, {pk for pk, status in known.items() if status == Ticket.Status.CLOSED})
            _remove_replaced([one.replaces for one in entries if one.replaces])
        return [
            Added(len(many)) if many[0].ticket.id in known else Added(0, _deleted(many[0].ticket))
            for many in per_ticket
        ]

    def _ref(self, number: int) -> TicketRef:
        return TicketRef(str(number), f"{self._console_address}/tickets/{number}/")


def _add_tickets(wanted: Sequence[NewTicket]) -> dict[str, int]:
    """Numbers of those that are new, by their markers."""
    columns = {
        "marker": [one.marker for one in wanted],
        "subject": [one.subject for one in wanted],
        "contact_name": [one.contact[0][:LONGEST_NAME] for one in wanted],
        "contact_email": [one.contact[1][:LONGEST_EMAIL] for one in wanted],
    }
    made = add_new(Ticket, columns, answer=["marker", "id", *ticket_search.WORDS])
    ticket_search.add_tickets(ticket_search.Titled(*one[1:]) for one in made)
    return {marker: number for marker, number, *_words in made}


def _write(entries: Sequence[Entry], closed: Set[str]) -> None:
    """What is told again, after a crash or by hand, is no news: it neither moves a ticket up nor
    opens it. A closed ticket is opened by a new link to a mail, unless the mail was ours."""
    new = _add_comments([one for one in entries if one.file is None])
    new |= _add_files([one for one in entries if one.file is not None])
    news = [one for one in entries if one.marker in new]
    mails = (one for one in news if one.kind == TicketUpdate.Kind.LINK and not one.ours)
    ticket_verbs.reopen_by_mail(int(one.ticket.id) for one in mails if one.ticket.id in closed)
    touched = {int(one.ticket.id) for one in news}
    Ticket.objects.filter(pk__in=touched).update(updated_at=timezone.now())


def _add_comments(entries: Sequence[Entry]) -> set[str]:
    """Markers of those that are new."""
    columns: dict[str, list[Any]] = {
        "ticket_id": [int(one.ticket.id) for one in entries],
        "marker": [one.marker for one in entries],
        "kind": [one.kind for one in entries],
        "text": [one.text for one in entries],
    }
    made: dict[str, int] = dict(add_new(TicketComment, columns, answer=["marker", "id"]))
    ticket_search.add_comments(
        ticket_search.Said(made[one.marker], int(one.ticket.id), one.kind, one.text)
        for one in entries
        if one.marker in made
    )
    return set(made)


def _add_files(entries: Sequence[Entry]) -> set[str]:
    """Markers of those that are new."""
    files = [one.file for one in entries if one.file]
    columns: dict[str, list[Any]] = {
        "ticket_id": [int(one.ticket.id) for one in entries],
        "marker": [one.marker for one in entries],
        "name": [one.text[:255] for one in entries],
        "size": [file.size for file in files],
        "blob_id": [file.blob_id for file in files],
    }
    made = add_new(TicketFile, columns, answer=["marker"])
    return {marker for (marker,) in made}


def _remove_replaced(markers: Sequence[str]) -> None:
    if markers:
        TicketFile.objects.filter(marker__in=markers).delete()


def _failed(error: Exception) -> CrmError:
    kind = type(error).__name__
    log.error("a ticket refused something", extra={"error": kind}, exc_info=error)
    return CrmError(_("The connector failed: %(kind)s."), {"kind": kind})


def _deleted(ticket: TicketRef) -> CrmError:
    words = _("Ticket %(ticket)s has been deleted.")
    return CrmError(words, {"ticket": ticket.id}, code="gone", permanent=True)
