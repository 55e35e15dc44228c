"""Quoted text in a real frame: folded, opened by a click or a key, and the frame grows with it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE, Open
from tests.core.quote_samples import OUTLOOK
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("by", "size"), [("mouse", WIDE), ("keys", PHONE)])
def test_a_quote_opens_and_the_frame_grows(
    house: House, open_console: Open, by: str, size: dict[str, int]
) -> None:
    session = make_session(house.support)
    make_message(session, html=OUTLOOK)
    page = open_console(f"/s/{session.public_id}/", viewport=size)
    outside, mail = page.locator("iframe.mail-frame"), page.frame_locator("iframe.mail-frame")
    fold = mail.locator("details.quoted > summary")
    expect(mail.get_by_text("own answer")).to_be_visible()
    expect(mail.get_by_text("old words")).to_be_hidden()
    expect(fold).to_have_text("Show quoted text, 6 lines", use_inner_text=True)
    before = outside.evaluate("frame => frame.getBoundingClientRect().height")

    fold.click() if by == "mouse" else fold.press("Enter")

    expect(mail.get_by_text("old words")).to_be_visible()
    expect(fold).to_have_text("Hide quoted text", use_inner_text=True)
    page.wait_for_function(
        "before => document.querySelector('iframe.mail-frame').getBoundingClientRect().height"
        " > before + 60",
        arg=before,
    )


def test_a_quote_of_a_plain_mail_opens_with_one_click(house: House, open_console: Open) -> None:
    session = make_session(house.support)
    make_message(
        session, text="own answer\n\nOn Monday, Bob wrote:\n> old words\n\nsecond answer\n"
    )
    page = open_console(f"/s/{session.public_id}/")
    expect(page.get_by_text("own answer").last).to_be_visible()
    expect(page.get_by_text("second answer").last).to_be_visible()
    old = page.locator("details.quoted .quote")
    expect(old).to_be_hidden()
    page.click("details.quoted > summary")
    expect(old).to_contain_text("> old words")
    expect(old).to_be_visible()
