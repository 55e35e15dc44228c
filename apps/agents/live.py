"""What browsers and programs hear of states: who is in which now, and what that takes."""

from collections.abc import Iterable

from django.dispatch import receiver

from apps.agents.models import Agent, Team, supervised_teams
from apps.agents.signals import state_changed
from apps.agents.teams import each_with_parents
from apps.agents.telling import ToldState, states_of
from apps.core.live import news_of, push, register_resume, register_topics, user_topic
from apps.core.live_outgoing import News
from apps.core.models import User

KIND = "agent.state"
ALL = "agents.all"


def topics(user: User) -> Iterable[str]:
    """One's own is always there; colleagues hear nothing of each other."""
    everything = [ALL] if user.sees_everything else []
    return [*everything, *(topic_of_team(pk) for pk in supervised_teams(user))]


def topic_of_team(pk: int) -> str:
    return f"agents.team.{pk}"


@receiver(state_changed)
def _on_state_changed(*, agent_ids: list[int], **facts: object) -> None:
    """The agent, the supervisors of each team and of those above it, and who sees everything."""
    agents = list(Agent.objects.filter(pk__in=agent_ids))
    told, teams = states_of(agents), _teams_of(agent_ids)
    for agent in agents:
        state = told[agent.pk]
        heard_at = [user_topic(agent.user_id), ALL, *map(topic_of_team, sorted(teams[agent.pk]))]
        for topic in heard_at:
            push(topic, KIND, str(agent.pk), state.version, **_facts(state))


def _teams_of(agent_ids: list[int]) -> dict[int, set[int]]:
    """Each agent's teams with those above; the tree is read once for all of them."""
    rows = Team.members.through._default_manager.filter(agent__in=agent_ids)
    pairs = list(rows.values_list("agent_id", "team_id"))
    above = each_with_parents({team for _agent, team in pairs})
    found: dict[int, set[int]] = {agent: set() for agent in agent_ids}
    for agent, team in pairs:
        found[agent] |= above[team]
    return found


def missed(user: User, since: int) -> list[News]:
    """One's own state, which is one row: told whether or not it changed."""
    told = states_of(list(Agent.objects.filter(user=user)))
    return [
        news_of(KIND, str(agent_id), state.version, **_facts(state))
        for agent_id, state in told.items()
    ]


def _facts(state: ToldState) -> dict[str, object]:
    return {"effective": state.effective, "accepts": state.accepts, "present": state.present}


register_topics(topics)
register_resume(missed)
