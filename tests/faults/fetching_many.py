"""A process that fetches many accounts as a worker does, and says what it took.

Run as `python -m tests.faults.fetching_many` with CARTERIA_DATA and, on stdin, a JSON list of
accounts (fields of EmailAccount) with the mails that each must get, and the seconds to go on for.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from tests.faults.steps import NoMigrations

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
BEAT = 0.2  # seconds between two looks at who is due
GIVE_UP_AFTER = 240


def prepare(accounts: list[dict[str, Any]]) -> None:
    from django.core.management import call_command

    from apps.channels.models import ChannelSettings, EmailAccount
    from apps.core.secrets import seal

    call_command("migrate", run_syncdb=True, verbosity=0)
    ChannelSettings.objects.create(pk=1, enabled=True, external_url="http://console.test")
    same = {"receive_host": "127.0.0.1", "receive_tls": "none", "start": "all", "idle": False}
    EmailAccount.objects.bulk_create(
        EmailAccount(
            **{**same, "name": f"account {number}", "receive_password": seal("pass-word")} | fields
        )
        for number, fields in enumerate(accounts)
    )


def fetch(mails: int, seconds: float) -> dict[str, Any]:
    """Until the ledger has MAILS and SECONDS are over."""
    from apps.channels import fetch_threads
    from apps.channels.fetch import due_accounts
    from apps.channels.models import InboundEmail
    from apps.channels.tasks import fetch_account

    before, began = peak_mb(), time.monotonic()
    most_threads = 0
    while (found := InboundEmail.objects.count()) < mails or time.monotonic() - began < seconds:
        for account_id in due_accounts():
            fetch_account(account_id)
        most_threads = max(most_threads, threading.active_count())
        if time.monotonic() - began > GIVE_UP_AFTER:
            break
        time.sleep(BEAT)
    took = time.monotonic() - began
    fetch_threads.stop()
    fetch_threads.wait_for_the_end()
    return {
        "mails": found,
        "distinct": InboundEmail.objects.values("account", "uid").distinct().count(),
        "seconds": round(took, 1),
        "threads": most_threads,
        "began_with_mb": before,
        "peak_mb": peak_mb(),
        "statuses": statuses(),
        "held_leases": held_leases(),
    }


def statuses() -> dict[str, str]:
    from apps.channels.models import EmailAccount

    rows = EmailAccount.objects.values_list("name", "status_code")
    return {name: code for name, code in rows if code}


def held_leases() -> int:
    from apps.core.models import Lease

    return Lease.objects.exclude(holder="").count()


def peak_mb() -> int:
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    )
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    settings.MIGRATION_MODULES = NoMigrations()
    django.setup()
    asked = json.load(sys.stdin)
    prepare(asked["accounts"])
    print(json.dumps(fetch(asked["mails"], asked["seconds"])))
    sys.stdout.flush()
    os._exit(0)  # as the end of a worker does not wait for a thread that speaks with a dead server
