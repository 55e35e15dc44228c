"""No name and no length of an address keeps its domain out of sight."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, ROW, WIDE, Open
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser

LONG = "support.of.carteria.test." * 2 + "care@evil.example"
WARNED = {"level": "warning", "facts": [{"code": "long-address", "domain": "evil.example"}]}
SIZES = [PHONE, {"width": 1024, "height": 844}, WIDE]


def shows_its_end(domain: Locator) -> bool:
    """The letters of the domain lie within what its box and every box around it leave to see."""
    expect(domain).to_be_visible()
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


@pytest.mark.parametrize("size", SIZES)
def test_the_domain_is_seen_in_the_row_the_fold_and_the_mail(
    house: House, open_console: Open, size: dict[str, int]
) -> None:
    session = make_session(house.support, customer=LONG, mailbox=house.mailbox)
    for name in ("", "Carteria Customer Care and Billing", ""):
        make_message(session, from_email=LONG, from_name=name, trust=WARNED)
    page = open_console("/?view=all", viewport=size)

    row = page.locator(ROW)
    assert shows_its_end(row.locator(".address-domain"))
    expect(row.locator("[data-test=row-warns]")).to_be_visible()
    row.click()
    mails = page.locator("[data-test=message] > summary")
    for number in range(3):
        assert shows_its_end(mails.nth(number).locator(".address-domain"))
    page.click("[data-test=reply]")
    assert shows_its_end(page.locator(".recipient .address-domain"))


def test_a_domain_as_long_as_can_be_keeps_its_end(house: House, open_console: Open) -> None:
    address = "a@" + "carteria.test." * 12 + "evil.example"
    session = make_session(house.support, customer=address, mailbox=house.mailbox)
    for _mail in range(2):
        make_message(session, from_email=address, from_name="Care")
    page = open_console(f"/s/{session.public_id}/?view=all")

    assert shows_its_end(page.locator(f"{ROW} .address-domain"))
    page.locator("[data-test=message] > summary").first.click()
    assert shows_its_end(page.locator("[data-test=message] .address-domain").first)
    assert shows_its_end(page.locator("[data-test=message] .address-domain").last)


def test_the_line_says_what_to_do(house: House, open_console: Open) -> None:
    session = make_session(house.support, mailbox=house.mailbox)
    make_message(session, from_email="a@b.test", trust=WARNED)
    page = open_console(f"/s/{session.public_id}/")
    line = page.locator("[data-test=trust]")
    expect(line).to_contain_text("it really ends in @\u2068evil.example\u2069")
    expect(line).to_contain_text("in a way that you know already")
