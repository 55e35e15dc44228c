"""Signing in and out, open sockets and changed rights, as far as they concern states."""

from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from apps.agents.models import Agent, AgentState, CustomState
from apps.agents.presence import seen
from apps.agents.states import signed_in, signed_out
from apps.agents.upkeep import uphold_guards
from apps.core.live_here import follow_presence
from apps.core.people import rights_moved

follow_presence(seen)


@receiver(post_save, sender=Agent)
def _new_agent(instance: Agent, created: bool, **facts: Any) -> None:
    if created:
        AgentState.objects.get_or_create(agent=instance)


@receiver(user_logged_in)
def _signed_in(user: Any, **facts: Any) -> None:
    for agent in Agent.objects.working().filter(user=user):
        signed_in(agent)


@receiver(user_logged_out)
def _signed_out(user: Any, **facts: Any) -> None:
    for agent in Agent.objects.filter(user=user.pk if user else None):
        signed_out(agent)


@receiver(rights_moved)
def _rights_moved(**facts: Any) -> None:
    uphold_guards()


@receiver([post_save, post_delete], sender=CustomState)
def _states_moved(**facts: Any) -> None:
    transaction.on_commit(partial(uphold_guards), robust=True)
