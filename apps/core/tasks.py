"""Signs of life for the health page and `ready`, and the one way to wake a task."""

import logging

from celery import Task, shared_task
from kombu.exceptions import OperationalError

from apps.core.health import beat

log = logging.getLogger(__name__)


def wake(task: "Task[..., object]", *arguments: object, after: float = 0) -> None:
    """Sends a task after commit. A broker that is away costs time only: rows are swept.

    AFTER: it runs so many seconds later.
    """
    try:
        task.apply_async(arguments, retry=False, countdown=after)
    except OperationalError:
        log.warning("the broker is away; the sweep will do it", extra={"task": task.name})


@shared_task
def beat_is_alive() -> None:
    """Sent by beat, run by a worker: its row proves both."""
    beat("beat")
    beat("worker")


@shared_task
def intake_is_alive() -> None:
    """Sent by beat, run by whoever takes mail in."""
    beat("intake")


@shared_task
def forget_old_answers() -> None:
    """The memory of idempotency keys; imported here, since a worker needs no REST otherwise."""
    from apps.core.api.idempotency import forget_old

    forget_old()


@shared_task
def forget_old_logins() -> None:
    from apps.core.logins import forget_ended

    forget_ended()
