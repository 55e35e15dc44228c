"""What is kept with every move, counted anew: rows are the truth, and the two must agree."""

from collections import Counter
from collections.abc import Iterator

from django.db.models import Count, Max, Q

from apps.queues.loads import open_sessions
from apps.queues.models import AgentLoad, Queue
from apps.tickets.models import Message, Session

Numbers = dict[tuple[str, int, int], int]


def drifts() -> list[str]:
    """One line for each number that is not what its rows say."""
    return [*_of_loads(), *_of_sessions()]


def _of_loads() -> Iterator[str]:
    kept, counted = _kept(), _counted()
    for one in sorted(kept.keys() | counted.keys()):
        if kept.get(one, 0) != counted.get(one, 0):
            yield f"{one}: kept {kept.get(one, 0)}, counted {counted.get(one, 0)}"


def _kept() -> Numbers:
    loads = AgentLoad.objects.values_list("queue", "agent", "open_sessions")
    kept = {("in hand", queue, agent): number for queue, agent, number in loads}
    waiting = open_sessions(Queue.objects.values_list("pk", flat=True)).waiting
    return kept | {("waiting", queue, 0): number for queue, number in waiting.items()}


def _counted() -> Numbers:
    rows = Session.objects.filter(status__in=Session.OPEN).values_list("queue", "agent")
    return Counter(
        ("in hand", queue, agent) if agent else ("waiting", queue, 0) for queue, agent in rows
    )


def _of_sessions() -> Iterator[str]:
    incoming = Q(messages__direction=Message.Direction.IN)
    told = Session.objects.annotate(
        number=Count("messages"), newest=Max("messages__pk", filter=incoming)
    )
    for one in told:
        if (one.message_count, one.newest_in) != (one.number, one.newest or 0):
            yield f"{one}: {one.message_count} mails kept, {one.number} counted"
