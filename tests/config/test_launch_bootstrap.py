"""The environment: made once, made again when the lock changes, never inside another one."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from config.launch import bootstrap, system_packages
from config.launch.places import BASE_DIR
from config.launch.progress import Failure


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without environment, seen by a Python outside of any."""
    for lock in (bootstrap.CORE_LOCK, bootstrap.DEV_LOCK):
        (tmp_path / lock).write_text(f"of {lock}")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(bootstrap, "BASE_DIR", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / "lock.sha256")
    monkeypatch.setattr(bootstrap, "_python_works", lambda: True)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.delenv("CARTERIA_NO_BOOTSTRAP", raising=False)
    return tmp_path


@pytest.fixture
def steps(bare: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "_make_environment", lambda **_: done.append("make"))
    monkeypatch.setattr(bootstrap, "_install", done.append)
    monkeypatch.setattr(bootstrap.os, "execve", lambda *_: done.append("exec"))
    return done


def test_the_lock_is_installed_once(steps: list[str]) -> None:
    bootstrap.enter_environment(["manage.py", "up"], dev=False)
    bootstrap.enter_environment(["manage.py", "up"], dev=False)
    assert steps == ["make", bootstrap.CORE_LOCK, "exec", "exec"]


def test_a_changed_lock_is_installed_again(bare: Path, steps: list[str]) -> None:
    bootstrap.enter_environment(["manage.py", "up"], dev=False)
    (bare / bootstrap.CORE_LOCK).write_text("other pins")
    bootstrap.enter_environment(["manage.py", "up"], dev=False)
    assert steps.count(bootstrap.CORE_LOCK) == 2


def test_what_the_tests_need_is_enough_for_up(steps: list[str]) -> None:
    bootstrap.enter_environment(["manage.py", "test"], dev=True)
    bootstrap.enter_environment(["manage.py", "up"], dev=False)
    assert steps == ["make", bootstrap.DEV_LOCK, "exec", "exec"]


def test_what_up_needs_is_not_enough_for_the_tests(steps: list[str]) -> None:
    bootstrap.enter_environment(["manage.py", "up"], dev=False)
    bootstrap.enter_environment(["manage.py", "test"], dev=True)
    assert bootstrap.DEV_LOCK in steps


def test_nothing_is_made_when_told_so(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTERIA_NO_BOOTSTRAP", "1")
    bootstrap.enter_environment(["manage.py", "up"], dev=False)
    assert steps == []


def test_nothing_is_made_inside_an_environment(
    steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", "/somewhere/venv")
    bootstrap.enter_environment(["manage.py", "up"], dev=False)
    assert steps == []


def test_a_missing_ensurepip_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_python_works", lambda: False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Failure) as failure:
        bootstrap._make_environment(may_install=False)
    version = f"python3.{sys.version_info.minor}-venv"
    assert failure.value.sentence.endswith(f"apt-get install -y {version}")
    assert "\n" not in failure.value.sentence


def test_pip_takes_over_when_uv_fails(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
        asked.append([str(word) for word in command])
        return subprocess.CompletedProcess(command, int("uv" in asked[-1]), "", "error: no network")

    monkeypatch.setattr(bootstrap, "_run", run)
    bootstrap._install(bootstrap.CORE_LOCK)
    assert "pip" in asked[-1] and "--require-hashes" in asked[-1]


def test_the_development_lock_holds_every_pin_of_the_core() -> None:
    core, dev = (
        {line.split()[0] for line in (BASE_DIR / lock).read_text().splitlines() if "==" in line}
        for lock in (bootstrap.CORE_LOCK, bootstrap.DEV_LOCK)
    )
    assert core - dev == set()


def test_the_launcher_does_not_import_django() -> None:
    names = [path.stem for path in (BASE_DIR / "config" / "launch").glob("*.py")]
    imports = "; ".join(f"import config.launch.{name}" for name in names if name != "__init__")
    question = f"import sys; {imports}; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", question], cwd=BASE_DIR).returncode == 0


def test_packages_are_installed_by_root_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_packages, "missing", lambda: ["libmagic1", "clamav-daemon"])
    monkeypatch.setattr(system_packages, "may_install", lambda: False)
    assert system_packages.to_install() == []
    assert "apt-get install -y libmagic1 clamav-daemon" in capsys.readouterr().err
