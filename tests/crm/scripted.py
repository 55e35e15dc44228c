"""A CRM at the rim of the tests: it remembers what it was told and fails when the script says so."""

from collections.abc import Callable
from dataclasses import dataclass, field

from apps.crm.connectors.base import CrmError, Entry, Most, NewTicket, Sentence, TicketRef

TIMES_OUT_BEFORE = "before"  # the request never arrives
TIMES_OUT_AFTER = "after"  # the CRM does it, the answer is lost


@dataclass
class ScriptedCrm:
    """`script` has one word for each request that changes something: "", before, after."""

    kind: str = "builtin"
    most: Most = field(default_factory=Most)
    script: list[str] = field(default_factory=list)
    wanted: list[NewTicket] = field(default_factory=list)
    tickets: dict[str, TicketRef] = field(default_factory=dict)
    comments: list[tuple[str, str, str]] = field(default_factory=list)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    error: CrmError = field(default_factory=lambda: CrmError("The CRM did not answer."))
    meanwhile: Callable[[], None] | None = None

    def check(self) -> Sentence:
        return Sentence("A script.", {})

    def create_ticket(self, wanted: NewTicket) -> TicketRef:
        number = len(self.tickets) + 1
        ref = TicketRef(str(number), f"http://crm.test/{number}")
        self.wanted.append(wanted)
        self._request(lambda: self.tickets.__setitem__(f"{wanted.marker}#{number}", ref))
        return ref

    def find_ticket(self, marker: str) -> TicketRef | None:
        found = [ref for name, ref in self.tickets.items() if name.split("#")[0] == marker]
        return found[0] if found else None

    def add_comment(self, entry: Entry) -> None:
        one = (entry.ticket.id, entry.marker, entry.text)
        self._request(lambda: self.comments.append(one))

    def find_comment(self, entry: Entry) -> bool:
        return any(one[:2] == (entry.ticket.id, entry.marker) for one in self.comments)

    def attach_file(self, entry: Entry, content: bytes) -> None:
        self._request(lambda: self.files.append((entry.marker, entry.text, content)))

    def find_file(self, entry: Entry) -> bool:
        return any(one[0] == entry.marker for one in self.files)

    def remove_file(self, ticket: TicketRef, marker: str) -> None:
        self.files = [one for one in self.files if one[0] != marker]

    def texts(self) -> list[str]:
        return [text for _ticket, _marker, text in self.comments]

    def _request(self, change: Callable[[], None]) -> None:
        if self.meanwhile:
            self.meanwhile()
        word = self.script.pop(0) if self.script else ""
        if word == TIMES_OUT_BEFORE:
            raise self.error
        change()
        if word == TIMES_OUT_AFTER:
            raise self.error
