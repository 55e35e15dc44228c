"""The alarm clock: whatever it wakes is there."""

import os
import subprocess
import sys

from config.celery import app


def test_every_task_of_the_clock_exists() -> None:
    app.loader.import_default_modules()
    woken = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert woken <= set(app.tasks)
    assert {"config.tasks.keep_alarms", "apps.channels.tasks.send_canaries"} <= woken


# Each of them is for pages, or for what a worker hardly ever does: 30 MB together.
NOT_IN_A_WORKER = frozenset(
    {"config.urls", "rest_framework.views", "drf_spectacular.openapi", "PIL", "lxml", "xhtml2pdf"}
    | {"anymail", "dns", "requests", "paramiko", "qrcode", "fido2", "django.test"}
)


def test_a_worker_loads_nothing_that_it_does_not_need() -> None:
    starts = (
        "import sys; from config.celery import app; app.loader.import_default_modules();"
        "app.finalize(); print(*sys.modules)"
    )
    environment = {**os.environ, "CARTERIA_NO_BOOTSTRAP": "1", "DEBUG": "1"}
    environment.pop("CELERY_SKIP_CHECKS", None)
    done = subprocess.run(
        [sys.executable, "-c", starts], env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "apps.tickets.inbound" in loaded
    assert not loaded & NOT_IN_A_WORKER
