"""WCAG 2.2 AA on all pages, in both languages and themes, wide and on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, WebSocketRoute, expect

from apps.channels.models import ChannelSettings
from apps.console.models import CannedReply, Signature
from apps.core.models import User
from apps.crm.models import Ticket, TicketComment, TicketLink
from apps.tickets import search
from apps.tickets.models import Draft, Session
from apps.tickets.sessions import message_added, say_changed
from config.demo import letters
from config.settings import BASE_DIR
from tests.browser.conftest import PHONE, ROW, WIDE, Open, overflow
from tests.config.demo_house import demo_house
from tests.people import (
    House,
    crm_connection,
    make_attachment,
    make_mailbox,
    make_message,
    make_queue,
    make_session,
    put_in_state,
)

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.config.demo_urls")]

AXE = (BASE_DIR / ".javascript/node_modules/axe-core/axe.min.js").read_text()
FIND = """async ([within, runOnly]) => {
  for (const moving of document.getAnimations()) moving.finish();  // a colour on its way is none yet
  const preload = { assets: ["media"] };  // no rule of these reads the style sheets
  const found = await axe.run(within, { runOnly, preload, resultTypes: ["violations"], iframes: false });
  const popups = [...document.querySelectorAll(".menu")].filter((one) => one.checkVisibility());
  const box = (one) => one.getBoundingClientRect();
  const isBehind = (one) => popups.some((popup) => !popup.contains(one)
    && box(popup).left < box(one).right && box(one).left < box(popup).right
    && box(popup).top < box(one).bottom && box(one).top < box(popup).bottom);
  return found.violations.flatMap(({ id, nodes }) => nodes
    .filter(({ target }) => id !== "target-size" || !isBehind(document.querySelector(target[0])))
    .map(({ target, html }) => `${id}: ${target.join(" ")} ${html.slice(0, 120)}`));
}"""
ALL_RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
THEMES = [("light", ALL_RULES), ("dark", COLOUR_RULES)]

EDITOR = "[data-test=editor]"
HALF = {"width": 720, "height": 450}  # a window of 1440 at 200 %
ANA = "ana@example.com"


# ---- what there is to see ------------------------------------------------------------------------


@pytest.fixture
def seen(house: House) -> dict[str, Any]:
    """Names of what the addresses below speak of."""
    house.support.name = "Support and returns"
    house.support.save()
    parcel = make_session(
        house.support,
        agent=house.alice,
        status="active",
        mailbox=house.mailbox,
        subject="My parcel",
        customer="ana@outside.test",
        customer_name="Ana Ruiz",
    )
    _mails_of(parcel)
    ticket = _ticket_of(parcel)
    _others(house, parcel)
    CannedReply.objects.create(name="Parcel is late", html="<p>Dear {{customer.first_name}},</p>")
    Signature.objects.create(user=house.alice.user, html="<p>Alice</p>")
    make_mailbox("help@carteria.test", queue=house.support)
    layout = make_session(house.support, agent=house.alice, status="active", subject="Layout")
    framed = make_message(
        layout, html='<h3>Sale</h3><p>Words</p><img src="https://x.test/a.png"><p>&gt; old</p>'
    )
    waiting = make_session(house.support, subject="Who takes me?", mailbox=house.mailbox)
    search.add([framed, make_message(waiting)])
    view = parcel.thread.messages.order_by("pk").first()
    assert view
    file = view.files.get(attachment__verdict="clean").attachment_id
    return {
        "parcel": parcel.public_id,
        "layout": layout.public_id,
        "waiting": waiting.public_id,
        "file": file,
        "ticket": ticket.pk,
        "other": house.other.pk,
    }


def _mails_of(session: Session) -> None:
    warned = {"level": "warning", "facts": [{"code": "long-address", "domain": "evil.example"}]}
    first = make_message(
        session, from_name="Ana Ruiz", trust=warned, text="Hello\n\n> old\n> words"
    )
    for verdict, reason in VERDICTS.items():
        name = f"{verdict}.pdf"
        make_attachment(first, name=name, content=name.encode(), verdict=verdict, reason=reason)
    for status in ("sent", "failed", "unknown"):
        make_message(session, direction="out", status=status)
    make_message(session, from_name="Ana Ruiz", text="And?\n\nOn Monday you wrote:\n> soon")
    search.add(list(session.thread.messages.all()))


VERDICTS = {
    "clean": "",
    "waiting": "",
    "refused": "type-denied",
    "infected": "Eicar-Test-Signature",
    "withheld": "encrypted",
}


def _ticket_of(session: Session) -> Ticket:
    key = session.thread.key
    ticket = Ticket.objects.create(marker=key, subject="My parcel")
    TicketLink.objects.create(thread_key=key, connection=crm_connection(), ticket=str(ticket.pk))
    TicketComment.objects.create(ticket=ticket, marker="1", kind="link", text="https://x.test/")
    return ticket


def _others(house: House, session: Session) -> None:
    """An earlier session, one of each status, drafts of two people, and queues in a tree."""
    for status in ("paused", "resolved", "closed"):
        customer: dict[str, Any] = {"customer": session.customer, "customer_name": "Ana Ruiz"}
        make_session(house.support, agent=house.alice, status=status, subject=status, **customer)
    common: dict[str, Any] = {"html": "<p>Half</p>", "text": "Half"}
    Draft.objects.create(author=house.bob.user, session=session, kind="reply", **common)
    Draft.objects.create(author=house.alice.user, kind="new", subject="News", **common)
    make_queue("Support and returns/Second line", members=[house.alice])


# ---- how to get there ----------------------------------------------------------------------------

Step = Callable[[Page], None]


def click(place: str) -> Step:
    return lambda page: page.locator(place).locator("visible=true").first.click()


def press(*keys: str) -> Step:
    def step(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return step


def shows(place: str) -> Step:
    return lambda page: expect(page.locator(place).locator("visible=true").first).to_be_visible()


def fill(place: str, words: str) -> Step:
    return lambda page: page.locator(place).locator("visible=true").first.fill(words)


def key_on(place: str) -> Step:
    """Pressed by a key, as whoever has no mouse does."""
    return lambda page: page.locator(place).locator("visible=true").first.press("Enter")


def gone(place: str) -> Step:
    return lambda page: expect(page.locator(place)).to_have_count(0)


def others_resolve_it(page: Page) -> None:
    """The row stays under the hand until it goes on."""
    session = Session.objects.get(subject="Layout")
    expect(page.locator(f"{ROW}[aria-current=true]")).to_contain_text("Layout")
    Session.objects.filter(pk=session.pk).update(status="resolved")
    say_changed([session])
    expect(page.locator(".row--gone")).to_have_count(1)


def choose_file(page: Page) -> None:
    files: Any = [
        {"name": name, "mimeType": "text/plain", "buffer": name.encode()}
        for name in ("receipt.txt", "stay.txt")
    ]
    page.set_input_files("[data-test=file-input]", files)
    expect(page.locator("[data-uploads] > li")).to_have_count(2)


def switch_channel_off(page: Page) -> None:
    ChannelSettings.objects.update(enabled=False)


def reload(page: Page) -> None:
    page.reload()


def sign_out(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def lose_the_line(page: Page) -> None:
    def refuse(route: WebSocketRoute) -> None:
        route.close()

    page.route_web_socket("**/ws/", refuse)


def be_offline(page: Page) -> None:
    put_in_state(User.objects.get(username="alice").agent, "Offline", present=False)


PANE = "[data-conversation]"
MENU = ".list-head .phone-only >> nth=0"

# name, the address or "" to stay, what is done there, and "wide" or "phone" where it is only there
AGENT: list[tuple[str, str, list[Step], str]] = [
    ("list", "/?view=all", [shows(ROW)], ""),
    ("days", "", [click(".days summary")], ""),
    ("order", "", [press("Escape"), click(".sort summary")], ""),
    ("search", "/?view=all&status=any&q=parcel", [shows(ROW)], ""),
    ("nothing found", "/?view=all&status=any&q=zebra", [shows("[data-test=no-rows]")], ""),
    ("empty list", "/?view=all&status=paused&until=2020-01-01", [shows("[data-test=no-rows]")], ""),
    ("drafts", "/?view=drafts", [shows("[data-test=draft-row]")], ""),
    ("states", "", [press("s"), shows("[data-test=state-choice]")], ""),
    ("navigation", "/?view=mine", [click(MENU), shows(".nav")], "phone"),
    ("me", "", [click(".me summary"), shows(".me .menu")], ""),
    ("help", "/?view=mine", [shows(ROW), press("?"), shows(".help")], ""),
    ("palette", "", [press("Escape", "Control+k"), shows(".palette")], ""),
    (
        "palette finds",
        "",
        [fill(".palette input", "parcel"), shows(".palette-list .menu-item")],
        "",
    ),
    ("palette: nothing", "", [fill(".palette input", "zzzz"), shows(".palette-none")], ""),
    ("unread mail", "/s/{waiting}/?view=all", [shows("[data-test=take]")], ""),
    ("conversation", "/s/{parcel}/?view=all", [shows(PANE)], ""),
    ("all mails", "", [click(".msg >> nth=0"), shows("[data-test=trust]"), click(".fold")], ""),
    ("history", "", [click(".history summary")], ""),
    ("customer", "", [click("[data-test=customer]"), shows(".customer h3")], ""),
    ("more", "", [click("[data-test=more]"), shows("[role=menu]")], ""),
    ("transfer", "", [press("Escape", "t"), shows(".chooser")], ""),
    ("frame", "/s/{layout}/?view=all", [shows("iframe.mail-frame")], ""),
    ("reply", "/s/{parcel}/?view=mine", [shows(PANE), press("r"), shows(EDITOR)], ""),
    ("copies", "", [click("[data-test=add-cc]"), click("[data-test=add-bcc]")], ""),
    ("subject", "", [click("[data-test=edit-subject]")], ""),
    ("files", "", [choose_file], ""),
    ("canned", "", [click("[data-test=canned]"), shows("[data-test=canned-reply]")], ""),
    ("plain", "", [press("Escape"), click("[data-test=plain]"), shows(f"textarea{EDITOR}")], ""),
    ("error", "", [fill("[data-test=to-input]", "nobody"), click("[data-test=send]")], ""),
    ("send menu", "", [click("[data-test=send-more]"), shows(".send-more .menu")], ""),
    ("forward", "/s/{waiting}/?view=all", [shows(PANE), press("f"), shows(EDITOR)], ""),
    (
        "undo",
        "",
        [
            fill("[data-test=to-input]", "boss@outside.test"),
            press("Enter", "Control+Enter"),
            shows("[data-test=undo-send]"),
        ],
        "",
    ),
    ("new mail", "/?view=all", [shows(ROW), press("c"), shows("[data-test=queue]")], ""),
    ("account menu", "/?view=all", [shows(ROW)], "wide"),
    ("account menu", "/?view=all", [click(MENU)], "phone"),
    ("signature", "", [click(".me summary"), click(".me .menu li:nth-child(3) button")], ""),
    ("no such session", "/s/none/", [shows("[data-test=problem]")], ""),
    ("account", "/accounts/", [], ""),
    ("password", "/accounts/password/change/", [], ""),
    ("second factor", "/accounts/2fa/", [], ""),
    ("second factor on", "/accounts/2fa/totp/activate/", [], ""),
    ("sign-ins", "/accounts/sessions/", [], ""),
    ("tickets", "/tickets/", [], ""),
    ("no tickets", "/tickets/?q=nowhere", [], ""),
    ("ticket", "/tickets/{ticket}/", [], ""),
    ("file", "/files/{file}/", [], ""),
    ("not found", "/files/0/", [], ""),
    ("asked", "/?view=all", [be_offline, reload, shows("[data-test=state-ask]")], ""),
    (
        "channel off",
        "/?view=all",
        [switch_channel_off, reload, shows("[data-test=channel-off]")],
        "",
    ),
    ("no line", "", [lose_the_line, reload, shows("[data-offline]")], ""),
    ("signed out", "", [sign_out, press("g", "d"), shows("[data-signed-out]")], ""),
]
ADMIN: list[tuple[str, str, list[Step], str]] = [
    (path, path, [], "")
    for path in (
        "/admin/",
        "/admin/console/cannedreply/",
        "/admin/console/cannedreply/add/",
        "/admin/console/signature/",
        "/admin/console/signature/add/",
        "/admin/email/dry-run/",
        "/admin/email/health/",
        "/admin/email/replay/?run=1",
        "/admin/email/setup/",
        "/admin/email/setup/account/",
        "/board/",
        "/?view=mine",
    )
] + [("assign", "/s/{parcel}/", [shows(PANE), press("a"), shows("[data-choice]")], "")]
NOBODY: list[tuple[str, str, list[Step], str]] = [
    ("sign in", "/accounts/login/", [], ""),
    (
        "wrong",
        "",
        [
            fill("[name=login]", "x"),
            fill("[name=password]", "x"),
            press("Enter"),
            shows("#sign-in-error"),
        ],
        "",
    ),
    ("forgotten", "/accounts/password/reset/", [], ""),
    ("forgotten, done", "/accounts/password/reset/done/", [], ""),
    ("people", "/demo/", [], ""),
    ("new mail", f"/demo/{ANA}/?new=1&name=Ana", [], ""),
    ("mailbox", f"/demo/{ANA}/", [], ""),
]


def violations(page: Page, language: str = "en", *, within: str = "html") -> Iterator[str]:
    """All rules in the light; those about colours in the dark, too, where another language would
    show the same colours once more."""
    for theme, rules in THEMES if language == "en" else THEMES[:1]:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE)
        for found in page.evaluate(FIND, [within, rules]):
            yield f"{theme} {found}"


def walk(page: Page, states: list[Any], seen: dict[str, Any], language: str) -> Iterator[str]:
    size = "phone" if page.viewport_size == PHONE else "wide"
    for name, path, steps, only in states:
        if only not in ("", size):
            continue
        if path:
            page.goto(path.format(**seen))
        for step in steps:
            step(page)
        for found in violations(page, language):
            yield f"{name}: {found}"


@pytest.mark.parametrize(
    ("size", "language"),
    [
        pytest.param(WIDE, "en", id="wide-en"),
        pytest.param(PHONE, "es", id="phone-es"),
        pytest.param(WIDE, "es", id="wide-es", marks=pytest.mark.long),
        pytest.param(PHONE, "en", id="phone-en", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_on_any_page(
    house: House,
    seen: dict[str, Any],
    open_as: Open,
    tmp_path: Path,
    settings: Any,
    size: dict[str, int],
    language: str,
) -> None:
    User.objects.update(language=language)
    profile: dict[str, Any] = {"viewport": size, "locale": language}
    found = list(walk(open_as(house.alice.user, "about:blank", **profile), AGENT, seen, language))
    found += walk(open_as(house.admin, "about:blank", **profile), ADMIN, seen, language)
    with demo_house(tmp_path) as demo:
        settings.DATA_DIR, settings.DEMO_SMTP = tmp_path, f"127.0.0.1:{demo.smtp}"
        text, sender = "Here it is.", "Almena <support@almena.test>"
        demo.post.deliver(
            ANA,
            letters.compose(
                sender=sender,
                to=ANA,
                subject="Hi",
                text=text,
                html=f"<p>{text}</p>",
                message_id="1",
            ),
        )
        found += walk(open_as(None, "about:blank", **profile), NOBODY, seen, language)
    assert not found, f"{len(found)} violations:\n" + "\n".join(found)


# ---- the focus -----------------------------------------------------------------------------------

# What takes away the place that has the focus: how to get there, and what is pressed then.
LOSSES: list[tuple[str, str, list[Step]]] = [
    ("help is closed", "/?view=all", [shows(ROW), press("j", "?"), press("Escape")]),
    ("palette is closed", "", [press("Control+k"), press("Escape")]),
    ("customer is closed", "/s/{parcel}/?view=all", [shows(PANE), click("[data-test=customer]")]),
    ("its close button", "", [shows(".customer h3"), key_on(".customer header button")]),
    ("more is closed", "", [key_on("[data-test=more]"), press("Escape")]),
    ("chooser is closed", "", [key_on("[data-test=transfer]"), shows(".chooser"), press("Escape")]),
    ("settings", "", [key_on(".me summary"), key_on(".me .menu li:nth-child(3) button")]),
    ("settings are closed", "", [shows(".settings"), press("Escape")]),
    ("taken", "/s/{waiting}/?view=unassigned", [shows(PANE), key_on("[data-test=take]")]),
    ("its button went", "", [gone("[data-test=take]")]),
    ("said", "", [key_on(".toast button")]),
    ("resolved", "", [key_on("[data-test=resolve]"), gone("[data-test=resolve]")]),
    ("pictures", "/s/{layout}/?view=all", [shows(PANE), key_on(".frame-tools button")]),
    ("they are shown", "", [gone(".frame-tools")]),
    ("composer is closed", "/s/{parcel}/?view=all", [shows(PANE), press("r"), shows(EDITOR)]),
    ("closed", "", [press("Escape"), gone(EDITOR)]),
    ("discarded", "", [press("r"), shows(EDITOR), key_on("[data-test=discard]"), gone(EDITOR)]),
    ("sent", "", [press("r"), shows(EDITOR), press("a", "b", "Control+Enter"), gone(EDITOR)]),
    ("called back", "", [key_on("[data-test=undo]"), shows(EDITOR)]),
    ("search is cleared", "/?view=all&q=parcel", [shows(ROW), key_on(".list-search button")]),
    (
        "row goes",
        "/?view=all",
        [shows(ROW), press("j", "j"), others_resolve_it, press("k"), gone(".row--gone")],
    ),
]
HAS_FOCUS = """() => {
  const one = document.activeElement;
  return one && one !== document.body && one.checkVisibility();
}"""


def test_the_focus_is_never_lost(seen: dict[str, Any], open_console: Open) -> None:
    page = open_console("about:blank", live=False)
    lost = []
    for name, path, steps in LOSSES:
        if path:
            page.goto(path.format(**seen))
        for step in steps:
            step(page)
        page.wait_for_timeout(150)
        try:
            page.wait_for_function(HAS_FOCUS, timeout=5_000)
        except TimeoutError:
            lost.append(name)
    assert lost == []


REGIONS = [".skip", ".strips", ".nav", ".list", ".composer", ".read", ".toasts"]
STOP = f"""() => {{
  const one = document.activeElement;
  one.dataset.reached = "yes";
  return {REGIONS}.find((region) => one.closest(region)) ?? one.tagName;
}}"""
MISSED = """() => [...document.querySelectorAll(
    "a[href], button:not(:disabled), input:not([type=hidden]), select, textarea, summary, iframe")]
  .filter((one) => one.tabIndex >= 0 && !one.dataset.reached && one.checkVisibility())
  .map((one) => one.outerHTML.slice(0, 120))"""


def test_tab_reaches_everything_in_the_order_of_the_page(
    seen: dict[str, Any], open_console: Open
) -> None:
    page = open_console(f"/s/{seen['parcel']}/?view=all")
    shows(PANE)(page)
    press("r")(page)
    shows(EDITOR)(page)
    page.evaluate("document.activeElement.blur()")
    page.evaluate("document.body.tabIndex = -1, document.body.focus()")

    order: list[str] = []
    for _stop in range(120):
        page.keyboard.press("Tab")
        region = page.evaluate(STOP)
        if region == "BODY" or (region == ".skip" and len(order) > 1):
            break
        if order[-1:] != [region]:
            order.append(region)

    assert page.evaluate(MISSED) == []
    assert order == [".skip", ".nav", ".list", ".read", ".composer"]


def test_the_skip_links_lead_past_the_navigation(seen: dict[str, Any], open_console: Open) -> None:
    page = open_console(f"/s/{seen['parcel']}/?view=all")
    shows(PANE)(page)
    for presses, place in ((1, ROW), (2, PANE)):
        page.evaluate("document.body.tabIndex = -1, document.body.focus()")
        press(*["Tab"] * presses, "Enter")(page)
        expect(page.locator(f"{place}:focus")).to_have_count(1)


# ---- sizes, motion, keys -------------------------------------------------------------------------

SMALL = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((one) => one.checkVisibility() && !one.matches("p a, label input, .skip, .facts a"))
  .filter((one) => { const { width, height } = one.getBoundingClientRect();
                     return width < 23.9 || height < 23.9; })
  .map((one) => one.outerHTML.slice(0, 120))"""
