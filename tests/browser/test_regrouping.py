"""Mails that lie in the wrong conversation: moved, split off, joined, and all of it taken back."""

import pytest
from playwright.sync_api import Page, Route, expect

from apps.tickets import search
from apps.tickets.models import Message, Session
from tests.browser.conftest import PHONE, ROW, Open, overflow
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser

MESSAGE = "[data-test=message]"


@pytest.fixture
def parcel(house: House) -> Session:
    """Alice's; its newest mail is about something else."""
    session = make_session(
        house.support, agent=house.alice, status="active", subject="Parcel", mailbox=house.mailbox
    )
    make_message(session, text="Where is it?")
    odd = make_message(session, text="My invoice is wrong.", subject="Invoice")
    placement = {"rule": "our-id", "signals": [], "flags": ["unverified-sender", "subject-changed"]}
    Message.objects.filter(pk=odd.pk).update(placement=placement)
    return session


@pytest.fixture
def invoice(house: House) -> Session:
    session = make_session(house.support, subject="Invoice 7", customer="bea@outside.test")
    search.add([make_message(session, text="Please send it.")])
    return session


def at(session: Session) -> str:
    return f"/s/{session.public_id}/?view=all"


def menu(page: Page, entry: str) -> None:
    """Of the newest mail."""
    page.locator("[data-test=mail-more]").last.click()
    page.click(f"[role=menuitem][data-test={entry}]")


def mails_of(session: Session) -> int:
    return Message.objects.filter(session=session).count()


def test_a_mail_is_moved_where_it_belongs_and_back(
    parcel: Session, invoice: Session, open_console: Open
) -> None:
    page = open_console(at(parcel))
    menu(page, "move")
    page.fill("[data-test=where-words]", "Invoice 7")
    page.fill("[data-test=where-why]", "About the invoice.")
    page.click(f"[data-choice={invoice.public_id}]")
    expect(page.locator(MESSAGE)).to_have_count(1)
    assert mails_of(invoice) == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(MESSAGE)).to_have_count(2)
    assert mails_of(invoice) == 1


def test_a_new_matter_is_split_off_with_one_press(parcel: Session, open_console: Open) -> None:
    page = open_console(at(parcel))
    expect(page.locator("[data-test=place-mark]")).to_have_text(
        ["Unverified sender", "Subject changed"]
    )
    expect(page.locator("[data-test=because]").last).to_contain_text("It answers a mail of ours")
    page.click("[data-test=split-off]")
    expect(page.locator(MESSAGE)).to_have_count(1)
    expect(page.locator(ROW)).to_have_count(2)
    assert Session.objects.latest("pk").subject == "Invoice"


def test_the_history_leads_on_and_back(
    parcel: Session, invoice: Session, open_console: Open
) -> None:
    page = open_console(at(parcel))
    page.keyboard.press("m")
    page.fill("[data-test=where-words]", invoice.public_id)
    page.click(f"[data-choice={invoice.public_id}]")
    expect(page.locator("main.read")).to_have_attribute("data-session", invoice.public_id)
    expect(page.locator(MESSAGE)).to_have_count(3)
    page.click("[data-test=history] > summary")
    page.click(f"[data-test=history] a:has-text('{parcel.public_id}')")
    expect(page.locator("[data-test=went-to]")).to_contain_text(invoice.public_id)
    page.click("[data-test=history] > summary")
    page.click("[data-test=undo-regrouping]")
    expect(page.locator(MESSAGE)).to_have_count(2)
    assert mails_of(invoice) == 1


@pytest.mark.parametrize(("press", "count"), [("join", 3), ("apart", 1)])
def test_a_possible_match_is_joined_or_kept_apart(
    parcel: Session, invoice: Session, open_console: Open, press: str, count: int
) -> None:
    possible = {"thread": parcel.thread.key, "session": parcel.public_id}
    placement = {"rule": "opens-possible", "signals": [], "flags": [], "possible": possible}
    Message.objects.filter(session=invoice).update(placement=placement)
    page = open_console(at(invoice))
    bar = page.locator("[data-test=possible]")
    expect(bar).to_contain_text(f"This may belong to {parcel.public_id} (Parcel,")
    page.click(f"[data-test=possible-{press}]")
    expect(bar).to_have_count(0)
    expect(page.locator(MESSAGE)).to_have_count(count)


def test_joined_mails_are_shown_though_the_news_of_them_overtakes_the_answer(
    parcel: Session, invoice: Session, open_console: Open
) -> None:
    page = open_console(at(parcel))
    page.locator(ROW, has_text="Invoice 7").click()
    expect(page.locator(MESSAGE)).to_have_count(1)
    page.keyboard.press("m")
    page.fill("[data-test=where-words]", parcel.public_id)
    held: list[Route] = []
    page.route("**/merge/", lambda route: held.append(route))
    with page.expect_request("**/merge/"):
        page.click(f"[data-choice={parcel.public_id}]")
    answer = held[0].fetch()
    page.wait_for_timeout(1_000)  # whatever the news has set off is over by now

    held[0].fulfill(response=answer)

    expect(page.locator("main.read")).to_have_attribute("data-session", parcel.public_id)
    expect(page.locator(MESSAGE)).to_have_count(3)


def test_whoever_looks_on_sees_the_mail_go(
    house: House, parcel: Session, invoice: Session, open_console: Open
) -> None:
    """Two at once: one moves it, the other hears who was quicker."""
    mine, other = open_console(at(parcel)), open_console(at(parcel), house.irene)
    menu(mine, "split")
    expect(other.locator(MESSAGE)).to_have_count(1)


def test_a_phone_has_room_for_all_of_it(
    parcel: Session, invoice: Session, open_console: Open
) -> None:
    page = open_console(at(parcel), viewport=PHONE)
    expect(page.locator("[data-test=subject-changed]")).to_be_visible()
    assert overflow(page) == []
    menu(page, "move")
    expect(page.locator("[data-test=where-words]")).to_be_visible()
    assert overflow(page) == []
