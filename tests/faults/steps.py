"""Steps of a story, each in a process of its own that may be killed.

To read the product takes longer than most steps: one process does it for a whole story
(`python -m tests.faults.steps MODULE`), and is forked for each step that it reads from its input.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

WITHIN = 120  # seconds


@dataclass(frozen=True, slots=True)
class Done:
    pid: int
    returncode: int
    stdout: str
    stderr: str


class _Story:
    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.steps", module],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, step: str, told: dict[str, str]) -> Done:
        assert self.process.stdin and self.process.stdout
        watchdog = threading.Timer(WITHIN, os.killpg, (self.process.pid, signal.SIGKILL))
        watchdog.start()
        print(json.dumps([step, told]), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        watchdog.cancel()
        assert answer, f"{step} was not done within {WITHIN} s"
        return Done(*json.loads(answer))

    def end(self) -> None:
        self.process.communicate()


_stories: dict[tuple[str, ...], _Story] = {}  # the present one, which ends with this process


def run(
    module: str, step: str, environment: Mapping[str, str], crash_at: str = "", **told: str
) -> Done:
    """ENVIRONMENT is that of the whole story, TOLD what this step alone knows."""
    key = (module, *map("=".join, sorted(environment.items())))
    if key not in _stories:
        while _stories:
            _stories.popitem()[1].end()
        _stories[key] = _Story(module, environment)
    return _stories[key].run(step, {"CARTERIA_CRASH_AT": crash_at, **told})


class NoMigrations:
    """The tables as the models are; migrations have their own tests."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


def main(module: str) -> None:
    settings.MIGRATION_MODULES = NoMigrations()
    django.setup()
    steps = importlib.import_module(module)
    for line in sys.stdin:
        step, told = json.loads(line)
        with TemporaryFile() as out, TemporaryFile() as err:
            if not (pid := os.fork()):
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                os.environ.update(told)
                getattr(steps, step)()
                return
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            said = (pid, code, _read(out), _read(err))
        print(json.dumps(said), flush=True)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


if __name__ == "__main__":
    main(sys.argv[1])
