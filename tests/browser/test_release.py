"""A supervisor releases a locked file in the reading pane, with a sentence that says what it means."""

import pytest

from apps.attachments.models import Attachment
from tests.browser.conftest import Open
from tests.people import House, make_attachment, make_message, make_session

pytestmark = pytest.mark.browser


@pytest.mark.contract("1.5.e")
def test_a_locked_file_is_released_in_two_steps(house: House, open_as: Open) -> None:
    message = make_message(make_session(house.support))
    locked = make_attachment(
        message, name="contract.docx", verdict="withheld", reason="encrypted", engine="ClamAV 1.4"
    )
    make_attachment(message, name="run.exe", verdict="refused", reason="type-denied")
    page = open_as(house.irene, f"/s/{message.session.public_id}/")
    assert page.locator("[data-test=release]").count() == 1
    page.click("[data-test=release]")
    page.click("[data-test=release-confirm]")
    page.wait_for_selector(f"[data-attachment='{locked.pk}'][data-verdict=clean]")
    assert Attachment.objects.get(pk=locked.pk).reason == "released:irene"


@pytest.mark.contract("1.5.e")
def test_on_a_phone_what_it_means_can_be_read_before_it_is_done(
    house: House, open_as: Open
) -> None:
    message = make_message(make_session(house.support))
    locked = make_attachment(
        message, name="x" * 200 + ".docx", verdict="withheld", reason="encrypted", engine="ClamAV"
    )
    phone = {"width": 390, "height": 844}
    page = open_as(house.irene, f"/s/{message.session.public_id}/", viewport=phone)
    page.click("[data-test=release]")
    words = page.locator(".release p").first
    assert words.is_visible() and "a password locks it" in words.inner_text()
    too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(too_wide) == 0
    assert Attachment.objects.get(pk=locked.pk).verdict == "withheld"
