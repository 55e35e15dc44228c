"""How the launcher waits: it sleeps until a signal, a dead child or a due time."""

import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from config.launch.children import Children

LOOK_EVERY = 30.0


class Stopped(Exception):
    """SIGTERM, SIGHUP or Ctrl-C."""


class Watch:
    """Signals write into a socket pair, so that one `select` waits for everything."""

    def __init__(self, children: Children) -> None:
        self.children = children
        self.asked_to_stop = False
        self.woken, self._waker = socket.socketpair()
        self.woken.setblocking(False)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _ask_to_stop(self, *_: object) -> None:
        self.asked_to_stop = True

    def pause(self, seconds: float) -> None:
        """At most SECONDS, less when a child needs a look. Raises Stopped when asked to stop."""
        due = self.children.next_look()
        wait = seconds if due is None else min(seconds, due)
        if not self.asked_to_stop:
            select.select([self.woken], [], [], wait)
            self._drain()
        if self.asked_to_stop:
            raise Stopped
        self.children.look_after()

    def _drain(self) -> None:
        with suppress(BlockingIOError):  # it was the time that ran out
            self.woken.recv(4096)

    def until(self, reached: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
        """False when it was not REACHED in time."""
        deadline = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > deadline:
                return False
            self.pause(every)
        return True

    def forever(self, chore: Callable[[], None]) -> None:
        """Until asked to stop; the CHORE is done every half minute."""
        due_at = time.monotonic()
        while True:
            if time.monotonic() >= due_at:
                chore()
                due_at = time.monotonic() + LOOK_EVERY
            self.pause(max(0.0, due_at - time.monotonic()))
