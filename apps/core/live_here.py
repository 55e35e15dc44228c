"""Presence: the users with an open socket in this process, reported together."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from channels.db import database_sync_to_async
from django.db import DatabaseError

log = logging.getLogger(__name__)

HERE_EVERY = 20  # seconds between two reports of who is there

Presence = Callable[[list[int]], None]
_followers: list[Presence] = []


def follow_presence(follower: Presence) -> None:
    """FOLLOWER is told every 20 s which users have a socket open, and at once of a new one."""
    if follower not in _followers:
        _followers.append(follower)


class Here:
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

    def sockets_of(self, user_id: int) -> int:
        return self._sockets[user_id]

    async def _keep_reporting(self) -> None:
        while True:
            await asyncio.sleep(HERE_EVERY)
            if not self._sockets:
                return
            await database_sync_to_async(_report)(sorted(self._sockets))


def _report(user_ids: list[int]) -> None:
    """A database that is away costs presence of a moment, not the socket."""
    for follower in _followers:
        try:
            follower(user_ids)
        except DatabaseError:
            log.warning("presence could not be stored", extra={"users": len(user_ids)})
        except Exception:  # the rim: a reporter that died would leave all who are there absent
            log.exception("presence could not be told", extra={"users": len(user_ids)})


here = Here()
