"""What the console leaves to a worker: mails that nobody waits for."""

from celery import shared_task
from django.dispatch import receiver

from apps.console import viewing
from apps.console.people.mails import send_link
from apps.console.signals import link_wanted
from apps.core.models import User
from apps.core.tasks import wake


@shared_task
def send_links(user_ids: list[int]) -> None:
    """Lost with the broker's memory, it is asked for again: no row stays of who forgot what."""
    for user in User.objects.filter(pk__in=user_ids, is_active=True):
        send_link(user)


@shared_task
def forget_old_viewings() -> None:
    viewing.forget_old()


@receiver(link_wanted)
def _link_wanted(user_ids: list[int], **facts: object) -> None:
    """With no id, too: the form takes as long for an address that nobody has."""
    wake(send_links, user_ids)
