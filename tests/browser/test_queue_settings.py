"""The page of a queue in a real browser, and an automatic answer where agents see it."""

import pytest
from playwright.sync_api import expect

from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one
from apps.queues.models import Queue
from apps.tickets.inbound import take_in
from tests.browser.conftest import PHONE, ROW, Open, overflow
from tests.people import House

pytestmark = pytest.mark.browser

TEXT = "{QUEUE} answers within a day."


def test_the_answer_is_shown_as_it_is_typed(house: House, open_as: Open) -> None:
    page = open_as(house.admin, f"/admin/queues/queue/{house.support.pk}/change/")
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text("No automatic answer is sent")
    page.fill("[name=auto_response_subject]", "We have got your mail [{SESSION_ID}]")
    page.fill("[name=auto_response_text]", TEXT)
    expect(preview).to_contain_text("Support answers within a day.")
    page.fill("[name=hours]", "Mon-Fri 9:00-13:00, 15:00-18:00\nSat ten")
    expect(preview).to_contain_text("Line 2, “Sat ten”")
    page.fill("[name=hours]", "Mon-Fri 9:00-13:00, 15:00-18:00\nSat 10-14")
    page.fill("[name=auto_response_out_of_hours_text]", "We are closed. We open on {OPENS_AT}.")
    expect(preview).to_contain_text("Outside the opening hours")
    page.set_viewport_size(PHONE)
    assert overflow(page) == []
    page.click("[name=_save]")
    page.wait_for_url("**/queue/")
    assert Queue.objects.get(pk=house.support.pk).hours[1] == "Sat 10:00-14:00"


def test_agents_see_an_automatic_answer_as_such(house: House, open_console: Open) -> None:
    Queue.objects.update(auto_response={"from": "", "subject": "Got it", "text": TEXT})
    raw = b"From: ann@outside.test\r\nTo: support@carteria.test\r\nSubject: Parcel\r\n\r\nWhere is it?\r\n"
    receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    page = open_console()
    page.click("text=Support")
    row = page.locator(ROW)
    expect(row).to_contain_text("Where is it?")
    row.click()
    expect(page.locator("[data-test=message]").last).to_contain_text("Automatic answer")
    expect(page.locator("body")).to_contain_text("Where is it?")
