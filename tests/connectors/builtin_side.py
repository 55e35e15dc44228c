"""The built-in CRM from its other side: rows of our own database."""

from apps.core import blobs
from apps.crm.builtin import BuiltinConnector
from apps.crm.connectors.base import Access, AnyConnector, TicketRef
from apps.crm.models import Ticket, TicketComment, TicketFile
from tests.connectors.sides import Said


class BuiltinSide:
    kind = "builtin"
    access = Access("", console="http://console.test")
    known_field = ("", "")

    def connector(self, access: Access) -> AnyConnector:
        return BuiltinConnector(access.console)

    def subject(self, ticket: TicketRef) -> str:
        return Ticket.objects.get(pk=ticket.id).subject

    def said(self, ticket: TicketRef) -> list[Said]:
        comments = TicketComment.objects.filter(ticket=int(ticket.id))
        files = TicketFile.objects.filter(ticket=int(ticket.id)).select_related("blob")
        said = [Said(one.text, one.private) for one in comments]
        return said + [Said("", True, ((one.name, blobs.read(one.blob)),)) for one in files]

    def delete(self, ticket: TicketRef) -> None:
        Ticket.objects.filter(pk=ticket.id).delete()

    def field(self, ticket: TicketRef, name: str) -> str:
        raise NotImplementedError

    def merge(self, ticket: TicketRef, into: TicketRef) -> None:
        raise NotImplementedError

    def lock(self, ticket: TicketRef) -> None:
        raise NotImplementedError
