"""Which tickets a page of the list shows: 25, newest activity first, whatever was asked.

Rights are decided where it is cheap: where many of the newest tickets are the reader's, these are
walked through until 25 are found; otherwise the reader's own are collected first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from apps.agents.models import Agent
from apps.console.desk.list_choice import LONGEST_SEARCH, Mark
from apps.core.models import User
from apps.crm import ticket_search
from apps.crm.models import CrmConnection, Ticket, TicketLink
from apps.crm.models.builtin import TicketQuerySet
from apps.queues.models import Queue
from apps.tickets.models import Session

PER_PAGE = 25
SAMPLE, MANY = 200, 10  # of the newest tickets, and how many of them make a walk short
MOST_COLLECTED = 20_000  # threads
STATUSES = ("open", "closed", "any")


@dataclass(frozen=True, slots=True)
class TicketChoice:
    """Whatever the address does not say, or says wrong, is the default."""

    status: str = "open"
    words: str = ""
    before: Mark | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> TicketChoice:
        """Who looks for something looks among all tickets, unless they say so."""
        words = query.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
        status = query.get("status", "")
        return cls(
            status=status if status in STATUSES else ("any" if words else "open"),
            words=words,
            before=Mark.read(query.get("before", "")),
        )

    def address(self, **changed: str) -> str:
        """The query of this choice with CHANGED; each change but `before` begins at the top."""
        said = {"q": self.words, "status": self.status, **changed}
        return "?" + urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    ticket: Ticket
    session: Session | None  # the newest that the reader sees

    @property
    def contact(self) -> str:
        return self.ticket.contact_name or self.ticket.contact_email


@dataclass(frozen=True, slots=True)
class TicketPage:
    rows: Sequence[Row]
    next: str  # the query of the next page; empty at the end


def page_of(user: User, choice: TicketChoice) -> TicketPage:
    """A ticket that is asked for by its number stands above those that have it in their words."""
    named = _named(user, choice)
    found = _matching(user, choice).exclude(pk__in=[one.pk for one in named])
    if choice.before:
        found = found.filter(_after(choice.before))
    tickets = list(found.order_by(*ticket_search.NEWEST)[: PER_PAGE + 1])
    shown = tickets[:PER_PAGE]
    more = len(tickets) > PER_PAGE
    following = choice.address(before=str(Mark(shown[-1].updated_at, shown[-1].pk))) if more else ""
    return TicketPage(_rows(user, [*named, *shown]), following)


def _named(user: User, choice: TicketChoice) -> list[Ticket]:
    number = ticket_search.numbered(choice.words)
    if number is None or choice.before or choice.words.startswith("#"):
        return []
    return list(Ticket.objects.visible_to(user).filter(_of_status(choice), pk=number))


def _matching(user: User, choice: TicketChoice) -> TicketQuerySet:
    tickets = Ticket.objects.filter(_of_status(choice))
    seen = tickets if user.sees_everything else _seen_by(user, tickets)
    return ticket_search.matching(seen, choice.words)


def _of_status(choice: TicketChoice) -> Q:
    return Q() if choice.status == "any" else Q(status=choice.status)


def _after(mark: Mark) -> Q:
    """The first half alone would do for an index; the second is exact."""
    return Q(updated_at__lte=mark.at) & (Q(updated_at__lt=mark.at) | Q(pk__lt=mark.pk))


def _seen_by(user: User, tickets: TicketQuerySet) -> TicketQuerySet:
    """As `visible_to`, in whichever shape finds a page quickly."""
    newest = tickets.order_by(*ticket_search.NEWEST).values("pk")[:SAMPLE]
    if Ticket.objects.filter(pk__in=newest).visible_to(user).count() >= MANY:
        return tickets.visible_to(user)
    threads = {key for place in _places(user) for key in _some_threads(place)}
    if len(threads) > MOST_COLLECTED:
        return tickets.visible_to(user)
    numbers = _builtin_links().filter(thread_key__in=threads).values_list("ticket", flat=True)
    return tickets.filter(pk__in=[int(one) for one in numbers if one.isdecimal()])


def _places(user: User) -> list[Q]:
    """Where a user's sessions are: two questions for two indexes."""
    queues = Queue.objects.seen_by(user).values_list("pk", flat=True)
    own = Agent.objects.working().filter(user=user).order_by().values("pk")
    return [Q(queue__in=list(queues)), Q(agent__in=own)]


def _some_threads(place: Q) -> QuerySet[Session, str]:
    rows = Session.objects.filter(place).order_by()
    return rows.values_list("thread__key", flat=True)[: MOST_COLLECTED + 1]


# ---- what a row tells beside the ticket ----------------------------------------------------------


def _rows(user: User, tickets: Sequence[Ticket]) -> list[Row]:
    """Two queries, however many tickets."""
    numbers = [str(ticket.pk) for ticket in tickets]
    links = _builtin_links().filter(ticket__in=numbers)
    threads = dict(links.values_list("thread_key", "ticket"))
    sessions = Session.objects.visible_to(user).filter(thread__key__in=list(threads))
    newest: dict[str, Session] = {}
    for session in sessions.select_related("thread", "queue", "agent__user").order_by("pk"):
        newest[threads[session.thread.key]] = session
    return [Row(ticket, newest.get(str(ticket.pk))) for ticket in tickets]


def _builtin_links() -> QuerySet[TicketLink]:
    return TicketLink.objects.filter(connection__kind=CrmConnection.Kind.BUILTIN)
