"""Screening in the background; the sweep takes up what a lost message left."""

from celery import shared_task

from apps.attachments.screen import screen


@shared_task
def screen_files(attachment_ids: list[int]) -> None:
    screen(attachment_ids)
