"""Children: started again when they die, stopped in order, nobody left behind."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.launch.children import Child, Children, pause_before


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    children = Children(tmp_path)
    yield children
    children.stop(seconds=2)


def python(name: str, script: str, **more: object) -> Child:
    return Child(name, [sys.executable, "-c", script], dict(os.environ), **more)  # type: ignore[arg-type]


def wait_for(children: Children, reached: object) -> None:
    deadline = time.monotonic() + 10
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < deadline
        children.look_after()
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_a_child_that_dies_is_started_again(children: Children) -> None:
    child = children.start(python("sleeper", "import time; time.sleep(60)"))
    first = child.process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    wait_for(children, lambda: child.process is not first and child.running)
    assert child.failures == 1


def test_the_next_life_is_not_told_to_crash(children: Children, tmp_path: Path) -> None:
    script = "import os; print(os.environ.get('CARTERIA_CRASH_AT', 'nowhere'), flush=True)"
    child = python("crasher", script)
    child.environment["CARTERIA_CRASH_AT"] = "fetch.before_raw:1"
    children.start(child)
    log = tmp_path / "crasher.log"
    wait_for(children, lambda: len(log.read_text().splitlines()) >= 2)
    assert log.read_text().splitlines()[:2] == ["fetch.before_raw:1", "nowhere"]


def test_a_child_that_cannot_be_started_just_then_is_tried_again(
    children: Children, tmp_path: Path
) -> None:
    """Its program is replaced, or the machine has no process left: the others live on."""
    program = tmp_path / "program"
    program.symlink_to(sys.executable)
    child = children.start(Child("clamd", [program, "-c", "pass"], dict(os.environ)))
    program.unlink()
    wait_for(children, lambda: child.failures > 1)
    program.symlink_to(sys.executable)
    last = child.process
    wait_for(children, lambda: child.process is not last)


def test_a_task_runs_once(children: Children) -> None:
    child = children.start(python("task", "raise SystemExit(7)", once=True))
    wait_for(children, lambda: not child.running)
    assert (child.exit_code, child.due_at) == (7, None)


def test_pauses_grow_to_half_a_minute() -> None:
    assert [pause_before(failures) for failures in (1, 2, 3, 20)] == [0.2, 0.4, 0.8, 30.0]


def test_the_highest_rank_stops_first(children: Children, tmp_path: Path) -> None:
    script = (
        "import signal, sys, time; name = sys.argv[1];"
        "signal.signal(15, lambda *_: (print(name, time.monotonic(), flush=True), sys.exit()));"
        "print('up', flush=True); time.sleep(60)"
    )
    for name, rank in (("broker", 1), ("worker", 2)):
        child = python(name, script, rank=rank)
        child.command = [*child.command, name]
        children.start(child)
    logs = {name: tmp_path / f"{name}.log" for name in ("broker", "worker")}
    wait_for(children, lambda: all("up" in log.read_text() for log in logs.values()))
    children.stop(seconds=5)
    at = {name: float(log.read_text().split()[-1]) for name, log in logs.items()}
    assert at["worker"] < at["broker"]


def test_who_does_not_listen_is_killed_with_its_children(
    children: Children, tmp_path: Path
) -> None:
    script = (
        "import signal, subprocess, sys, time; signal.signal(15, signal.SIG_IGN);"
        "print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    child = children.start(python("deaf", script))
    log = tmp_path / "deaf.log"
    wait_for(children, lambda: log.exists() and log.read_text().strip())
    begun = time.monotonic()
    children.stop(seconds=1)
    assert time.monotonic() - begun < 5
    assert not child.running
    wait_for(children, lambda: is_gone(int(log.read_text())))


def test_a_killed_launcher_leaves_nobody_behind(tmp_path: Path) -> None:
    launcher = (
        "import os, signal, sys; from pathlib import Path; from config.launch.children import *;"
        "c = Children(Path(sys.argv[1])).start(Child('s', ['sleep', '60'], dict(os.environ)));"
        "print(c.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    holder = Children(tmp_path)
    child = python("launcher", launcher, once=True)
    child.command = [*child.command, tmp_path]
    holder.start(child)
    log = tmp_path / "launcher.log"
    wait_for(holder, lambda: log.exists() and log.read_text().strip())
    wait_for(holder, lambda: is_gone(int(log.read_text())))


def test_a_long_log_is_cut_and_kept_once(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.launch.children.LOG_LIMIT", 10)
    (tmp_path / "web.log").write_text("more than ten letters")
    children.trim_logs()
    assert (tmp_path / "web.log").read_text() == ""
    assert (tmp_path / "web.log.1").read_text() == "more than ten letters"


def test_a_full_disk_costs_the_old_lines_and_nothing_else(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("config.launch.children.LOG_LIMIT", 10)
    monkeypatch.setattr(Path, "write_bytes", full)
    (tmp_path / "web.log").write_text("more than ten letters")
    children.trim_logs()
    assert (tmp_path / "web.log").read_text() == ""
    assert not (tmp_path / "web.log.1").exists()
