"""Which ticket a thread has, and on which connection: for good, unless the CRM has lost it."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils import timezone

from apps.core.db.rows import add_new
from apps.crm.connectors.base import TicketRef
from apps.crm.models import CrmConnection, CrmSettings, TicketLink


def links_of(thread_keys: Iterable[str]) -> dict[str, TicketLink]:
    links = TicketLink.objects.filter(thread_key__in=set(thread_keys)).select_related("connection")
    return {link.thread_key: link for link in links}


def by_connection(
    thread_keys: Sequence[str], links: Mapping[str, TicketLink]
) -> list[tuple[CrmConnection, list[str]]]:
    """A thread of LINKS stays with the CRM it was linked in; new ones go to the present one."""
    present = CrmSettings.load().connection
    found: dict[CrmConnection, list[str]] = {}
    for key in thread_keys:
        connection = links[key].connection if key in links else present
        found.setdefault(connection, []).append(key)
    return list(found.items())


def remember(connection: CrmConnection, made: dict[str, TicketRef]) -> None:
    """Before the ticket hears anything. Whoever linked a thread first is right."""
    tickets = made.values()
    columns = {
        "thread_key": list(made),
        "ticket": [one.id for one in tickets],
        "url": [one.url for one in tickets],
    }
    add_new(TicketLink, columns, answer=["id"], connection_id=connection.pk)


def replace(link: TicketLink, ticket: TicketRef, why: str, *, opened: bool) -> None:
    """The thread goes on with TICKET, OPENED by us or not; the one before stays in the history."""
    former = {
        "ticket": link.ticket,
        "url": link.url,
        "at": timezone.now().isoformat(),
        "why": why,
        "opened": opened,
    }
    link.former = [*link.former, former]
    link.ticket, link.url = ticket.id, ticket.url
    link.save(update_fields=["former", "ticket", "url"])


def ticket_ids(thread_keys: Sequence[str]) -> dict[str, str]:
    """Of the threads that have a ticket, for paths of the storage."""
    links = TicketLink.objects.filter(thread_key__in=thread_keys)
    return dict(links.values_list("thread_key", "ticket"))
