"""The socket: who is let in, what a returning browser is told, and what hostile ones can do."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.layers import InMemoryChannelLayer
from django.db import DatabaseError, InterfaceError
from redis.exceptions import ConnectionError

from apps.core import live, live_here, live_outgoing, live_socket
from apps.core.live import MOST_MISSED, news_of
from apps.core.live_here import here
from apps.core.live_socket import LiveConsumer
from apps.core.models import User
from tests.living import soon
from tests.people import make_user

MINUTE = 60_000  # milliseconds
Story = Callable[["Browser"], Awaitable[None]]


class Browser:
    """One open socket."""

    def __init__(self, communicator: ApplicationCommunicator) -> None:
        self.communicator = communicator

    async def say(self, words: object) -> None:
        text = words if isinstance(words, str) else json.dumps(words)
        await self.communicator.send_input({"type": "websocket.receive", "text": text})

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.communicator.receive_output(5)
        return json.loads(message["text"]) if message["type"] == "websocket.send" else message

    async def hear_all(self) -> list[dict[str, Any]]:
        """Until `ready`, which is among them."""
        heard = [await self.hear()]
        while heard[-1]["type"] != "ready":
            heard.append(await self.hear())
        return heard


@asynccontextmanager
async def socket_of(user: User) -> AsyncIterator[Browser]:
    scope = {"type": "websocket", "path": "/ws/", "user": user}
    communicator = ApplicationCommunicator(LiveConsumer.as_asgi(), scope)
    await communicator.send_input({"type": "websocket.connect"})
    assert (await communicator.receive_output(5))["type"] == "websocket.accept"
    try:
        yield Browser(communicator)
    finally:
        await communicator.send_input({"type": "websocket.disconnect", "code": 1001})
        await communicator.wait(5)


def with_socket(user: User, story: Story) -> None:
    @async_to_sync
    async def run() -> None:
        async with socket_of(user) as browser:
            await story(browser)

    run()


def told(user: User, *said: object) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []

    async def story(browser: Browser) -> None:
        for words in said:
            await browser.say(words)
        heard.extend(await browser.hear_all())

    with_socket(user, story)
    return heard


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def user(transactional_db: None) -> User:
    return make_user("alice")


@pytest.fixture
def missed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """One source, which notes since when it was asked and tells one thing."""
    asked: list[int] = []

    def source(user: User, since: int) -> list[live.News]:
        asked.append(since)
        return [news_of("session.changed", "E1", since + 1)]

    monkeypatch.setattr(live, "_missed", [source])
    yield asked


# ---- resuming -----------------------------------------------------------------------------------


def test_a_fresh_browser_is_only_ready(user: User, missed: list[int]) -> None:
    (ready,) = told(user, {"since": 0})

    assert ready["type"] == "ready" and abs(ready["version"] - now()) < MINUTE
    assert missed == []


def test_a_browser_that_returns_hears_what_it_missed_and_what_came_late(
    user: User, missed: list[int]
) -> None:
    since = now() - MINUTE

    heard = told(user, {"since": since})

    assert [one["type"] for one in heard] == ["session.changed", "ready"]
    assert missed == [since - live_socket.OVERLAP]


@pytest.mark.parametrize("minutes", [-11, 30], ids=["too long ago", "of another database"])
def test_what_nobody_can_know_is_read_anew(user: User, missed: list[int], minutes: int) -> None:
    heard = told(user, {"since": now() + minutes * MINUTE})

    assert [one["type"] for one in heard] == ["resync", "ready"]
    assert missed == []


@pytest.mark.parametrize("answer", [None, [news_of("session.changed", "E", 1)] * (MOST_MISSED + 1)])
def test_too_much_is_read_anew(
    user: User, answer: list[live.News] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_missed", [lambda *_asked: answer])

    heard = told(user, {"since": now()})

    assert [one["type"] for one in heard] == ["resync", "ready"]


def test_as_much_as_fits_is_told(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    news = [news_of("session.changed", f"E{number}", 1) for number in range(MOST_MISSED)]
    monkeypatch.setattr(live, "_missed", [lambda *_asked: news])

    assert len(told(user, {"since": now()})) == MOST_MISSED + 1


def test_one_resumes_once(user: User, missed: list[int]) -> None:
    async def story(browser: Browser) -> None:
        await browser.say({"since": now()})
        await browser.hear_all()
        await browser.say({"since": now()})
        await browser.say({"ping": 1})
        assert (await browser.hear())["type"] == "pong"

    with_socket(user, story)
    assert len(missed) == 1


def test_a_database_that_is_away_ends_the_connection(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(user: User, since: int) -> list[live.News]:
        raise DatabaseError

    monkeypatch.setattr(live, "_missed", [away])

    async def story(browser: Browser) -> None:
        await browser.say({"since": now()})
        assert (await browser.hear())["type"] == "websocket.close"

    with_socket(user, story)


# ---- what else a browser says -------------------------------------------------------------------

NONSENSE = [
    "",
    "{",
    "[]",
    "null",
    "[" * 1000,
    '"since"',
    '{"since": "1"}',
    '{"since": true}',
    '{"since": -1}',
    '{"since": 1.5}',
    '{"since": null}',
    '{"topics": ["agents.all"]}',
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_ignored(user: User, missed: list[int], nonsense: str) -> None:
    heard = told(user, nonsense, {"since": 0})

    assert [one["type"] for one in heard] == ["ready"]


def test_bytes_are_ignored(user: User, missed: list[int]) -> None:
    async def story(browser: Browser) -> None:
        message = {"type": "websocket.receive", "bytes": b'{"since": 1}'}
        await browser.communicator.send_input(message)
        await browser.say({"ping": 1})
        assert (await browser.hear())["type"] == "pong"

    with_socket(user, story)


@pytest.mark.parametrize("kind", ["text", "bytes"])
def test_more_than_a_kilobyte_ends_the_connection(user: User, kind: str) -> None:
    async def story(browser: Browser) -> None:
        long = " " * 1025 if kind == "text" else b" " * 1025
        await browser.communicator.send_input({"type": "websocket.receive", kind: long})
        assert (await browser.hear())["code"] == live_socket.TOO_BIG

    with_socket(user, story)


def test_a_flood_ends_the_connection(user: User) -> None:
    async def story(browser: Browser) -> None:
        for _number in range(live_socket.MOST_SAID + 1):
            await browser.say("nonsense")
        assert (await browser.hear())["code"] == live_socket.TOO_MUCH

    with_socket(user, story)


def test_who_speaks_slowly_may_speak_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [0.0]
    monkeypatch.setattr(live_socket.time, "monotonic", lambda: moment[0])
    allowance = live_socket._Allowance()

    for _number in range(500):
        moment[0] += 1.01
        assert allowance.takes_one()


def test_a_pong_says_how_far_one_has_come(user: User) -> None:
    async def story(browser: Browser) -> None:
        await browser.say({"since": 0})
        (ready,) = await browser.hear_all()
        await browser.say({"ping": 1})
        pong = await browser.hear()
        assert pong["type"] == "pong"
        assert 0 <= pong["version"] - ready["version"] < MINUTE

    with_socket(user, story)


def test_a_broker_that_is_away_gives_no_pong(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*message: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(InMemoryChannelLayer, "send", away)

    async def story(browser: Browser) -> None:
        await browser.say({"ping": 1})
        assert await browser.communicator.receive_nothing(0.2)

    with_socket(user, story)


# ---- news on their way --------------------------------------------------------------------------


def test_news_wait_for_a_broker_that_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_outgoing, "PAUSE_OF_BROKER", 0.01)
    sent: list[live.News] = []
    fails = iter([True, True, False])

    async def publish(news: live_outgoing.Waiting) -> None:
        if next(fails):
            raise ConnectionError
        sent.extend(news.values())

    monkeypatch.setattr(live_outgoing, "_publish", publish)
    outgoing = live_outgoing.Outgoing()
    outgoing.put("queue.1", news_of("session.changed", "E1", 7))
    soon(lambda: sent)

    assert sent == [news_of("session.changed", "E1", 7)]


def test_news_of_a_broker_that_stays_away_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_outgoing, "PAUSE_OF_BROKER", 0.001)

    async def publish(news: live_outgoing.Waiting) -> None:
        raise ConnectionError

    monkeypatch.setattr(live_outgoing, "_publish", publish)
    outgoing = live_outgoing.Outgoing()
    outgoing.put("queue.1", news_of("session.changed", "E1", 7))

    soon(lambda: outgoing._sender is None)
    assert outgoing._news == {}


def test_a_machine_that_is_full_for_a_moment_does_not_silence_a_process_for_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No file left for the line to the broker, or no thread to speak in."""
    monkeypatch.setattr(live_outgoing, "PAUSE_OF_BROKER", 0.01)
    sent: list[dict[str, Any]] = []
    full = iter([OSError(24, "Too many open files")])

    async def publish(news: live_outgoing.Waiting) -> None:
        for error in full:
            raise error
        sent.extend(news.values())

    def refuses(thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(live_outgoing, "_publish", publish)
    outgoing = live_outgoing.Outgoing()
    with monkeypatch.context() as moment:
        moment.setattr(Thread, "start", refuses)
        outgoing.put("queue.1", news_of("session.changed", "E1", 7))
    outgoing.put("queue.1", news_of("session.changed", "E2", 8))
    soon(lambda: len(sent) == 2)


# ---- presence -----------------------------------------------------------------------------------


def test_a_follower_that_stumbles_ends_no_presence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reporter would be started again by the next socket only."""
    told: list[list[int]] = []

    def stumbles(_user_ids: list[int]) -> None:
        raise InterfaceError("the cursor is closed")

    monkeypatch.setattr(live_here, "_followers", [stumbles, told.append])
    live_here._report([7])
    assert told == [[7]]


def test_an_open_socket_is_presence_until_it_closes(user: User) -> None:
    async def story(browser: Browser) -> None:
        assert here.sockets_of(user.pk) == 1

    with_socket(user, story)
    assert here.sockets_of(user.pk) == 0


def test_who_goes_amid_the_handshake_is_not_there_for_ever(user: User) -> None:
    """The server tells it by an exception of `send`, and no `disconnect` follows."""

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        raise OSError

    scope = {"type": "websocket", "path": "/ws/", "user": user}
    with pytest.raises(OSError):
        async_to_sync(LiveConsumer())(scope, receive, send)
    assert here.sockets_of(user.pk) == 0
