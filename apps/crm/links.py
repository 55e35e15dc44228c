"""Which ticket a thread has, for good, and the connector that reaches it."""

from collections.abc import Iterable, Sequence

from apps.channels.models import ChannelSettings
from apps.crm.builtin import BuiltinConnector
from apps.crm.connectors.base import AnyConnector, CrmError, NewTicket, TicketRef
from apps.crm.connectors.once import open_tickets
from apps.crm.models import CrmSettings, TicketLink


def links_of(thread_keys: Iterable[str]) -> dict[str, TicketLink]:
    links = TicketLink.objects.filter(thread_key__in=set(thread_keys))
    return {link.thread_key: link for link in links}


def ensure_tickets(
    connector: AnyConnector, links: dict[str, TicketLink], wanted: Sequence[NewTicket]
) -> dict[str, TicketRef | CrmError]:
    """By thread key. LINKS are those known; a new ticket is linked before it hears anything."""
    found: dict[str, TicketRef | CrmError] = {
        key: TicketRef(link.ticket, link.url) for key, link in links.items()
    }
    missing = [one for one in wanted if one.marker not in links]
    if missing:
        answers = open_tickets(connector, missing)
        made = {one.marker: answer for one, answer in zip(missing, answers, strict=True)}
        _remember(connector.kind, made)
        found |= made
    return found


def _remember(kind: str, made: dict[str, TicketRef | CrmError]) -> None:
    TicketLink.objects.bulk_create(
        [
            TicketLink(thread_key=key, kind=kind, ticket=ticket.id, url=ticket.url)
            for key, ticket in made.items()
            if isinstance(ticket, TicketRef)
        ],
        ignore_conflicts=True,
    )


def by_connector(thread_keys: Sequence[str]) -> list[tuple[AnyConnector, list[str]]]:
    """A linked thread stays with the CRM it was linked in; new ones go to the present one."""
    links = links_of(thread_keys)
    present = CrmSettings.load().kind
    kinds: dict[str, list[str]] = {}
    for key in thread_keys:
        kinds.setdefault(links[key].kind if key in links else present, []).append(key)
    return [(connector_of(kind), keys) for kind, keys in kinds.items()]


def connector_of(kind: str) -> AnyConnector:
    """The registry. A new CRM: a module in connectors, its kind in CrmSettings, a line here."""
    makers = {CrmSettings.Kind.BUILTIN.value: _builtin}
    return makers[kind]()


def _builtin() -> AnyConnector:
    return BuiltinConnector(ChannelSettings.load().external_url)
