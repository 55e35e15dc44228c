"""A CRM that fails in three of ten requests, and workers killed meanwhile: all of it, once, in order.

The fake Zendesk runs in a process of its own, and its record is what counts.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.connectors.fakes.server import RECORD
from tests.faults import steps
from tests.faults.checker import Tally
from tests.faults.mirroring import matters
from tests.faults.table import note
from tests.servers.postgres import running_postgres

pytestmark = [pytest.mark.faults, pytest.mark.connectors]

STORY = "tests.faults.mirroring"
SHARE = 0.3  # of the requests fail
STEPS = ("before_request:9", "after_answer:5", "before_commit:13")  # post.…
Environment = Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """What stands in the CRM, against what should."""

    messages: int
    tickets: int
    comments: int
    lost: int
    twice: int
    out_of_order: int
    public: int
    mails: int
    requests: int
    errors: int
    seconds: float

    @property
    def is_true(self) -> bool:
        wrong = (self.lost, self.twice, self.out_of_order, self.public, self.mails)
        return wrong == (0, 0, 0, 0, 0) and self.tickets == len(matters(self.messages))

    @property
    def as_tally(self) -> dict[str, int]:
        """What cannot be told in the table of faults is wrong there, too."""
        wrong = self.twice + self.out_of_order + self.public + self.mails
        return {"lost": self.lost, "twice": wrong}

    def __str__(self) -> str:
        rate = self.comments / self.seconds if self.seconds else 0
        return (
            f"messages {self.messages} | tickets {self.tickets} | comments {self.comments}"
            f" | lost {self.lost} | twice {self.twice} | out of order {self.out_of_order}"
            f" | public {self.public} | mails {self.mails} | requests {self.requests}"
            f" | errors answered {self.errors} | seconds {self.seconds:.1f}"
            f" | updates/s {rate:.1f}"
        )


def table_of(said: Any, messages: int, seconds: float) -> Table:
    wanted = {
        key: [f"{key}:{kind}:{number}" for kind, number in heard]
        for key, heard in matters(messages).items()
    }
    held = [(one["external_id"], one["entries"]) for one in said["record"]["tickets"]]
    counted = Counter(entry for _key, entries in held for entry in entries)
    tickets = Counter(key for key, _entries in held)
    return Table(
        messages=messages,
        tickets=len(held),
        comments=sum(counted.values()),
        lost=len({one for many in wanted.values() for one in many} - counted.keys()),
        twice=sum(n - 1 for n in counted.values()) + sum(n - 1 for n in tickets.values()),
        out_of_order=sum(list(dict.fromkeys(entries)) != wanted[key] for key, entries in held),
        public=sum(one["public"] for one in said["record"]["tickets"]),
        mails=len(said["record"]["mails"]),
        requests=sum(said["seen"].values()),
        errors=sum(n for kind, n in said["seen"].items() if kind != "fine"),
        seconds=seconds,
    )


# ---- processes ------------------------------------------------------------------------------


def start(what: str, environment: Environment, crash_at: str = "") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", STORY, what],
        env={**os.environ, **environment, "CARTERIA_CRASH_AT": crash_at},
        stdout=subprocess.PIPE,
        text=True,
    )


def run(what: str, environment: Environment, crash_at: str = "") -> tuple[int, str]:
    done = steps.run(STORY, what, environment, crash_at)
    return done.returncode, done.stdout.strip()


def die(process: "subprocess.Popen[str]", environment: Environment) -> None:
    """It kills itself, or has been killed."""
    assert process.wait(300) == -9
    bury(process.pid, environment)


def bury(pid: int, environment: Environment) -> None:
    """Nobody waits for its leases."""
    assert steps.run(STORY, "bury", environment, DEAD=str(pid)).returncode == 0


@contextmanager
def fake_zendesk(*options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.connectors.fakes.process", "zendesk", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(10)


@contextmanager
def ticking(environment: Environment) -> Iterator[None]:
    process = start("clock", environment)
    try:
        assert process.stdout and process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait(10)


def told(url: str) -> Any:
    return httpx.get(f"{url}{RECORD}", trust_env=False, timeout=30).json()


@contextmanager
def prepared(
    folder: Path, messages: int, *options: str, database: str = "sqlite"
) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        environment = {
            "CARTERIA_DATA": str(folder),
            "MESSAGES": str(messages),
            "CARTERIA_PRIVATE_HOSTS": "127.0.0.0/8",
            "CRM_URL": stack.enter_context(fake_zendesk(*options)),
        }
        if database == "postgres":
            environment["DATABASE_URL"] = stack.enter_context(running_postgres())
        assert run("prepare", environment)[0] == 0
        stack.enter_context(ticking(environment))
        yield environment


def checked(environment: dict[str, str], seconds: float) -> Table:
    """The CRM's record is true, and our own says the same."""
    messages = int(environment["MESSAGES"])
    table = table_of(told(environment["CRM_URL"]), messages, seconds)
    print(table)
    note(Tally(f"CRM fails in 3 of 10 requests: {messages} mails to tell", **table.as_tally))
    ours = json.loads(run("report", environment)[1])
    assert ours["statuses"] == {"posted": sum(map(len, matters(messages).values()))}, ours
    assert ours["links"] == table.tickets
    return table


