"""No page of ours does what its policy forbids: Chromium reports nothing, light and dark."""

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from apps.tickets.models import Session
from tests.browser.conftest import Open
from tests.pages import CUSTOM, OWN, STRANGERS, furnish, of_an_administrator, of_an_agent
from tests.people import House

pytestmark = pytest.mark.browser

# Runs before every page's own scripts, in its frames too.
LISTEN = """addEventListener('securitypolicyviolation', event =>
  console.error('violates', event.violatedDirective, event.blockedURI, event.sourceFile))"""


class Watched:
    """A page, and what its policy kept it from."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.violations: list[str] = []
        page.add_init_script(LISTEN)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.violations.append(f"{page.url}: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        text = message.text
        if text.startswith("violates") or "Content Security Policy" in text:
            self.violations.append(f"{self.page.url}: {text[:200]}")

    def walk(self, addresses: list[str]) -> None:
        for address in addresses:
            self.page.goto(address)
        assert self.violations == []


@pytest.fixture
def session(house: House) -> Session:
    return furnish(house)


def test_the_listener_hears(house: House, session: Session, open_as: Open) -> None:
    watched = Watched(open_as(house.alice.user))
    watched.page.goto("/")
    watched.page.evaluate("document.body.insertAdjacentHTML('beforeend', `<p style='x: y'>`)")
    expect(watched.page.locator("p[style]")).to_have_count(1)
    assert any("style-src" in one for one in watched.violations)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_strangers_and_agents(
    house: House, session: Session, open_as: Open, scheme: str
) -> None:
    Watched(open_as(None, "/accounts/login/", color_scheme=scheme)).walk(list(STRANGERS))
    Watched(open_as(house.alice.user, color_scheme=scheme)).walk([*of_an_agent(session), *OWN])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_administrators(
    house: House, session: Session, open_as: Open, scheme: str
) -> None:
    Watched(open_as(house.admin, color_scheme=scheme)).walk(of_an_administrator())


def test_an_agent_at_work(house: House, session: Session, open_as: Open) -> None:
    watched = Watched(open_as(house.alice.user))
    page = watched.page
    page.goto(f"/s/{session.public_id}/")
    expect(page.locator("[data-online]")).to_be_visible()

    page.click("[data-theme-toggle]")
    page.click("[data-test=state-picker] summary")
    page.click("[data-test=state-choice]:not([aria-disabled])")
    page.click("[data-test=reply]")
    page.fill("[data-test=editor]", "It is on its way.")
    page.click("[data-test=send]")

    expect(page.locator("[data-test=message]").nth(2)).to_contain_text("It is on its way.")
    assert watched.violations == []


def test_a_state_of_the_house_has_its_colour(house: House, session: Session, open_as: Open) -> None:
    for user, address in ((house.alice.user, "/"), (house.admin, "/board/")):
        page = open_as(user, address)
        page.goto(address)
        found = page.locator(".colour-5f43b2").first
        assert found.evaluate("box => getComputedStyle(box).getPropertyValue('--c')"), CUSTOM
        assert "#5f43b2" in found.evaluate("box => getComputedStyle(box).getPropertyValue('--c')")


def test_the_admin_at_work(house: House, session: Session, open_as: Open) -> None:
    """Django's widgets: a search in a list of choices, two boxes side by side, a popup, an action."""
    watched = Watched(open_as(house.admin))
    page = watched.page
    page.goto(f"/admin/queues/queue/{house.support.pk}/change/")
    page.locator(".select2-selection").first.click()
    expect(page.locator(".select2-results__option").first).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/admin/agents/team/add/")
    page.goto("/admin/agents/agent/")
    page.locator("input.action-select").first.check()
    page.goto("/board/")
    page.locator("details summary").first.click()

    assert watched.violations == []
