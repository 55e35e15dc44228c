"""A thread that speaks with one mail server, so that whoever waits for it keeps its lease."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

TICK_SECONDS = 10


class Lane:
    """Runs calls one after the other; `tick` is called before each wait and every ten seconds.

    The thread touches no database. What `tick` raises ends the wait.
    """

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lane")

    def call(
        self, function: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs
    ) -> Answer:
        return self._wait(self._pool.submit(function, *args, **kwargs))

    def each(self, items: Iterator[Answer]) -> Iterator[Answer]:
        """Makes the next item while the caller works on this one."""
        ahead = self._pool.submit(next, items, None)
        while (item := self._wait(ahead)) is not None:
            ahead = self._pool.submit(next, items, None)
            yield item

    def end(self) -> None:
        """Waits for the call that runs, and forgets the others."""
        self._pool.shutdown(cancel_futures=True)

    def _wait(self, future: "Future[Answer]") -> Answer:
        self._tick()
        while wait([future], timeout=TICK_SECONDS).not_done:
            self._tick()
        return future.result()
