"""When this floor is woken: after a commit that planned objects; the sweep repeats the rest."""

from celery import shared_task
from django.dispatch import receiver

from apps.core.tasks import wake
from apps.storage import placing, storing
from apps.storage.signals import objects_planned


@shared_task
def store_waiting() -> None:
    """Each place in a task of its own: one that is slow or down holds up no other."""
    placing.place_due()
    for target_id in storing.targets_due():
        wake(store_at, target_id)


@shared_task
def store_at(target_id: int) -> None:
    if storing.put_due(target_id):
        wake(store_at, target_id)


@receiver(objects_planned)
def _objects_planned(**facts: object) -> None:
    wake(store_waiting)
