"""The own state in a real browser: live, by keyboard, on a phone, and when a sign-in ends."""

from datetime import timedelta

import pytest
import requests
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from apps.agents import states
from apps.agents.models import AgentState
from apps.channels.models import ChannelSettings
from apps.core import logins
from apps.core.live import hang_up, user_topic
from apps.tickets.assignment import assign_waiting
from tests.browser.conftest import PHONE, ROW, Open
from tests.people import House, make_message, make_queue, make_session, put_in_state, token_of

pytestmark = pytest.mark.browser

AT_ONCE = 1_000  # ms
CURRENT = "[data-test=state-current]"
PICKER = "[data-test=state-picker]"
EDITOR = "[data-test=editor]"


def pick(page: Page, state: str) -> None:
    page.click(f"{PICKER} > summary")
    page.click(f"{PICKER} [value='{state}']")


def api(web: str, house: House, path: str, who: str = "irene", **body: str) -> None:
    headers = token_of(getattr(house, who), "read", "write", "events")
    answer = requests.post(f"{web}/api/v1/{path}", json=body, headers=headers, timeout=10)
    assert answer.ok, answer.text


@pytest.fixture
def alice(house: House, open_console: Open) -> Page:
    """In-Email at the list, with an open socket."""
    # Committed step by step, the house left her no queue for a moment, and so not In-Email.
    put_in_state(house.alice, "In-Email")
    return open_console()


@pytest.fixture
def writing(house: House, alice: Page) -> Page:
    """Alice, in the middle of a sentence."""
    session = make_session(house.support, mailbox=house.mailbox, customer_name="Dana")
    make_message(session)
    alice.goto(f"/s/{session.public_id}/")
    alice.click("[data-test=reply]")
    expect(alice.locator(EDITOR)).to_be_focused()
    alice.keyboard.type("Half a sente")
    return alice


@pytest.mark.contract("1.2.h")
def test_an_override_shows_within_a_second_and_says_who_and_why(
    house: House, alice: Page, web: str
) -> None:
    path = f"agents/{house.alice.pk}/state/"

    api(web, house, path, state="Break", reason="Phones are down")

    expect(alice.locator(CURRENT)).to_have_text("Break", timeout=AT_ONCE)
    told = alice.locator(".nav [data-test=state-told]")
    expect(told).to_contain_text("Set by Irene")
    expect(told).to_contain_text("Phones are down")


@pytest.mark.contract("1.2.g")
def test_a_call_covers_the_chosen_state_and_lifts_again(
    house: House, alice: Page, web: str
) -> None:
    current = alice.locator(CURRENT)
    call = {"agent": "alice", "session": "call-1"}

    api(web, house, "agent-events/", "robot", event="enter_call", **call)
    expect(current).to_have_text("In-Call", timeout=AT_ONCE)
    expect(alice.locator("[data-test=state-then]")).to_have_text(", then In-Email")

    api(web, house, "agent-events/", "robot", event="leave_call", **call)
    expect(current).to_have_text("In-Email", timeout=AT_ONCE)


def test_a_choice_leaves_the_open_editor_alone(house: House, writing: Page) -> None:
    pick(writing, "Break")

    expect(writing.locator(CURRENT)).to_have_text("Break")
    expect(writing.locator(EDITOR)).to_contain_text("Half a sente")
    assert AgentState.objects.get(agent=house.alice).source == "console"


@pytest.mark.contract("1.2.b")
def test_in_email_is_grey_with_the_reason_while_the_channel_is_off(
    house: House, open_console: Open
) -> None:
    put_in_state(house.alice, "Break")
    ChannelSettings.objects.update(enabled=False)
    page = open_console()

    page.keyboard.press("s")
    option = page.locator(f"{PICKER} [value='In-Email']")
    expect(option).to_contain_text("The email channel is switched off.")
    expect(option).to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-test=channel-off]")).to_be_visible()
    option.click(force=True)
    page.click(f"{PICKER} [value=Available]")

    expect(page.locator(CURRENT)).to_have_text("Available")


@pytest.mark.contract("1.2.b")
def test_a_refusal_is_said_in_place(house: House, open_console: Open) -> None:
    put_in_state(house.alice, "Break")
    page = open_console()
    page.click(f"{PICKER} > summary")
    ChannelSettings.objects.update(enabled=False)

    page.click(f"{PICKER} [value='In-Email']")

    expect(page.locator(".toast")).to_contain_text("The email channel is switched off.")
    expect(page.locator(CURRENT)).to_have_text("Break")


