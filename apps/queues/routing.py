"""Which queue a mailbox feeds, and which agent gets the next session of a queue."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet, Sum

from apps.agents.models import Agent, AgentState
from apps.agents.presence import present
from apps.agents.teams import with_subteams
from apps.agents.vocabulary import IN_EMAIL
from apps.queues.models import AgentLoad, MailboxRoute, Queue, QueueMembership

SHOWN_CANDIDATES = 5  # a decision keeps its nearest rivals, not a thousand of them


def queues_of(mailbox_ids: Iterable[int]) -> dict[int, Queue]:
    """The enabled queue of each mailbox that has one."""
    routes = MailboxRoute.objects.filter(mailbox__in=set(mailbox_ids), queue__enabled=True)
    return {route.mailbox_id: route.queue for route in routes.select_related("queue")}


@dataclass(order=True, slots=True)
class Candidate:
    """An agent who may get the next session; sorts by who should."""

    open_sessions: int  # in all queues
    last_assigned: float  # seconds since the epoch, 0 for never
    agent_id: int
    in_queue: int = field(compare=False)
    agent: Agent = field(compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets the session, and from which facts that follows."""

    agent: Agent
    facts: dict[str, object]


class Line:
    """The eligible agents of a queue, least loaded first; ties: longest since the last one."""

    def __init__(self, queue: Queue, candidates: Iterable[Candidate]) -> None:
        self.capacity = queue.capacity
        self._heap = [one for one in candidates if one.in_queue < self.capacity]
        heapq.heapify(self._heap)
        self._clock = max((one.last_assigned for one in self._heap), default=0.0)

    @property
    def room(self) -> int:
        """How many sessions all of them together can still be given."""
        return sum(self.capacity - one.in_queue for one in self._heap)

    def choose_agent(self) -> Choice | None:
        """The next agent, whose load grows by one; None when nobody has room."""
        if not self._heap:
            return None
        facts = self._facts()
        chosen = heapq.heappop(self._heap)
        self._clock += 1  # whoever was just given one is last among equals
        chosen.open_sessions += 1
        chosen.in_queue += 1
        chosen.last_assigned = self._clock
        if chosen.in_queue < self.capacity:
            heapq.heappush(self._heap, chosen)
        return Choice(chosen.agent, facts)

    def _facts(self) -> dict[str, object]:
        nearest = heapq.nsmallest(SHOWN_CANDIDATES, self._heap)
        return {
            "eligible": len(self._heap),
            "capacity": self.capacity,
            "candidates": [
                {"agent": one.agent_id, "open": one.open_sessions, "in_queue": one.in_queue}
                for one in nearest
            ],
        }


def line_of(queue: Queue) -> Line:
    """Reads the loads; hold the queue's lock while the answer is used."""
    agents = list(eligible(queue).select_related("user"))
    loads = AgentLoad.objects.filter(agent__in=agents)
    total = dict(loads.values_list("agent").annotate(Sum("open_sessions")))
    here = {load.agent_id: load for load in loads.filter(queue=queue)}
    return Line(queue, (_candidate(agent, total, here.get(agent.pk)) for agent in agents))


def eligible(queue: Queue) -> QuerySet[Agent]:
    """Members in a state that takes mail here, and present."""
    there = present(AgentState.objects.filter(effective__in=states_that_take(queue)))
    return members(queue).filter(pk__in=there.values("agent"))


def states_that_take(queue: Queue) -> list[str]:
    """In-Email always; the queue may add others."""
    return [IN_EMAIL, *queue.eligible_states]


def members(queue: Queue) -> QuerySet[Agent]:
    return members_of(Queue.objects.filter(pk=queue.pk))


def members_of(queues: QuerySet[Queue]) -> QuerySet[Agent]:
    """Working agents of these queues: alone, through a team, or through a sub-team of one."""
    memberships = QueueMembership.objects.filter(queue__in=queues)
    own = memberships.filter(agent__isnull=False).values("agent")
    teams = memberships.filter(team__isnull=False).values_list("team_id", flat=True)
    rows = Agent.teams.through.objects.filter(team__in=with_subteams(one for one in teams if one))
    return Agent.objects.working().filter(Q(pk__in=own) | Q(pk__in=rows.values("agent")))


def _candidate(agent: Agent, total: dict[int, int], here: AgentLoad | None) -> Candidate:
    return Candidate(
        open_sessions=total.get(agent.pk, 0),
        last_assigned=_seconds(here.last_assigned_at) if here else 0.0,
        agent_id=agent.pk,
        in_queue=here.open_sessions if here else 0,
        agent=agent,
    )


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
