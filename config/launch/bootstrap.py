"""Makes `.venv` from the lock, with hashes, and continues the command inside it."""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.launch import system_packages
from config.launch.places import BASE_DIR, VENV
from config.launch.progress import Failure, say, with_start

CORE_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"  # holds every pin of the core lock too
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "lock.sha256"


def enter_environment(argv: list[str], *, dev: bool) -> None:
    """Returns inside the environment; outside it, makes it and starts the command again there."""
    if os.environ.get("CARTERIA_NO_BOOTSTRAP") or sys.prefix != sys.base_prefix:
        return
    lock = DEV_LOCK if dev else CORE_LOCK
    with _one_at_a_time():
        if not _is_installed(lock):
            _make_environment(may_install="--install-system-packages" in argv)
            _install(lock)
            _remember(lock)
    os.execve(PYTHON, [str(PYTHON), *argv], with_start(os.environ))


def _line(lock: str) -> str:
    return f"{hashlib.sha256((BASE_DIR / lock).read_bytes()).hexdigest()}  {lock}"


def _is_installed(lock: str) -> bool:
    return _python_works() and STAMP.exists() and _line(lock) in STAMP.read_text().splitlines()


def _remember(lock: str) -> None:
    """Core alone forgets dev: its packages may have been moved to other pins."""
    locks = [CORE_LOCK] if lock == CORE_LOCK else [CORE_LOCK, DEV_LOCK]
    STAMP.write_text("".join(f"{_line(name)}\n" for name in locks))


def _python_works() -> bool:
    return PYTHON.exists() and _run([PYTHON, "-c", ""]).returncode == 0


def _make_environment(*, may_install: bool) -> None:
    if _python_works():
        return
    if importlib.util.find_spec("ensurepip") is None:
        _get_ensurepip(may_install=may_install)
    say("making the Python environment .venv")
    _must([sys.executable, "-m", "venv", "--clear", VENV], "Python could not make .venv")


def _get_ensurepip(*, may_install: bool) -> None:
    package = f"python3.{sys.version_info.minor}-venv"
    if may_install and system_packages.may_install():
        say(f"installing {package}")
        if system_packages.install([package]).returncode == 0:
            return
    raise Failure(
        "Python's venv module is not complete on this machine (ensurepip is missing);"
        f" install it with: apt-get install -y {package}"
    )


def _install(lock: str) -> None:
    say(f"installing the packages of {lock}")
    path = BASE_DIR / lock
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet"]
    uv: list[str | Path] = [VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", PYTHON]
    if not os.access(Path.home(), os.W_OK):
        uv.append("--no-cache")  # a service's user has no home to keep one in
    got_uv = _run([*pip, "uv"])
    done = got_uv if got_uv.returncode else _run([*uv, "--require-hashes", "-r", path])
    if done.returncode == 0:
        return
    say(f"uv could not ({_cause(done)}); trying pip, which takes longer")
    _must([*pip, "--require-hashes", "-r", path], "The packages could not be installed")


def _run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=BASE_DIR, check=False)


def _must(command: Sequence[str | Path], sentence: str) -> None:
    done = _run(command)
    if done.returncode:
        raise Failure(f"{sentence}: {_cause(done)}")


def _cause(done: subprocess.CompletedProcess[str]) -> str:
    """The lines that name it; hints and notices of new versions are left out."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    named = [line for line in lines if line.lower().startswith(("error", "cause"))]
    return " ".join((named or lines or ["no reason given"])[:3])


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands on a fresh checkout: the second waits, then finds everything installed."""
    folder = os.open(BASE_DIR, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
