"""How many open sessions each agent has in each queue: kept with every move, never counted."""

from collections.abc import Iterable

from django.db.models import F
from django.db.models.functions import Now

from apps.queues.models import AgentLoad


def shift(queue_id: int, agent_id: int, by: int) -> None:
    """Adds BY to the agent's open sessions; call it in the transaction of the move."""
    mine = AgentLoad.objects.filter(queue_id=queue_id, agent_id=agent_id)
    if not mine.update(open_sessions=F("open_sessions") + by):
        rows = [AgentLoad(queue_id=queue_id, agent_id=agent_id)]
        AgentLoad.objects.bulk_create(rows, ignore_conflicts=True)
        mine.update(open_sessions=F("open_sessions") + by)


def given(queue_id: int, agent_ids: Iterable[int]) -> None:
    """These agents were just given a session of the queue: they come last among equals."""
    loads = AgentLoad.objects.filter(queue_id=queue_id, agent_id__in=set(agent_ids))
    loads.update(last_assigned_at=Now())