MOVES = """() => [...document.querySelectorAll("*")].filter((one) => ["", "::before", "::after"]
    .some((part) => {
      const style = getComputedStyle(one, part || null);
      const lasts = (of) => of.split(",").some((time) => parseFloat(time) > 0.001);
      return lasts(style.transitionDuration)
        || (style.animationName !== "none" && lasts(style.animationDuration));
    })).map((one) => one.outerHTML.slice(0, 120))"""
BUSY: list[tuple[str, str, list[Step]]] = [
    ("list", "/?view=all", [shows(ROW)]),
    ("conversation", "/s/{parcel}/?view=all", [shows(PANE), click(".msg >> nth=0")]),
    ("composer", "", [press("r"), shows(EDITOR), choose_file]),
    ("sent", "", [click(EDITOR), press("a", "Control+Enter"), shows("[data-test=undo-send]")]),
    ("new mail", "/?view=all", [shows(ROW), press("c"), shows("[data-test=queue]")]),
    ("help", "/?view=all", [shows(ROW), press("?"), shows(".help")]),
]


@pytest.mark.parametrize("size", [WIDE, HALF, PHONE], ids=["wide", "half", "phone"])
def test_targets_are_large_enough_nothing_overflows_and_nothing_moves(
    seen: dict[str, Any], open_console: Open, size: dict[str, int]
) -> None:
    page = open_console("about:blank", live=False, viewport=size, reduced_motion="reduce")
    wrong = {}
    for name, path, steps in BUSY:
        if path:
            page.goto(path.format(**seen))
        for step in steps:
            step(page)
        found = {
            "small": page.evaluate(SMALL),
            "wide": overflow(page),
            "moving": page.evaluate(MOVES),
        }
        wrong.update({f"{name}, {what}": ones for what, ones in found.items() if ones})
    assert wrong == {}


