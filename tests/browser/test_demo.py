"""The customer's mailbox in Chromium: written by hand, answered while one looks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from config.demo import letters
from config.demo.post import SENT
from tests.browser.conftest import Open
from tests.config.demo_house import DemoHouse, demo_house

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.config.demo_urls")]

ANA = "ana@example.com"


@pytest.fixture
def demo(tmp_path: Path, settings: Any) -> Iterator[DemoHouse]:
    with demo_house(tmp_path) as house:
        settings.DATA_DIR, settings.DEMO_SMTP = tmp_path, f"127.0.0.1:{house.smtp}"
        yield house


def answer(demo: DemoHouse, number: int) -> None:
    raw = letters.compose(
        sender="Almena <support@almena.test>",
        to=ANA,
        subject="Re: Hello",
        text="x",
        html="<p>On its way.</p>" * number,
        message_id=f"ours.{number}",
        answers=demo.post.folder(ANA, SENT).mails()[0].raw,
    )
    demo.post.deliver(ANA, raw)


def test_a_mail_is_written_and_its_answer_appears_by_itself(demo: DemoHouse, open_as: Open) -> None:
    page = open_as(path="/demo/")
    page.get_by_label("Name").fill("Ana")
    page.get_by_label("Address").fill(ANA)
    page.get_by_role("button", name="Write a mail").click()
    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("Text").fill("Where is it?")
    page.get_by_label("Files").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"}
    )
    page.locator("[data-test=send]").click()
    expect(page.locator("[data-test=letter]")).to_have_count(1)
    assert len(demo.post.folder("support").mails()) == 1
    page.wait_for_timeout(3500)  # the page has looked once
    answer(demo, 1)
    expect(page.locator("[data-test=letter]")).to_have_count(2)
    expect(page.frame_locator("iframe").get_by_text("On its way.")).to_be_visible()
    expect(page.get_by_role("heading", name="Answer")).to_be_visible()


def test_what_is_being_written_stays_while_mail_arrives(demo: DemoHouse, open_as: Open) -> None:
    page = open_as(path=f"/demo/{ANA}/?new=1&name=Ana")
    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("Text").fill("Where is it?")
    page.locator("[data-test=send]").click()
    answer(demo, 1)
    page.reload()
    page.get_by_label("Text").fill("I am still wri")
    page.wait_for_timeout(3500)
    answer(demo, 2)
    expect(page.locator("[data-test=letter]")).to_have_count(3)
    expect(page.get_by_label("Text")).to_have_value("I am still wri")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(demo: DemoHouse, open_as: Open, width: int) -> None:
    page = open_as(path=f"/demo/{ANA}/?new=1&name=Ana", viewport={"width": width, "height": 800})
    page.get_by_label("Subject").fill("Hello " * 30)
    page.get_by_label("Text").fill("https://example.com/" + "x" * 300)
    page.locator("[data-test=send]").click()
    answer(demo, 1)
    for path in ("/demo/", f"/demo/{ANA}/", page.url):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
