"""The console's shell in a real browser: the list, what is newer, keys, the palette, a phone."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, WebSocketRoute, expect

from apps.console.desk.lists import PER_LOAD
from apps.core.live import hang_up, user_topic
from apps.queues import loads
from apps.queues.models import Queue
from apps.tickets import search
from apps.tickets.models import Draft, Session, Thread
from apps.tickets.sessions import message_added, say_changed
from tests.browser.conftest import PHONE, ROW, WIDE, Open, overflow_at
from tests.browser.test_access import violations
from tests.people import House, make_message, make_queue, make_session

pytestmark = pytest.mark.browser

MANY = 2_000
MOST_ROWS = 60  # in the page, however many there are
IS_HIGHER = "height => document.querySelector('[data-rows]').scrollHeight > height"


@pytest.fixture
def many(house: House) -> Queue:
    """A queue of two thousand."""
    queue = make_queue("Many", members=[house.alice])
    names = [f"Mail {n}" for n in range(MANY)]
    threads = Thread.objects.bulk_create(Thread(subject=name) for name in names)
    Session.objects.bulk_create(
        Session(thread=thread, queue=queue, subject=name, customer="many@outside.test")
        for thread, name in zip(threads, names, strict=True)
    )
    loads.shift_waiting({queue.pk: MANY})
    return queue


@pytest.fixture
def queue(house: House) -> Queue:
    return house.support


def sessions_of(queue: Queue, *subjects: str, **fields: Any) -> list[Session]:
    """The last one is the newest."""
    made = [make_session(queue, subject=subject, **fields) for subject in subjects]
    search.add([make_message(session) for session in made])
    return made


def at(queue: Queue) -> str:
    return f"/?queue={queue.pk}"


def subjects(page: Page) -> list[str]:
    return page.locator(f"{ROW} .subject b").all_inner_texts()


# ---- the list ------------------------------------------------------------------------------------


def test_the_list_shows_what_waits_and_opens_it(queue: Queue, open_console: Open) -> None:
    sessions_of(queue, "First", "Second", customer_name="Dana Outside")
    page = open_console(at(queue))

    expect(page.locator(ROW)).to_have_count(2)
    assert subjects(page) == ["Second", "First"]
    row = page.locator(ROW).first
    expect(row).to_contain_text("Dana Outside")
    expect(row).to_contain_text("Unopened")
    expect(row).to_have_class(re.compile("row--unread"))
    expect(page.locator(".list-head")).to_contain_text("2 open")

    row.click()

    expect(page.locator(".read h1")).to_have_text("Second")
    expect(row).to_have_attribute("aria-current", "true")


def test_two_thousand_rows_are_few_elements(many: Queue, open_console: Open) -> None:
    page = open_console(at(many))
    expect(page.locator(ROW).first).to_be_visible()
    asked = count_requests(page, "/desk/sessions/?")
    box = page.locator("[data-rows]")

    for _time in range(8):
        height = box.evaluate("box => (box.scrollTo(0, box.scrollHeight), box.scrollHeight)")
        page.wait_for_function(IS_HIGHER, arg=height)
        assert page.locator(ROW).count() <= MOST_ROWS

    last = page.locator("[data-shown]").inner_text()
    assert re.fullmatch(r"[\d,]+ to [\d,]+ of 2,000", last)
    assert len(asked) >= 4
    assert int(page.locator(f"{ROW} >> nth=-1").locator("..").get_attribute("data-at") or 0) > (
        3 * PER_LOAD
    )


def count_requests(page: Page, part: str) -> list[str]:
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if part in request.url else None)
    return found


def test_the_row_that_has_the_focus_stays_in_the_page(many: Queue, open_console: Open) -> None:
    page = open_console(at(many))
    page.locator(ROW).first.focus()

    page.locator("[data-rows]").evaluate("box => box.scrollTo(0, 1200)")
    page.wait_for_timeout(100)
    page.keyboard.press("ArrowDown")

    focused = page.locator("li[data-at='1'] .row")
    expect(focused).to_be_focused()
    expect(focused).to_be_in_viewport()


def test_a_chosen_status_and_order_stand_in_the_address(queue: Queue, open_console: Open) -> None:
    sessions_of(queue, "Waits", status="unopened")
    sessions_of(queue, "Rests", status="paused")
    page = open_console(at(queue))

    page.get_by_role("button", name="Paused").click()
    expect(page.locator(f"{ROW} .subject b")).to_have_text(["Rests"])
    page.get_by_role("button", name="All", exact=True).click()
    page.click(".sort summary")
    page.get_by_role("button", name="Oldest").click()

    expect(page.locator(f"{ROW} .subject b")).to_have_text(["Waits", "Rests"])
    assert "status=any" in page.url
    assert "sort=oldest" in page.url
    page.reload()
    expect(page.locator(f"{ROW} .subject b")).to_have_text(["Waits", "Rests"])


def test_an_empty_list_says_why(queue: Queue, open_console: Open) -> None:
    page = open_console(at(queue))

    expect(page.locator("[data-test=no-rows]")).to_contain_text("All done")


# ---- nothing moves under the hand ------------------------------------------------------------------


def test_rows_change_in_place_under_the_hand_and_newer_ones_wait(
    queue: Queue, open_console: Open
) -> None:
    first, _second, _third = sessions_of(queue, "First", "Second", "Third")
    page = open_console(at(queue))
    expect(page.locator(ROW)).to_have_count(3)
    page.hover(f"{ROW} >> nth=1")

    Session.objects.filter(pk=first.pk).update(status="paused", updated_at=timezone.now())
    say_changed([first])
    sessions_of(queue, "Fourth")
    message_added(Session.objects.get(queue=queue, subject="Fourth"))

    bar = page.locator("[data-fresh]")
    expect(bar).to_have_text("1 newer session: show")
    expect(page.locator("[data-newer]")).to_have_text("1 newer session: show")
    assert subjects(page) == ["Third", "Second", "First"]
    expect(page.locator(ROW).nth(2)).to_contain_text("No longer here")

    bar.click()

    expect(page.locator(f"{ROW} .subject b")).to_have_text(["Fourth", "Third", "Second"])
    expect(bar).to_have_count(0)


def test_an_untouched_list_shows_new_mail_by_itself(queue: Queue, open_console: Open) -> None:
    sessions_of(queue, "First")
    page = open_console(at(queue))
    expect(page.locator(ROW)).to_have_count(1)
    page.mouse.move(1200, 500)

    (second,) = sessions_of(queue, "Second")
    message_added(second)

    expect(page.locator(f"{ROW} .subject b")).to_have_text(["Second", "First"])
    expect(page.locator(".nav [aria-current=page] .n")).to_contain_text("2")


def test_what_could_not_be_read_is_read_though_the_hand_has_come_meanwhile(
    queue: Queue, open_console: Open
) -> None:
    first, _second = sessions_of(queue, "First", "Second")
    page = open_console(at(queue))
    page.mouse.move(1200, 500)
    page.route("**/desk/sessions/?*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        Session.objects.filter(pk=first.pk).update(status="paused", updated_at=timezone.now())
        say_changed([first])

    page.hover(f"{ROW} >> nth=1")

    expect(page.locator(ROW).nth(1)).to_contain_text("No longer here")


def test_what_came_unheard_under_the_hand_is_there_when_it_has_left(
    house: House, queue: Queue, open_console: Open
) -> None:
    sessions_of(queue, "First")
    page = open_console(at(queue))
    page.hover(ROW)
    sessions_of(queue, "Unheard")
    with page.expect_response("**/desk/rows/?*"):
        hang_up(user_topic(house.alice.user_id))  # whoever has other rights reads all anew

    page.mouse.move(1200, 500)

    expect(page.locator(f"{ROW} .subject b")).to_have_text(["Unheard", "First"])


# ---- keys ------------------------------------------------------------------------------------------


def test_j_and_k_walk_the_conversations_and_keep_the_focus_in_the_list(
    queue: Queue, open_console: Open
) -> None:
    sessions_of(queue, "First", "Second", "Third")
    page = open_console(at(queue))
    expect(page.locator(ROW)).to_have_count(3)
    title = page.locator(".read h1")

    page.keyboard.press("j")
    expect(title).to_have_text("Third")
    page.keyboard.press("j")
    expect(title).to_have_text("Second")
    expect(page.locator(ROW, has_text="Second")).to_be_focused()
    page.keyboard.press("k")
    expect(title).to_have_text("Third")

    page.keyboard.press("Escape")
    expect(title).to_have_count(0)
    expect(page.locator(ROW, has_text="Third")).to_be_focused()
    page.keyboard.press("Enter")
    expect(title).to_have_text("Third")


def test_slash_searches_everywhere_and_escape_leads_back(queue: Queue, open_console: Open) -> None:
    sessions_of(queue, "Unfindable", "Zebra crossing", status="resolved")
    page = open_console(at(queue))

    page.keyboard.press("/")
    page.keyboard.type("zebra")
    expect(page.locator(f"{ROW} .subject b")).to_have_text(["Zebra crossing"])
    expect(page.locator(".list h1")).to_have_text("Results for “zebra”")
    page.keyboard.press("Enter")
    expect(page.locator(ROW)).to_be_focused()

    page.locator("#search").press("Escape")
    page.wait_for_url(re.compile(rf"queue={queue.pk}$"))


def test_a_word_typed_after_a_pause_keeps_its_space(queue: Queue, open_console: Open) -> None:
    sessions_of(queue, "Zebra crossing")
    page = open_console(at(queue))
    page.keyboard.press("/")
    page.keyboard.type("zebra ")
    expect(page.locator(".list h1")).to_have_text("Results for “zebra”")
    page.keyboard.type("crossing")

    expect(page.locator(".list h1")).to_have_text("Results for “zebra crossing”")
    expect(page.locator("#search")).to_have_value("zebra crossing")


def test_help_lists_only_what_is_bound_and_switches_letters_off(
    queue: Queue, open_console: Open
) -> None:
    sessions_of(queue, "First")
    page = open_console(at(queue))

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Next conversation")
    expect(dialog).not_to_contain_text("Snooze")
    page.locator("[data-test=single-keys]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".read h1")).to_have_count(0)

    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator(ROW)).to_have_count(1)
    page.keyboard.press("j")
    expect(page.locator(".read h1")).to_have_count(0)


def test_the_palette_finds_actions_lists_and_sessions(queue: Queue, open_console: Open) -> None:
    (wanted,) = sessions_of(queue, "Quagga")
    page = open_console()

    page.keyboard.press("Control+k")
    page.keyboard.type("unasg")
    expect(page.locator("[data-test=palette-entry][aria-selected=true]")).to_contain_text(
        "Unassigned"
    )
    page.keyboard.press("Enter")
    expect(page.locator(".list h1")).to_have_text("Unassigned")

    page.keyboard.press("Control+k")
    page.keyboard.type("quagga")
    page.locator("[data-test=palette-entry]", has_text="Quagga").click()
    page.wait_for_url(f"**/s/{wanted.public_id}/**")
    expect(page.locator(".read h1")).to_have_text("Quagga")


def test_a_busy_minute_is_few_questions(queue: Queue, open_console: Open) -> None:
    sessions = sessions_of(queue, *(f"Mail {n}" for n in range(20)))
    page = open_console(at(queue))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for session in sessions * 5:
        say_changed([session])
    sessions_of(queue, "The last one")
    message_added(Session.objects.get(subject="The last one"))
    expect(page.locator(ROW).first).to_contain_text("The last one")

    assert len([url for url in asked if "/desk/" in url]) < 30


def test_a_list_that_could_not_be_read_is_read_again(queue: Queue, open_console: Open) -> None:
    sessions_of(queue, "First")
    page = open_console(at(queue))
    page.route("**/desk/sessions/?*", lambda route: route.abort())
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("No connection")
    page.unroute_all()

    page.get_by_role("button", name="Try again").click()

    expect(page.locator(ROW)).to_contain_text("First")


# ---- banners, theme ---------------------------------------------------------------------------------


def test_a_lost_connection_is_said(open_console: Open) -> None:
    page = open_console()
    expect(page.locator("[data-offline]")).to_have_count(0)

    def refuse(route: WebSocketRoute) -> None:
        route.close()

    page.route_web_socket("**/ws/", refuse)
    page.reload()

    expect(page.locator("[data-offline]")).to_contain_text("No connection")


def test_who_is_signed_out_keeps_the_page(queue: Queue, open_console: Open) -> None:
    sessions_of(queue, "First")
    page = open_console(at(queue))
    page.context.clear_cookies(name="sessionid")

    page.get_by_role("button", name="Resolved").click()

    expect(page.locator("[data-signed-out]")).to_contain_text("What you wrote is still here")
    expect(page.locator(".list h1")).to_be_visible()


def test_the_theme_is_shared_with_the_administration(open_console: Open) -> None:
    page = open_console(color_scheme="light")

    page.click(".me summary")
    page.get_by_role("button", name="Dark").click()

    assert page.evaluate("localStorage.getItem('theme')") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_signature_is_written_here(open_console: Open) -> None:
    page = open_console()
    page.click(".me summary")
    page.get_by_role("button", name="Signature and keys").click()

    page.get_by_role("textbox", name="Your signature").fill("Alice, Support")
    page.get_by_role("button", name="Save signature").click()

    expect(page.locator(".toast")).to_contain_text("Signature saved")
    page.click(".me summary")
    page.get_by_role("button", name="Signature and keys").click()
    expect(page.get_by_role("textbox", name="Your signature")).to_contain_text("Alice, Support")


# ---- a phone, and everybody ----------------------------------------------------------------------------


def test_a_signature_that_was_not_saved_comes_back(open_console: Open) -> None:
    page = open_console()
    page.click(".me summary")
    page.get_by_role("button", name="Signature and keys").click()
    page.locator(".settings .editor").click()
    page.keyboard.type("Half a sign")
    page.keyboard.press("Escape")
    expect(page.locator(".settings")).to_have_count(0)

    page.get_by_role("button", name="Go on writing").click()

    expect(page.locator(".settings .editor")).to_contain_text("Half a sign")


def test_a_phone_shows_one_pane_at_a_time(queue: Queue, open_console: Open) -> None:
    sessions_of(queue, "First", "Second")
    page = open_console(at(queue), live=False, viewport=PHONE)
    expect(page.locator(".read")).to_be_hidden()

    page.locator(ROW).first.click()
    expect(page.locator(".read h1")).to_have_text("Second")
    expect(page.locator(".list")).to_be_hidden()
    page.click(".read .phone-only")
    expect(page.locator(ROW).first).to_be_visible()

    page.click(".list-head .phone-only >> nth=0")
    expect(page.locator(".list")).to_be_hidden()
    page.get_by_role("link", name="Unassigned").click()
    expect(page.locator(".list h1")).to_have_text("Unassigned")
    expect(page.locator(".nav")).to_be_hidden()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_in_the_list(
    queue: Queue, open_console: Open, size: dict[str, int]
) -> None:
    sessions_of(queue, "First", "Second", customer_name="Dana Outside")
    page = open_console(at(queue), live=False, viewport=size)
    expect(page.locator(ROW)).to_have_count(2)

    assert list(violations(page)) == []

    page.keyboard.press("?")
    expect(page.locator(".help")).to_be_visible()
    assert list(violations(page)) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.locator(".palette")).to_be_visible()
    assert list(violations(page)) == []


def test_axe_finds_nothing_in_menus_drafts_and_settings(
    house: House, queue: Queue, open_console: Open
) -> None:
    (session,) = sessions_of(queue, "First")
    Draft.objects.create(author=house.alice.user, kind="reply", session=session)
    page = open_console("/?view=drafts", live=False)
    expect(page.locator("[data-test=draft-row]")).to_have_count(1)

    page.keyboard.press("s")
    assert list(violations(page)) == []
    page.keyboard.press("Escape")
    page.click(".me summary")
    assert list(violations(page)) == []
    page.get_by_role("button", name="Signature and keys").click()
    expect(page.get_by_role("textbox", name="Your signature")).to_be_visible()
    assert list(violations(page)) == []


def test_nothing_runs_over_the_side(queue: Queue, open_console: Open) -> None:
    sessions_of(
        queue, "Donaudampfschifffahrtsgesellschaft" * 6, customer="x" * 60 + "@outside.test"
    )
    page = open_console(at(queue), live=False)
    expect(page.locator(ROW)).to_have_count(1)

    assert overflow_at(page, 390, 1024, 1440) == {}
