"""Pages of the admin fit the screens that they are read on."""

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import Open
from tests.people import House

pytestmark = pytest.mark.browser

PAGES = (
    "/admin/",
    "/admin/email/health/",
    "/admin/email/dry-run/",
    "/admin/agents/agent/",
    "/admin/core/user/",
    "/admin/email_channels/quarantinedemail/",
    "/admin/email_channels/ledgercheck/",
    "/admin/email_channels/mailimport/add/",
    "/admin/core/settingschange/",
    "/board/",
    "/",
)


def test_no_page_is_wider_than_the_screen(house: House, open_as: Open) -> None:
    page = open_as(house.admin, "about:blank")
    wide = {}
    for address in PAGES:
        page.goto(address)
        for width in (390, 1024, 1440):
            page.set_viewport_size(ViewportSize(width=width, height=844))
            too_wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if too_wide:
                wide[address, width] = too_wide
    assert wide == {}
