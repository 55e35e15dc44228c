"""From a full mailbox to assigned sessions with scanned files and told tickets: how fast, and whole?"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from apps.attachments.clamd_line import ask
from config.launch.scanner import own_address
from tests.bench.mails import mixed_mails
from tests.bench.usage import cpu_seconds, peak_rss_mb, tree
from tests.living import Carteria, running_carteria
from tests.servers.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.servers.postgres import running_postgres
from tests.servers.redis import running_redis

ADDRESS = "bench@x.test"
GIVE_UP_AFTER = 600  # seconds
LOOK_EVERY, STILL = 1.0, 2  # seconds; looks in a row that find nothing open
PARTS = {"web": "app", "worker": "app", "postgres": "db", "clamd": "clamd"}


def run(arguments: list[str]) -> dict[str, Any]:
    options = _options(arguments)
    with contextlib.ExitStack() as stack:
        dovecot = stack.enter_context(running_dovecot())
        environment = {"CARTERIA_TEST_SIGNATURES": "1"} if not _signatures() else {}
        if not options.embedded:
            environment["DATABASE_URL"] = stack.enter_context(running_postgres())
            environment["REDIS_URL"] = stack.enter_context(running_redis())
        user = dovecot.new_user()
        for mail in mixed_mails(options.mails, ADDRESS, unique=options.unique):
            dovecot.deliver(user, mail)
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        carteria = stack.enter_context(
            running_carteria(data, settings_for(dovecot, user, enabled=False), **environment)
        )
        _wait_for_scanner(carteria)
        _forget_scanned(carteria)
        put_agents_to_work(carteria)
        return _measured(carteria, settings_for(dovecot, user, enabled=True), options.mails)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py bench ingest", description=__doc__)
    parser.add_argument("--mails", type=int, default=1000, help="how many (%(default)s)")
    parser.add_argument("--unique", action="store_true", help="no file comes twice")
    parser.add_argument("--embedded", action="store_true", help="on SQLite and the own broker")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    return parser.parse_args(arguments)


def _signatures() -> bool:
    return any(Path("/var/lib/clamav").glob("*.c[vl]d"))


def settings_for(dovecot: Dovecot, user: str, *, enabled: bool) -> dict[str, Any]:
    receive = {"kind": "imap", "host": "127.0.0.1", "port": dovecot.port, "tls": "none"}
    receive |= {"user": user, "password": PASSWORD, "start": "all", "every_seconds": 60}
    agents = [f"agent{number}" for number in range(20)]
    return {
        "version": 1,
        "channel": {"enabled": enabled, "external_url": "http://console.test"},
        "users": [{"user": name, "email": f"{name}@x.test", "roles": ["agent"]} for name in agents],
        "accounts": [{"name": "bench", "receive": receive, "send": {"kind": "none"}}],
        "queues": [
            {"name": "Bench", "routing": "automatic", "members": agents, "capacity": 100_000}
            | {"eligible_states": ["Available"]}
        ],
        "mailboxes": [{"address": ADDRESS, "account": "bench", "queue": "Bench"}],
    }


def put_agents_to_work(carteria: Carteria) -> None:
    """For an hour, in the rows: whose browsers are open is not what is measured here."""
    rows = (
        "from datetime import timedelta; from django.utils.timezone import now; "
        "from apps.agents.models import AgentState as S; "
        "S.objects.update(chosen='Available', effective='Available', seen_at=now() + "
        "timedelta(hours=1), present_until=now() + timedelta(hours=1))"
    )
    done = carteria.command("shell", "-v", "0", "-c", rows)
    assert done.returncode == 0, done.stderr.decode()


def _wait_for_scanner(carteria: Carteria) -> None:
    import requests

    deadline = time.monotonic() + 60
    while (
        requests.get(carteria.url + "/readyz", timeout=5).json()["components"]["scanner"] == "down"
    ):
        if time.monotonic() > deadline:
            sys.exit("clamd did not start")
        time.sleep(0.2)


def _forget_scanned(carteria: Carteria) -> None:
    """clamd remembers what it found clean: bytes that it has seen cost it next to nothing."""
    assert ask(own_address(carteria.data), b"RELOAD", seconds=20) == b"RELOADING"
    _wait_for_scanner(carteria)


@dataclass(frozen=True, slots=True)
class Used:
    """What each process had used of the processors at a moment."""

    by_process: dict[int, tuple[str, float]]

    @classmethod
    def now(cls, carteria: Carteria) -> Self:
        return cls({pid: (name, cpu_seconds(pid)) for pid, name in _processes(carteria).items()})

    def since(self, before: Self) -> dict[str, float]:
        """Seconds of app, db and clamd."""
        used = dict.fromkeys(PARTS.values(), 0.0)
        for pid, (name, seconds) in self.by_process.items():
            if name in PARTS:
                used[PARTS[name]] += seconds - before.by_process.get(pid, (name, 0.0))[1]
        return used


def _measured(carteria: Carteria, settings: dict[str, Any], mails: int) -> dict[str, Any]:
    before = Used.now(carteria)
    done = carteria.command("configure", "-", stdin=yaml.safe_dump(settings).encode())
    assert done.returncode == 0, done.stderr.decode()
    counts, after = _settled(carteria, mails)
    peaks: dict[str, float] = {}
    for pid, name in _processes(carteria).items():
        peaks[name] = max(peaks.get(name, 0.0), round(peak_rss_mb(pid), 1))
    return {
        "mails": mails,
        "mails_per_s": round(
            counts["stored"] * 1000 / max(counts["ended"] - counts["began"], 1), 1
        ),
        "cpu_s_per_1000": {
            part: round(used * 1000 / mails, 2) for part, used in after.since(before).items()
        },
        "lost": mails - counts["ledger"],
        "doubled": counts["ledger"] - counts["distinct"],
        "stuck": counts["open"],
        "threads": counts["threads"],
        "scanned": counts["scanned"],
        "peak_rss_mb": peaks,
    }


def _processes(carteria: Carteria) -> dict[int, str]:
    return {pid: name for pid, name in tree(os.getpid()).items() if pid != os.getpid()} | tree(
        carteria.process.pid
    )


def _settled(carteria: Carteria, mails: int) -> tuple[dict[str, int], Used]:
    """Every mail in the ledger and nothing open; what was used until nothing was open any more.

    Counting starts a process, so it waits until all has been still for a while.
    """
    give_up = time.monotonic() + GIVE_UP_AFTER
    begun, still, used = False, 0, Used.now(carteria)
    while True:
        time.sleep(LOOK_EVERY)
        open_, late = _sum(carteria.get("pipeline/")), time.monotonic() > give_up
        begun = begun or open_ > 0
        used = Used.now(carteria) if open_ or not still else used
        still = 0 if open_ else still + 1
        if late or (begun and still >= STILL):
            counts = _count(carteria)
            if late or counts["ledger"] >= mails:
                return counts | {"open": open_}, used
            still = 0


def _count(carteria: Carteria) -> dict[str, int]:
    """Straight from the database: the API has no reason to count everything. Times: milliseconds,
    of the first row and of the last change."""
    question = (
        "from django.db.models import Max, Min; "
        "from apps.channels.models import InboundEmail as I; "
        "from apps.crm.models import TicketUpdate as U; "
        "from apps.tickets.models import Thread, Message; "
        "from apps.attachments.models import Attachment as A; "
        "ms = lambda one: int(one.timestamp() * 1000) if one else 0; "
        "times = I.objects.aggregate(a=Min('received_at'), b=Max('settled_at')); "
        "last = (times['b'], A.objects.aggregate(b=Max('decided_at'))['b'], "
        "U.objects.aggregate(b=Max('posted_at'))['b']); "
        "print(I.objects.count(), I.objects.filter(status='stored').count(), "
        "Message.objects.values('inbound__sha256').distinct().count(), Thread.objects.count(), "
        "A.objects.exclude(verdict='waiting').exclude(engine='').count(), "
        "ms(times['a']), max(map(ms, last)))"
    )
    said = carteria.command("shell", "-v", "0", "-c", question).stdout.decode().split()
    names = ("ledger", "stored", "distinct", "threads", "scanned", "began", "ended")
    return dict(zip(names, map(int, said[-7:]), strict=True))


def _sum(value: Any) -> int:
    return sum(map(_sum, value.values())) if isinstance(value, dict) else int(value)
