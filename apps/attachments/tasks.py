"""When this floor is woken: with the files of a mail, or by the sweep."""

from celery import shared_task

from apps.attachments import screen


@shared_task
def screen_files(attachment_ids: list[int]) -> None:
    screen.screen(attachment_ids)
