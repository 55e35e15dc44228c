"""One real `up`: the line, the health page, the second start, the warm start, the end."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from config.launch.places import BASE_DIR
from tests.servers.migrated import lend_sqlite

UP = [sys.executable, "manage.py", "up", "--port", "0"]


def until(reached: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def told(tmp_path: Path) -> dict[str, str]:
    own = {"CARTERIA_NO_BOOTSTRAP": "1", "CARTERIA_DATA": str(tmp_path / "data")}
    left_out = ("SECRET_KEY", "CARTERIA_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    # The search for ClamAV and its signatures is not what this is about.
    return {k: v for k, v in os.environ.items() if k not in left_out} | own | {"CLAMD_ADDRESS": NO}


NO = "unix:/nonexistent"


def start(
    told: dict[str, str], command: list[str] = UP
) -> tuple["subprocess.Popen[str]", dict[str, Any]]:
    process = subprocess.Popen(command, cwd=BASE_DIR, env=told, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    word, _, facts = process.stdout.readline().partition(" ")
    assert word == "ready"
    return process, json.loads(facts)


def end(process: "subprocess.Popen[str]") -> None:
    children = children_of(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert process.stdout is not None and process.stdout.read() == ""
    assert children
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_up_and_down_again(told: dict[str, str]) -> None:
    process, facts = start(told)
    try:
        assert facts["password"] and facts["token"]
        assert (facts["people"], facts["demo"]) == ([], None)
        answer = requests.get(facts["url"] + "/readyz", timeout=30)
        states = answer.json()["components"]
        assert [states[name] for name in ("database", "broker", "worker", "beat")] == ["ok"] * 4

        second = subprocess.run(UP, cwd=BASE_DIR, env=told, capture_output=True, text=True)
        assert (second.returncode, second.stdout) == (3, "")
        assert "already runs" in second.stderr
    finally:
        end(process)

    begun = time.monotonic()
    process, facts = start(told)
    warm = time.monotonic() - begun
    end(process)
    assert (facts["user"], facts["password"], facts["token"]) == ("admin", None, None)
    assert warm < 20  # about 2 s on an idle machine


def test_what_a_killed_start_leaves_is_taken_up_again(told: dict[str, str]) -> None:
    data = Path(told["CARTERIA_DATA"])
    data.mkdir(mode=0o700)
    lend_sqlite(data)
    process, _ = start(told)
    children = children_of(process.pid)
    shown = data / "secrets" / "first-start.json"
    until(lambda: json.loads(shown.read_text())["password"] is None)  # else it is told again
    process.kill()
    process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    process, facts = start(told)
    end(process)
    assert facts["password"] is None
    with sqlite3.connect(data / "carteria.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
