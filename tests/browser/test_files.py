"""Files in a real browser: small pictures in the mail, pages in the viewer, nothing of the sender's."""

import pytest
from playwright.sync_api import Page, expect

from apps.attachments.models import Attachment
from apps.attachments.previews import THUMBNAIL, WHOLE, preview_of
from apps.tickets.models import Message
from tests.browser.conftest import Open
from tests.core.test_pictures import pdf, plain, saved
from tests.people import House, make_attachment, make_message, make_session

pytestmark = pytest.mark.browser

LOADED = "images => images.every(one => one.complete && one.naturalWidth > 0)"


@pytest.fixture
def message(house: House) -> Message:
    return make_message(make_session(house.support), text="See the files.")


def _attach(message: Message, name: str, content: bytes, kind: str) -> Attachment:
    attachment = make_attachment(message, name=name, content=content)
    attachment.detected_type = kind
    attachment.save(update_fields=["detected_type"])
    return attachment


def _loaded(page: Page, images: str) -> None:
    page.wait_for_load_state("networkidle", timeout=60_000)
    assert page.locator(images).evaluate_all(LOADED)


def test_files_show_a_small_picture_and_open_in_the_viewer(
    house: House, message: Message, open_console: Open
) -> None:
    photo = _attach(message, "photo.png", saved(plain(900, 600), "PNG"), "image/png")
    offer = _attach(message, "offer.pdf", pdf(pages=2), "application/pdf")
    _attach(message, "broken.png", b"no picture", "image/png")
    for attachment in (photo, offer):  # the tests' database refuses a second writer
        preview_of(attachment, page=1, longest=THUMBNAIL)
    page = open_console(f"/s/{message.session.public_id}/")
    expect(page.locator("[data-test=attachment]")).to_have_count(3)
    _loaded(page, "[data-test=attachment]:not(:last-child) img")

    with page.context.expect_page() as opened:
        page.click("text=offer.pdf")
    viewer = opened.value
    viewer.click("[rel=next]")
    expect(viewer.locator(".viewer-pages")).to_contain_text("2 of 2")
    _loaded(viewer, "main img")
    with viewer.expect_download() as download:
        viewer.click("text=Download")
    assert download.value.suggested_filename == "offer.pdf"


def test_pictures_within_a_mail_are_drawn_anew(
    house: House, message: Message, open_console: Open
) -> None:
    """Fifty at once. Drawn beforehand: the tests' database refuses a second writer, as none does
    that serves."""
    message.html = "".join(f'<img src="cid:p{number}">' for number in range(50))
    message.save()
    for number in range(50):
        picture = saved(plain(10 + number, 10), "PNG")
        _attach(message, f"p{number}.png", picture, "image/png")
        message.files.filter(position=number).update(content_id=f"p{number}", inline=True)
    for attachment in Attachment.objects.all():
        preview_of(attachment, page=1, longest=WHOLE)
    page = open_console()
    answers: list[int] = []
    page.on("response", lambda one: answers.append(one.status) if "/preview/" in one.url else None)
    page.goto(f"/m/{message.pk}/", timeout=60_000)
    page.wait_for_load_state("networkidle", timeout=60_000)
    assert answers == [200] * 50
