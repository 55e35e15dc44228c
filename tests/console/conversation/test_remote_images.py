"""Remote pictures: fetched by us after a click, drawn anew, and only those of this very mail."""

import io

import pytest
from django.test import Client
from PIL import Image

from apps.console.conversation import remote_images
from apps.core.outside import NotFetched
from apps.tickets.models import Message
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session

HTML = """<img src="https://shop.test/a.png"><img src='//shop.test/b.png'>
<img src="https://shop.test/a.png"><img src="cid:logo@x"><img src="data:image/png;base64,AAAA">"""


def a_png() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that were fetched; each answers with a picture."""
    addresses: list[str] = []

    def fetch(address: str, *, most_bytes: int, accept: str) -> bytes:
        addresses.append(address)
        return a_png()

    monkeypatch.setattr(remote_images, "fetch", fetch)
    remote_images._slow.clear()
    return addresses


@pytest.fixture
def message(house: House) -> Message:
    return make_message(make_session(house.support), html=HTML)


def test_a_picture_comes_from_our_site_drawn_anew(
    message: Message, alice: Client, asked: list[str]
) -> None:
    response = alice.get(f"/m/{message.pk}/pictures/1/")

    assert asked == ["https://shop.test/b.png"]
    assert response["Content-Type"].startswith("image/")
    assert Image.open(io.BytesIO(response.content)).size == (4, 3)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in response["Cache-Control"]


def test_each_address_has_one_number(message: Message, alice: Client, asked: list[str]) -> None:
    page = alice.get(f"/m/{message.pk}/?images=1").content.decode()

    assert page.count(f"/m/{message.pk}/pictures/0/") == 2
    assert page.count(f"/m/{message.pk}/pictures/1/") == 1
    assert asked == []


@pytest.mark.parametrize("number", ["2", "99", "-1", "0?u=https://evil.test/", "x"])
def test_nothing_else_can_be_fetched_through_us(
    message: Message, alice: Client, asked: list[str], number: str
) -> None:
    response = alice.get(f"/m/{message.pk}/pictures/{number}{'' if '?' in number else '/'}")
    assert response.status_code in (301, 404)
    assert asked == []


def test_a_mail_of_others_gives_no_pictures(
    house: House, message: Message, as_user: SignIn, asked: list[str]
) -> None:
    path = f"/m/{message.pk}/pictures/0/"
    assert as_user(house.charlie.user).get(path).status_code == 404
    assert Client().get(path).status_code == 302
    assert asked == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("refused", "not on a public server"),
        ("too-big", "larger than 5 MB"),
        ("too-slow", "in time"),
        ("http-404", "did not hand it out"),
        ("unreachable", "did not hand it out"),
    ],
)
def test_a_refusal_is_said_in_words(
    message: Message, alice: Client, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    def fail(*_args: object, **_limits: object) -> bytes:
        raise NotFetched(code)

    monkeypatch.setattr(remote_images, "fetch", fail)
    response = alice.get(f"/m/{message.pk}/pictures/0/")

    assert response.status_code == 404
    assert words in response.content.decode()
    assert "shop.test" not in response.content.decode()


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<script>x()</script>", b"GIF89a"],
)
def test_what_is_no_picture_is_not_handed_on(
    message: Message, alice: Client, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(remote_images, "fetch", lambda *_args, **_limits: content)
    response = alice.get(f"/m/{message.pk}/pictures/0/")
    assert response.status_code == 404
    assert response["Content-Type"] == "text/plain"


def test_a_mail_whose_servers_never_answer_is_soon_left_alone(
    message: Message, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def wait(address: str, **_limits: object) -> bytes:
        tries.append(address)
        raise NotFetched("too-slow")

    remote_images._slow.clear()
    monkeypatch.setattr(remote_images, "fetch", wait)
    for _time in range(6):
        assert alice.get(f"/m/{message.pk}/pictures/0/").status_code == 404

    assert len(tries) == remote_images.SLOW_ONES


def test_a_mail_has_a_hundred_pictures_at_most(
    house: House, alice: Client, asked: list[str]
) -> None:
    html = "".join(f'<img src="https://shop.test/{n}.png">' for n in range(150))
    many = make_message(make_session(house.support), html=html)

    page = alice.get(f"/m/{many.pk}/?images=1").content.decode()

    assert page.count("<img") == 100
    assert alice.get(f"/m/{many.pk}/pictures/100/").status_code == 404
