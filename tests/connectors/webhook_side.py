"""The fake receiver of signed requests from its other side."""

from apps.crm import registry
from apps.crm.connectors.base import Access, AnyConnector, TicketRef
from apps.crm.connectors.webhook import WebhookConnector
from tests.connectors.fakes.server import FakeServer
from tests.connectors.fakes.webhook import SECRET, FakeReceiver
from tests.connectors.sides import Said


class WebhookSide:
    kind = "webhook"
    known_field = ("Order", "A-17 “ñ”")

    def __init__(self, server: FakeServer, fake: FakeReceiver) -> None:
        self.server, self.fake = server, fake
        self.access = Access(f"{server.url}/hook", token=SECRET, console="http://console.test")

    def connector(self, access: Access) -> AnyConnector:
        return WebhookConnector(access, registry.client())

    def subject(self, ticket: TicketRef) -> str:
        return self.fake.tickets[ticket.id].subject

    def said(self, ticket: TicketRef) -> list[Said]:
        kept = self.fake.tickets[ticket.id]
        comments = [Said(one["text"], one["private"]) for one in kept.comments]
        return comments + [Said("", True, (file,)) for file in kept.files.values()]

    def field(self, ticket: TicketRef, name: str) -> str:
        return self.fake.tickets[ticket.id].fields[name]

    def delete(self, ticket: TicketRef) -> None:
        del self.fake.tickets[ticket.id]

    def merge(self, ticket: TicketRef, into: TicketRef) -> None:
        other = {"id": into.id, "url": f"https://crm.example.com/tickets/{into.id}"}
        refusal = (409, {"error": "merged", "merged_into": other})
        self.fake.tickets[ticket.id].refusal = refusal

    def lock(self, ticket: TicketRef) -> None:
        self.fake.tickets[ticket.id].refusal = (423, {"error": "closed for good"})
