"""The built-in CRM in a real browser: from the console to a ticket, a note, and back."""

import pytest
from playwright.sync_api import Page, expect

from apps.crm.models import Ticket, TicketComment
from apps.crm.posting import post_updates
from apps.crm.updates import Planned, plan
from tests.browser.conftest import PHONE, Open
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser

ROW = "[data-test=ticket-row]"
CUSTOMER = {"CUSTOMER_NAME": "Ana López", "CUSTOMER_EMAIL": "ana@x.test"}


@pytest.fixture
def ticket(house: House) -> Ticket:
    """Of a conversation of Support, with both comments of its first mail."""
    session = make_session(house.support, mailbox=house.mailbox, subject="My parcel")
    mail, key = make_message(session), session.thread.key
    link = f"Email received: http://console.test/e/{mail.pk}/"
    plan(
        [
            Planned(key, "standard", "first", "My parcel", "Queue: Support", facts=CUSTOMER),
            Planned(key, "link", str(mail.pk), "My parcel", link),
        ]
    )
    post_updates([key])
    return Ticket.objects.get(marker=key)


def add_note(page: Page, text: str) -> None:
    page.locator("[data-test=note]").fill(text)
    page.locator("[data-test=add-note]").click()


@pytest.mark.contract("1.3.j")
def test_from_the_console_to_a_ticket_and_its_note(
    house: House, open_as: Open, ticket: Ticket
) -> None:
    page = open_as(house.alice.user)
    page.locator(".nav").get_by_role("link", name="Tickets").click()
    page.locator("[data-test=ticket-search]").fill("lópez")
    page.keyboard.press("Enter")
    page.locator(ROW).click()
    expect(page.locator("h1")).to_have_text("My parcel")
    add_note(page, "She rang: <call back>.")

    expect(page.locator("[data-kind=note]")).to_contain_text("She rang: <call back>.")
    expect(page.locator("[data-kind=note]")).to_contain_text("Alice")


def test_the_keyboard_leads_to_tickets(house: House, open_as: Open, ticket: Ticket) -> None:
    page = open_as(house.alice.user)
    page.wait_for_selector(".nav-list a")
    page.keyboard.press("g")
    page.keyboard.press("t")

    expect(page.locator(ROW)).to_have_count(1)


def test_a_double_click_writes_one_note(house: House, open_as: Open, ticket: Ticket) -> None:
    page = open_as(house.alice.user)
    page.goto(f"/tickets/{ticket.pk}/")
    page.locator("[data-test=note]").fill("Once")
    page.locator("[data-test=add-note]").dblclick(no_wait_after=True)

    expect(page.locator("[data-kind=note]")).to_have_count(1)
    page.go_back()
    page.goto(f"/tickets/{ticket.pk}/")
    expect(page.locator("[data-kind=note]")).to_have_count(1)
    assert TicketComment.objects.filter(kind="note").count() == 1


def test_a_ticket_is_closed_and_opened_again_without_a_script(
    house: House, open_as: Open, ticket: Ticket
) -> None:
    page = open_as(house.alice.user, f"/tickets/{ticket.pk}/", java_script_enabled=False)
    page.locator("[data-test=ticket-move]").click()
    expect(page.locator("[data-test=ticket-status]")).to_have_text("Closed")
    expect(page.locator("[data-test=move]")).to_contain_text("Closed by Alice.")
    page.locator("[data-test=ticket-move]").click()

    expect(page.locator("[data-test=ticket-status]")).to_have_text("Open")
    expect(page.locator("[data-test=move]")).to_have_count(2)


def test_a_link_of_a_comment_leads_to_its_mail(house: House, open_as: Open, ticket: Ticket) -> None:
    page = open_as(house.alice.user, f"/tickets/{ticket.pk}/")
    address = page.locator("[data-kind=link] a").get_attribute("href") or ""
    page.goto(address.removeprefix("http://console.test"))

    expect(page.locator("[data-test=message]").first).to_be_visible()


def test_nothing_stands_out_of_a_phone(house: House, open_as: Open, ticket: Ticket) -> None:
    long = "w" * 400
    plan([Planned(ticket.marker, "copy", "1", "x", f"https://x.test/{long} {long}")])
    post_updates([ticket.marker])
    Ticket.objects.update(subject=long, contact_name=long[:200], contact_email=long[:300])
    page = open_as(house.alice.user, "about:blank", viewport=PHONE)
    for path in ("/tickets/", f"/tickets/{ticket.pk}/", f"/tickets/?q={long[:200]}"):
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], path


def test_what_was_written_stays_when_a_note_is_refused(
    house: House, open_as: Open, ticket: Ticket
) -> None:
    page = open_as(house.alice.user, f"/tickets/{ticket.pk}/")
    page.locator("[data-test=note]").evaluate("field => field.removeAttribute('required')")
    add_note(page, "   ")
    expect(page.locator("[data-test=note-error]")).to_have_text("Note: write something first.")

    add_note(page, "Now.")
    expect(page.locator("[data-kind=note]")).to_contain_text("Now.")
