"""A real web process in a thread, and a real Chromium in front of it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from apps.core.models import User
from tests.people import House, make_house

Open = Callable[..., Page]

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
ROW = "[data-test=session-row]"
PATIENCE = 30_000  # ms; a slow machine may take its time, and what is waited for is never a speed

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell",
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield browser
        browser.close()


@pytest.fixture
def house(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    # Playwright keeps a loop in this thread; the queries of a test are synchronous all the same.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    return make_house()


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """One server for a whole file; each test has a house of its own."""
    with serving() as address:
        yield address


@contextmanager
def serving() -> Iterator[str]:
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
def open_as(house: House, chromium: Browser, web: str) -> Iterator[Open]:
    """A page of its own browser profile, of USER, who has signed in; or of nobody."""
    contexts: list[BrowserContext] = []

    def open_page(user: User | None = None, path: str = "/", **profile: Any) -> Page:
        context = chromium.new_context(base_url=web, **({"viewport": WIDE} | profile))
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user is not None:
            context.add_cookies([login_of(user, web)])
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            page.goto("about:blank")  # whatever it still has to say is said before the house goes
        context.close()


@pytest.fixture
def open_console(house: House, open_as: Open) -> Open:
    """The console of USER, Alice when nobody is named, as soon as it hears of changes."""

    def opened(
        path: str = "/", user: User | None = None, *, live: bool = True, **rest: Any
    ) -> Page:
        page = open_as(user or house.alice.user, path, **rest)
        if live:
            expect(page.locator("[data-online]")).not_to_have_attribute("hidden", "")
        return page

    return opened


def login_of(user: User, address: str) -> Any:
    """The cookie of somebody who has signed in at ADDRESS."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    return {"name": cookie.key, "value": cookie.value, "url": address}


def sign_in(page: Page, user: User) -> None:
    """By the form, as people do."""
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", user.username)
    page.click("main button")
    page.wait_for_url(lambda url: "/accounts/" not in url)


def overflow(page: Page) -> list[str]:
    """What runs over the side: the page itself, or a pane in it."""
    over: list[str] = page.evaluate(
        "[document.documentElement, ...document.querySelectorAll('.pane, .scroll')]"
        ".filter(box => box.scrollWidth > box.clientWidth).map(box => box.className || box.tagName)"
    )
    return over
