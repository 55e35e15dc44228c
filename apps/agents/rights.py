"""Whoever gains or loses sight of something through a team is told at once."""

from typing import Any

from django.db.models import Q
from django.db.models.signals import m2m_changed, pre_delete, pre_save
from django.dispatch import receiver

from apps.agents.models import Agent, Team
from apps.agents.teams import with_parents, with_subteams
from apps.core.models import User
from apps.core.people import rights_changed

MOVED = ("post_add", "post_remove", "pre_clear")  # after a clear nobody knows who it was


def around_teams(team_ids: set[int]) -> set[int]:
    """The users in these teams and below, and those who supervise there or above."""
    below = with_subteams(team_ids)
    inside = Q(agent__teams__in=below) | Q(supervised_teams__in=below | with_parents(team_ids))
    return set(User.objects.filter(inside).values_list("pk", flat=True))


def around_agents(agent_ids: set[int]) -> set[int]:
    """These agents' users, and those who supervise them."""
    teams = set(Team.objects.filter(members__in=agent_ids).values_list("pk", flat=True))
    users = Q(agent__in=agent_ids) | Q(supervised_teams__in=with_parents(teams))
    return set(User.objects.filter(users).values_list("pk", flat=True))


@receiver(m2m_changed, sender=Team.members.through)
def _members_changed(
    instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **facts: object
) -> None:
    if action not in MOVED:
        return
    if reverse:
        agents, teams = {instance.pk}, pk_set or _ids(instance.teams)
    else:
        agents, teams = pk_set or _ids(instance.members), {instance.pk}
    supervisors = User.objects.filter(supervised_teams__in=with_parents(teams))
    members = Agent.objects.filter(pk__in=agents).values_list("user_id", flat=True)
    rights_changed({*members, *supervisors.values_list("pk", flat=True)})


@receiver(m2m_changed, sender=Team.supervisors.through)
def _supervisors_changed(
    instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **facts: object
) -> None:
    if action in MOVED:
        rights_changed({instance.pk} if reverse else pk_set or _ids(instance.supervisors))


@receiver(pre_save, sender=Team)
def _parent_changed(instance: Team, **facts: object) -> None:
    before = Team.objects.filter(pk=instance.pk).values_list("parent_id", flat=True)
    if before and before[0] != instance.parent_id:
        parents = {one for one in (before[0], instance.parent_id) if one}
        above = User.objects.filter(supervised_teams__in=with_parents(parents))
        rights_changed(around_teams({instance.pk}).union(above.values_list("pk", flat=True)))


@receiver(pre_delete, sender=Team)
def _team_goes(instance: Team, **facts: object) -> None:
    rights_changed(around_teams({instance.pk}))


def _ids(relation: Any) -> set[int]:
    return set(relation.values_list("pk", flat=True))
