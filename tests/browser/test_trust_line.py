"""No name and no length of an address keeps its domain out of sight."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser

LONG = "support.of.carteria.test." * 2 + "care@evil.example"
WARNED = {"level": "warning", "facts": [{"code": "long-address", "domain": "evil.example"}]}


def shows_its_end(domain: Locator) -> bool:
    """The letters of the domain lie within what its box and every box around it leave to see."""
    answer: bool = domain.evaluate(
        """one => {
          const end = one.firstElementChild.getBoundingClientRect();
          for (let box = one; box; box = box.parentElement)
            if (getComputedStyle(box).overflowX !== "visible" &&
                end.right > box.getBoundingClientRect().right + 1) return false;
          return end.width > 20;
        }"""
    )
    return answer


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_domain_is_seen_in_the_row_the_fold_and_the_mail(
    house: House, open_as: Open, width: int
) -> None:
    session = make_session(house.support, customer=LONG, mailbox=house.mailbox)
    for name in ("", "Carteria Customer Care and Billing", ""):
        make_message(session, from_email=LONG, from_name=name, trust=WARNED)
    page = open_as(house.alice.user, "/", viewport={"width": width, "height": 844})

    row = page.locator("[data-test=session-row]")
    assert shows_its_end(row.locator(".address-domain"))
    expect(row.locator("[data-test=row-warns]")).to_be_visible()
    page.goto(f"/s/{session.public_id}/#read")
    mails = page.locator("[data-test=message] summary")
    for number in range(3):
        assert shows_its_end(mails.nth(number).locator(".address-domain"))
    page.click("[data-test=reply]")
    assert shows_its_end(page.locator(".recipient .address-domain"))


def test_a_domain_as_long_as_can_be_keeps_its_end(house: House, open_as: Open) -> None:
    address = "a@" + "carteria.test." * 12 + "evil.example"
    session = make_session(house.support, customer=address, mailbox=house.mailbox)
    for _mail in range(2):
        make_message(session, from_email=address, from_name="Care")
    page = open_as(house.alice.user, f"/s/{session.public_id}/")

    assert shows_its_end(page.locator("[data-test=session-row] .address-domain"))
    assert shows_its_end(page.locator("[data-test=message] .address-domain").first)
    assert shows_its_end(page.locator("[data-test=message] .address-domain").last)


def test_the_line_says_what_to_do(house: House, open_as: Open) -> None:
    session = make_session(house.support, mailbox=house.mailbox)
    make_message(session, from_email="a@b.test", trust=WARNED)
    page = open_as(house.alice.user, f"/s/{session.public_id}/")
    line = page.locator("[data-test=trust]")
    expect(line).to_contain_text("it really ends in @evil.example")
    expect(line).to_contain_text("in a way that you know already")
