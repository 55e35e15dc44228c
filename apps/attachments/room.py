"""How many bytes of files a process holds at a time, whichever of its threads work on them."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

MOST_BYTES = 8 * 2**20  # a file of 5 MB beside small ones: so much is scanned while others are read


class Room:
    """First come, first served; a file larger than all the room gets all of it."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = most
        self.taken = 0
        self.peak = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        size = min(size, self.most)
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            self._changed.wait_for(
                lambda: self._queue[0] is ticket and self.taken + size <= self.most
            )
            self._queue.popleft()
            self.taken += size
            self.peak = max(self.peak, self.taken)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self.taken -= size
                self._changed.notify_all()


room = Room()
