"""A real Request Tracker from its other side: what root sees and does."""

from base64 import b64decode
from html.parser import HTMLParser
from typing import Any

from apps.core.outside import guarded_client
from apps.crm.connectors.base import Access, AnyConnector, TicketRef
from apps.crm.connectors.request_tracker import RequestTrackerConnector
from tests.connectors.sides import Said
from tests.servers.request_tracker import RequestTracker

ALL = {"per_page": "100"}


class RequestTrackerSide:
    kind = "rt"
    known_field = ("Contract", "C-77 “ñ”")

    def __init__(self, tracker: RequestTracker) -> None:
        self.tracker = tracker
        self.access = Access(tracker.url, token=tracker.token(), console="http://console.test")

    def connector(self, access: Access) -> AnyConnector:
        return RequestTrackerConnector(access, guarded_client())

    def subject(self, ticket: TicketRef) -> str:
        return str(self.tracker.ask("GET", f"/ticket/{ticket.id}")["Subject"])

    def said(self, ticket: TicketRef) -> list[Said]:
        told = [one for one in self._history(ticket) if one["Type"] in ("Comment", "Correspond")]
        return [self._said(one) for one in told]

    def field(self, ticket: TicketRef, name: str) -> str:
        fields = self.tracker.ask("GET", f"/ticket/{ticket.id}")["CustomFields"]
        return next(str(one["values"][0]) for one in fields if one["name"] == name)

    def delete(self, ticket: TicketRef) -> None:
        self.tracker.ask("DELETE", f"/ticket/{ticket.id}")

    def merge(self, ticket: TicketRef, into: TicketRef) -> None:
        self.tracker.ask("PUT", f"/ticket/{ticket.id}", {"MergeInto": into.id})

    def lock(self, ticket: TicketRef) -> None:
        """RT locks nothing; somebody moves it to where our user may not look."""
        self.tracker.ask("PUT", f"/ticket/{ticket.id}", {"Queue": "Hidden"})

    def close(self, ticket: TicketRef, status: str) -> None:
        self.tracker.ask("PUT", f"/ticket/{ticket.id}", {"Status": status})

    def _history(self, ticket: TicketRef) -> list[Any]:
        path, found, page = f"/ticket/{ticket.id}/history", [], 1
        while True:
            told = {**ALL, "page": str(page), "fields": "Type", "orderby": "id"}
            said = self.tracker.ask("GET", path, **told)
            found += said["items"]
            if page >= said["pages"]:
                return found
            page += 1

    def _said(self, transaction: Any) -> Said:
        listed = self.tracker.ask("GET", f"/transaction/{transaction['id']}/attachments", **ALL)
        parts = [self.tracker.ask("GET", f"/attachment/{one['id']}") for one in listed["items"]]
        texts = [b64decode(one["Content"]).decode() for one in parts if _is_text(one)]
        files = tuple(
            (one["Filename"], b64decode(one.get("Content") or ""))
            for one in parts
            if one.get("Filename")
        )
        return Said("".join(map(_read, texts)), transaction["Type"] == "Comment", files)


def _is_text(part: Any) -> bool:
    return part["ContentType"] == "text/html" and not part.get("Filename")


def _read(page: str) -> str:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.text


class _Reader(HTMLParser):
    """As a browser shows it: a line ends where the page says so, not where its source does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in ("div", "br", "a", "b"), f"<{tag}> in a comment"
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\n", "").replace("\xa0", " ")
