"""One socket for all tabs of a browser, which comes back by itself and loses nothing."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute

from apps.console.models import Viewing
from apps.core.leases import in_seconds
from apps.core.live import hang_up, login_topic, push, user_topic
from apps.core.live_here import here
from apps.core.models import User
from apps.tickets.models import Session
from apps.tickets.sessions import message_added
from tests.browser.conftest import Open
from tests.living import soon
from tests.people import House, make_session

pytestmark = pytest.mark.browser

QUIET = "/accounts/sessions/"  # a page of the product that has no socket


def _served(script: str) -> str:
    """Static files stand under an address with a version."""
    return script.replace("/static/", settings.STATIC_URL)


START = _served("""async ([user, since]) => {
  const live = await import("/static/console/lib/live.js");
  window.live = live;
  window.heard = [];
  const types = ["session.changed", "session.viewers", "ready", "resync", "signed-out"];
  for (const type of types) live.on(type, (news) => heard.push(news));
  window.end = live.connect({ user, since });
}""")
# It neither answers nor asks, but holds the lock.
ASLEEP = """BroadcastChannel.prototype.postMessage = () => {};
  Object.defineProperty(document, "visibilityState", { value: "hidden" });"""
NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined });"


class Tab:
    def __init__(self, page: Page, user: User, since: int = 0) -> None:
        self.page, self.user = page, user
        page.goto(QUIET)
        page.evaluate(START, [str(user.pk), since])

    def heard(self, kind: str) -> list[str]:
        names = "(kind) => heard.filter(({ type }) => type === kind).map(({ id }) => id)"
        return list(self.page.evaluate(names, kind))

    def hears(self, kind: str, identity: str = "") -> bool:
        return identity in self.heard(kind)

    def online(self) -> Any:
        return self.page.evaluate("live.online.value")

    def is_connected(self) -> "Tab":
        soon(self.online)
        return self


Opened = Callable[..., Tab]


@pytest.fixture
def session(house: House) -> Session:
    return make_session(house.support)


@pytest.fixture
def browser_of(house: House, web: str, open_as: Open) -> Callable[[User], BrowserContext]:
    """Signed in, with no page of the product open."""

    def signed_in(user: User) -> BrowserContext:
        context = open_as(path="about:blank").context
        client = Client()
        client.force_login(user)
        context.add_cookies(
            [{"name": "sessionid", "value": client.session.session_key, "url": web}]
        )
        return context

    return signed_in


@pytest.fixture
def alice(house: House, browser_of: Callable[[User], BrowserContext]) -> BrowserContext:
    return browser_of(house.alice.user)


@pytest.fixture
def tab(alice: BrowserContext, house: House) -> Opened:
    def opened(since: int = 0, *, first: Callable[[Page], object] | None = None) -> Tab:
        page = alice.new_page()
        if first:
            first(page)
        return Tab(page, house.alice.user, since)

    return opened


def now() -> int:
    return time.time_ns() // 1_000_000


def test_all_tabs_hear_through_one_socket(house: House, session: Session, tab: Opened) -> None:
    tabs = [tab().is_connected() for _number in range(3)]
    assert here.sockets_of(house.alice.user_id) == 1

    message_added(session)

    for one in tabs:
        soon(lambda one=one: one.hears("session.changed", session.public_id))


def test_the_next_tab_takes_over_and_nothing_is_lost(
    house: House, session: Session, tab: Opened
) -> None:
    first, second = tab().is_connected(), tab().is_connected()

    first.page.close()
    message_added(session)

    soon(lambda: second.hears("session.changed", session.public_id))
    soon(lambda: here.sockets_of(house.alice.user_id), until=lambda n: n == 1)


def test_a_tab_that_opens_later_hears_what_happened_after_it_had_read(
    session: Session, tab: Opened
) -> None:
    first, since = tab().is_connected(), now()
    message_added(session)
    soon(lambda: first.hears("session.changed", session.public_id))

    second = tab(since)

    soon(lambda: second.hears("session.changed", session.public_id))
    assert second.heard("resync") == []


def test_a_tab_that_had_read_long_before_reads_anew(session: Session, tab: Opened) -> None:
    tab(now()).is_connected()

    second = tab(now() - 3_600_000)

    soon(lambda: second.hears("resync"))


def test_what_happens_during_a_break_is_told_after_it(
    house: House, session: Session, tab: Opened
) -> None:
    lines: list[WebSocketRoute] = []

    def between(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    one = tab(now(), first=lambda page: page.route_web_socket("**/ws/", between)).is_connected()
    lines[0].close(code=1012)
    message_added(session)

    soon(lambda: one.hears("session.changed", session.public_id))
    soon(lambda: len(one.heard("ready")) == 2)
    assert one.online() is True  # so short a break is shown to nobody


def test_a_server_that_is_away_shows_after_two_seconds(tab: Opened) -> None:
    def away(page: Page) -> None:
        page.clock.install(time=0)
        page.clock.pause_at(1_000)
        page.route_web_socket("**/ws/", lambda line: line.close())

    one = tab(first=away)
    one.page.clock.fast_forward(1_900)
    assert one.online() is None

    one.page.clock.fast_forward(100)
    assert one.online() is False


def test_a_connection_that_is_dead_but_open_is_given_up(session: Session, tab: Opened) -> None:
    lines: list[WebSocketRoute] = []

    def between(line: WebSocketRoute) -> None:
        lines.append(line)
        server = line.connect_to_server()
        is_dead = len(lines) == 1
        line.on_message(lambda said: None if is_dead and "ping" in str(said) else server.send(said))

    def fast(page: Page) -> None:
        page.clock.install()
        page.route_web_socket("**/ws/", between)

    one = tab(now(), first=fast).is_connected()
    one.page.clock.fast_forward(26_000)
    assert len(lines) == 1
    one.page.clock.fast_forward(11_000)
    one.page.clock.fast_forward(1_000)

    soon(lambda: len(lines) == 2)
    soon(lambda: len(one.heard("ready")) == 2)


def test_who_is_signed_out_is_told_and_does_not_ask_again(
    house: House, alice: BrowserContext, tab: Opened
) -> None:
    first, second = tab().is_connected(), tab().is_connected()
    key = next(one["value"] for one in alice.cookies() if one["name"] == "sessionid")
    alice.clear_cookies()

    hang_up(login_topic(key))

    for one in (first, second):
        soon(lambda one=one: one.hears("signed-out"))
        assert one.online() is None
    assert here.sockets_of(house.alice.user_id) == 0


def test_changed_rights_mean_reading_anew(house: House, tab: Opened) -> None:
    one = tab(now()).is_connected()
    one.page.wait_for_timeout(2_100)  # a connection that ends as it begins is not opened at once

    hang_up(user_topic(house.alice.user_id))

    soon(lambda: one.hears("resync"))
    one.is_connected()


def test_without_locks_each_tab_has_its_own_socket(
    house: House, session: Session, tab: Opened
) -> None:
    plain = [tab(first=lambda page: page.add_init_script(NO_LOCKS)) for _number in range(2)]
    for one in plain:
        one.is_connected()
    assert here.sockets_of(house.alice.user_id) == 2

    message_added(session)

    for one in plain:
        soon(lambda one=one: one.hears("session.changed", session.public_id))
        assert one.heard("session.changed") == [session.public_id]


def test_a_tab_that_leads_and_sleeps_loses_the_line(
    house: House, session: Session, tab: Opened
) -> None:
    asleep, awake = tab().is_connected(), tab().is_connected()
    asleep.page.evaluate(ASLEEP)
    before = len(awake.heard("ready"))

    awake.page.bring_to_front()
    awake.page.evaluate("dispatchEvent(new Event('online'))")

    soon(lambda: len(awake.heard("ready")) > before)
    push(f"queue.{house.support.pk}", "session.changed", session.public_id, now())
    soon(lambda: awake.hears("session.changed", session.public_id))
    soon(lambda: here.sockets_of(house.alice.user_id), until=lambda n: n == 1)


def test_one_can_end_it(house: House, tab: Opened) -> None:
    first, second = tab().is_connected(), tab().is_connected()

    first.page.evaluate("end()")
    second.is_connected()
    second.page.evaluate("end()")

    soon(lambda: not here.sockets_of(house.alice.user_id))


# ---- who is looking -----------------------------------------------------------------------------

LOOK = _served("""async (session) => {
  const { useToken } = await import("/static/console/lib/api.js");
  useToken((await (await fetch("/desk/")).json()).csrf);
  window.others = await import("/static/console/store/viewers.js");
  const { go } = await import("/static/console/lib/route.js");
  window.go = go;
  go({ session });
}""")


def seen_by(tab: Tab) -> list[list[Any]]:
    return list(tab.page.evaluate("others.viewers.value.map((one) => [one.name, one.writing])"))


def test_two_people_see_each_other_look_write_and_leave(
    house: House, session: Session, browser_of: Callable[[User], BrowserContext]
) -> None:
    people = (house.alice.user, house.bob.user)
    alice, bob = (Tab(browser_of(one).new_page(), one).is_connected() for one in people)
    for one in (alice, bob):
        one.page.evaluate(LOOK, session.public_id)
    soon(lambda: seen_by(alice) == [["Bob", False]])
    soon(lambda: seen_by(bob) == [["Alice", False]])

    bob.page.evaluate("others.write(true)")
    soon(lambda: seen_by(alice) == [["Bob", True]])

    bob.page.close()
    soon(lambda: seen_by(alice) == [])
    alice.page.evaluate("go({ session: '' })")
    soon(lambda: not Viewing.objects.exists())


def test_a_sign_of_life_arrives_though_a_newer_question_overtakes_it(
    house: House, session: Session, alice: BrowserContext
) -> None:
    one = Tab(alice.new_page(), house.alice.user).is_connected()
    on_the_way: list[Route] = []
    one.page.route("**/here/", lambda route: on_the_way.append(route))
    one.page.evaluate(LOOK, session.public_id)
    soon(lambda: one.page.evaluate("0") or on_the_way)
    with one.page.expect_response("**/viewers/"):
        push(f"queue.{house.support.pk}", "session.viewers", session.public_id, now())

    on_the_way[0].continue_()

    soon(lambda: one.page.evaluate("0") or Viewing.objects.exists())


def test_a_browser_that_died_is_shown_to_nobody_after_its_time(
    house: House, session: Session, alice: BrowserContext
) -> None:
    page = alice.new_page()
    page.clock.install()
    one = Tab(page, house.alice.user).is_connected()
    bob = {"user": house.bob.user, "tab": "dead", "writing": True}
    Viewing.objects.create(session=session, since=Now(), until=in_seconds(45), **bob)
    page.evaluate(LOOK, session.public_id)
    page.clock.fast_forward(1_000)
    soon(lambda: seen_by(one) == [["Bob", True]])
    page.route("**/here/", lambda route: route.abort())

    page.clock.fast_forward(45_000)

    assert seen_by(one) == []
