"""Presence: a browser or program of the agent is there. It is no state, and routing wants both."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.agents.models import AgentState
from apps.agents.signals import state_changed
from apps.agents.states import leave_if_absent
from apps.core.announce import announce
from apps.core.leases import expired, in_seconds

SECONDS = 60


def seen(user_ids: Collection[int]) -> None:
    """These users are there for the next minute, by the database's clock.

    Who was away for too long is Offline before that: coming back must not undo it.
    """
    states = AgentState.objects.filter(agent__user__in=user_ids)
    came = list(states.filter(expired("present_until")).values_list("agent_id", flat=True))
    for agent_id in came:
        leave_if_absent(agent_id)
    states.update(present_until=in_seconds(SECONDS), seen_at=Now())
    if came:
        announce(state_changed, agent_ids=sorted(came))


def present(states: QuerySet[AgentState]) -> QuerySet[AgentState]:
    return states.filter(present_until__gt=Now())
