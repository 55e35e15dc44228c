"""What admin and board show of agents, in a number of queries that no agent raises."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from apps.agents.contacts import stale_contacts
from apps.agents.models import Agent, Contact, Team
from apps.agents.telling import ToldState, states_of
from apps.agents.workload import NOTHING, Workload, workloads
from apps.core.models import User


@dataclass(frozen=True, slots=True)
class Facts:
    told: ToldState
    teams: tuple[str, ...]
    workload: Workload
    stale: tuple[Contact, ...]  # calls and chats of which nothing was heard for too long
    steered: bool  # the reader may set this state


def facts_of(agents: Collection[Agent], user: User) -> dict[int, Facts]:
    ids = [agent.pk for agent in agents]
    told, teams, stale = states_of(agents), _teams(ids, user), _stale(ids)
    work = workloads(ids, user)
    steered = _steered(ids, user)
    return {
        pk: Facts(
            told[pk],
            tuple(teams.get(pk, ())),
            work.get(pk, NOTHING),
            tuple(stale.get(pk, ())),
            pk in steered,
        )
        for pk in ids
    }


def _steered(ids: list[int], user: User) -> set[int]:
    if not user.has_perm("agents.override_state"):
        return set()
    return set(Agent.objects.steered_by(user).filter(pk__in=ids).values_list("pk", flat=True))


def _teams(ids: list[int], user: User) -> dict[int, list[str]]:
    """Only those that the reader knows."""
    shown = Team.objects.visible_to(user).order_by().values("pk")
    rows = Team.members.through._default_manager.filter(agent__in=ids, team__in=shown)
    found: dict[int, list[str]] = defaultdict(list)
    for agent, name in rows.order_by("team__name").values_list("agent_id", "team__name"):
        found[agent].append(name)
    return found


def _stale(ids: list[int]) -> dict[int, list[Contact]]:
    found: dict[int, list[Contact]] = defaultdict(list)
    for contact in stale_contacts().filter(agent__in=ids).order_by("heard_at"):
        found[contact.agent_id].append(contact)
    return found
