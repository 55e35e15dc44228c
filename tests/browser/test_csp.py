"""No page of ours does what its policy forbids: Chromium reports nothing, light and dark."""

import base64

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from apps.tickets.models import Session
from tests.browser.conftest import Open
from tests.core.test_pictures import plain, saved
from tests.pages import CUSTOM, OWN, STRANGERS, furnish, of_an_administrator, of_an_agent
from tests.people import House

pytestmark = pytest.mark.browser

PARTS = 2  # of the administration's pages
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
            if self.page.locator("#app").count():
                expect(self.page.locator(".me, .nav-foot").first).to_be_attached()
            for scheme in ("dark", "light"):  # what only one of them shows is asked for by then
                self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                self.page.evaluate("document.documentElement.getBoundingClientRect().height")
        assert self.violations == []


@pytest.fixture
def session(house: House) -> Session:
    return furnish(house)


def test_the_listener_hears(house: House, session: Session, open_as: Open) -> None:
    watched = Watched(open_as(house.alice.user, "about:blank"))
    watched.page.goto("/")
    watched.page.evaluate("document.body.insertAdjacentHTML('beforeend', `<p style='x: y'>`)")
    expect(watched.page.locator("p[style]")).to_have_count(1)
    assert any("style-src" in one for one in watched.violations)


def test_pages_of_strangers_and_agents(house: House, session: Session, open_as: Open) -> None:
    Watched(open_as(None, "about:blank")).walk(list(STRANGERS))
    Watched(open_as(house.alice.user, "about:blank")).walk([*of_an_agent(session), *OWN])


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_of_administrators(house: House, session: Session, open_as: Open, part: int) -> None:
    Watched(open_as(house.admin, "about:blank")).walk(of_an_administrator()[part::PARTS])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_agent_at_work(house: House, session: Session, open_console: Open, scheme: str) -> None:
    """Everything that opens is opened, and a mail is written with all that the editor can do."""
    page = open_console("about:blank", live=False, color_scheme=scheme)
    watched = Watched(page)
    page.goto(f"/s/{session.public_id}/")
    expect(page.frame_locator("iframe.mail-frame").locator("b")).to_have_text("it")
    for menu in MENUS:
        page.click(menu)
        page.keyboard.press("Escape")
    page.click("[data-test=history] > summary")
    page.click("[data-test=customer]")
    expect(page.locator("#customer")).to_be_visible()
    for key in ("?", "Control+k"):
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        page.keyboard.press("Escape")

    page.click("[data-test=reply]")
    expect(page.locator(EDITOR)).to_be_focused()
    for pasted in PASTED:
        page.evaluate(PASTE, [*pasted])
    expect(page.locator(f"{EDITOR} img")).to_have_count(1)
    page.click(f"{EDITOR} img")
    page.locator("[data-tool]").first.click()
    page.click("[data-test=add-cc]")
    page.click("[data-test=send]")
    expect(
        page.locator("[data-test=undo-send], [data-test=composer-problem]:visible")
    ).to_be_visible()

    assert watched.violations == []


MENUS = (
    "[data-test=state-picker] > summary",
    ".me > summary",
    ".sort > summary",
    "[data-test=more]",
)
EDITOR = "[data-test=editor]"
PASTE = """([type, words]) => {
  const carried = new DataTransfer();
  if (type.startsWith("text/")) carried.setData(type, words);
  else {
    const bytes = Uint8Array.from(atob(words), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], "photo.png", { type }));
  }
  const event = { clipboardData: carried, bubbles: true, cancelable: true };
  document.querySelector("[data-test=editor]").dispatchEvent(new ClipboardEvent("paste", event));
}"""
# What a stranger's page brings along is blocked where it is cleaned, and so reported: none here.
PASTED = (
    ("text/html", "<p>red <b>bold</b></p><ul><li>point</li></ul>"),
    ("image/png", base64.b64encode(saved(plain(20, 20), "PNG")).decode()),
)


def test_a_state_of_the_house_has_its_colour(house: House, session: Session, open_as: Open) -> None:
    for user, address in ((house.alice.user, "/"), (house.admin, "/board/")):
        page = open_as(user, address)
        found = page.locator(".colour-5f43b2").first
        expect(found).to_contain_text(CUSTOM)
        page.wait_for_function(
            "() => getComputedStyle(document.querySelector('.colour-5f43b2'))"
            ".getPropertyValue('--c').includes('#5f43b2')"
        )


def test_the_admin_at_work(house: House, session: Session, open_as: Open) -> None:
    """Django's widgets: a search in a list of choices, two boxes side by side, a popup, an action."""
    watched = Watched(open_as(house.admin, "about:blank"))
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
