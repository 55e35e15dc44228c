"""News on their way to the broker: they wait a moment, so that a batch of mails is one visit."""

import asyncio
import logging
import threading
import time
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

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
                self._sender = threading.Thread(target=self._send, name="live", daemon=True)
                self._sender.start()

    def _send(self) -> None:
        failed = 0
        while news := self._next(after=PAUSE if not failed else PAUSE_OF_BROKER):
            try:
                asyncio.run(_publish(news))
                failed = 0
            except RedisError:
                failed += 1
                self._keep(news, failed)

    def _next(self, *, after: float) -> Waiting:
        time.sleep(after)
        with self._lock:
            news, self._news = self._news, {}
            if not news:
                self._sender = None
        return news

    def _keep(self, news: Waiting, failed: int) -> None:
        """For a broker that only starts anew; after that browsers hear nothing, and come back."""
        if failed == 1:
            log.warning("the broker is away; news wait for it")
        with self._lock:
            if failed < TRIES and len(news) + len(self._news) <= MOST_KEPT:
                self._news = news | self._news  # the newer ones win


async def _publish(news: Waiting) -> None:
    layer = get_channel_layer()
    assert layer is not None  # settings name one
    by_topic: dict[str, list[News]] = {}
    for (topic, _kind, _identity), one in news.items():
        by_topic.setdefault(topic, []).append(one)
    for topic, some in by_topic.items():
        await layer.group_send(topic, {"type": "live", "news": some})


outgoing = Outgoing()
