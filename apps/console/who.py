"""People and addresses as the console's JSON names them: initials and a quiet colour beside."""

from typing import TypedDict

from apps.agents.models import Agent
from apps.console.templatetags.console import initials, tint
from apps.core.models import User


class Person(TypedDict):
    """ID is a user's, or where an agent is named the agent's."""

    id: str
    name: str
    initials: str
    tint: int


class AddressJson(TypedDict):
    email: str
    name: str


def person_of(user: User) -> Person:
    return _person(user.pk, user)


def person_of_agent(agent: Agent) -> Person:
    return _person(agent.pk, agent.user)


def _person(pk: int, user: User) -> Person:
    name = user.display_name
    return Person(id=str(pk), name=name, initials=user.initials, tint=tint(name))


def initials_of(name: str, email: str) -> str:
    return initials(name or email)


def tint_of(name: str, email: str) -> int:
    return tint(name or email)
