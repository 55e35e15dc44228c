"""How many open sessions each agent has in each queue, and how many wait for one: kept with every
move, never counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q, Sum, Value
from django.db.models.functions import Now

from apps.core.db.locks import lock_until_commit
from apps.queues.models import AgentLoad, WaitingShift

FOLD_AFTER = 200  # rows of one change each, until they become one row a queue


@dataclass(slots=True)
class OpenSessions:
    """By queue: of all agents, of one of them, and of nobody."""

    in_hand: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    own: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    waiting: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def of(self, queue_id: int) -> int:
        return self.in_hand.get(queue_id, 0) + self.waiting.get(queue_id, 0)


def shift(queue_id: int, agent_id: int, by: int) -> None:
    """Adds BY to the agent's open sessions; call it in the transaction of the move."""
    shift_all({(queue_id, agent_id): by})


def shift_all(shifts: Mapping[tuple[int, int], int]) -> None:
    """By queue and agent, always in the same order, so that no two moves wait for each other.

    One statement, which Django has no words for: both databases read it.
    """
    rows = [(*one, shifts[one]) for one in sorted(shifts) if shifts[one]]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO queues_agentload (queue_id, agent_id, open_sessions)"
            f" VALUES {', '.join(['(%s, %s, %s)'] * len(rows))}"
            " ON CONFLICT (queue_id, agent_id) DO UPDATE"
            " SET open_sessions = queues_agentload.open_sessions + excluded.open_sessions",
            [value for row in rows for value in row],
        )


def shift_waiting(by_queue: dict[int, int]) -> None:
    """Adds to the open sessions that nobody has; call it in the transaction of the move.

    It waits for nobody and nobody waits for it.
    """
    rows = [WaitingShift(queue_id=pk, by=by) for pk, by in sorted(by_queue.items()) if by]
    if not rows:
        return
    WaitingShift.objects.bulk_create(rows)
    if any(row.pk % FOLD_AFTER == 0 for row in rows):
        transaction.on_commit(fold_waiting, robust=True)


def fold_waiting() -> None:
    """One row a queue again. Rows that are not committed yet are neither seen nor taken away."""
    with transaction.atomic():
        lock_until_commit("waiting-shifts")
        sums: dict[int, int] = defaultdict(int)
        rows = list(WaitingShift.objects.values_list("pk", "queue_id", "by"))
        for _pk, queue_id, by in rows:
            sums[queue_id] += by
        WaitingShift.objects.filter(pk__in=[row[0] for row in rows]).delete()
        folded = [WaitingShift(queue_id=pk, by=by) for pk, by in sorted(sums.items()) if by]
        WaitingShift.objects.bulk_create(folded)


def open_sessions(queue_ids: Iterable[int], *, own: int | None = None) -> OpenSessions:
    """In these queues; and those of the user OWN in any. One query, whatever lies there."""
    wanted = set(queue_ids)
    mine = Q(agent__user=own)
    loads = AgentLoad.objects.filter(Q(queue__in=wanted) | mine).order_by().values_list("queue")
    kept = loads.annotate(
        n=Sum("open_sessions"),
        mine=Sum("open_sessions", filter=mine, default=0),
        held=Value(1),
    )
    shifts = WaitingShift.objects.filter(queue__in=wanted).order_by().values_list("queue")
    waiting = shifts.annotate(n=Sum("by"), mine=Value(0), held=Value(0))
    found = OpenSessions()
    for queue, number, of_own, held in kept.union(waiting, all=True):
        found.own[queue] += of_own
        if queue in wanted:
            (found.in_hand if held else found.waiting)[queue] += number
    return found


def given(queue_id: int, agent_ids: Iterable[int]) -> None:
    """These agents were just given a session of the queue: they come last among equals."""
    loads = AgentLoad.objects.filter(queue_id=queue_id, agent_id__in=set(agent_ids))
    loads.update(last_assigned_at=Now())
