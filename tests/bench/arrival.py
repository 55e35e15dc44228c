"""From a delivered mail to its session in the API, with IDLE: half of them, and nearly all."""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.ingest import ADDRESS, put_agents_to_work, settings_for
from tests.living import Carteria, running_carteria, soon
from tests.servers.dovecot import Dovecot, running_dovecot


def run(arguments: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="manage.py bench arrival", description=__doc__)
    parser.add_argument("--mails", type=int, default=50, help="how many (%(default)s)")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    options = parser.parse_args(arguments)
    with running_dovecot() as dovecot, tempfile.TemporaryDirectory() as folder:
        user = dovecot.new_user()
        settings = settings_for(dovecot, user, enabled=True)
        with running_carteria(Path(folder), settings) as carteria:
            put_agents_to_work(carteria)
            time.sleep(8)  # IDLE has begun
            waits = [_wait(carteria, dovecot, user, number) for number in range(options.mails)]
    ordered = sorted(waits)
    return {
        "mails": len(waits),
        "p50_s": round(statistics.median(ordered), 2),
        "p95_s": round(ordered[int(len(ordered) * 0.95) - 1], 2),
        "max_s": round(ordered[-1], 2),
    }


def _wait(carteria: Carteria, dovecot: Dovecot, user: str, number: int) -> float:
    head = f"From: a{number}@o.test\r\nTo: {ADDRESS}\r\nSubject: Arrival {number}\r\n"
    started = time.monotonic()
    dovecot.deliver(user, f"{head}\r\nText\r\n".encode())

    def newest() -> str:
        found = carteria.get("sessions/?limit=1")["results"]
        return str(found[0]["subject"]) if found else ""

    soon(newest, until=lambda subject: subject == f"Arrival {number}", within=60)
    return time.monotonic() - started
