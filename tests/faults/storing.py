"""A process that puts files in a storage from a database of its own, until a test kills it.

Its steps (tests/faults/steps.py): `storing prepare|put|wait|report` with CARTERIA_DATA.
"""

import os
import resource
import time
from datetime import date, timedelta

FILES = int(os.environ.get("FILES", "60"))


def prepare() -> None:
    from django.core.management import call_command

    from apps.core.secrets import seal
    from apps.storage import places
    from apps.storage.models import StorageTarget
    from apps.storage.outbox import Wanted, plan

    call_command("migrate", run_syncdb=True, verbosity=0)
    if endpoint := os.environ.get("S3_ENDPOINT"):
        secrets = {"key": seal("AKID"), "secret": seal("s3cret")}
        named = {"bucket": "files", "endpoint": endpoint, "region": "eu-west-1"}
        places.choose(StorageTarget(backend="s3", **named, **secrets))
    size = int(os.environ.get("FILE_SIZE", "20000"))
    day = date(2026, 11, 26)
    for start in range(0, FILES, 20):
        plan(
            [
                Wanted(
                    kind="attachments",
                    key=str(number),
                    name=f"{number}.bin",
                    day=day,
                    thread_key="T1",
                    session_id=f"E{number // 3}",
                    queue="Support",
                    content=os.urandom(size),
                )
                for number in range(start, min(start + 20, FILES))
            ]
        )


def put() -> None:
    """What the sweep does, until nothing is due or another worker has the rest."""
    from apps.storage import placing, storing

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    placing.place_due()
    for target_id in storing.targets_due():
        while storing.put_due(target_id):
            pass
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{FILES / seconds:.0f} files/s, {before // 1024} MB before, {after // 1024} MB peak")


def wait() -> None:
    """Instead of waiting for the leases of the killed one."""
    from django.utils import timezone

    from apps.core.models import Lease
    from apps.storage.models import StoredObject

    past = timezone.now() - timedelta(seconds=1)
    Lease.objects.update(until=past)
    StoredObject.objects.exclude(held_until=None).update(held_until=past)


def report() -> None:
    """Stored rows, different paths among them, rows that were tried more than once, open rows."""
    from apps.storage.models import StoredObject

    rows = StoredObject.objects.filter(status="stored")
    paths = rows.values_list("path", flat=True)
    print(len(paths), len(set(paths)), rows.filter(tries__gt=1).count(), _open())


def _open() -> int:
    from apps.storage.models import StoredObject

    return StoredObject.objects.exclude(status="stored").count()
