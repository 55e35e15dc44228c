"""One function call in a child process that may be killed: limits on time, CPU and memory.

A fresh interpreter, not a fork: safe from threads, and without our secrets in its environment.
The child has no network, starts nothing and writes nothing (child_walls.py). What it answers is
read as data of the type that the function promises (child_answer.py): a child taken over by
hostile bytes can lie, and nothing more.
"""

import logging
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, get_type_hints

from apps.core.child_answer import BadAnswer, unpack
from apps.core.child_codes import OUT_OF_MEMORY, REFUSED

ROOT = Path(__file__).resolve().parents[2]
TOLD = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
# A child may answer with what it was given, decoded (three bytes for one), and a little more.
GROWTH, SPARE = 3, 32 * 2**20
MOST_ERRORS = 2**16
PIECE = 2**17

_KIND = re.compile(r"[A-Za-z_.]{1,80}")
_OUT_OF_MEMORY_WORDS = (b"memory allocation of", b"bad_alloc", b"out of memory", b"Out of memory")


log = logging.getLogger(__name__)


class ChildFailed(Exception):
    """`code`: timeout, cpu, memory, refused (it ran into a wall), too-much (it said more than it
    may), crashed (anything else), not-started.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def run_limited(
    function: Callable[[bytes], object], argument: bytes, *, seconds: float, megabytes: int
) -> object:
    """FUNCTION(ARGUMENT) of an importable module that knows no Django.

    The function's return annotation says what comes back: plain data or frozen dataclasses.
    Whoever asks says the reason to the reader; the log has it in any case.
    """
    try:
        return _run(function, argument, seconds, megabytes)
    except ChildFailed as error:
        log.warning("a child was given up", extra={"work": _name(function), "code": error.code})
        raise


def _run(
    function: Callable[[bytes], object], argument: bytes, seconds: float, megabytes: int
) -> object:
    expected = get_type_hints(function).get("return", object)
    process = _start(function, seconds, megabytes)
    try:
        deadline = time.monotonic() + seconds
        answer, errors = _talk(process, argument, deadline=deadline)
        _wait(process, deadline)
    except TimeoutError as error:
        raise ChildFailed("timeout", f"It took longer than {seconds:g} seconds.") from error
    finally:
        _end(process)
    if process.returncode:
        raise _failure(process.returncode, errors)
    try:
        return unpack(answer, expected)
    except BadAnswer as error:
        raise ChildFailed("crashed", "The child's answer makes no sense.") from error


def _start(
    function: Callable[[bytes], object], seconds: float, megabytes: int
) -> subprocess.Popen[bytes]:
    inside = [sys.executable, "-m", "apps.core.child_inside"]
    command = [*inside, _name(function), str(seconds), str(megabytes)]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={key: os.environ[key] for key in TOLD if key in os.environ},
            start_new_session=True,  # a group of its own, which can be killed as a whole
            bufsize=0,
        )
    except OSError as error:
        raise ChildFailed("not-started", f"No child process: {error.strerror}.") from error


def _name(function: Callable[[bytes], object]) -> str:
    return f"{function.__module__}:{function.__qualname__}"


def _talk(
    process: subprocess.Popen[bytes], argument: bytes, *, deadline: float
) -> tuple[bytes, bytes]:
    """Says the argument and hears what comes back, both bounded and at the same time."""
    stdin, stdout, stderr = _pipe(process.stdin), _pipe(process.stdout), _pipe(process.stderr)
    most = {stdout: GROWTH * len(argument) + SPARE, stderr: MOST_ERRORS}
    heard = {stdout: bytearray(), stderr: bytearray()}
    rest = memoryview(argument)
    os.set_blocking(stdin.fileno(), False)
    with selectors.DefaultSelector() as pipes:
        pipes.register(stdin, selectors.EVENT_WRITE)
        for pipe in heard:
            pipes.register(pipe, selectors.EVENT_READ)
        while pipes.get_map():
            for key, _event in pipes.select(_left(deadline)):
                if key.fileobj is stdin:
                    rest = _say(stdin, rest)
                    over = not rest
                else:
                    pipe = stdout if key.fileobj is stdout else stderr
                    piece = os.read(pipe.fileno(), PIECE)
                    heard[pipe] += piece
                    over = not piece
                    if len(heard[pipe]) > most[pipe]:
                        raise ChildFailed("too-much", "The child said more than it may.")
                if over:
                    pipes.unregister(key.fileobj)
                    if key.fileobj is stdin:
                        stdin.close()
    return bytes(heard[stdout]), bytes(heard[stderr])


def _say(stdin: IO[bytes], rest: memoryview) -> memoryview:
    """What remains to be said; nothing when nobody listens any more."""
    try:
        return rest[os.write(stdin.fileno(), rest[:PIECE]) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[:0]


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _wait(process: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        process.wait(timeout=_left(deadline))
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of the child stays: no process, none of its own, no pipe."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _failure(code: int, errors: bytes) -> ChildFailed:
    """The kind of error only: its words may be a customer's."""
    if code == OUT_OF_MEMORY or any(words in errors for words in _OUT_OF_MEMORY_WORDS):
        return ChildFailed("memory", "It took more memory than it may.")
    if code == -signal.SIGXCPU:
        return ChildFailed("cpu", "It took more computing than it may.")
    if code == -signal.SIGALRM:
        return ChildFailed("timeout", "It took longer than it may.")
    if code in (REFUSED, -signal.SIGSYS):
        return ChildFailed("refused", "It tried what a child may not do.")
    if code < 0:
        return ChildFailed("crashed", f"Killed by signal {-code}.")
    last = errors.decode("ascii", "replace").strip().rpartition("\n")[2]
    return ChildFailed("crashed", last if _KIND.fullmatch(last) else "error")
