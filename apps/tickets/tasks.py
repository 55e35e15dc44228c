"""When this floor is woken: after a commit, and every ten seconds for whatever was missed."""

import logging
from collections.abc import Callable
from typing import TypeVar

from celery import shared_task
from django.dispatch import receiver

from apps.agents.signals import state_changed
from apps.attachments import screen
from apps.attachments.signals import attachments_screened, found_later
from apps.attachments.tasks import screen_files
from apps.channels.fetch_threads import FetchThreads
from apps.channels.signals import mail_received, sent_mail_news
from apps.core.announce import record_with
from apps.core.db.patience import DATABASE_AWAY
from apps.core.tasks import wake
from apps.crm import posting
from apps.crm.tasks import post_updates_of
from apps.queues.models import Queue
from apps.tickets import (
    assignment,
    comments,
    drafts,
    file_verdicts,
    inbound,
    outbound,
    reply_address,
    staging,
    thread_pdf_render,
)
from apps.tickets.held import notice as sender_notice
from apps.tickets.models import Message
from apps.tickets.moving import settling
from apps.tickets.sending import news, restored, sent_copies
from apps.tickets.signals import (
    files_waiting,
    message_queued,
    notice_queued,
    pdf_asked,
    room_made,
)

log = logging.getLogger(__name__)

SWEPT_AT_ONCE = 200
TURN = 2  # seconds
DELIVERY_GRACE = 6  # seconds; the launcher lets a worker have nine
deliveries = FetchThreads(at_work=24, most=24, name="delivery")

Item = TypeVar("Item", int, str)


@shared_task
def take_in() -> None:
    """In turns: as many accounts as there are threads, each with thousands of mails, would keep all
    else waiting, the next account's mail and the sign of life too."""
    inbound.take_in(seconds=TURN, turn_over=_go_on)


def _go_on() -> None:
    if inbound.is_due():
        wake(take_in)


@shared_task
def deliver(message_id: int) -> None:
    """Hands over to a thread that may wait for the server, and is free for the next task."""
    deliveries.hand_over(message_id, outbound.deliver_with_others)


def wait_for_deliveries() -> None:
    """A process that ends amid a mail leaves it in doubt: servers get a moment to answer."""
    deliveries.ended(DELIVERY_GRACE)


@shared_task
def ask_sent_folder(account_id: int) -> None:
    """For proofs of mails in doubt, and copies of those that were sent."""
    sent_copies.ask(account_id)


@shared_task
def assign(queue_id: int) -> None:
    queue = Queue.objects.filter(pk=queue_id).first()
    while queue and assignment.assign_waiting(queue):
        comments.release_decided()


@shared_task
def render_thread_pdfs() -> None:
    """Has a queue of its own (config/celery.py): it takes seconds of a whole core."""
    thread_pdf_render.render_due()


@shared_task
def tell_senders() -> None:
    restored.notice()
    sender_notice.deliver_due()


@shared_task
def sweep() -> None:
    """Whatever a lost broker message, a killed worker or a wait has left: found in the rows. What
    one step stumbles over is there again each time, and must not keep the others from theirs."""
    for step in _STEPS:
        try:
            step()
        except DATABASE_AWAY:
            raise  # the database is away: for all of them
        except Exception:  # the rim
            log.exception("a step of the sweep failed", extra={"step": step.__name__})


def _wake_intake() -> None:
    if inbound.is_due():
        wake(take_in)


def _wake_screening() -> None:
    for batch in _batches(screen.due(SWEPT_AT_ONCE), 20):
        wake(screen_files, batch)


def _wake_deliveries() -> None:
    for message_id in outbound.due(SWEPT_AT_ONCE):
        wake(deliver, message_id)


def _wake_sent_folders() -> None:
    for account_id in sent_copies.accounts_due():
        wake(ask_sent_folder, account_id)


def _assign_waiting() -> None:
    for queue in assignment.queues_with_waiting():
        assign(queue.pk)


def _plan_comments() -> None:
    comments.release_decided()
    comments.plan_overdue_copies()


def _wake_posting() -> None:
    for thread_keys in _batches(posting.due(SWEPT_AT_ONCE), 20):
        wake(post_updates_of, thread_keys)


def _wake_pdfs() -> None:
    if thread_pdf_render.is_due():
        wake(render_thread_pdfs)


def _wake_notices() -> None:
    if sender_notice.is_due():
        wake(tell_senders)


_STEPS: tuple[Callable[[], None], ...] = (
    _wake_intake,
    _wake_screening,
    _wake_deliveries,
    _wake_sent_folders,
    _assign_waiting,
    _plan_comments,
    _wake_posting,
    _wake_pdfs,
    _wake_notices,
)


@shared_task
def forget_staged_files() -> None:
    """Files of answers that nobody sent, and drafts whose mail has left long ago."""
    drafts.forget_sent()
    staging.forget_old()


@shared_task
def prove_reply_addresses() -> None:
    """Trial mails that did not come back, and those that are due again."""
    reply_address.keep_proved()


@shared_task
def settle_moves() -> None:
    """Mailboxes that are at home at their new account."""
    settling.settle_due()


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
def _message_queued(message_id: int, after: float = 0, **facts: object) -> None:
    wake(deliver, message_id, after=after)


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


@receiver(notice_queued)
def _notice_queued(**facts: object) -> None:
    wake(tell_senders)


@receiver(pdf_asked)
def _pdf_asked(**facts: object) -> None:
    wake(render_thread_pdfs)


@receiver(room_made)
def _room_made(queue_id: int, **facts: object) -> None:
    wake(assign, queue_id)


# In the transaction of the verdicts: what is told of a file is neither lost nor early.
record_with(sent_mail_news, news.take)
record_with(attachments_screened, comments.files_screened)
record_with(found_later, comments.files_found)
