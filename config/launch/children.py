"""The child processes: started in order, started again when they die, stopped in order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.launch.progress import say

LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0  # a child that ran this long starts its next life without a pause
LOG_LIMIT = 20 * 2**20
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass
class Child:
    """One process; `rank` orders the stop, the highest first."""

    name: str
    command: Sequence[str | Path]
    environment: dict[str, str]
    rank: int = 0
    once: bool = False
    pass_fds: tuple[int, ...] = ()
    # At once and by force: one that still tidies up would take the next one's socket with it.
    dies_with_us: bool = True
    before_restart: Callable[[int, float], None] | None = None  # exit code, seconds it lived
    output: Path | None = None

    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    lived: float = field(default=0.0, init=False)
    failures: int = field(default=0, init=False)
    due_at: float | None = field(default=None, init=False)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def exit_code(self) -> int | None:
        return self.process.returncode if self.process else None


class Children:
    """All of them, in the order of their start."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.all: list[Child] = []

    def start(self, child: Child) -> Child:
        self.all.append(child)
        self._launch(child)
        return child

    def look_after(self) -> None:
        """Notices who died, and starts again whoever's pause is over."""
        now = time.monotonic()
        for child in self.all:
            if child.running and child.process and child.process.poll() is not None:
                self._note_death(child, now)
            if child.due_at is not None and child.due_at <= now:
                self._revive(child)

    def next_look(self) -> float | None:
        """Seconds until somebody's pause is over."""
        due = [child.due_at for child in self.all if child.due_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _note_death(self, child: Child, now: float) -> None:
        end_group(child, signal.SIGKILL)
        if child.once:
            return
        child.lived = now - child.started_at
        child.failures = 1 if child.lived > STEADY_AFTER else child.failures + 1
        child.due_at = now + pause_before(child.failures)
        say(f"{child.name} ended ({how_it_ended(child)}); starting it again")

    def _revive(self, child: Child) -> None:
        """A machine that is full just then, or amid an upgrade, may have room for it later."""
        child.due_at = None
        child.environment.pop("CARTERIA_CRASH_AT", None)
        try:
            if child.before_restart:
                child.before_restart(child.exit_code or 0, child.lived)
            self._launch(child)
        except OSError as error:
            child.failures += 1
            child.due_at = time.monotonic() + pause_before(child.failures)
            say(f"{child.name} cannot be started ({error.strerror}); trying it again")

    def _launch(self, child: Child) -> None:
        with (
            (self.logs / f"{child.name}.log").open("ab", buffering=0) as log,
            (child.output or Path(os.devnull)).open("wb") as output,
        ):
            child.process = subprocess.Popen(
                child.command,
                env=child.environment,
                stdin=subprocess.DEVNULL,
                stdout=output if child.output else log,
                stderr=log,
                pass_fds=child.pass_fds,
                start_new_session=True,  # Ctrl-C reaches the launcher only
                preexec_fn=_dying_with_us() if child.dies_with_us else None,
                cwd=Path(__file__).resolve().parents[2],
            )
        child.started_at = time.monotonic()

    def stop(self, *, seconds: float = 13.0) -> None:
        """Highest rank first, each rank asked together; whoever does not go in time is killed."""
        deadline = time.monotonic() + seconds
        ranks = sorted({child.rank for child in self.all}, reverse=True)
        for place, rank in enumerate(ranks):
            left = max(1.0, deadline - time.monotonic())
            share = left if place == len(ranks) - 1 else left * 0.7
            self._stop_together([c for c in self.all if c.rank == rank], share)

    def _stop_together(self, children: list[Child], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for child in children:
            child.due_at = None
            if child.running and child.process:
                child.process.terminate()
        for child in children:
            if child.process:
                _wait_until(child.process, deadline)
                end_group(child, signal.SIGKILL)
                child.process.wait()

    def trim_logs(self) -> None:
        """The open log is cut, its former content kept once: append mode makes that safe."""
        for path in self.logs.glob("*.log"):
            if path.stat().st_size > LOG_LIMIT:
                _keep_once(path, path.with_suffix(".log.1"))
                os.truncate(path, 0)


def _keep_once(log: Path, kept: Path) -> None:
    """On a full disk old lines are the first to go."""
    try:
        kept.write_bytes(log.read_bytes())
    except OSError as error:
        kept.unlink(missing_ok=True)
        say(f"{log.name} is cut, and its lines are not kept: {error.strerror}")


def pause_before(failures: int) -> float:
    """0.2 s, then double each time, half a minute at most."""
    return float(min(0.2 * 2 ** (failures - 1), LONGEST_PAUSE))


def how_it_ended(child: Child) -> str:
    code = child.exit_code or 0
    return signal.Signals(-code).name if code < 0 else f"exit {code}"


def end_group(child: Child, with_signal: signal.Signals) -> None:
    """A child's own children (parsers, renderers) go with it."""
    if child.process:
        with suppress(ProcessLookupError, PermissionError):  # all gone already
            os.killpg(child.process.pid, with_signal)


def _wait_until(process: subprocess.Popen[bytes], deadline: float) -> None:
    with suppress(subprocess.TimeoutExpired):  # the caller kills it
        process.wait(max(0.0, deadline - time.monotonic()))


def _dying_with_us() -> Callable[[], None] | None:
    """A killed launcher leaves nobody behind: the kernel passes the word on."""
    if _libc is None:
        return None
    parent, libc = os.getpid(), _libc

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
