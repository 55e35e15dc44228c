"""Queues in which somebody works: whatever lies in others waits for nobody."""

from apps.agents.models import Agent
from apps.agents.teams import each_with_parents
from apps.queues.models import QueueMembership


def attended() -> set[int]:
    """The ids of queues in use that have a working agent, alone or by a team or one above it."""
    working = Agent.objects.working()
    memberships = QueueMembership.objects.filter(queue__enabled=True)
    own = memberships.filter(agent__in=working).values_list("queue", flat=True)
    teams = Agent.teams.through.objects.filter(agent__in=working).values_list("team", flat=True)
    manned = set().union(*each_with_parents(set(teams.distinct())).values())
    return {*own, *memberships.filter(team__in=manned).values_list("queue", flat=True)}
