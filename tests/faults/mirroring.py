"""A process that tells a distant CRM from a database of its own, until a test kills it.

Run as `python -m tests.faults.mirroring prepare|post|bury|clock|report` with CARTERIA_DATA (or
DATABASE_URL), CRM_URL and MESSAGES. Threads have four mails; each mail has a link and a copy, every
tenth a file. What hangs is given up sooner than in earnest; nothing else differs.
"""

import json
import os
import sys
import time
import uuid
from datetime import timedelta

import django
from django.conf import settings

from tests.faults.steps import NoMigrations

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

MESSAGES = int(os.environ.get("MESSAGES", "60"))
A_THREAD = 4  # mails
SECONDS = 0.4  # until somebody who hangs is given up


def matters(messages: int) -> dict[str, list[tuple[str, str]]]:
    """By thread, in order: kind and key of all that its ticket has to hear."""
    threads = max(messages // A_THREAD, 1)
    found: dict[str, list[tuple[str, str]]] = {}
    for mail in range(messages):
        heard = found.setdefault(f"T{mail % threads}", [("standard", "first")])
        heard += [("link", str(mail)), ("copy", str(mail))]
        heard += [("file", str(mail))] if mail % 10 == 0 else []
    return found


class _Numbered:
    """In place of the module `uuid`: a lease says which process has it."""

    @property
    def hex(self) -> str:
        return f"{os.getpid()}-{uuid.uuid4().hex}"[:32]

    def uuid4(self) -> "_Numbered":
        return self


def prepare() -> None:
    from django.core.management import call_command

    from apps.channels.models import ChannelSettings
    from apps.core import blobs
    from apps.core.secrets import seal
    from apps.crm.models import CrmConnection, CrmSettings
    from apps.crm.updates import Planned, plan
    from tests.connectors.fakes.zendesk import TOKEN, USER

    call_command("migrate", run_syncdb=True, verbosity=0)
    ChannelSettings.objects.update_or_create(pk=1, defaults={"external_url": "http://console.test"})
    settings_row = CrmSettings.load()
    settings_row.connection = CrmConnection.objects.create(
        kind="zendesk", url=os.environ["CRM_URL"], user=USER, token=seal(TOKEN)
    )
    settings_row.save()
    blob = blobs.store(b"%PDF-1.7")
    plan(
        [
            Planned(
                key, kind, number, "Parcel", f"{kind} {number}", blob if kind == "file" else None
            )
            for key, heard in matters(MESSAGES).items()
            for kind, number in heard
        ]
    )


def post() -> None:
    """What the sweep does, again and again, until nothing is open any more."""
    from apps.crm import claims, registry
    from apps.crm.connectors import web
    from apps.crm.models import TicketUpdate
    from apps.crm.posting import THREADS_AT_ONCE, due, post_updates
    from apps.crm.updates import OPEN

    registry.SECONDS = web.SECONDS = SECONDS
    claims.uuid = _Numbered()  # type: ignore[assignment]
    started = time.perf_counter()
    while TicketUpdate.objects.filter(status__in=OPEN).exists():
        keys = due(1000)
        for start in range(0, len(keys), THREADS_AT_ONCE):
            post_updates(keys[start : start + THREADS_AT_ONCE])
        if not keys:
            time.sleep(0.05)
    print(f"{time.perf_counter() - started:.3f}")


def clock() -> None:
    """Instead of waiting for hours: what waits is due, who rests is awake. Until it is ended."""
    from django.db.models.functions import Now

    from apps.crm.models import CrmConnection, TicketUpdate

    print("ticking", flush=True)
    while True:
        waiting = TicketUpdate.objects.filter(status="planned", not_before__gt=Now())
        if waiting.exists():
            waiting.update(not_before=Now())
        resting = CrmConnection.objects.filter(paused_until__gt=Now())
        if resting.exists():
            resting.update(paused_until=Now())
        time.sleep(0.05)


def bury() -> None:
    """Instead of waiting for the leases of the killed one, whose number is DEAD."""
    from django.utils import timezone

    from apps.core.models import Lease

    theirs = Lease.objects.filter(holder__startswith=f"{os.environ['DEAD']}-")
    theirs.update(until=timezone.now() - timedelta(seconds=1))


def report() -> None:
    """How many updates are in each status, and how many tries they took."""
    from django.db.models import Count, Sum

    from apps.crm.models import TicketLink, TicketUpdate

    statuses = TicketUpdate.objects.values_list("status").annotate(n=Count("pk"))
    tries = TicketUpdate.objects.aggregate(n=Sum("tries"))["n"]
    print(
        json.dumps(
            {"statuses": dict(statuses), "tries": tries, "links": TicketLink.objects.count()}
        )
    )


if __name__ == "__main__":
    settings.MIGRATION_MODULES = NoMigrations()
    django.setup()
    steps = {"prepare": prepare, "post": post, "bury": bury, "clock": clock, "report": report}
    steps[sys.argv[1]]()
