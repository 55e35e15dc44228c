"""The console in a real browser: the way of an agent, and all of it at every width."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from apps.tickets.models import Message, Session
from tests.browser.conftest import PHONE, ROW, Open, overflow, overflow_at, sign_in
from tests.people import House, make_attachment, make_message, make_session

pytestmark = pytest.mark.browser

EDITOR = "[data-test=editor]"
WIDTHS = (390, 1024, 1440)


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(
        house.support, mailbox=house.mailbox, customer_name="Dana Outside", subject="My parcel"
    )
    make_message(session, text="Where is it?\n\nOn Monday you wrote:\n> soon")
    return session


def test_sign_in_list_open_take_reply_with_a_file(
    house: House, session: Session, open_as: Open, tmp_path: Path
) -> None:
    receipt = tmp_path / "receipt.txt"
    receipt.write_text("paid")
    page = open_as()
    sign_in(page, house.alice.user)

    page.click(".nav a[title=Unassigned]")
    page.click(ROW)
    page.click("[data-test=take]")
    expect(page.locator("[data-test=status]")).to_have_attribute("data-status", "active")
    page.click("[data-test=reply]")
    expect(page.locator(EDITOR)).to_be_focused()
    page.keyboard.type("It is on its way.")
    page.set_input_files("[data-test=file-input]", receipt)
    expect(page.locator("[data-uploads] [data-test=verdict]")).to_have_text("Waiting for scan")
    page.click("[data-test=send]")

    answer = page.locator("[data-test=message]").nth(1)
    expect(answer).to_contain_text("It is on its way.")
    expect(answer.locator("[data-test=attachment]")).to_contain_text("receipt.txt")
    expect(answer.locator("[data-test=verdict]")).to_have_text("Waiting for scan")
    sent = Message.objects.get(direction="out")
    assert (sent.author, sent.session.agent) == (house.alice.user, house.alice)


def test_without_a_script_the_page_says_what_it_needs(session: Session, open_console: Open) -> None:
    page = open_console(live=False, java_script_enabled=False)

    said = page.locator("noscript")
    expect(said).to_contain_text("The console needs JavaScript.", use_inner_text=True)


def test_who_took_it_meanwhile_stops_the_answer_and_the_words_stay(
    house: House, session: Session, open_console: Open
) -> None:
    page = open_console(f"/s/{session.public_id}/")
    page.click("[data-test=reply]")
    expect(page.locator(EDITOR)).to_be_focused()
    page.keyboard.type("My words")
    Session.objects.filter(pk=session.pk).update(agent=house.bob, status="active")

    page.click("[data-test=send]")

    expect(page.locator("[data-test=composer-problem]:visible")).to_contain_text("not assigned")
    expect(page.locator(EDITOR)).to_contain_text("My words")
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_runs_over_the_side(
    house: House, session: Session, open_console: Open, language: str
) -> None:
    house.alice.user.language = language
    house.alice.user.save()
    session.subject = "Donaudampfschifffahrtsgesellschaft" * 6
    session.save()
    message = make_message(session, text="https://x.test/" + "a" * 300, html="")
    make_attachment(message, name="n" * 200 + ".pdf", verdict="refused", reason="type-denied")
    page = open_console("/?view=all")
    expect(page.locator(ROW)).to_have_count(1)
    assert overflow_at(page, *WIDTHS) == {}

    page.click(ROW)
    expect(page.locator("[data-test=message]")).to_have_count(2)
    assert overflow_at(page, *WIDTHS) == {}
    page.click("[data-test=reply]")
    expect(page.locator(EDITOR)).to_be_focused()
    for width in WIDTHS:
        assert overflow_at(page, width) == {}
        expect(page.locator("[data-test=send]")).to_be_in_viewport()
    page.goto("/s/none/")
    expect(page.locator("[data-test=problem]")).to_be_visible()
    assert overflow_at(page, *WIDTHS) == {}


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_new_mail_and_the_menu_fit_a_phone(
    house: House, session: Session, open_console: Open, language: str
) -> None:
    house.alice.user.language = language
    house.alice.user.save()
    page = open_console(viewport=PHONE)
    page.click(".list-head .phone-only >> nth=0")
    expect(page.locator(".nav")).to_be_visible()
    assert overflow(page) == []
    page.click(".newmail")
    expect(page.locator(EDITOR)).to_be_visible()
    assert overflow(page) == []
    expect(page.locator("[data-test=send]")).to_be_in_viewport()
