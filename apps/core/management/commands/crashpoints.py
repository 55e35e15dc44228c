"""Lists the places that CARTERIA_CRASH_AT may name."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.core.faults import CRASHPOINTS


class Command(BaseCommand):
    help = "List the named places where CARTERIA_CRASH_AT=name:n kills the process."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(CRASHPOINTS))
