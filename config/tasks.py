"""When the house looks after itself: each minute."""

from celery import shared_task


@shared_task
def keep_alarms() -> None:
    """Imported here: a process that only sends tasks needs no pages."""
    from config import alarm_mails, alarms

    alarms.keep()
    alarm_mails.tell()
