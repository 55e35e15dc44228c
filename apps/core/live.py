"""The one socket: apps say which topics a user hears; messages carry ids, never content."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer

from apps.core.models import User

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
    layer = get_channel_layer()
    if layer is not None:
        message = {"type": "live", "body": {"type": kind, "id": identity, "version": version}}
        async_to_sync(layer.group_send)(topic, message)


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
