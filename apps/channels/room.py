"""How much mail may be in memory at once, of all accounts that a process fetches."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MEGABYTE = 2**20
ROOM = 12 * MEGABYTE
FOR_ONE = 8 * MEGABYTE  # a batch; a larger mail counts as one, so that small ones never starve it
TICK_SECONDS = 1


class Room:
    """Whoever comes waits until there is room; small batches pass beside a large one."""

    def __init__(self) -> None:
        self._taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int, *, tick: Callable[[], None]) -> Iterator[None]:
        """TICK is called every second of the wait; what it raises ends it."""
        size = min(size, FOR_ONE)
        while not self._take(size):
            tick()
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()

    def _take(self, size: int) -> bool:
        with self._changed:
            there = self._changed.wait_for(lambda: self._taken + size <= ROOM, TICK_SECONDS)
            self._taken += size if there else 0
            return there


room = Room()
