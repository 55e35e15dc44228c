"""A real web process in a thread, and a real Chromium in front of it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from apps.core.models import User
from tests.people import House, make_house

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield browser
        browser.close()


@pytest.fixture
def house(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    # Playwright keeps a loop in this thread; the queries of a test are synchronous all the same.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    return make_house()


@pytest.fixture
def web(house: House) -> Iterator[str]:
    """Pages and socket, as production serves them; answers its address."""
    from config.asgi import application

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_level="warning", lifespan="off", ws="auto")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def open_as(chromium: Browser, web: str) -> Iterator[Open]:
    """A page of its own browser profile, signed in as USER through the form."""
    contexts: list[BrowserContext] = []

    def open_page(user: User | None = None, path: str = "/", **profile: Any) -> Page:
        profile.setdefault("viewport", {"width": 1440, "height": 900})
        context = chromium.new_context(base_url=web, **profile)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        if user is not None:
            sign_in(page, user)
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_in(page: Page, user: User) -> None:
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", user.username)
    page.click("main button")
    page.wait_for_url(lambda url: "/accounts/" not in url)
