"""A real web process in a thread, and a real Chromium in front of it."""

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from apps.core.models import User
from tests.people import House, make_house

Open = Callable[..., Page]

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
ROW = "[data-test=session-row]"
PATIENCE = 30_000  # ms; a slow machine may take its time, and what is waited for is never a speed
# Whoever is asked but ourselves is not found. A test that stopped each request to look whom it asks
# would have the browser ask for all our files again at each page.
NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """After the database: from then on there is a loop in this thread, and none is set up."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell",
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", NOBODY_ELSE],
        )
        yield browser
        browser.close()


@pytest.fixture
def house(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    # Playwright keeps a loop in this thread; the queries of a test are synchronous all the same.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    return make_house()


@pytest.fixture(scope="session")
def web() -> Iterator[str]:
    """One server for all tests of a process; each test has a house of its own."""
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


class Profiles:
    """Browser profiles that tests take and give back as if new, but for the cached static files:
    to ask for those again, a hundred at each first page, took a quarter of the time of all tests.
    """

    def __init__(self, chromium: Browser, site: str) -> None:
        self.chromium, self.site = chromium, site
        self.free: dict[str, list[BrowserContext]] = defaultdict(list)

    def take(self, **options: Any) -> BrowserContext:
        free = self.free[repr(sorted(options.items()))]
        if free:
            return free.pop()
        context = self.chromium.new_context(base_url=self.site, **options)
        context.set_default_timeout(PATIENCE)
        return context

    def give_back(self, context: BrowserContext, **options: Any) -> None:
        context.set_offline(False)
        context.unroute_all(behavior="ignoreErrors")
        pages = context.pages or [context.new_page()]
        for page in pages:
            page.goto("about:blank")  # whatever it still has to say is said before the house goes
        everything = {"origin": self.site, "storageTypes": "all"}
        context.new_cdp_session(pages[0]).send("Storage.clearDataForOrigin", everything)
        is_wrong = abs(pages[0].evaluate("Date.now()") / 1000 - time.time()) > 1
        for page in pages:
            page.close()
        if is_wrong:  # a test put the clock forward, and nothing puts it back
            context.close()
            return
        context.clear_cookies()
        self.free[repr(sorted(options.items()))].append(context)


@pytest.fixture(scope="session")
def profiles(chromium: Browser, web: str) -> Profiles:
    return Profiles(chromium, web)


@pytest.fixture
def open_as(house: House, profiles: Profiles, web: str) -> Iterator[Open]:
    """A page of a browser profile of its own, of USER, who has signed in; or of nobody."""
    taken: list[tuple[BrowserContext, dict[str, Any]]] = []

    def open_page(user: User | None = None, path: str = "/", **profile: Any) -> Page:
        options = {"viewport": WIDE} | profile
        context = profiles.take(**options)
        taken.append((context, options))
        if user is not None:
            context.add_cookies([login_of(user, web)])
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context, options in taken:
        profiles.give_back(context, **options)


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


def overflow_at(page: Page, *widths: int) -> dict[int, list[str]]:
    """The same at each of these widths, in one visit: where something runs over, and what."""
    over = {}
    for width in widths:
        page.set_viewport_size(ViewportSize(width=width, height=844))
        if found := overflow(page):
            over[width] = found
    return over
