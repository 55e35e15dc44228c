"""The built-in CRM: tickets, comments and files as rows of our own database."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from apps.core.sentences import gettext_noop as _
from apps.crm import ticket_search, ticket_verbs
from apps.crm.connectors.base import Added, CrmError, Entry, Most, NewTicket, TicketRef
from apps.crm.models import CrmConnection, Ticket, TicketComment, TicketFile, TicketUpdate

LONGEST_NAME, LONGEST_EMAIL = 200, 320  # the columns'


class BuiltinConnector:
    """Markers are unique columns, so the database itself makes a repeated request harmless."""

    kind = CrmConnection.Kind.BUILTIN.value
    most = Most(subject=10**6, comment=10**7, file=2**40)  # nothing is ever cut

    def __init__(self, console_address: str) -> None:
        self._console_address = console_address.rstrip("/")

    def create_tickets(self, wanted: Sequence[NewTicket]) -> list[TicketRef]:
        # The update of nothing makes the database answer with the ids of known tickets too.
        with transaction.atomic():
            tickets = Ticket.objects.bulk_create(
                [_ticket(one) for one in wanted],
                update_conflicts=True,
                unique_fields=["marker"],
                update_fields=["marker"],
            )
            ticket_search.add_tickets(tickets)
        return [TicketRef(str(ticket.pk), self._url(ticket.pk)) for ticket in tickets]

    def add_entries(self, per_ticket: Sequence[Sequence[Entry]]) -> list[Added]:
        wanted = {entries[0].ticket.id for entries in per_ticket}
        found = Ticket.objects.filter(pk__in=wanted).values_list("pk", flat=True)
        known = {str(pk) for pk in found}
        entries = [one for many in per_ticket for one in many if one.ticket.id in known]
        with transaction.atomic():
            _write(_not_there(entries))
            _remove_replaced([one.replaces for one in entries if one.replaces])
        return [
            Added(len(many)) if many[0].ticket.id in known else Added(0, _deleted(many[0].ticket))
            for many in per_ticket
        ]

    def _url(self, number: int) -> str:
        return f"{self._console_address}/tickets/{number}/"


def _ticket(wanted: NewTicket) -> Ticket:
    name, email = wanted.contact
    return Ticket(
        marker=wanted.marker,
        subject=wanted.subject,
        contact_name=name[:LONGEST_NAME],
        contact_email=email[:LONGEST_EMAIL],
    )


def _not_there(entries: Sequence[Entry]) -> list[Entry]:
    """What is told again, after a crash or by hand, is no news: it neither moves a ticket up
    nor opens it."""
    comments = [one.marker for one in entries if one.file is None]
    files = [one.marker for one in entries if one.file is not None]
    there: set[str] = set()
    for rows, markers in ((TicketComment.objects, comments), (TicketFile.objects, files)):
        if markers:
            there.update(rows.filter(marker__in=markers).values_list("marker", flat=True))
    return [one for one in entries if one.marker not in there]


def _write(entries: Sequence[Entry]) -> None:
    """A closed ticket is opened by a new link to a mail, unless we know that the mail was ours."""
    _add_comments([one for one in entries if one.file is None])
    _add_files([one for one in entries if one.file is not None])
    mails = (one for one in entries if one.kind == TicketUpdate.Kind.LINK and not one.ours)
    ticket_verbs.reopen_by_mail(int(one.ticket.id) for one in mails)
    touched = {int(one.ticket.id) for one in entries}
    Ticket.objects.filter(pk__in=touched).update(updated_at=timezone.now())


def _add_comments(entries: Sequence[Entry]) -> None:
    comments = [
        TicketComment(ticket_id=int(one.ticket.id), marker=one.marker, kind=one.kind, text=one.text)
        for one in entries
    ]
    # As above; a worker that lost its lease may have been quicker.
    ticket_search.add_comments(
        TicketComment.objects.bulk_create(
            comments,
            update_conflicts=True,
            unique_fields=["marker"],
            update_fields=["marker"],
        )
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


def _remove_replaced(markers: Sequence[str]) -> None:
    if markers:
        TicketFile.objects.filter(marker__in=markers).delete()


def _deleted(ticket: TicketRef) -> CrmError:
    words = _("Ticket %(ticket)s has been deleted.")
    return CrmError(words, {"ticket": ticket.id}, code="gone", permanent=True)
