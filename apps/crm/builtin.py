"""The built-in CRM: tickets, comments and files as rows of our own database."""

from collections.abc import Sequence

from apps.crm.connectors.base import Added, CrmError, Entry, NewTicket, TicketRef
from apps.crm.models import CrmSettings, Ticket, TicketComment, TicketFile


class BuiltinConnector:
    """Markers are unique columns, so the database itself makes a repeated request harmless."""

    kind = CrmSettings.Kind.BUILTIN.value

    def __init__(self, console_address: str) -> None:
        self._console_address = console_address.rstrip("/")

    def create_tickets(self, wanted: Sequence[NewTicket]) -> list[TicketRef]:
        # The update of nothing makes the database answer with the ids of known tickets too.
        tickets = Ticket.objects.bulk_create(
            [Ticket(marker=one.marker, subject=one.subject) for one in wanted],
            update_conflicts=True,
            unique_fields=["marker"],
            update_fields=["marker"],
        )
        return [TicketRef(str(ticket.pk), self._url(ticket.pk)) for ticket in tickets]

    def add_entries(self, per_ticket: Sequence[Sequence[Entry]]) -> list[Added]:
        wanted = {entries[0].ticket.id for entries in per_ticket}
        known = {
            str(pk) for pk in Ticket.objects.filter(pk__in=wanted).values_list("pk", flat=True)
        }
        entries = [one for many in per_ticket for one in many if one.ticket.id in known]
        _add_comments([one for one in entries if one.file is None])
        _add_files([one for one in entries if one.file is not None])
        return [
            Added(len(many)) if many[0].ticket.id in known else Added(0, _deleted(many[0].ticket))
            for many in per_ticket
        ]

    def _url(self, number: int) -> str:
        return f"{self._console_address}/tickets/{number}/"


def _existing(numbers: set[str]) -> set[str]:
    return {str(pk) for pk in Ticket.objects.filter(pk__in=numbers).values_list("pk", flat=True)}


def _add_comments(entries: Sequence[Entry]) -> None:
    TicketComment.objects.bulk_create(
        [
            TicketComment(
                ticket_id=int(one.ticket.id), marker=one.marker, kind=one.kind, text=one.text
            )
            for one in entries
        ],
        ignore_conflicts=True,
    )


def _add_files(entries: Sequence[Entry]) -> None:
    TicketFile.objects.bulk_create(
        [
            TicketFile(
                ticket_id=int(one.ticket.id),
                marker=one.marker,
                name=one.text[:255],
                size=one.file.size,
                blob_id=one.file.blob_id,
            )
            for one in entries
            if one.file
        ],
        ignore_conflicts=True,
    )


def _deleted(ticket: TicketRef) -> CrmError:
    return CrmError(f"Ticket {ticket.id} has been deleted.", permanent=True)
