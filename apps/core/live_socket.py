"""The one socket: it tells news, and answers how much a returning browser has missed.

A browser may say two things. `{"since": version}`, once after opening: what changed since then is
told, or `resync`, and in any case `ready` with the version to say next time. `{"ping": …}`: `pong`,
which has been to the broker and back, so that silence tells of a dead broker, too.
"""

import asyncio
import json
import logging
import time
from functools import partial
from typing import Any, cast

from channels.db import database_sync_to_async
from channels.exceptions import ChannelFull
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import DatabaseError
from redis.exceptions import RedisError

from apps.core.db.clock import milliseconds_now
from apps.core.live import (
    HANG_UP,
    RESYNC,
    is_refused,
    login_topic,
    missed_by,
    news_of,
    topics_of,
)
from apps.core.live_here import here
from apps.core.live_outgoing import News
from apps.core.models import User

log = logging.getLogger(__name__)

NOT_SIGNED_IN, RIGHTS_CHANGED = 4401, 4403  # close codes; after the second one comes back
TOO_BIG, TOO_MUCH = 1009, 1008
LONGEST = 1024  # characters that a browser may say at once
MOST_SAID, IN_SECONDS = 60, 60.0  # so many words of a browser in so long
REMEMBERED = 10 * 60 * 1000  # milliseconds
OVERLAP = 15_000  # a change can be committed so long after it got its version
SKEW = 60_000  # a version from the future is of another database


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """Groups come from the user alone: the browser cannot ask for any."""

    user: User | None = None
    end: asyncio.TimerHandle | None = None
    resumed = False
    ready = (0, 0.0)  # a version, and when it was told

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowance = _Allowance()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Whoever goes while we speak is told of by an exception, not by `disconnect`."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._leave()

    async def connect(self) -> None:
        user = cast(object, self.scope.get("user"))
        if not isinstance(user, User) or not user.is_active:
            await self._refuse()
            return
        if await database_sync_to_async(is_refused)(user):
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
        self.user = user
        await here.came(user.pk)  # it counts before it waits, so that it never leaves uncounted
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

    async def _leave(self) -> None:
        if self.end is not None:
            self.end.cancel()
        if self.user is not None:
            here.left(self.user.pk)
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    # ---- what the browser says ------------------------------------------------------------------

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Whatever is not understood is ignored; too big or too often ends the connection."""
        if max(len(text_data or ""), len(bytes_data or b"")) > LONGEST:
            await self.close(code=TOO_BIG)
        elif not self.allowance.takes_one():
            await self.close(code=TOO_MUCH)
        elif self.user is not None:
            await self._answer(self.user, _understood(text_data))

    async def _answer(self, user: User, said: dict[str, Any]) -> None:
        since = said.get("since")
        if type(since) is int and since >= 0 and not self.resumed:
            self.resumed = True
            await self._resume(user, since)
        elif "ping" in said:
            await self._ask_broker()

    async def _resume(self, user: User, since: int) -> None:
        """The groups are joined already: what happens meanwhile is told after this."""
        try:
            missed = await database_sync_to_async(_missed_since)(user, since)
        except DatabaseError:
            log.warning("what a browser missed could not be read")
            await self.close()  # it comes back, and says again how far it had come
            return
        for news in missed:
            await self.send_json(news)
        self.ready = (missed[-1]["version"], time.monotonic())

    async def _ask_broker(self) -> None:
        try:
            await self.channel_layer.send(self.channel_name, {"type": "pong"})
        except (RedisError, ChannelFull):
            log.warning("the broker is away; a browser gets no answer and comes back")

    async def pong(self, message: dict[str, Any]) -> None:
        """Whatever was told before has been heard, so next time the browser may say this moment."""
        version, at = self.ready
        passed = int((time.monotonic() - at) * 1000) if version else 0
        await self.send_json(news_of("pong", "", version + passed))

    async def live(self, message: dict[str, Any]) -> None:
        for news in message["news"]:
            if news["type"] == HANG_UP:
                await self.close(code=RIGHTS_CHANGED)
                return
            await self.send_json(news)


def _understood(text: str | None) -> dict[str, Any]:
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _missed_since(user: User, since: int) -> list[News]:
    """Ends with `ready`, whose moment was taken before anything was read: no gap between them."""
    now = milliseconds_now()
    ready = news_of("ready", "", now)
    if not since:
        return [ready]
    remembered = now - REMEMBERED <= since <= now + SKEW
    missed = missed_by(user, since - OVERLAP) if remembered else None
    if missed is None:
        return [news_of(RESYNC, "", now), ready]
    return [*missed, ready]


class _Allowance:
    """How much a browser may still say: it refills with time."""

    def __init__(self) -> None:
        self._left, self._at = float(MOST_SAID), time.monotonic()

    def takes_one(self) -> bool:
        now = time.monotonic()
        refilled = self._left + (now - self._at) * MOST_SAID / IN_SECONDS
        self._left, self._at = min(MOST_SAID, refilled) - 1, now
        return self._left >= 0
