"""The contract of a CRM connector, as plain frozen data and two small protocols."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class CrmError(Exception):
    """The CRM did not do it, or did not say so; `sentence` is for people.

    `permanent`: trying again cannot help. `retry_after`: seconds that the CRM asks us to wait.
    """

    def __init__(
        self, sentence: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.permanent = permanent
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class TicketRef:
    """A ticket as its CRM names it."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket to be made; MARKER is stored with it and finds it again."""

    marker: str
    subject: str
    doubtful: bool = False  # an earlier request may have made it


@dataclass(frozen=True, slots=True)
class File:
    """Bytes to attach: a CRM in our own database takes the blob, all others read it."""

    blob_id: int
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """A private comment, or with FILE a file whose name is TEXT."""

    ticket: TicketRef
    marker: str
    kind: str
    text: str
    file: File | None = None
    doubtful: bool = False  # an earlier request may have written it


@dataclass(frozen=True, slots=True)
class Added:
    """How many entries of one ticket stand in the CRM now, and what stopped the next one."""

    done: int
    error: CrmError | None = None


class Connector(Protocol):
    """One CRM. Every method either succeeds or raises CrmError."""

    kind: str

    def create_ticket(self, marker: str, subject: str) -> TicketRef: ...

    def find_ticket(self, marker: str) -> TicketRef | None: ...

    def add_comment(
        self, ticket: TicketRef, marker: str, kind: str, text: str, *, private: bool
    ) -> None: ...

    def find_comment(self, ticket: TicketRef, marker: str) -> bool: ...

    def attach_file(self, ticket: TicketRef, marker: str, name: str, content: bytes) -> None: ...

    def find_file(self, ticket: TicketRef, marker: str) -> bool: ...


@runtime_checkable
class BulkConnector(Protocol):
    """A CRM that takes many at once, and where a repeated marker changes nothing by itself."""

    kind: str

    def create_tickets(self, wanted: Sequence[NewTicket]) -> list[TicketRef]: ...

    def add_entries(self, per_ticket: Sequence[Sequence[Entry]]) -> list[Added]: ...


AnyConnector = Connector | BulkConnector
