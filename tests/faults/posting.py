"""A process that tells the built-in CRM from a database of its own, until a test kills it.

Run as `python -m tests.faults.posting prepare|post|wait|report` with CARTERIA_DATA.
"""

import os
import sys
import time
from datetime import timedelta

import django
from django.conf import settings

from tests.faults.steps import NoMigrations

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

THREADS = int(os.environ.get("THREADS", "120"))


def prepare() -> None:
    from django.core.management import call_command

    from apps.crm.updates import Planned, plan

    call_command("migrate", run_syncdb=True, verbosity=0)
    for number in range(THREADS):
        key = f"T{number}"
        plan([Planned(key, "standard", "first", "Parcel", "standard")])
        plan([Planned(key, "link", str(mail), "Parcel", f"link {mail}") for mail in range(3)])


def post() -> None:
    """What the sweep does, until nothing is due or another worker has the rest."""
    from apps.crm.posting import due, post_updates

    started = time.perf_counter()
    for _pass in range(20):
        keys = due(1000)
        if not keys:
            break
        for start in range(0, len(keys), 20):
            post_updates(keys[start : start + 20])
    print(f"{(time.perf_counter() - started) * 1000 / THREADS:.2f} ms per thread")


def wait() -> None:
    """Instead of waiting for the lease of the killed one."""
    from django.utils import timezone

    from apps.core.models import Lease

    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))


def report() -> None:
    """Tickets, then how many of them have exactly their comments in order, then open updates."""
    from apps.crm.models import Ticket, TicketUpdate

    wanted = ["standard", "link 0", "link 1", "link 2"]
    tickets = Ticket.objects.prefetch_related("comments")
    right = [one for one in tickets if [text.text for text in one.comments.all()] == wanted]
    print(len(tickets), len(right), TicketUpdate.objects.exclude(status="posted").count())


if __name__ == "__main__":
    settings.MIGRATION_MODULES = NoMigrations()
    django.setup()
    {"prepare": prepare, "post": post, "wait": wait, "report": report}[sys.argv[1]]()
