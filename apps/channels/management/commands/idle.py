"""The process of the Procfile that waits for the servers' word of new mail."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

import apps.channels.tasks  # noqa: F401  # its listener sends the task that fetches
from apps.channels.idle import watch


class Command(BaseCommand):
    help = "Wait in the mailboxes (IDLE) and fetch as soon as mail arrives."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_signal: stop.set())
        signal.signal(signal.SIGINT, lambda *_signal: stop.set())
        watch(stop)
