"""The demo's two servers in a thread, over a folder of the test's own."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import config.urls  # noqa: F401 - as it is, before a test says that this is a demo
from config.demo import imap_server, office, smtp_server
from config.demo.post import Post

PASSWORD = 'pass "word" ñ\\'


@dataclass(frozen=True, slots=True)
class DemoHouse:
    post: Post
    imap: int
    smtp: int


@contextmanager
def demo_house(folder: Path) -> Iterator[DemoHouse]:
    post = Post(folder / "demo" / "mail", office.ADDRESSES, office.MAILBOX)
    listeners = [_listener(), _listener()]
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # Python 3.11 complains of lines that are cut
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers = [
        imap_server.serve(listeners[0], post, PASSWORD),
        smtp_server.serve(listeners[1], post),
    ]
    started = [asyncio.run_coroutine_threadsafe(one, loop).result(5) for one in servers]
    try:
        yield DemoHouse(post, *(one.getsockname()[1] for one in listeners))
    finally:
        asyncio.run_coroutine_threadsafe(_end(started), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _end(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    lines = asyncio.all_tasks() - {asyncio.current_task()}
    for line in lines:
        line.cancel()
    await asyncio.wait_for(asyncio.gather(*lines, return_exceptions=True), 5)


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(20)
    return listener
