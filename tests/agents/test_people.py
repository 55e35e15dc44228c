"""Whoever has the role agent is one, whatever page or file gave the role."""

import pytest

from apps.agents.models import Agent
from apps.core.models import Role
from apps.core.people import set_roles
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_the_role_makes_an_agent_once_and_its_loss_keeps_the_row() -> None:
    ana = make_user("ana")
    assert set_roles(ana, [Role.AGENT])
    assert not set_roles(ana, [Role.AGENT])
    agent = Agent.objects.get(user=ana)
    set_roles(ana, [])
    assert Agent.objects.get() == agent
