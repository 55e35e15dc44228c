"""What time and settings do to states: absence, a basis that is lost, a custom state withdrawn."""

from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.agents import lent
from apps.agents.choices import choosable_states
from apps.agents.models import Agent, AgentSettings, AgentState
from apps.agents.states import leave_if_absent, leave_if_refused
from apps.agents.vocabulary import OFFLINE
from apps.core.leases import expired


def end_absences() -> int:
    """Offline for whoever was away too long; answers how many were looked at. Who is there by the
    database's clock is not away, however far ours is ahead."""
    limit = timezone.now() - timedelta(minutes=AgentSettings.load().absent_after_minutes)
    last = Coalesce("seen_at", F("chosen_at"))
    away = AgentState.objects.exclude(chosen=OFFLINE).annotate(last=last).filter(last__lt=limit)
    agent_ids = list(away.filter(expired("present_until")).values_list("agent_id", flat=True))
    for agent_id in agent_ids:
        leave_if_absent(agent_id)
    return len(agent_ids)


def uphold_guards() -> int:
    """Whoever is in a state without its basis leaves it; three questions when nobody is."""
    on_shift = AgentState.objects.exclude(chosen=OFFLINE)
    gone = ~Q(agent__in=Agent.objects.working()) | ~Q(chosen__in=choosable_states())
    agent_ids = set(on_shift.filter(gone).values_list("agent_id", flat=True))
    for state in lent.guarded_states():
        inside = list(on_shift.filter(chosen=state).values_list("agent_id", flat=True))
        agent_ids |= set(lent.refusals(state, inside))
    for agent_id in agent_ids:
        leave_if_refused(agent_id)
    return len(agent_ids)
