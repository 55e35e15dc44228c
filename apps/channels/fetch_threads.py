"""Fetches run on threads of their own: waiting for a mail server keeps no worker from its work.

The rows say who is due and the leases who fetches; what a dead process had here is due again by
the clock. A fetch that waits rests: it holds no connection to the database, and another one may
begin. Accounts whose last fetch failed wait among themselves, should servers hang by the hundred.
Deliveries (tickets/tasks.py) have threads of the same kind.
"""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from django.db import close_old_connections, connection

log = logging.getLogger(__name__)

GRACE = 5  # seconds in which a stopping process lets its fetches give back their leases

stopping = threading.Event()
_mine = threading.local()


class FetchThreads:
    """Daemon threads, each made when it is needed and gone when nothing waits: at most AT_WORK
    that have something to do, and MOST with those that rest. NAME: of the work, in logs."""

    def __init__(self, *, at_work: int, most: int, name: str = "fetch") -> None:
        self._name = name
        self._at_work = at_work
        self._most = most
        self._lock = threading.Lock()
        self._waiting: dict[int, Callable[[], None]] = {}  # by account, the first one first
        self._running: set[int] = set()
        self._threads = 0
        self._resting = 0

    def hand_over(self, account_id: int, fetch: Callable[[int], None]) -> None:
        """Returns at once. An account that waits already is not fetched twice for it; one that is
        being fetched is fetched once more, since what is new may have come behind its back."""
        context = contextvars.copy_context()  # the log lines bear the trace of whoever asked
        with self._lock:
            self._waiting.setdefault(account_id, lambda: context.run(fetch, account_id))
            self._start_one_more()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """For one of these threads, while a server makes it wait."""
        with self._lock:
            self._resting += 1
        try:
            with self._lock:
                self._start_one_more()
            yield
        finally:
            with self._lock:
                self._resting -= 1

    def ended(self, seconds: float) -> bool:
        """Whether everything has come to its end within SECONDS."""
        until = time.monotonic() + seconds
        while self._threads and time.monotonic() < until:
            time.sleep(0.05)
        return not self._threads

    def _start_one_more(self) -> None:
        allowed = min(self._at_work + self._resting, self._most)
        if self._threads < allowed and self._waiting.keys() - self._running:
            threading.Thread(target=self._serve, name=self._name, daemon=True).start()
            self._threads += 1  # it waits for the lock; one that could not start counts for nothing

    def _serve(self) -> None:
        _mine.threads = self
        while turn := self._next():
            account_id, fetch = turn
            try:
                close_old_connections()
                fetch()
            except Exception:  # the rim: the next one has its turn whatever happened to this one
                log.exception("a thread failed", extra={"of": self._name, "which": account_id})
            finally:
                with self._lock:
                    self._running.discard(account_id)
        connection.close()

    def _next(self) -> tuple[int, Callable[[], None]] | None:
        with self._lock:
            free = (one for one in self._waiting if one not in self._running)
            too_many = self._threads - self._resting > self._at_work
            account_id = None if stopping.is_set() or too_many else next(free, None)
            if account_id is None:
                self._threads -= 1
                return None
            self._running.add(account_id)
            return account_id, self._waiting.pop(account_id)


healthy = FetchThreads(at_work=16, most=96)
failing = FetchThreads(at_work=8, most=32)


def stop() -> None:
    """No new fetch begins, and the running ones end at their next breath."""
    stopping.set()


def wait_for_the_end() -> None:
    until = time.monotonic() + GRACE
    for threads in (healthy, failing):
        threads.ended(until - time.monotonic())


@contextmanager
def resting() -> Iterator[None]:
    """Whoever waits for a server keeps neither a connection nor a place at work."""
    give_back_connection()
    threads: FetchThreads | None = getattr(_mine, "threads", None)
    with threads.resting() if threads else nullcontext():
        yield


def give_back_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()
