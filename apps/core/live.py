"""The one socket: apps say which topics a user hears; messages carry ids, never content."""

import asyncio
import hashlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import DatabaseError
from redis.exceptions import RedisError

from apps.core.models import User

log = logging.getLogger(__name__)

PAUSE = 0.05  # seconds
HERE_EVERY = 20  # seconds between two reports of who is there
HANG_UP = "hang-up"
NOT_SIGNED_IN, RIGHTS_CHANGED = 4401, 4403  # close codes; after the second one comes back

Topics = Callable[[User], Iterable[str]]
Presence = Callable[[list[int]], None]
_sources: list[Topics] = []
_presence: list[Presence] = []
_doormen: list[Callable[[User], bool]] = []


def register_topics(source: Topics) -> None:
    """SOURCE names the topics that a user may hear; the browser cannot ask for others."""
    if source not in _sources:
        _sources.append(source)


def refuse_if(doorman: Callable[[User], bool]) -> None:
    """DOORMAN says of whom the socket, like every page, wants something else first."""
    if doorman not in _doormen:
        _doormen.append(doorman)


def topics_of(user: User) -> set[str]:
    return {user_topic(user.pk)}.union(*(source(user) for source in _sources))


def user_topic(user_id: int) -> str:
    return f"user.{user_id}"


def login_topic(session_key: str) -> str:
    """Of one signed-in browser; the key itself is a secret and never leaves for the broker."""
    return f"login.{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


def follow_presence(follower: Presence) -> None:
    """FOLLOWER is told every 20 s which users have a socket open, and at once of a new one."""
    if follower not in _presence:
        _presence.append(follower)


def push(topic: str, kind: str, identity: str, version: int, **facts: object) -> None:
    """Fire and forget; a browser that misses it reads its state again when it reconnects.

    FACTS ride along for programs; they are never words of a mail.
    """
    _outgoing.put(topic, {"type": kind, "id": identity, "version": version, **facts})


def hang_up(topic: str) -> None:
    """Closes the sockets of a user or a login: rights are read anew when the browser returns."""
    _outgoing.put(topic, {"type": HANG_UP, "id": "", "version": 0})


class _Outgoing:
    """News that wait a moment, so that a batch of mails is one visit to the broker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news: dict[tuple[str, str, str], News] = {}
        self._sender: threading.Thread | None = None

    def put(self, topic: str, news: "News") -> None:
        """The newest version of the same news is enough."""
        with self._lock:
            self._news[topic, news["type"], news["id"]] = news
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


async def _publish(news: "dict[tuple[str, str, str], News]") -> None:
    layer = get_channel_layer()
    assert layer is not None  # settings name one
    for (topic, _kind, _identity), body in news.items():
        await layer.group_send(topic, {"type": "live", "body": body})


News = dict[str, Any]
_outgoing = _Outgoing()


class _Here:
    """The users with an open socket in this process, reported together."""

    def __init__(self) -> None:
        self._sockets: Counter[int] = Counter()
        self._reporter: asyncio.Task[None] | None = None

    async def came(self, user_id: int) -> None:
        self._sockets[user_id] += 1
        await database_sync_to_async(_report)([user_id])
        if self._reporter is None or self._reporter.done():
            self._reporter = asyncio.create_task(self._keep_reporting())

    def left(self, user_id: int) -> None:
        self._sockets[user_id] -= 1
        self._sockets += Counter()  # forgets who has none left

    async def _keep_reporting(self) -> None:
        while True:
            await asyncio.sleep(HERE_EVERY)
            if not self._sockets:
                return
            await database_sync_to_async(_report)(sorted(self._sockets))


def _report(user_ids: list[int]) -> None:
    """A database that is away costs presence of a moment, not the socket."""
    for follower in _presence:
        try:
            follower(user_ids)
        except DatabaseError:
            log.warning("presence could not be stored", extra={"users": len(user_ids)})


_here = _Here()


def _is_refused(user: User) -> bool:
    return any(doorman(user) for doorman in _doormen)


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """Groups come from the user alone; what the browser sends is ignored."""

    user_id: int | None = None
    end: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        user = cast(object, self.scope.get("user"))
        if not isinstance(user, User) or not user.is_active:
            await self._refuse()
            return
        if await database_sync_to_async(_is_refused)(user):
            await self._refuse()
            return
        topics = await database_sync_to_async(topics_of)(user)
        login: Any = self.scope.get("session")
        if key := getattr(login, "session_key", None):
            topics.add(login_topic(key))
            self._leave_after(login.get_expiry_age())
        self.groups = sorted(topics)
        for group in self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        self.user_id = user.pk
        await _here.came(user.pk)
        await self.accept()

    async def _refuse(self) -> None:
        """A browser hears the code of a socket only once that was open."""
        await self.accept()
        await self.close(code=NOT_SIGNED_IN)

    def _leave_after(self, seconds: int) -> None:
        """A sign-in ends at its hour, and the socket with it."""
        loop = asyncio.get_running_loop()
        leave = partial(self.close, code=NOT_SIGNED_IN)
        self.end = loop.call_later(seconds, lambda: loop.create_task(leave()))

    async def disconnect(self, code: int) -> None:
        if self.end is not None:
            self.end.cancel()
        if self.user_id is not None:
            _here.left(self.user_id)
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """A browser has nothing to say here yet."""

    async def live(self, message: dict[str, Any]) -> None:
        if message["body"]["type"] == HANG_UP:
            await self.close(code=RIGHTS_CHANGED)
        else:
            await self.send_json(message["body"])
