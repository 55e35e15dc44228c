"""Who may be In-Email, and whose queues take mail in other states: lent to the floor of agents."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from apps.agents.lent import Refusal, lend_guard, lend_mail_takers
from apps.agents.upkeep import uphold_guards
from apps.agents.vocabulary import IN_EMAIL
from apps.channels.models import ChannelSettings
from apps.queues.models import Queue
from apps.queues.routing import members_of

CAUSES: dict[str, Any] = {
    "channel-off": _("The email channel is switched off."),
    "no-email-queue": _("No email queue that is in use has this agent as a member."),
}


def who_may_not_be_in_email(agent_ids: Collection[int]) -> Mapping[int, Refusal]:
    """The channel is on, and at least one enabled queue has the agent, alone or by a team."""
    if not ChannelSettings.load().enabled:
        return dict.fromkeys(agent_ids, _refusal("channel-off"))
    working = members_of(Queue.objects.filter(enabled=True)).filter(pk__in=agent_ids)
    allowed = set(working.values_list("pk", flat=True))
    return {pk: _refusal("no-email-queue") for pk in agent_ids if pk not in allowed}


def members_in_added_states() -> Q:
    """Agents in a state that one of their queues lists; few queues list any."""
    found = Q(pk__in=())
    for queue in Queue.objects.filter(enabled=True).exclude(eligible_states=[]):
        members = members_of(Queue.objects.filter(pk=queue.pk)).values("pk")
        found |= Q(state__effective__in=queue.eligible_states, pk__in=members)
    return found


def _refusal(code: str) -> Refusal:
    return Refusal(code, str(CAUSES[code]))


@receiver([post_save, post_delete], sender=ChannelSettings)
@receiver([post_save, post_delete], sender=Queue)
def _basis_moved(instance: Any, **facts: object) -> None:
    """Members and teams are told by `rights_moved`; the sweep finds what no signal tells."""
    transaction.on_commit(partial(uphold_guards), robust=True)


lend_guard(IN_EMAIL, who_may_not_be_in_email, CAUSES)
lend_mail_takers(members_in_added_states)
