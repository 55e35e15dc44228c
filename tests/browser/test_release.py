"""A supervisor releases a locked file in the reading pane, with a sentence that says what it means."""

import pytest
from playwright.sync_api import expect

from apps.attachments.models import Attachment
from apps.tickets.models import Message
from tests.browser.conftest import PHONE, Open, overflow
from tests.people import House, make_attachment, make_message, make_session

pytestmark = pytest.mark.browser


@pytest.fixture
def message(house: House) -> Message:
    return make_message(make_session(house.support))


def _locked(message: Message, name: str) -> Attachment:
    return make_attachment(
        message, name=name, verdict="withheld", reason="encrypted", engine="ClamAV 1.4"
    )


@pytest.mark.contract("1.5.e")
def test_a_locked_file_is_released_in_two_steps(
    house: House, message: Message, open_console: Open
) -> None:
    locked = _locked(message, "contract.docx")
    make_attachment(message, name="run.exe", verdict="refused", reason="type-denied")
    page = open_console(f"/s/{message.session.public_id}/", house.irene)
    expect(page.locator("[data-test=release]")).to_have_count(1)
    page.click("[data-test=release]")
    page.click("[data-test=release-confirm]")
    expect(page.locator(f"[data-attachment='{locked.pk}']")).to_have_attribute(
        "data-verdict", "clean"
    )
    assert Attachment.objects.get(pk=locked.pk).reason == "released:irene"


def test_an_agent_is_not_offered_to_release_it(message: Message, open_console: Open) -> None:
    _locked(message, "contract.docx")
    page = open_console(f"/s/{message.session.public_id}/")
    expect(page.locator("[data-test=attachment]")).to_contain_text("Withheld")
    expect(page.locator("[data-test=release]")).to_have_count(0)


@pytest.mark.contract("1.5.e")
def test_on_a_phone_what_it_means_can_be_read_before_it_is_done(
    house: House, message: Message, open_console: Open
) -> None:
    locked = _locked(message, "x" * 200 + ".docx")
    page = open_console(f"/s/{message.session.public_id}/", house.irene, viewport=PHONE)
    page.click("[data-test=release]")
    words = page.locator(".release p").first
    expect(words).to_be_visible()
    expect(words).to_contain_text("a password locks it")
    assert overflow(page) == []
    assert Attachment.objects.get(pk=locked.pk).verdict == "withheld"
