"""The alarm clock: whatever it wakes is there."""

from config.celery import app


def test_every_task_of_the_clock_exists() -> None:
    app.loader.import_default_modules()
    woken = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert woken <= set(app.tasks)
    assert {"config.tasks.keep_alarms", "apps.channels.tasks.send_canaries"} <= woken
