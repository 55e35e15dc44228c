"""Who is an agent: everybody who has the role."""

from apps.agents.models import Agent
from apps.core.models import Role, User


def keep_agent(user: User, roles: frozenset[str]) -> bool:
    """The row stays when the role goes: sessions and history point at it. True: it is new."""
    return Role.AGENT in roles and Agent.objects.get_or_create(user=user)[1]
