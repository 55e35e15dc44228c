"""What stands beside the reading pane: views and queues with their counts, and the list."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr
from django.http import Http404
from django.utils.translation import gettext as _

from apps.channels.models import ChannelSettings
from apps.channels.trust import WARNING
from apps.console.choice import STATUSES, Choice
from apps.console.states import OwnState, own_state
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets.models import Message, Session

PER_LOAD = 25
SNIPPET = 160


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation, or a chip above the list."""

    title: str
    query: str
    current: bool
    icon: str = ""
    count: int | None = None
    abbreviation: str = ""


@dataclass(slots=True)
class Counts:
    """Open sessions, as one query counts them."""

    by_queue: dict[int, int] = field(default_factory=dict)
    mine: int = 0
    unassigned: int = 0
    all: int = 0


@dataclass(frozen=True, slots=True)
class Desk:
    user: User
    choice: Choice
    title: str
    open_count: int
    views: list[Link]
    queues: list[Link]
    statuses: list[Link]
    rows: list[Session]
    older: str
    channel: ChannelSettings
    state: OwnState | None

    @property
    def open_query(self) -> str:
        return self.choice.of_status("open").query

    @property
    def any_query(self) -> str:
        return self.choice.of_status("any").query

    @property
    def test_signatures(self) -> bool:
        return bool(settings.TEST_SIGNATURES)


def desk_of(user: User, choice: Choice, channel: ChannelSettings) -> Desk:
    """Everything but the reading pane, in a number of queries that no row can raise."""
    sessions = Session.objects.visible_to(user)
    queues = list(Queue.objects.visible_to(user))
    counts = _counted(sessions, user)
    rows, older = _rows(sessions, user, choice)
    title, open_count = _heading(choice, queues, counts)
    return Desk(
        user=user,
        choice=choice,
        title=title,
        open_count=open_count,
        views=_views(choice, counts),
        queues=[_queue_link(queue, choice, counts) for queue in queues if queue.enabled],
        statuses=_statuses(choice),
        rows=rows,
        older=older,
        channel=channel,
        state=own_state(user),
    )


def _counted(sessions: QuerySet[Session], user: User) -> Counts:
    mine, nobody = Q(agent__user=user), Q(agent__isnull=True)
    grouped = (
        sessions.filter(status__in=Session.OPEN)
        .order_by()
        .values("queue")
        .annotate(n=Count("pk"), mine=Count("pk", filter=mine), free=Count("pk", filter=nobody))
    )
    counts = Counts()
    for group in grouped:
        counts.by_queue[group["queue"]] = group["n"]
        counts.mine += group["mine"]
        counts.unassigned += group["free"]
        counts.all += group["n"]
    return counts


def _rows(sessions: QuerySet[Session], user: User, choice: Choice) -> tuple[list[Session], str]:
    """One row more than is shown tells whether there are older ones."""
    messages = Message.objects.filter(session=OuterRef("pk")).order_by("-id")
    snippet = messages.annotate(start=Substr("text", 1, SNIPPET)).values("start")
    delivery = messages.filter(direction=Message.Direction.OUT).values("status")
    warned = messages.filter(direction=Message.Direction.IN, trust__level=WARNING)
    found: list[Session] = list(
        sessions.filter(choice.conditions(user))
        .select_related("queue", "agent__user")
        .annotate(snippet=Subquery(snippet[:1]), delivery=Subquery(delivery[:1]))
        .annotate(warns=Exists(warned))
        .order_by("-updated_at", "-id")[: PER_LOAD + 1]
    )
    rows = found[:PER_LOAD]
    return rows, choice.after(rows[-1]).query if len(found) > PER_LOAD else ""


def _heading(choice: Choice, queues: list[Queue], counts: Counts) -> tuple[str, int]:
    if choice.queue is not None:
        queue = next((one for one in queues if one.pk == choice.queue), None)
        if queue is None:
            raise Http404
        return queue.name, counts.by_queue.get(queue.pk, 0)
    return {
        "mine": (_("Assigned to me"), counts.mine),
        "unassigned": (_("Unassigned"), counts.unassigned),
        "all": (_("All sessions"), counts.all),
    }[choice.view]


def _views(choice: Choice, counts: Counts) -> list[Link]:
    entries = [
        ("all", _("All sessions"), "archive", counts.all),
        ("mine", _("Assigned to me"), "inbox", counts.mine),
        ("unassigned", _("Unassigned"), "users", counts.unassigned),
    ]
    return [
        Link(
            title=title,
            query=choice.of_view(view).query,
            current=choice.queue is None and choice.view == view,
            icon=icon,
            count=count,
        )
        for view, title, icon, count in entries
    ]


def _queue_link(queue: Queue, choice: Choice, counts: Counts) -> Link:
    return Link(
        title=queue.name,
        query=choice.of_queue(queue.pk).query,
        current=choice.queue == queue.pk,
        icon="mail",
        count=counts.by_queue.get(queue.pk, 0),
        abbreviation=queue.name[:2],
    )


def _statuses(choice: Choice) -> list[Link]:
    titles = {
        "open": _("Open"),
        "paused": _("Paused"),
        "resolved": _("Resolved"),
        "closed": _("Closed"),
        "any": _("All"),
    }
    return [
        Link(
            title=titles[status],
            query=choice.of_status(status).query,
            current=choice.status == status,
        )
        for status in STATUSES
    ]
