"""kill -9 at every step of telling the CRM, and many workers at once: all of it, once, in order."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import steps
from tests.servers.postgres import running_postgres

pytestmark = pytest.mark.faults
THREADS = 120
STEPS = (
    "before_request:1",
    "after_answer:1",
    "before_request:2",
    "after_answer:2",
    "before_commit:1",
)


def start(what: str, environment: dict[str, str], crash_at: str = "") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.posting", what],
        env=os.environ | environment | {"CARTERIA_CRASH_AT": crash_at},
        stdout=subprocess.PIPE,
        text=True,
    )


def run(what: str, environment: dict[str, str], crash_at: str = "") -> tuple[int, str]:
    done = steps.run("tests.faults.posting", what, environment, crash_at)
    return done.returncode, done.stdout.strip()


def everything_once(environment: dict[str, str]) -> bool:
    return run("report", environment) == (0, f"{THREADS} {THREADS} 0")


@pytest.mark.contract("1.3.a", "1.3.e")
def test_killed_at_every_step_each_ticket_has_its_comments_once(tmp_path: Path) -> None:
    environment = {"CARTERIA_DATA": str(tmp_path), "THREADS": str(THREADS)}
    assert run("prepare", environment)[0] == 0
    for step in STEPS:
        assert run("post", environment, f"post.{step}")[0] == -9
        run("wait", environment)
    assert run("post", environment)[0] == 0
    assert everything_once(environment)


@pytest.mark.servers("postgres")
def test_four_workers_at_once_and_one_killed(tmp_path: Path) -> None:
    with running_postgres() as url:
        environment = {
            "CARTERIA_DATA": str(tmp_path),
            "DATABASE_URL": url,
            "THREADS": str(THREADS),
        }
        assert run("prepare", environment)[0] == 0
        killed = start("post", environment, "post.after_answer:3")
        workers = [start("post", environment) for _number in range(3)]
        codes = [one.wait(timeout=120) for one in [killed, *workers]]
        assert codes[1:] == [0, 0, 0]
        run("wait", environment)
        assert run("post", environment)[0] == 0
        assert everything_once(environment)
