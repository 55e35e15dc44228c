"""From a full mailbox to assigned sessions with scanned files and told tickets: how fast, and whole?"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from tests.bench.mails import mixed_mails
from tests.bench.usage import cpu_seconds, peak_rss_mb, tree
from tests.living import Carteria, running_carteria
from tests.servers.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.servers.postgres import running_postgres
from tests.servers.redis import running_redis

ADDRESS = "bench@x.test"
GIVE_UP_AFTER = 600
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
        for mail in mixed_mails(options.mails, ADDRESS):
            dovecot.deliver(user, mail)
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        carteria = stack.enter_context(
            running_carteria(data, settings_for(dovecot, user, enabled=False), **environment)
        )
        _wait_for_scanner(carteria)
        put_agents_to_work(carteria)
        return _measured(carteria, settings_for(dovecot, user, enabled=True), options.mails)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py bench ingest", description=__doc__)
    parser.add_argument("--mails", type=int, default=1000, help="how many (%(default)s)")
    parser.add_argument("--unique", action="store_true", help="no file twice; always so")
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


def _measured(carteria: Carteria, settings: dict[str, Any], mails: int) -> dict[str, Any]:
    pids = _processes(carteria)
    before = {pid: cpu_seconds(pid) for pid in pids}
    started = time.monotonic()
    done = carteria.command("configure", "-", stdin=yaml.safe_dump(settings).encode())
    assert done.returncode == 0, done.stderr.decode()
    counts = _wait_until_settled(carteria, mails, started)
    seconds = (counts["ended"] - counts["began"]) / 1000  # from the first row to the last
    pids |= _processes(carteria)
    cpu: dict[str, float] = {"app": 0.0, "db": 0.0, "clamd": 0.0}
    for pid, name in pids.items():
        if name in PARTS:
            cpu[PARTS[name]] += cpu_seconds(pid) - before.get(pid, 0.0)
    peaks: dict[str, float] = {}
    for pid, name in pids.items():
        peaks[name] = max(peaks.get(name, 0.0), round(peak_rss_mb(pid), 1))
    return {
        "mails": mails,
        "mails_per_s": round(counts["stored"] / seconds, 1),
        "cpu_s_per_1000": {part: round(used * 1000 / mails, 2) for part, used in cpu.items()},
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


def _wait_until_settled(carteria: Carteria, mails: int, started: float) -> dict[str, int]:
    """Settled: every mail in the ledger, and nothing open in the pipeline."""
    while True:
        open_ = _sum(carteria.get("pipeline/"))
        ended = int(time.time() * 1000)
        if not open_ or time.monotonic() - started > GIVE_UP_AFTER:
            counts = _count(carteria)
            if counts["ledger"] >= mails or time.monotonic() - started > GIVE_UP_AFTER:
                return counts | {"open": open_, "ended": ended}
        time.sleep(0.25)


def _count(carteria: Carteria) -> dict[str, int]:
    """Straight from the database: the API has no reason to count everything."""
    question = (
        "from apps.channels.models import InboundEmail as I; "
        "from apps.tickets.models import Thread, Message; "
        "from apps.attachments.models import Attachment as A; "
        "print(I.objects.count(), I.objects.filter(status='stored').count(), "
        "Message.objects.values('inbound__sha256').distinct().count(), Thread.objects.count(), "
        "A.objects.exclude(verdict='waiting').exclude(engine='').count(), "
        "*[int(one.timestamp() * 1000) for one in "
        "I.objects.order_by('received_at').values_list('received_at', flat=True)[:1]] or [0])"
    )
    said = carteria.command("shell", "-v", "0", "-c", question).stdout.decode().split()
    names = ("ledger", "stored", "distinct", "threads", "scanned", "began")
    return dict(zip(names, map(int, said[-6:]), strict=True))


def _sum(value: Any) -> int:
    return sum(map(_sum, value.values())) if isinstance(value, dict) else int(value)
