"""Whoever gains or loses sight of a queue is told at once."""

from django.db.models import Q
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from apps.agents.rights import around_agents, around_teams
from apps.core.models import Role, User
from apps.core.people import rights_changed
from apps.queues.models import Queue, QueueMembership


@receiver(pre_save, sender=QueueMembership)
def _other_member(instance: QueueMembership, **facts: object) -> None:
    """The row may be given to somebody else: whoever had it loses."""
    for before in QueueMembership.objects.filter(pk=instance.pk):
        rights_changed(_around(before))


@receiver([post_save, post_delete], sender=QueueMembership)
def _member(instance: QueueMembership, **facts: object) -> None:
    rights_changed(_around(instance))


@receiver(pre_save, sender=Queue)
def _switched(instance: Queue, **facts: object) -> None:
    if Queue.objects.filter(pk=instance.pk).exclude(enabled=instance.enabled):
        rights_changed(set().union(*(_around(one) for one in instance.memberships.all())))


@receiver(post_save, sender=Queue)
def _new_queue(instance: Queue, created: bool, **facts: object) -> None:
    """Who sees everything sees it too."""
    if created:
        everything = (Role.ADMINISTRATOR, Role.AUDITOR, Role.INTEGRATION)
        who = User.objects.filter(Q(is_superuser=True) | Q(grants__role__in=everything))
        rights_changed(who.values_list("pk", flat=True))


def _around(membership: QueueMembership) -> set[int]:
    if membership.team_id:
        return around_teams({membership.team_id})
    return around_agents({membership.agent_id} if membership.agent_id else set())
