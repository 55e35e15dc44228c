"""The contract of a CRM connector, as plain frozen data and two small protocols.

How to add a CRM: one module beside this one with a class that keeps `Connector`; its kind in
`CrmConnection.Kind`, its maker in `apps.crm.registry`, its form fields in `apps.crm.forms`, its
fake and its line in `tests/connectors`, where one suite asks every connector the same questions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self, runtime_checkable


class Sentence(str):
    """For people: English by itself, WORDS for the catalogue, in which FACTS are named."""

    words: str
    facts: Mapping[str, object]

    def __new__(cls, words: str, facts: Mapping[str, object]) -> Self:
        sentence = super().__new__(cls, words % facts)
        sentence.words, sentence.facts = words, facts
        return sentence


class CrmError(Exception):
    """The CRM did not do it, or did not say so; `sentence` is for people, in English.

    WORDS is a sentence for the catalogue, in which FACTS are named like `%(host)s`.

    `code`: unreachable, busy, auth, odd-answer (of the connection); gone, locked, merged (of the
    ticket); refused, too-big (of what was said); connector (ours). `permanent`: trying again
    cannot help. `retry_after`: seconds that the CRM asks us to wait. `merged_into`: the ticket
    that goes on.
    """

    OF_CONNECTION = frozenset({"unreachable", "busy", "auth", "odd-answer"})
    OF_TICKET = frozenset({"gone", "locked", "merged"})

    def __init__(
        self,
        words: str,
        facts: Mapping[str, object] | None = None,
        *,
        code: str = "connector",
        permanent: bool = False,
        retry_after: float | None = None,
        merged_into: "TicketRef | None" = None,
    ) -> None:
        self.words, self.facts = words, dict(facts or {})
        super().__init__(self.sentence)
        self.code = code
        self.permanent = permanent
        self.retry_after = retry_after
        self.merged_into = merged_into

    @property
    def sentence(self) -> str:
        return self.words % self.facts if self.facts else self.words

    @property
    def is_of_connection(self) -> bool:
        """It would have met any other thread, too: nothing of this entry is to blame."""
        return self.code in self.OF_CONNECTION

    @property
    def is_of_ticket(self) -> bool:
        return self.code in self.OF_TICKET


@dataclass(frozen=True, slots=True)
class Access:
    """How a connection reaches its CRM: secrets are unsealed here, and go no further.

    CONSOLE is our own address, the front of every link and of every marker that is an address.
    """

    url: str
    user: str = ""
    token: str = field(default="", repr=False)
    queue: str = ""
    console: str = ""


@dataclass(frozen=True, slots=True)
class Most:
    """What the CRM takes at most; longer comments are cut with a link, larger files left out."""

    subject: int = 200  # characters
    comment: int = 60_000  # characters
    file: int = 20 * 2**20  # bytes


@dataclass(frozen=True, slots=True)
class TicketRef:
    """A ticket as its CRM names it."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket to be made; MARKER is stored with it and finds it again.

    CONTACT is the customer's name and address, for CRMs in which that makes nobody write to them;
    FIELDS are the administrator's own, by the CRM's names.
    """

    marker: str
    subject: str
    contact: tuple[str, str] = ("", "")
    fields: Mapping[str, str] = field(default_factory=dict)
    doubtful: bool = False  # an earlier request may have made it


@dataclass(frozen=True, slots=True)
class File:
    """Bytes to attach: a CRM in our own database takes the blob, all others read it."""

    blob_id: int
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """A private comment, or with FILE a file whose name is TEXT.

    Everything is for the CRM's own agents: a connector has no way of saying something to a
    customer (SPEC 1.3 i). REPLACES is the marker of a file that this one takes the place of.
    """

    ticket: TicketRef
    marker: str
    kind: str
    text: str
    file: File | None = None
    replaces: str = ""
    ours: bool = False  # it tells of a mail that we sent
    link: str = ""  # to the whole text, for a CRM that has to cut it again
    doubtful: bool = False  # an earlier request may have written it


@dataclass(frozen=True, slots=True)
class Added:
    """How many entries of one ticket stand in the CRM now, and what stopped the next one."""

    done: int
    error: CrmError | None = None


class Connector(Protocol):
    """One CRM. Every method either succeeds or raises CrmError; none waits over 10 s a request.

    A request that may have been done although no answer came is found again by its marker: either
    the CRM takes the marker as an idempotency key, or `find_…` looks for it.
    """

    kind: str
    most: Most

    def check(self) -> Sentence:
        """Reads, and writes nothing: one sentence of who we are there and where tickets go."""

    def create_ticket(self, wanted: NewTicket) -> TicketRef: ...

    def find_ticket(self, marker: str) -> TicketRef | None: ...

    def add_comment(self, entry: Entry) -> None: ...

    def find_comment(self, entry: Entry) -> bool: ...

    def attach_file(self, entry: Entry, content: bytes) -> None: ...

    def find_file(self, entry: Entry) -> bool: ...

    def remove_file(self, ticket: TicketRef, marker: str) -> None:
        """Of a file that a newer one replaces; does nothing where the CRM keeps all of them."""


@runtime_checkable
class BulkConnector(Protocol):
    """A CRM that takes many at once, and where a repeated marker changes nothing by itself."""

    kind: str
    most: Most

    def create_tickets(self, wanted: Sequence[NewTicket]) -> list[TicketRef | CrmError]: ...

    def add_entries(self, per_ticket: Sequence[Sequence[Entry]]) -> list[Added]: ...


AnyConnector = Connector | BulkConnector