@pytest.mark.contract("1.1.b", "1.2.c")
def test_the_open_console_and_a_click_on_in_email_bring_mail(
    house: House, open_console: Open
) -> None:
    queue = make_queue("Fast", routing="automatic", members=[house.alice])
    put_in_state(house.alice, "Available", present=False)
    page = open_console()
    waiting = make_session(queue, subject="Who takes me?")
    assert waiting.agent is None

    pick(page, "In-Email")
    expect(page.locator(CURRENT)).to_have_text("In-Email")
    assign_waiting(queue)  # as the worker does that the choice has woken; here there is none

    row = page.locator(ROW, has_text="Who takes me?")
    expect(row.locator("[title='Alice (you)']")).to_be_visible()


@pytest.mark.contract("1.2.i")
def test_who_comes_back_is_asked_and_answers_by_a_click(house: House, open_console: Open) -> None:
    page = open_console()
    page.goto("about:blank")
    long_ago = timezone.now() - timedelta(minutes=11)
    AgentState.objects.update(seen_at=long_ago, chosen_at=long_ago, present_until=None)

    page.goto("/")
    ask = page.locator("[data-test=state-ask]")
    expect(ask).to_contain_text("You are offline. The console was closed for too long.")
    expect(page.locator(CURRENT)).to_have_text("Offline")
    ask.get_by_role("button", name="Available", exact=True).click()

    expect(ask).to_have_count(0)
    expect(page.locator(CURRENT)).to_have_text("Available")


def test_a_sign_in_that_was_ended_is_said_and_the_words_stay(house: House, writing: Page) -> None:
    (login,) = logins.logins_of(house.alice.user)

    logins.end_login(house.alice.user, login.pk)

    expect(writing.locator("[data-signed-out]")).to_be_visible(timeout=3_000)
    expect(writing.locator("[data-signed-out] a")).to_have_attribute("target", "_blank")
    expect(writing.locator(EDITOR)).to_contain_text("Half a sente")
    writing.keyboard.type("nce")
    expect(writing.locator(EDITOR)).to_contain_text("Half a sentence")


def test_after_a_dropped_socket_the_stored_state_shows(house: House, alice: Page) -> None:
    """What was pushed meanwhile is lost: the page reads it when it is connected again."""
    alice.evaluate("window.__kept = true")
    AgentState.objects.filter(agent=house.alice).update(
        chosen="Break", effective="Break", version=7
    )

    hang_up(user_topic(house.alice.user_id))

    expect(alice.locator(CURRENT)).to_have_text("Break")
    expect(alice.locator("[data-offline]")).to_have_count(0)
    assert alice.evaluate("window.__kept")


def test_an_answer_that_was_overtaken_brings_no_older_state_back(house: House, alice: Page) -> None:
    old = alice.evaluate("fetch('/desk/').then((answer) => answer.text())")
    states.choose_state(house.alice, "Break", by=house.alice.user, source="console")
    current = alice.locator(CURRENT)
    expect(current).to_have_text("Break")
    served: list[str] = []

    def the_old_desk(route: Route) -> None:
        served.append("old")
        route.fulfill(body=old, content_type="application/json")

    alice.route("**/desk/", the_old_desk, times=1)
    states.enter_call(house.alice, "call-1")
    alice.wait_for_timeout(300)
    expect(current).to_have_text("Break")
    states.leave_call(house.alice, "call-1")
    states.enter_call(house.alice, "call-2")

    expect(current).to_have_text("In-Call")
    assert served == ["old"]


def test_the_picker_is_walked_by_keyboard(house: House, alice: Page) -> None:
    summary = alice.locator(f"{PICKER} > summary")
    summary.focus()
    alice.keyboard.press("Enter")
    alice.keyboard.press("Escape")
    expect(alice.locator(PICKER)).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()

    alice.keyboard.press("Enter")
    for _step in range(3):
        alice.keyboard.press("ArrowDown")
    alice.keyboard.press("Enter")

    expect(alice.locator(CURRENT)).to_have_text("Break")
    expect(summary).to_be_focused()


def test_a_phone_shows_the_state_and_who_set_it_and_lets_it_be_chosen(
    house: House, open_console: Open
) -> None:
    page = open_console(viewport=PHONE)
    states.override_state(house.alice, "Unavailable", by=house.irene, source="api", reason="Drill")
    chip = page.locator("[data-piece=state-chip]")
    expect(chip).to_have_text("Unavailable")
    expect(page.locator(".strips .state-told")).to_be_visible()
    expect(page.locator(".strips .state-told")).to_contain_text("Drill")

    chip.click()
    pick(page, "Break")

    expect(page.locator(CURRENT)).to_have_text("Break")
    page.click(".nav .phone-only")
    expect(chip).to_have_text("Break")
    expect(page.locator(".strips .state-told")).to_have_count(0)
