"""When this floor is woken: after a commit that planned updates; the sweep repeats the rest."""

from celery import shared_task
from django.dispatch import receiver

from apps.core.tasks import wake
from apps.crm import posting
from apps.crm.signals import updates_planned


@shared_task
def post_updates_of(thread_keys: list[str]) -> None:
    posting.post_updates(thread_keys)


@receiver(updates_planned)
def _updates_planned(thread_keys: list[str], **facts: object) -> None:
    for some in posting.lots(thread_keys):
        wake(post_updates_of, some)
