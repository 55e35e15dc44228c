"""One function call in a child process that may be killed: limits on time, CPU and memory.

A fresh interpreter, not a fork: safe from threads, and without our secrets in its environment.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOLD = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class ChildFailed(Exception):
    """`code`: timeout, crashed (killed by a limit, or an error in the function), not-started."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def run_limited(
    function: Callable[[bytes], object], argument: bytes, *, seconds: float, megabytes: int
) -> object:
    """FUNCTION(ARGUMENT) of an importable module that knows no Django; plain data comes back."""
    name = f"{function.__module__}:{function.__qualname__}"
    command = [sys.executable, "-m", "apps.core.child", name, str(seconds), str(megabytes)]
    try:
        done = subprocess.run(
            command,
            input=argument,
            capture_output=True,
            timeout=seconds,
            check=False,
            cwd=ROOT,
            env={key: os.environ[key] for key in TOLD if key in os.environ},
        )
    except subprocess.TimeoutExpired as error:
        raise ChildFailed("timeout", f"It took longer than {seconds:g} seconds.") from error
    except OSError as error:
        raise ChildFailed("not-started", f"No child process: {error.strerror}.") from error
    if done.returncode:
        raise ChildFailed("crashed", _last_line(done.stderr))
    return pickle.loads(done.stdout)


def _last_line(stderr: bytes) -> str:
    """The kind of error; what follows the colon may hold a customer's words."""
    lines = stderr.decode("utf-8", "replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "killed")
    return last.partition(":")[0]


def _main(name: str, seconds: str, megabytes: str) -> None:
    _limit(float(seconds), int(megabytes))
    module, _, function = name.partition(":")
    answer = getattr(import_module(module), function)(sys.stdin.buffer.read())
    sys.stdout.buffer.write(pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL))


def _limit(seconds: float, megabytes: int) -> None:
    """A core dump of a customer's mail would be a leak."""
    import resource

    room = megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _main(*sys.argv[1:])
