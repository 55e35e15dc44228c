"""News on their way to the broker: they wait a moment, so that a batch of mails is one visit."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)

PAUSE, PAUSE_OF_BROKER = 0.05, 2.0  # seconds
TRIES, MOST_KEPT = 30, 5_000

News = dict[str, Any]
Waiting = dict[tuple[str, str, str], News]


class Outgoing:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news: Waiting = {}
        self._sender: threading.Thread | None = None

    def put(self, topic: str, news: News) -> None:
        """The newest version of the same news is enough."""
        with self._lock:
            self._news[topic, news["type"], news["id"]] = news
            if self._sender is None:
                self._sender = _started(self._send)

    def _send(self) -> None:
        failed = 0
        while news := self._next(after=PAUSE if not failed else PAUSE_OF_BROKER):
            try:
                asyncio.run(_publish(news))
                failed = 0
            except Exception as error:  # the rim: of a sender that died nobody would hear
                failed += 1
                self._keep(news, failed, error)

    def _next(self, *, after: float) -> Waiting:
        time.sleep(after)
        with self._lock:
            news, self._news = self._news, {}
            if not news:
                self._sender = None
        return news

    def _keep(self, news: Waiting, failed: int, error: Exception) -> None:
        """For a broker that only starts anew; after that browsers hear nothing, and come back."""
        if failed == 1:
            facts = {"error": type(error).__name__}
            log.warning("the broker is away; news wait for it", extra=facts)
        with self._lock:
            if failed < TRIES and len(news) + len(self._news) <= MOST_KEPT:
                self._news = news | self._news  # the newer ones win


def _started(send: Callable[[], None]) -> threading.Thread | None:
    """None: the machine has no thread left, and the next news try it again."""
    thread = threading.Thread(target=send, name="live", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        log.warning("no thread could be started; news wait")
        return None
    return thread


async def _publish(news: Waiting) -> None:
    layer = get_channel_layer()
    assert layer is not None  # settings name one
    by_topic: dict[str, list[News]] = {}
    for (topic, _kind, _identity), one in news.items():
        by_topic.setdefault(topic, []).append(one)
    for topic, some in by_topic.items():
        await layer.group_send(topic, {"type": "live", "news": some})


outgoing = Outgoing()
