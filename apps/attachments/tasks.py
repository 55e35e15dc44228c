"""When this floor is woken: with the files of a mail, by the sweep, and for a second look."""

from celery import shared_task

from apps.attachments import rescan, screen


@shared_task
def screen_files(attachment_ids: list[int]) -> None:
    screen.screen(attachment_ids)
    screen.drain()


@shared_task
def scan_again() -> None:
    rescan.scan_again()
