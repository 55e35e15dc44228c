"""Settings > Email > CRM in a real browser: what is typed shows at once what comes of it."""

import pytest
from playwright.sync_api import Page, expect

from apps.crm.models import CrmConnection, CrmSettings, TicketLink, TicketUpdate
from apps.crm.updates import Planned, plan
from tests.browser.conftest import PHONE, Open
from tests.people import House, crm_connection, make_message, make_session

pytestmark = pytest.mark.browser

SETTINGS = "/admin/crm/crmsettings/1/change/"
CONNECTIONS = "/admin/crm/crmconnection/"


@pytest.fixture
def rt(house: House) -> CrmConnection:
    crm_connection()
    return CrmConnection.objects.create(
        kind="rt", url="https://rt.example.com", fields={"Team": "{QUEUE}"}
    )


def test_comments_follow_the_choice_before_anybody_saves(house: House, open_as: Open) -> None:
    crm_connection()
    session = make_session(house.support)
    make_message(session, text="It is blue.")
    page = open_as(house.admin, SETTINGS)
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text(f"Session ID: {session.public_id}")
    expect(preview).not_to_contain_text("It is blue.")
    page.select_option("[name=language]", "es")
    expect(preview).to_contain_text(f"ID de sesión: {session.public_id}")
    page.check("[name=content_copy]")
    expect(preview).to_contain_text("It is blue.")
    assert CrmSettings.load().language == "en"


def test_another_session_is_shown_by_its_id(house: House, open_as: Open) -> None:
    crm_connection()
    first, _second = make_session(house.support), make_message(make_session(house.support))
    make_message(first)
    page = open_as(house.admin, SETTINGS)
    page.fill("[name=session]", first.public_id)
    page.press("[name=session]", "Enter")
    expect(page.locator("[data-preview]")).to_contain_text(f"Session ID: {first.public_id}")
    expect(page).to_have_url(page.url)
    page.fill("[name=session]", "E9")
    expect(page.locator("[data-preview]")).to_contain_text("There is no session E9.")


def test_ticket_fields_are_filled_in_while_they_are_typed(
    house: House, rt: CrmConnection, open_as: Open
) -> None:
    plan([Planned("T1", "standard", "first", "Parcel", "x", facts={"QUEUE": "<b>Mail</b>"})])
    page = open_as(house.admin, f"{CONNECTIONS}{rt.pk}/change/")
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text("<b>Mail</b>")
    page.fill("[name=fields_of_ticket]", "Team = {QUEUE}, again\nBad = {X}")
    expect(preview).to_contain_text("Line 2: {X} is no merge field")
    page.fill("[name=fields_of_ticket]", "Team = {QUEUE}, again")
    expect(preview).to_contain_text("<b>Mail</b>, again")


def test_a_connection_becomes_the_present_one_in_two_presses(
    house: House, rt: CrmConnection, open_as: Open
) -> None:
    page = open_as(house.admin, f"{CONNECTIONS}{rt.pk}/change/")
    page.get_by_role("link", name="Make it the present one…").click()
    expect(page.locator("#content")).to_contain_text(
        "New conversations get their ticket in Request Tracker, rt.example.com."
    )
    page.get_by_role("button", name="Make it the present one").click()
    expect(page.locator(".messagelist")).to_contain_text("New conversations get their ticket")
    assert CrmSettings.load().connection == rt


def test_an_entry_is_left_out_after_a_question(house: House, open_as: Open) -> None:
    crm_connection()
    plan([Planned("T1", "link", "1", "Parcel", "text")])
    TicketUpdate.objects.update(status="failed", error="The ticket is locked.")
    page = open_as(house.admin, "/admin/crm/ticketupdate/")
    page.check("[name=_selected_action]")
    page.select_option("[name=action]", "leave_out")
    page.get_by_role("button", name="Go").click()
    expect(page.locator("#content")).to_contain_text("The ticket is locked.")
    page.get_by_role("button", name="Leave out").click()
    expect(page.locator(".messagelist")).to_contain_text("1 update is left out.")
    assert TicketUpdate.objects.get().status == "skipped"


def test_a_supervisor_rebuilds_the_comments_from_the_menu(house: House, open_console: Open) -> None:
    session = make_session(house.support)
    make_message(session)
    key = session.thread.key
    former = [{"ticket": "6", "url": "https://rt.x/6", "at": "", "why": "It was deleted."}]
    TicketLink.objects.create(
        thread_key=key, connection=crm_connection(), ticket="7", former=former
    )
    TicketUpdate.objects.create(thread_key=key, kind="link", key="1", text="x", status="posted")
    page = open_console(f"/s/{session.public_id}/", house.irene)
    expect(page.locator("[data-test=former]")).to_contain_text("Ticket 6")
    page.click("[data-test=more]")
    page.click("[data-test=rebuild]")
    expect(page.locator("[data-test=mirror]")).to_have_attribute("data-state", "behind")
    expect(page.get_by_text("1 comment of the ticket is looked through")).to_be_visible()


def test_no_page_of_the_crm_is_wider_than_a_phone(
    house: House, rt: CrmConnection, open_as: Open
) -> None:
    plan([Planned("T1", "link", "1", "Parcel", "text")])
    TicketUpdate.objects.update(status="failed", error="A long reason. " * 20)
    page = open_as(house.admin, "about:blank", viewport=PHONE)
    assert {address: wide for address in pages(rt) if (wide := too_wide(page, address))} == {}


def pages(rt: CrmConnection) -> list[str]:
    one = f"{CONNECTIONS}{rt.pk}/"
    outbox = "/admin/crm/ticketupdate/"
    update = TicketUpdate.objects.get().pk
    return [
        SETTINGS,
        "/admin/email/crm/preview/",
        CONNECTIONS,
        f"{CONNECTIONS}add/",
        f"{CONNECTIONS}add/?kind=rt",
        f"{one}change/",
        f"{one}present/",
        outbox,
        f"{outbox}{update}/change/",
    ]


def too_wide(page: Page, address: str) -> int:
    page.goto(address)
    wide: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wide
