"""Signs of life, for the health page and `ready`."""

from celery import shared_task

from apps.core.health import beat


@shared_task
def beat_is_alive() -> None:
    """Sent by beat, run by a worker: its row proves both."""
    beat("beat")
    beat("worker")


def worker_is_alive() -> None:
    beat("worker")
