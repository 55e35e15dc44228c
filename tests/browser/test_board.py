"""The live board in a real browser: live, and a state set from it."""

import pytest
import requests
from playwright.sync_api import Page, expect

from apps.agents.models import AgentState
from tests.browser.conftest import Open
from tests.people import House, put_in_state, token_of

pytestmark = pytest.mark.browser

AT_ONCE = 1_000  # ms


@pytest.fixture
def board(house: House, open_as: Open) -> Page:
    """Irene's, with an open socket."""
    put_in_state(house.alice, "In-Email")
    page = open_as(house.irene, "/board/")
    expect(page.locator("[data-online]")).to_be_visible()
    return page


@pytest.mark.contract("1.2.d")
def test_a_state_that_is_set_on_the_board_shows_there_and_in_the_console(
    house: House, board: Page, open_as: Open
) -> None:
    alice = open_as(house.alice.user)
    expect(alice.locator("[data-online]")).to_be_visible()
    card = board.locator(f"#agent-{house.alice.pk}")
    card.locator("summary").click()
    card.locator("[name=state][value=Break]").check()
    card.locator("[name=reason]").fill("Fire drill")
    card.get_by_role("button", name="Set the state", exact=True).click()

    expect(board.locator("[data-test=said]")).to_have_text("Break applies at once: Alice.")
    expect(card.locator("[data-test=state]")).to_have_text("Break")
    expect(card.locator("[data-test=by]")).to_contain_text("set by Irene: Fire drill")
    expect(alice.locator("[data-test=state-current]")).to_have_text("Break", timeout=AT_ONCE)
    expect(alice.locator(".nav [data-test=state-told]")).to_contain_text("Set by Irene")
    assert AgentState.objects.get(agent=house.alice).source == "board"


def test_the_board_follows_within_a_second_and_leaves_open_words_alone(
    house: House, board: Page, web: str
) -> None:
    card = board.locator(f"#agent-{house.alice.pk}")
    card.locator("summary").click()
    card.locator("[name=reason]").fill("Half a sente")

    event = {"event": "enter_call", "agent": "alice", "session": "call-1"}
    token = token_of(house.robot, "events")
    answer = requests.post(f"{web}/api/v1/agent-events/", json=event, headers=token, timeout=10)
    assert answer.ok, answer.text
    expect(card.locator("[data-test=state]")).to_contain_text("In-Call", timeout=AT_ONCE)
    expect(board.locator("[data-test=counts]")).to_contain_text("In-Call")
    expect(card.locator("[name=reason]")).to_have_value("Half a sente")


def test_it_works_without_a_script(house: House, open_as: Open) -> None:
    page = open_as(house.irene, "/board/", java_script_enabled=False)
    card = page.locator(f"#agent-{house.bob.pk}")
    card.locator("summary").click()
    card.locator("[name=state][value=Unavailable]").check()
    card.locator("[name=reason]").fill("Training")
    card.locator("form button").click()

    expect(card.locator("[data-test=state]")).to_have_text("Unavailable")
