"""A file looked at without saving it: by whom, which page, and what stands in its place."""

import pytest

from apps.attachments.models import Attachment
from tests.console.asking import only_mail
from tests.console.conftest import SignIn
from tests.core.test_pictures import pdf, plain, saved
from tests.people import House, make_attachment, make_message, make_session


def make(
    house: House,
    content: bytes,
    *,
    kind: str = "application/pdf",
    verdict: str = "clean",
    name: str = "offer.pdf",
) -> Attachment:
    message = make_message(make_session(house.support))
    attachment = make_attachment(message, name=name, content=content, verdict=verdict)
    Attachment.objects.update(detected_type=kind)
    return attachment


def test_a_document_is_shown_page_by_page(house: House, as_user: SignIn) -> None:
    file = make(house, pdf(pages=3))
    page = as_user(house.alice.user).get(f"/files/{file.pk}/?page=2").content.decode()
    assert f'src="/api/v1/attachments/{file.pk}/preview/?longest=1600&amp;page=2"' in page
    assert 'href="?page=1"' in page and 'href="?page=3"' in page
    assert "2 of 3" in page and "offer.pdf" in page


def test_the_picture_of_the_page_can_be_fetched(house: House, as_user: SignIn) -> None:
    file = make(house, pdf())
    alice = as_user(house.alice.user)
    alice.get(f"/files/{file.pk}/")
    picture = alice.get(f"/api/v1/attachments/{file.pk}/preview/?longest=1600")
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/webp")


@pytest.mark.contract("1.5.a")
@pytest.mark.parametrize("verdict", ["waiting", "refused", "infected", "withheld"])
def test_a_file_that_is_held_back_is_not_shown(house: House, as_user: SignIn, verdict: str) -> None:
    file = make(house, pdf(), verdict=verdict)
    page = as_user(house.alice.user).get(f"/files/{file.pk}/").content.decode()
    assert "/preview/" not in page and "/content/" not in page
    assert f"verdict--{verdict}" in page


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"%PDF-1.7 cut", "application/pdf", "damaged"),
        (b"words", "text/plain", "no preview of files of this type"),
    ],
)
def test_what_cannot_be_shown_says_so_and_can_be_saved(
    house: House, as_user: SignIn, content: bytes, kind: str, words: str
) -> None:
    file = make(house, content, kind=kind)
    page = as_user(house.alice.user).get(f"/files/{file.pk}/").content.decode()
    assert words in page and "/preview/" not in page
    assert f'href="/api/v1/attachments/{file.pk}/content/"' in page


@pytest.mark.parametrize("number", ["0", "-1", "x", "٣", "9" * 30, "2"])
def test_an_odd_page_number_breaks_nothing(house: House, as_user: SignIn, number: str) -> None:
    file = make(house, pdf())
    assert as_user(house.alice.user).get(f"/files/{file.pk}/", {"page": number}).status_code == 200


def test_who_does_not_see_the_mail_does_not_see_its_file(house: House, as_user: SignIn) -> None:
    file = make(house, pdf())
    assert as_user(house.charlie.user).get(f"/files/{file.pk}/").status_code == 404


def test_a_hostile_name_is_text(house: House, as_user: SignIn) -> None:
    file = make(house, saved(plain(), "PNG"), kind="image/png", name='"><script>x()</script>.png')
    page = as_user(house.alice.user).get(f"/files/{file.pk}/").content.decode()
    assert "<script>x" not in page


def test_the_row_of_a_file_shows_its_picture(house: House, as_user: SignIn) -> None:
    file = make(house, saved(plain(), "PNG"), kind="image/png", name="photo.png")
    (told,) = only_mail(as_user(house.alice.user), file.carrier.message.session)["files"]
    assert told["thumbnail"] == f"/api/v1/attachments/{file.pk}/preview/?longest=320"
    assert told["view"] == f"/files/{file.pk}/"
