"""A supervisor sets the state of several agents at once: each stands alone, none stops the rest."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from django.db.models import QuerySet

from apps.agents.choices import state_named
from apps.agents.models import Agent, AgentState
from apps.agents.states import override_state
from apps.agents.telling import why_in_words
from apps.agents.vocabulary import IN_CALL
from apps.core.errors import Problem
from apps.core.models import User


class Effect(Enum):
    AT_ONCE = "at-once"
    AFTER_CALL = "after-call"
    AFTER_CHAT = "after-chat"
    UNCHANGED = "unchanged"  # was in it already
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    agent: Agent
    effect: Effect
    why: str = ""  # it was refused


def override_all(
    agents: QuerySet[Agent], state: str, *, by: User, source: str, reason: str
) -> list[Outcome]:
    wanted = state_named(state)
    agents = agents.select_related("user")
    rows = AgentState.objects.filter(agent__in=agents.order_by().values("pk"))
    before = dict(rows.values_list("agent_id", "version"))
    return [
        _override(agent, wanted, before.get(agent.pk, 0), by=by, source=source, reason=reason)
        for agent in agents
    ]


def by_effect(outcomes: Iterable[Outcome]) -> dict[tuple[Effect, str], list[Agent]]:
    """Those of whom the same sentence is true, in the order of their first."""
    found: dict[tuple[Effect, str], list[Agent]] = {}
    for outcome in outcomes:
        found.setdefault((outcome.effect, outcome.why), []).append(outcome.agent)
    return found


def _override(
    agent: Agent, wanted: str, version: int, *, by: User, source: str, reason: str
) -> Outcome:
    try:
        after = override_state(agent, wanted, by=by, source=source, reason=reason)
    except Problem as refusal:
        return Outcome(agent, Effect.REFUSED, refusal.sentence)
    if after.chosen != wanted:  # the basis went in this very moment
        return Outcome(agent, Effect.REFUSED, why_in_words(after.code))
    if after.version == version:
        return Outcome(agent, Effect.UNCHANGED)
    if not after.pending:
        return Outcome(agent, Effect.AT_ONCE)
    return Outcome(agent, Effect.AFTER_CALL if after.overlay == IN_CALL else Effect.AFTER_CHAT)
