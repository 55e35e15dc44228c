"""A forwarded mail proposes who wrote it first; one click makes that person the customer."""

import pytest
from playwright.sync_api import expect

from apps.tickets.models import Session
from tests.browser.conftest import PHONE, WIDE, Open
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser

ANN = {"email": "ann@customer.example", "name": "Ann Miller", "by": "text"}


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "desktop"])
def test_one_click_makes_the_first_writer_the_customer(
    house: House, open_console: Open, size: dict[str, int]
) -> None:
    session = make_session(house.support, customer="bo@helpers.example", mailbox=house.mailbox)
    make_message(session, from_name="Bo Helper", forwarded=ANN)
    page = open_console(f"/s/{session.public_id}/?view=all", viewport=size)

    line = page.locator("[data-test=first-writer]")
    expect(line).to_contain_text("Forwarded by Bo Helper. Original sender: Ann Miller")
    line.locator("[data-test=make-customer]").click()

    expect(line).to_contain_text("Is the customer")
    expect(line.locator("[data-test=make-customer]")).to_have_count(0)
    assert Session.objects.get(pk=session.pk).customer == "ann@customer.example"
