"""When this floor is woken: after a commit, and every ten seconds for whatever was missed."""

from typing import TypeVar

from celery import shared_task
from django.dispatch import receiver

from apps.agents.signals import state_changed
from apps.attachments import screen
from apps.attachments.signals import attachments_screened, found_later
from apps.attachments.tasks import screen_files
from apps.channels.signals import mail_received
from apps.core.tasks import wake
from apps.crm import updates
from apps.crm.tasks import post_updates_of
from apps.queues.models import Queue
from apps.tickets import assignment, file_verdicts, inbound, outbound, staging
from apps.tickets.models import Message
from apps.tickets.signals import files_waiting, message_queued, room_made

SWEPT_AT_ONCE = 200

Item = TypeVar("Item", int, str)


@shared_task
def take_in() -> None:
    inbound.take_in()


@shared_task
def deliver(message_id: int) -> None:
    outbound.deliver(message_id)


@shared_task
def assign(queue_id: int) -> None:
    queue = Queue.objects.filter(pk=queue_id).first()
    while queue and assignment.assign_waiting(queue):
        pass


@shared_task
def sweep() -> None:
    """Whatever a lost broker message, a killed worker or a wait has left: found in the rows."""
    inbound.take_in()
    for batch in _batches(screen.due(SWEPT_AT_ONCE), 20):
        wake(screen_files, batch)
    for message_id in outbound.due(SWEPT_AT_ONCE):
        wake(deliver, message_id)
    for thread_keys in _batches(updates.due(SWEPT_AT_ONCE), 20):
        wake(post_updates_of, thread_keys)
    for queue in assignment.queues_with_waiting():
        assign(queue.pk)


@shared_task
def forget_staged_files() -> None:
    """Files of answers that nobody sent."""
    staging.forget_old()


def _batches(items: list[Item], size: int) -> list[list[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


@receiver(mail_received)
def _mail_received(**facts: object) -> None:
    wake(take_in)


@receiver(files_waiting)
def _files_waiting(attachment_ids: list[int], **facts: object) -> None:
    for batch in _batches(attachment_ids, 20):
        wake(screen_files, batch)


@receiver(message_queued)
def _message_queued(message_id: int, **facts: object) -> None:
    wake(deliver, message_id)


@receiver(attachments_screened)
def _attachments_screened(attachment_ids: list[int], **facts: object) -> None:
    """The last file of an answer is clean: it may leave."""
    queued = Message.objects.filter(
        files__attachment__in=attachment_ids, status=Message.Status.QUEUED
    )
    for message_id in queued.values_list("pk", flat=True).distinct():
        wake(deliver, message_id)


@receiver(found_later)
def _found_later(attachment_ids: list[int], **facts: object) -> None:
    file_verdicts.remember_found(attachment_ids)


@receiver(state_changed)
def _state_changed(**facts: object) -> None:
    """Somebody may be there for the mail that waits."""
    for queue in assignment.queues_with_waiting():
        wake(assign, queue.pk)


@receiver(room_made)
def _room_made(queue_id: int, **facts: object) -> None:
    wake(assign, queue_id)