def test_without_single_letters_no_letter_does_anything(
    house: House, seen: dict[str, Any], open_console: Open
) -> None:
    User.objects.update(single_keys=False)
    page = open_console(f"/s/{seen['parcel']}/?view=all")
    shows(PANE)(page)
    before = page.url
    for key in "jkxu/?crfntaelpszmhgidb":
        page.keyboard.press(key)
    page.wait_for_timeout(300)

    assert page.url == before
    for opened in ("dialog", EDITOR, "details.menu-button[open]", ".toast", "#search:focus"):
        expect(page.locator(opened)).to_have_count(0)
    assert Session.objects.get(public_id=seen["parcel"]).status == "active"
    page.keyboard.press("Control+k")
    shows(".palette")(page)


# ---- what is read aloud --------------------------------------------------------------------------


def test_what_happens_elsewhere_on_the_page_is_read_aloud(
    house: House, seen: dict[str, Any], open_console: Open
) -> None:
    page = open_console(f"/s/{seen['parcel']}/?view=all")
    shows(PANE)(page)
    page.hover(ROW)
    newer = make_session(house.support, subject="Newer")
    search.add([make_message(newer)])
    message_added(newer)
    expect(aloud(page, "[data-newer]")).to_have_text("1 newer session: show")

    press("r")(page)
    shows(EDITOR)(page)
    page.keyboard.type("Here it is.")
    expect(aloud(page, ".composer-head .sr-only")).to_have_text("Draft saved")
    choose_file(page)
    expect(aloud(page, "[data-files-said]")).not_to_be_empty()
    click("[data-test=send]")(page)
    expect(aloud(page, ".toasts")).to_contain_text("Sending to Ana Ruiz")


def aloud(page: Page, place: str) -> Locator:
    return page.locator(f"{place}:is([role=status], [role=alert], [aria-live=polite])")
