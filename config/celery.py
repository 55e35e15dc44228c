"""Celery: the alarm clock. Rows are the work queue, so a lost message only costs time."""

import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks load every page, which a worker never shows: 30 MB. `up` and `migrate` run them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

from typing import Any

from celery import Celery
from celery.beat import EmbeddedService
from celery.signals import (
    beat_init,
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings
from django.db import close_old_connections

from apps.core import logs

# A long conversation keeps a core busy for seconds: in a line of its own it delays no mail.
PDF_QUEUE = "pdf"
# Reading mail keeps a core busy too: a process of its own, where there is one, leaves the other
# core to scanning, storing, posting and sending.
INTAKE_QUEUE = "intake"


def _broker_url(redis_url: str) -> str:
    """Celery wants `redis+socket://` where redis-py says `unix://`."""
    return redis_url.replace("unix://", "redis+socket://", 1) or "memory://"


app = Celery("carteria")
app.conf.update(
    broker_url=_broker_url(settings.REDIS_URL),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a worker without its broker waits for it, for good
    # Whoever wakes a task asks twice and goes on (apps.core.tasks.wake): a page must not wait.
    broker_transport_options={"visibility_timeout": 3600, "max_retries": 1, "interval_start": 0},
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_acks_late=False,  # the sweep repeats what a killed worker left
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    CELERY_DB_REUSE_MAX=2**31,  # Celery would close a thread's connection around each task
    task_publish_retry=False,
    beat_scheduler="config.beat:SteadyScheduler",
    beat_max_loop_interval=5,
    timezone="UTC",
    # Every worker names the queues that it serves (Procfile, config/launch/processes.py).
    task_routes={
        "apps.tickets.tasks.render_thread_pdfs": {"queue": PDF_QUEUE},
        "apps.tickets.tasks.take_in": {"queue": INTAKE_QUEUE},
        "apps.core.tasks.intake_is_alive": {"queue": INTAKE_QUEUE},
    },
    beat_schedule={
        "fetch due accounts": {
            "task": "apps.channels.tasks.fetch_due_accounts",
            "schedule": 2.0,
            "options": {"expires": 10},
        },
        "bring in old mail": {
            "task": "apps.channels.tasks.bring_in_old_mail",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "count the ledgers": {
            "task": "apps.channels.tasks.count_ledgers",
            "schedule": 300.0,
            "options": {"expires": 200},
        },
        "sweep": {
            "task": "apps.tickets.tasks.sweep",
            "schedule": 10.0,
            "options": {"expires": 20},
        },
        "scan clean files again": {
            "task": "apps.attachments.tasks.scan_again",
            "schedule": 60.0,
            "options": {"expires": 50},
        },
        "put files in the storage": {
            "task": "apps.storage.tasks.store_waiting",
            "schedule": 10.0,
            "options": {"expires": 20},
        },
        "keep agents' states": {
            "task": "apps.agents.tasks.keep_states",
            "schedule": 10.0,
            "options": {"expires": 20},
        },
        "beat is alive": {
            "task": "apps.core.tasks.beat_is_alive",
            "schedule": 20.0,
            "options": {"expires": 20},
        },
        "intake is alive": {
            "task": "apps.core.tasks.intake_is_alive",
            "schedule": 20.0,
            "options": {"expires": 20},
        },
        "prove reply addresses": {
            "task": "apps.tickets.tasks.prove_reply_addresses",
            "schedule": 60.0,
            "options": {"expires": 50},
        },
        "settle moves": {
            "task": "apps.tickets.tasks.settle_moves",
            "schedule": 30.0,
            "options": {"expires": 25},
        },
        "renew permissions": {
            "task": "apps.channels.tasks.renew_permissions",
            "schedule": 60.0,
            "options": {"expires": 50},
        },
        "send canaries": {
            "task": "apps.channels.tasks.send_canaries",
            "schedule": 60.0,
            "options": {"expires": 50},
        },
        "look up sending domains": {
            "task": "apps.channels.tasks.look_up_domains",
            "schedule": 60.0,
            "options": {"expires": 50},
        },
        "keep alarms": {
            "task": "config.tasks.keep_alarms",
            "schedule": 60.0,
            "options": {"expires": 50},
        },
        "forget files that were not sent": {
            "task": "apps.tickets.tasks.forget_staged_files",
            "schedule": 1800.0,
            "options": {"expires": 600},
        },
        "forget who was looking": {
            "task": "apps.console.tasks.forget_old_viewings",
            "schedule": 3600.0,
            "options": {"expires": 600},
        },
        "forget old answers": {
            "task": "apps.core.tasks.forget_old_answers",
            "schedule": 3600.0,
            "options": {"expires": 600},
        },
        "forget old logins": {
            "task": "apps.core.tasks.forget_old_logins",
            "schedule": 3600.0,
            "options": {"expires": 600},
        },
    },
)
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**kwargs: object) -> None:
    """Django's settings say where lines go; a line for each task would bury the others."""
    for name in ("celery.app.trace", "celery.worker.strategy", "celery.beat", "celery.worker"):
        logging.getLogger(name).setLevel(logging.WARNING)


@before_task_publish.connect
def _hand_on_trace(headers: dict[str, Any] | None = None, **kwargs: object) -> None:
    """The log lines of a task carry the id of what woke it."""
    if headers is not None:
        headers["trace"] = logs.trace.get() or logs.new_trace()


@task_prerun.connect
def _take_up_trace(task: Any = None, **kwargs: object) -> None:
    logs.trace.set(str(getattr(task.request, "trace", None) or logs.new_trace()))


@task_prerun.connect
@task_postrun.connect
def _look_after_connections(**kwargs: object) -> None:
    """Each thread keeps its own: one that is broken is closed, as is an old one."""
    close_old_connections()


@worker_ready.connect
def _say_what_is_alive(**kwargs: object) -> None:
    from apps.core.health import beat

    signs = {app.conf.task_default_queue: "worker", INTAKE_QUEUE: "intake"}
    for queue in signs.keys() & app.amqp.queues.consume_from:
        beat(signs[queue])


@worker_ready.connect
def _notice_restored_backup(**kwargs: object) -> None:
    """Before the first mail is fetched or sent."""
    from apps.tickets.sending.restored import notice

    notice()


@worker_shutting_down.connect
def _stop_fetching(**kwargs: object) -> None:
    """At the first signal already, so that fetches end while the last tasks do."""
    from apps.channels.fetch_threads import stop

    stop()


@worker_shutdown.connect
def _let_fetches_end(**kwargs: object) -> None:
    from apps.channels.fetch_threads import wait_for_the_end
    from apps.tickets.tasks import wait_for_deliveries

    wait_for_the_end()
    wait_for_deliveries()


@worker_ready.connect
def _watch_mailboxes(**kwargs: object) -> None:
    """In the one-machine mode IDLE rides in the worker; the Procfile has a process for it."""
    if os.environ.get("CARTERIA_IDLE_IN_WORKER"):
        from apps.channels.idle import watch_in_background

        watch_in_background()


@worker_ready.connect
def _start_beat_inside(**kwargs: object) -> None:
    """In the one-machine mode beat rides in the worker; the Procfile has a process for it."""
    if os.environ.get("CARTERIA_BEAT_IN_WORKER"):
        beat: Any = EmbeddedService(app, thread=True, scheduler_cls=app.conf.beat_scheduler)
        worker_shutdown.connect(lambda **_: beat.stop(), weak=False)
        beat.start()


@beat_init.connect
def _say_beat_is_alive(**kwargs: object) -> None:
    from apps.core.tasks import beat_is_alive

    app.send_task(beat_is_alive.name)
