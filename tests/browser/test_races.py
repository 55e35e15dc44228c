"""Hands that are quicker than the server, and people who share a browser: no word goes astray."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session as SignedIn
from django.db import transaction
from django.db.models import F
from playwright.sync_api import Page, Route, expect

from apps.console.models import Signature
from apps.tickets.models import Draft, Message, Session
from apps.tickets.sessions import say_changed
from tests.browser.conftest import ROW, Open, login_of
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser

EDITOR = "[data-test=editor]"
SAVED = "[data-test=saved]"
TOAST = ".toast"
PROBLEM = {"code": "not-yours", "detail": "This session is closed.", "field": "", "status": 409}


@pytest.fixture
def parcel(house: House) -> Session:
    return begin_session(house, "My parcel")


@pytest.fixture
def page(parcel: Session, open_console: Open) -> Page:
    """Alice has begun to answer."""
    page = open_console(f"/s/{parcel.public_id}/?view=all")
    begin(page)
    return page


def begin_session(house: House, subject: str) -> Session:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox, subject=subject)
    make_message(session)
    with transaction.atomic():
        say_changed([session])  # whoever has the list open hears of it
    return session


def begin(page: Page) -> None:
    page.click("[data-test=reply]")
    expect(page.locator(".composer--open")).not_to_have_attribute("data-draft", "")


def go_to(page: Page, subject: str) -> None:
    page.locator(ROW).filter(has_text=subject).click()
    expect(page.locator(".subject-block h1")).to_have_text(subject)


def is_saved(page: Page) -> None:
    expect(page.locator(SAVED)).to_have_attribute("data-state", "saved")


def attach(page: Page, name: str) -> None:
    file = {"name": name, "mimeType": "text/plain", "buffer": b"paid"}
    page.set_input_files("[data-test=file-input]", [file])
    expect(page.locator("progress")).to_be_visible()


def hold(page: Page, pattern: str) -> list[Route]:
    held: list[Route] = []
    page.route(pattern, lambda route: held.append(route))
    return held


def until(page: Page, is_so: Callable[[], bool]) -> None:
    for _n in range(100):
        if is_so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not happen")


def sent() -> int:
    return Message.objects.filter(direction=Message.Direction.OUT).count()


# ---- Send ----------------------------------------------------------------------------------------


def test_two_mails_wait_for_their_files_and_both_leave(house: House, page: Page) -> None:
    begin_session(house, "Another one")
    held = hold(page, "**/files/?*")
    page.keyboard.type("First.")
    attach(page, "one.txt")
    page.click("[data-test=send]")
    go_to(page, "Another one")
    begin(page)
    page.keyboard.type("Second.")
    attach(page, "two.txt")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=send-not-yet]")).to_be_visible()

    for route in held:
        route.continue_()

    until(page, lambda: sent() == 2)


def test_who_has_gone_on_is_told_that_a_mail_did_not_leave(house: House, page: Page) -> None:
    begin_session(house, "Another one")
    held = hold(page, "**/send/")
    page.keyboard.type("Words.")
    page.click("[data-test=send]")
    go_to(page, "Another one")

    held[0].fulfill(status=409, json=PROBLEM, content_type="application/problem+json")

    expect(page.locator(TOAST)).to_contain_text("was not sent: This session is closed.")
    page.locator(TOAST).get_by_role("button", name="Show it").click()
    expect(page.locator(EDITOR)).to_contain_text("Words.")


def test_a_save_whose_answer_got_lost_does_not_stop_send(page: Page) -> None:
    page.keyboard.type("Words.")
    is_saved(page)
    held = hold(page, "**/desk/drafts/*/")
    page.keyboard.type(" More.")
    until(page, lambda: len(held) == 1)
    held[0].fetch()
    held[0].abort()
    page.click("[data-test=send]")

    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    assert "Words. More." in Message.objects.get(direction="out").text


def test_nothing_is_typed_into_a_mail_that_is_being_sent(page: Page) -> None:
    held = hold(page, "**/send/")
    page.keyboard.type("Words.")
    page.keyboard.press("Control+Enter")
    until(page, lambda: len(held) == 1)
    page.keyboard.type(" Too late.")
    expect(page.locator(EDITOR)).not_to_contain_text("Too late")

    held[0].fulfill(status=409, json=PROBLEM, content_type="application/problem+json")

    expect(page.locator(SAVED)).not_to_have_attribute("data-state", "sending")
    page.locator(EDITOR).press("End")
    page.keyboard.type(" In time.")
    expect(page.locator(EDITOR)).to_contain_text("Words. In time.")


# ---- discard, close, begin anew ------------------------------------------------------------------


def test_discarded_words_do_not_come_back_with_the_next_answer(page: Page) -> None:
    page.keyboard.type("Never mind.")
    is_saved(page)
    page.click("[data-test=discard]")
    begin(page)
    page.keyboard.type("Anew.")
    is_saved(page)

    expect(page.locator(EDITOR)).not_to_contain_text("Never mind.")
    expect(page.locator(TOAST)).to_have_count(0)
    assert Draft.objects.get().text.startswith("Anew.")


def test_closing_and_opening_at_once_keeps_the_second_draft(page: Page) -> None:
    for key in ("Escape", "r", "Escape", "r"):
        page.keyboard.press(key)
    expect(page.locator(".composer--open")).not_to_have_attribute("data-draft", "")
    page.keyboard.type("Still here.")
    is_saved(page)
    page.wait_for_timeout(500)  # whatever was thrown away is gone by now
    page.keyboard.type(" And here.")
    is_saved(page)

    assert Draft.objects.get().text.startswith("Still here. And here.")


def test_words_kept_as_a_new_draft_have_one_signature(
    house: House, parcel: Session, open_console: Open
) -> None:
    Signature.objects.create(user=house.alice.user, html="<p>Alice of Support</p>")
    page = open_console(f"/s/{parcel.public_id}/")
    begin(page)
    page.keyboard.type("Words.")
    is_saved(page)
    Draft.objects.all().delete()
    page.keyboard.type(" More.")

    page.click("[data-test=draft-gone] button")

    is_saved(page)
    assert Draft.objects.get().text.count("Alice of Support") == 1


def test_a_held_key_begins_one_mail(house: House, open_console: Open) -> None:
    page = open_console()
    for _n in range(5):
        page.keyboard.down("c")
    page.keyboard.up("c")
    expect(page.locator(EDITOR)).to_be_visible()

    assert Draft.objects.count() == 1


# ---- two people, one browser ---------------------------------------------------------------------


def test_nothing_of_the_first_user_is_shown_or_saved_for_the_second(
    house: House, page: Page, web: str
) -> None:
    page.keyboard.type("Mine.")
    is_saved(page)
    SignedIn.objects.all().delete()
    page.context.add_cookies([login_of(house.bob.user, web)])
    page.keyboard.type(" Mine, too.")

    expect(page.locator("[data-another-user]")).to_contain_text("Bob is signed in")
    expect(page.locator("main, nav, .toast")).to_have_count(0)
    assert Draft.objects.get().text.startswith("Mine.")
    assert Draft.objects.get().author == house.alice.user

    page.context.add_cookies([login_of(house.alice.user, web)])
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator(EDITOR)).to_contain_text("Mine. Mine, too.")
    is_saved(page)
    assert Draft.objects.get().text.startswith("Mine. Mine, too.")


def test_who_signs_out_leaves_no_words_in_the_tab(page: Page) -> None:
    page.keyboard.type("Mine.")
    page.click(".me summary")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/**")

    assert page.evaluate("Object.keys(sessionStorage).filter((name) => /writing/.test(name))") == []
    assert Draft.objects.get().text.startswith("Mine.")


def test_a_draft_that_another_window_saved_is_not_overwritten(page: Page) -> None:
    """Send says so, as a save would."""
    page.keyboard.type("Mine.")
    is_saved(page)
    Draft.objects.update(html="<p>Theirs.</p>", text="Theirs.", version=F("version") + 1)
    page.click("[data-test=send]")

    expect(page.locator("[data-test=draft-changed]")).to_contain_text("Theirs.")
    assert sent() == 0
