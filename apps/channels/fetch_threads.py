"""Fetches run on threads of their own: waiting for a mail server keeps no worker from its work.

The rows say who is due and the leases who fetches; what a dead process had here is due again by
the clock. Accounts whose last fetch failed wait among themselves, so that servers which hang by
the dozen take no thread away from the others.
"""

import contextvars
import logging
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connection

log = logging.getLogger(__name__)

FOR_HEALTHY, FOR_FAILING = 48, 16
GRACE = 5  # seconds in which a stopping process lets its fetches give back their leases

stopping = threading.Event()


class FetchThreads:
    """At most MOST daemon threads, each made when it is needed and gone when nothing waits."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._waiting: dict[int, Callable[[], None]] = {}  # by account, the first one first
        self._running: set[int] = set()
        self._threads = 0

    def hand_over(self, account_id: int, fetch: Callable[[int], None]) -> None:
        """Returns at once. An account that waits already is not fetched twice for it; one that is
        being fetched is fetched once more, since what is new may have come behind its back."""
        context = contextvars.copy_context()  # the log lines bear the trace of whoever asked
        with self._lock:
            self._waiting.setdefault(account_id, lambda: context.run(fetch, account_id))
            if self._threads < self._most and self._waiting.keys() - self._running:
                self._threads += 1
                threading.Thread(target=self._serve, name="fetch", daemon=True).start()

    def ended(self, seconds: float) -> bool:
        """Whether everything has come to its end within SECONDS."""
        until = time.monotonic() + seconds
        while self._threads and time.monotonic() < until:
            time.sleep(0.05)
        return not self._threads

    def _serve(self) -> None:
        while turn := self._next():
            account_id, fetch = turn
            try:
                close_old_connections()
                fetch()
            except Exception:  # the rim: the next one has its turn whatever happened to this one
                log.exception("fetching failed", extra={"account": account_id})
            finally:
                with self._lock:
                    self._running.discard(account_id)
        connection.close()

    def _next(self) -> tuple[int, Callable[[], None]] | None:
        with self._lock:
            free = (one for one in self._waiting if one not in self._running)
            account_id = None if stopping.is_set() else next(free, None)
            if account_id is None:
                self._threads -= 1
                return None
            self._running.add(account_id)
            return account_id, self._waiting.pop(account_id)


healthy = FetchThreads(FOR_HEALTHY)
failing = FetchThreads(FOR_FAILING)


def stop() -> None:
    """No new fetch begins, and the running ones end at their next breath."""
    stopping.set()


def wait_for_the_end() -> None:
    until = time.monotonic() + GRACE
    for threads in (healthy, failing):
        threads.ended(until - time.monotonic())
