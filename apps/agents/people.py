"""Who is an agent: everybody who has the role; and where a team stands in the tree."""

from django.db import transaction

from apps.agents.models import Agent, Team
from apps.agents.teams import refuse_cycle
from apps.core.db.locks import lock_until_commit
from apps.core.models import Role, User


def keep_agent(user: User, roles: frozenset[str]) -> bool:
    """The row stays when the role goes: sessions and history point at it. True: it is new."""
    return Role.AGENT in roles and Agent.objects.get_or_create(user=user)[1]


def put_under(team: Team, parent: Team | None) -> None:
    """Saves TEAM as a part of PARENT; two at once cannot close a circle between them."""
    with transaction.atomic():
        lock_until_commit("teams")
        refuse_cycle(team, parent)
        team.parent = parent
        team.save()
