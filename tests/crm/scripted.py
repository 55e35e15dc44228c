"""A CRM at the rim of the tests: it remembers what it was told and fails when the script says so."""

from collections.abc import Callable
from dataclasses import dataclass, field

from apps.crm.connectors.base import CrmError, TicketRef

TIMES_OUT_BEFORE = "before"  # the request never arrives
TIMES_OUT_AFTER = "after"  # the CRM does it, the answer is lost


@dataclass
class ScriptedCrm:
    """`script` has one word for each request that changes something: "", before, after."""

    kind: str = "builtin"
    script: list[str] = field(default_factory=list)
    tickets: dict[str, TicketRef] = field(default_factory=dict)
    comments: list[tuple[str, str, str, bool]] = field(default_factory=list)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    error: CrmError = field(default_factory=lambda: CrmError("The CRM did not answer."))
    meanwhile: Callable[[], None] | None = None

    def create_ticket(self, marker: str, subject: str) -> TicketRef:
        number = len(self.tickets) + 1
        ref = TicketRef(str(number), f"http://crm.test/{number}")
        self._request(lambda: self.tickets.__setitem__(f"{marker}#{number}", ref))
        return ref

    def find_ticket(self, marker: str) -> TicketRef | None:
        found = [ref for name, ref in self.tickets.items() if name.split("#")[0] == marker]
        return found[0] if found else None

    def add_comment(
        self, ticket: TicketRef, marker: str, kind: str, text: str, *, private: bool
    ) -> None:
        self._request(lambda: self.comments.append((ticket.id, marker, text, private)))

    def find_comment(self, ticket: TicketRef, marker: str) -> bool:
        return any((one[0], one[1]) == (ticket.id, marker) for one in self.comments)

    def attach_file(self, ticket: TicketRef, marker: str, name: str, content: bytes) -> None:
        self._request(lambda: self.files.append((marker, name, content)))

    def find_file(self, ticket: TicketRef, marker: str) -> bool:
        return any(one[0] == marker for one in self.files)

    def texts(self) -> list[str]:
        return [text for _ticket, _marker, text, _private in self.comments]

    def _request(self, change: Callable[[], None]) -> None:
        if self.meanwhile:
            self.meanwhile()
        word = self.script.pop(0) if self.script else ""
        if word == TIMES_OUT_BEFORE:
            raise self.error
        change()
        if word == TIMES_OUT_AFTER:
            raise self.error