# ---- the runs -------------------------------------------------------------------------------


@pytest.mark.contract("1.3.a", "1.3.e", "1.3.i")
def test_killed_at_every_step_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with prepared(tmp_path, 60, "--share", str(SHARE), "--seed", "11") as environment:
        started = time.monotonic()
        for step in STEPS:
            killed = steps.run(STORY, "post", environment, f"post.{step}")
            assert killed.returncode == -9
            bury(killed.pid, environment)
        assert run("post", environment)[0] == 0
        table = checked(environment, time.monotonic() - started)
    assert table.is_true, table
    assert table.errors > 20


@pytest.mark.servers("postgres")
def test_three_workers_and_one_killed_do_it_once(tmp_path: Path) -> None:
    options = ("--share", str(SHARE), "--seed", "12")
    with prepared(tmp_path, 60, *options, database="postgres") as environment:
        started = time.monotonic()
        killed = start("post", environment, "post.after_answer:7")
        workers = [start("post", environment) for _number in range(2)]
        die(killed, environment)
        assert [one.wait(300) for one in workers] == [0, 0]
        table = checked(environment, time.monotonic() - started)
    assert table.is_true, table


def killed_at_random(environment: dict[str, str], times: int, seed: int) -> list[int]:
    """Two workers; now and then one of them dies, and another takes its place."""
    total = sum(map(len, matters(int(environment["MESSAGES"])).values()))
    thrown = random.Random(seed)
    moments = sorted(thrown.uniform(0.1, 0.8) * total for _time in range(times))
    workers = [start("post", environment) for _number in range(2)]
    for moment in moments:
        while comments(environment) < moment:
            time.sleep(thrown.uniform(0.05, 0.3))
        victim = workers.pop(thrown.randrange(2))
        victim.kill()
        die(victim, environment)
        workers.append(start("post", environment))
    return [one.wait(1200) for one in workers]


def comments(environment: dict[str, str]) -> int:
    record = told(environment["CRM_URL"])["record"]
    return sum(len(one["entries"]) for one in record["tickets"])


@pytest.mark.long
@pytest.mark.servers("postgres")
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_thousand_messages_and_three_kills(tmp_path: Path, database: str) -> None:
    options = ("--share", str(SHARE), "--seed", "13")
    with prepared(tmp_path, 1000, *options, database=database) as environment:
        started = time.monotonic()
        assert killed_at_random(environment, 3, seed=14) == [0, 0]
        table = checked(environment, time.monotonic() - started)
    assert table.is_true, table
