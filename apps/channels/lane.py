"""A thread that speaks with one mail server, so that whoever waits for it keeps its lease."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from apps.channels.fetch_threads import give_back_connection, resting
from apps.channels.room import room

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

TICK_SECONDS = 1


class Lane:
    """Runs calls one after the other; `tick` is called before each wait and every second of it.

    The thread touches no database, and whoever waits long keeps no connection to it: hundreds may
    wait. What `tick` raises ends the wait.
    """

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        # No program waits for it at its end, as it would for an executor's: servers may be silent.
        threading.Thread(target=_run, args=[self._calls], name="lane", daemon=True).start()

    def call(
        self, function: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs
    ) -> Answer:
        return self._wait(self._ask(partial(function, *args, **kwargs)))

    def each(self, items: Iterator[Answer]) -> Iterator[Answer]:
        """Makes the next item while the caller works on this one."""
        ahead = self._ask(partial(next, items, None))
        while (item := self._wait(ahead)) is not None:
            ahead = self._ask(partial(next, items, None))
            yield item

    def storing(self, size: int) -> AbstractContextManager[None]:
        """Room in memory for so many bytes of mail; whoever waits for it keeps its lease."""
        return room.taken(size, tick=self._tick)

    def end(self) -> None:
        """The call that still runs ends by itself, and nobody hears of it."""
        self._calls.put(None)

    def _ask(self, call: Callable[[], Answer]) -> "Future[Answer]":
        future: Future[Answer] = Future()
        self._calls.put((future, call))
        return future

    def _wait(self, future: "Future[Answer]") -> Answer:
        self._tick()
        if wait([future], timeout=TICK_SECONDS).not_done:
            with resting():
                self._wait_long(future)
        return future.result()

    def _wait_long(self, future: "Future[Answer]") -> None:
        while wait([future], timeout=TICK_SECONDS).not_done:
            self._tick()
            give_back_connection()


def _run(calls: "SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]") -> None:
    while asked := calls.get():
        future, call = asked
        try:
            future.set_result(call())
        except BaseException as error:  # whoever waits hears of it
            future.set_exception(error)
        del asked, future, call  # the mails of a batch, while we wait for the next call
