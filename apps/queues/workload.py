"""Lends the floor of agents what it cannot know: each one's open sessions and queues."""

from collections.abc import Collection, Mapping

from django.db.models import Sum

from apps.agents.models import Agent
from apps.agents.teams import each_with_parents
from apps.agents.workload import Workload, lend_workloads
from apps.core.models import User
from apps.queues.models import AgentLoad, Queue, QueueMembership


def workloads(agent_ids: Collection[int], user: User) -> Mapping[int, Workload]:
    """In a number of queries that no agent raises."""
    loads = AgentLoad.objects.filter(agent__in=agent_ids).values_list("agent")
    open_sessions = dict(loads.annotate(Sum("open_sessions")))
    queues = _queues_of(agent_ids, user)
    return {pk: Workload(open_sessions.get(pk, 0), queues.get(pk, ())) for pk in agent_ids}


def _queues_of(agent_ids: Collection[int], user: User) -> dict[int, tuple[str, ...]]:
    """By name: an agent's own, and those of the agent's teams and of the teams above them."""
    shown = Queue.objects.visible_to(user).filter(enabled=True)
    members = QueueMembership.objects.filter(queue__in=shown.order_by().values("pk"))
    by_agent: dict[int, set[str]] = {}
    by_team: dict[int, set[str]] = {}
    for agent, team, name in members.values_list("agent_id", "team_id", "queue__name"):
        side, key = (by_team, team) if team else (by_agent, agent)
        side.setdefault(key, set()).add(name)
    through = Agent.teams.through.objects.filter(agent__in=agent_ids)
    pairs = list(through.values_list("agent_id", "team_id"))
    above = each_with_parents({team for _agent, team in pairs})
    for agent, team in pairs:
        names = set().union(*(by_team.get(one, ()) for one in above[team]))
        by_agent.setdefault(agent, set()).update(names)
    return {pk: tuple(sorted(by_agent.get(pk, ()))) for pk in agent_ids}


lend_workloads(workloads)
