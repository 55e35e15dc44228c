"""A ticket that is no longer there: deleted, locked for good or merged on the other side.

By setting of the connection, the thread stops and waits for a person, goes on with the ticket
that its own was merged into, or gets a new ticket, which hears the standard comment again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.crm import breaker, entries, links
from apps.crm.connectors.base import Added, AnyConnector, CrmError, TicketRef
from apps.crm.connectors.once import StillOurs, open_tickets
from apps.crm.models import CrmConnection, Gone, Merged, TicketLink, TicketUpdate

MOST_AN_HOUR = 5  # tickets that a thread goes on with by itself

Status, Kind = TicketUpdate.Status, TicketUpdate.Kind


def settled(
    connection: CrmConnection,
    connector: AnyConnector,
    known: Mapping[str, TicketLink],
    added: Mapping[str, Added],
    still_ours: StillOurs,
) -> dict[str, Added]:
    """ADDED, without the errors that a new link has cured: those entries are tried again."""
    return {
        key: _settled(connection, connector, known.get(key), one, still_ours)
        for key, one in added.items()
    }


def _settled(
    connection: CrmConnection,
    connector: AnyConnector,
    link: TicketLink | None,
    added: Added,
    still_ours: StillOurs,
) -> Added:
    error = added.error
    if error is None or link is None or not error.is_of_ticket or _moves_on_and_on(link):
        return added
    found = _next_ticket(connection, connector, link, error, still_ours)
    if isinstance(found, CrmError):
        return Added(added.done, found)
    opened = found != error.merged_into
    with transaction.atomic():
        links.replace(link, found, breaker.words_of(error), opened=opened)
        if opened:
            _introduce_again(link.thread_key)
    return Added(added.done)


def _moves_on_and_on(link: TicketLink) -> bool:
    """Each new ticket is lost at once, or two are merged into each other: a person has to look."""
    before = timezone.now() - timedelta(hours=1)
    recent = [one for one in link.former if datetime.fromisoformat(one["at"]) > before]
    return len(recent) >= MOST_AN_HOUR


def _next_ticket(
    connection: CrmConnection,
    connector: AnyConnector,
    link: TicketLink,
    error: CrmError,
    still_ours: StillOurs,
) -> TicketRef | CrmError:
    """The ticket to go on with, or the error that stays."""
    if error.code == "merged":
        choice = connection.merged_ticket
        if choice == Merged.FOLLOW and error.merged_into:
            return error.merged_into
    else:
        choice = connection.deleted_ticket
    if choice not in (Gone.NEW, Merged.NEW):
        return error
    row = TicketUpdate.objects.filter(thread_key=link.thread_key).order_by("pk").first()
    assert row is not None  # what failed is one
    wanted = entries.new_ticket(connection, connector, link.thread_key, row, link.successors + 1)
    return open_tickets(connector, [wanted], still_ours)[0]


def _introduce_again(thread_key: str) -> None:
    """SPEC 1.3 e: the standard comment is once per thread *and ticket*."""
    standard = TicketUpdate.objects.filter(thread_key=thread_key, kind=Kind.STANDARD)
    standard.filter(status=Status.POSTED).update(status=Status.PLANNED)
