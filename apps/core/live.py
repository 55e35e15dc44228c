"""The one socket: apps say which topics a user hears; messages carry ids, never content."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, cast

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from apps.core.models import User

log = logging.getLogger(__name__)

PAUSE = 0.05  # seconds

Topics = Callable[[User], Iterable[str]]
_sources: list[Topics] = []


def register_topics(source: Topics) -> None:
    """SOURCE names the topics that a user may hear; the browser cannot ask for others."""
    if source not in _sources:
        _sources.append(source)


def topics_of(user: User) -> set[str]:
    return {f"user.{user.pk}"}.union(*(source(user) for source in _sources))


def push(topic: str, kind: str, identity: str, version: int) -> None:
    """Fire and forget; a browser that misses it reads its state again when it reconnects."""
    _outgoing.put((topic, kind, identity, version))


class _Outgoing:
    """News that wait a moment, so that a batch of mails is one visit to the broker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news: dict[tuple[str, str, str], int] = {}
        self._sender: threading.Thread | None = None

    def put(self, news: tuple[str, str, str, int]) -> None:
        """The newest version of the same news is enough."""
        topic, kind, identity, version = news
        with self._lock:
            self._news[topic, kind, identity] = version
            if self._sender is None:
                self._sender = threading.Thread(target=self._send, name="live", daemon=True)
                self._sender.start()

    def _send(self) -> None:
        time.sleep(PAUSE)
        with self._lock:
            news, self._news, self._sender = self._news, {}, None
        try:
            asyncio.run(_publish(news))
        except RedisError:
            log.warning("the broker is away; browsers read again when they are back")


async def _publish(news: dict[tuple[str, str, str], int]) -> None:
    layer = get_channel_layer()
    assert layer is not None  # settings name one
    for (topic, kind, identity), version in news.items():
        body = {"type": kind, "id": identity, "version": version}
        await layer.group_send(topic, {"type": "live", "body": body})


_outgoing = _Outgoing()


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """Groups come from the user alone; what the browser sends is ignored."""

    async def connect(self) -> None:
        user = cast(object, self.scope.get("user"))
        if not isinstance(user, User) or not user.is_active:
            await self.close(code=4401)
            return
        self.groups = sorted(await database_sync_to_async(topics_of)(user))
        for group in self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """A browser has nothing to say here yet."""

    async def live(self, message: dict[str, Any]) -> None:
        await self.send_json(message["body"])
