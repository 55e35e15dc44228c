"""The fake Zendesk from its other side: what its agents see and do."""

from apps.crm import registry
from apps.crm.connectors.base import Access, AnyConnector, TicketRef
from apps.crm.connectors.zendesk import ZendeskConnector
from tests.connectors.fakes.server import FakeServer
from tests.connectors.fakes.zendesk import TOKEN, USER, FakeZendesk
from tests.connectors.sides import Said


class ZendeskSide:
    kind = "zendesk"
    known_field = ("Age", "“forty”")

    def __init__(self, server: FakeServer, fake: FakeZendesk) -> None:
        self.server, self.fake = server, fake
        self.access = Access(server.url, USER, TOKEN, console="http://console.test")

    def connector(self, access: Access) -> AnyConnector:
        return ZendeskConnector(access, registry.client())

    def subject(self, ticket: TicketRef) -> str:
        return str(self.fake.tickets[int(ticket.id)]["subject"])

    def said(self, ticket: TicketRef) -> list[Said]:
        """Without the ticket's first comment, which names the customer."""
        told = self.fake.audits[int(ticket.id)][1:]
        ours = [one for one in told if one["metadata"]["custom"].get("carteria")]
        return [self._said(event) for one in ours for event in one["events"]]

    def field(self, ticket: TicketRef, name: str) -> str:
        number = next(one["id"] for one in self.fake.fields if one["title"] == name)
        held = self.fake.tickets[int(ticket.id)]["custom_fields"]
        return next(str(one["value"]) for one in held if one["id"] == number)

    def delete(self, ticket: TicketRef) -> None:
        self.fake.delete(int(ticket.id))

    def merge(self, ticket: TicketRef, into: TicketRef) -> None:
        self.fake.merge(int(ticket.id), int(into.id))

    def lock(self, ticket: TicketRef) -> None:
        self.fake.close(int(ticket.id))

    def _said(self, event: dict[str, object]) -> Said:
        files = event["attachments"]
        assert isinstance(files, list)
        held = tuple((one["file_name"], self.fake.contents[one["id"]]) for one in files)
        return Said("" if held else str(event["body"]), not event["public"], held)
