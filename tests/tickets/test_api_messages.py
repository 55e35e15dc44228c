"""messages/ and attachments/: what is shown, and what stays here until it is clean."""

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.channels.models import InboundEmail
from apps.core import blobs
from apps.tickets.models import Message
from tests.calls import Caller, problem
from tests.core.test_pictures import plain, saved
from tests.people import House, make_attachment, make_house, make_message, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def message(house: House) -> Message:
    """A mail from a customer, with its raw source in the ledger."""
    raw = blobs.store(b"Subject: hello\r\n\r\nHello")
    row = InboundEmail.objects.create(
        mailbox=house.mailbox, raw=raw, source="api", sha256=raw.sha256, status="stored"
    )
    return make_message(
        make_session(house.support, mailbox=house.mailbox),
        inbound=row,
        from_name="Ana",
        to=[{"email": "support@carteria.test", "name": "Support"}],
        because="It opens a conversation.",
        message_id="a@b.test",
    )


def test_a_message_has_the_fields_of_the_contract(house: House, message: Message) -> None:
    attachment = make_attachment(message, verdict="infected", reason="infected:Eicar")
    body = Caller(house.alice.user).get(f"messages/{message.pk}/").json()
    assert body.pop("created_at")
    assert body == {
        "id": str(message.pk),
        "session": message.session.public_id,
        "direction": "in",
        "from": {"email": "customer@outside.test", "name": "Ana"},
        "to": [{"email": "support@carteria.test", "name": "Support"}],
        "cc": [],
        "subject": "Where is my parcel?",
        "text": "Hello, where is it?",
        "html_url": f"http://testserver/m/{message.pk}/",
        "raw_url": None,
        "status": "received",
        "automatic": False,
        "because": "It opens a conversation.",
        "reports": [],
        "attachments": [
            {
                "id": str(attachment.pk),
                "name": "photo.png",
                "size": 20,
                "type": "image/png",
                "verdict": "infected",
                "reason": "infected:Eicar",
                "content_url": None,
            }
        ],
        "message_id": "a@b.test",
        "trust": {"level": "neutral", "sentences": [], "advice": ""},
    }


def test_the_list_is_of_one_session_and_of_what_is_mine(house: House, message: Message) -> None:
    other = make_message(make_session(house.support))
    alice, session = Caller(house.alice.user), message.session.public_id
    assert [one["id"] for one in alice.get("messages/").json()["results"]] == [
        str(message.pk), str(other.pk),
    ]  # fmt: skip
    assert len(alice.get("messages/", session=session).json()["results"]) == 1
    assert len(alice.get("messages/", inbound=str(message.inbound_id)).json()["results"]) == 1
    charlie = Caller(house.charlie.user)
    assert charlie.get("messages/", session=session).json()["results"] == []
    assert problem(charlie.get(f"messages/{message.pk}/")) == (404, "not-found")


def test_the_raw_source_is_for_administrators_and_auditors(house: House, message: Message) -> None:
    make_attachment(message)
    for user in (house.admin, house.auditor):
        url = Caller(user).get(f"messages/{message.pk}/").json()["raw_url"]
        raw = Caller(user).get(url)
        assert raw.content == b"Subject: hello\r\n\r\nHello"
        assert raw["Content-Type"] == "message/rfc822"
        assert raw["Content-Disposition"].startswith("attachment")
        assert raw["X-Content-Type-Options"] == "nosniff"
    alice = Caller(house.alice.user)
    assert alice.get(f"messages/{message.pk}/").json()["raw_url"] is None
    assert problem(alice.get(f"messages/{message.pk}/raw/")) == (404, "not-found")


def test_a_clean_file_is_downloaded_by_whoever_sees_its_message(
    house: House, message: Message
) -> None:
    make_attachment(message, content=b"clean bytes")
    alice = Caller(house.alice.user)
    [file] = alice.get(f"messages/{message.pk}/").json()["attachments"]
    answer = alice.get(file["content_url"])
    assert answer.status_code == 200
    assert b"".join(answer) == b"clean bytes"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Caller(house.charlie.user).get(file["content_url"]).status_code == 404


def test_a_picture_is_shown_drawn_anew(house: House, message: Message) -> None:
    original = saved(plain(), "PNG") + b"<script>"
    picture = make_attachment(message, content=original)
    alice = Caller(house.alice.user)
    small = alice.get(f"attachments/{picture.pk}/preview/", longest="320")
    inline = alice.get(f"attachments/{picture.pk}/content/", inline="1")
    for answer in (small, inline):
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        assert b"<script>" not in answer.content
        assert answer["Cache-Control"] == "private, no-cache"
    assert Caller(house.charlie.user).get(f"attachments/{picture.pk}/preview/").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"longest": "321"}, (400, "invalid")),
        ({"page": "0"}, (400, "invalid")),
        ({"page": "2"}, (422, "no-preview")),
        ({}, (422, "no-preview")),
    ],
)
def test_no_preview_says_why(
    house: House, message: Message, query: dict[str, str], expected: tuple[int, str]
) -> None:
    file = make_attachment(message, content=b"no picture at all")
    answer = Caller(house.alice.user).get(f"attachments/{file.pk}/preview/", **query)
    assert problem(answer) == expected


def test_a_link_opens_the_file_for_whoever_has_it(house: House, message: Message) -> None:
    file = make_attachment(message, content=b"clean bytes")
    made = Caller(house.alice.user).post(f"attachments/{file.pk}/link/")
    assert made.status_code == 201
    assert set(made.json()) == {"url", "expires_at"}
    assert b"".join(Caller(None).get(made.json()["url"])) == b"clean bytes"
    assert Caller(house.charlie.user).post(f"attachments/{file.pk}/link/").status_code == 404


@pytest.mark.contract("1.5.a")
@pytest.mark.parametrize("verdict", ["waiting", "refused", "infected", "withheld"])
def test_no_byte_of_any_other_file_leaves(house: House, message: Message, verdict: str) -> None:
    attachment = make_attachment(message, content=b"unseen bytes", verdict=verdict)
    for user in (house.alice.user, house.admin, house.auditor):
        caller, file = Caller(user), f"attachments/{attachment.pk}"
        answers = [caller.get(f"{file}/content/"), caller.get(f"{file}/preview/")]
        for answer in [*answers, caller.post(f"{file}/link/")]:
            assert answer.status_code in (403, 409)
            assert b"unseen" not in answer.content


def test_a_list_of_25_takes_as_many_queries_as_one_of_1(
    house: House, message: Message, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    alice, session = Caller(house.alice.user), message.session
    make_attachment(message)
    alice.get("messages/")
    with django_assert_max_num_queries(7) as few:
        alice.get("messages/", session=session.public_id)
    for _number in range(24):
        make_attachment(make_message(session))
    with django_assert_max_num_queries(7) as many:
        assert len(alice.get("messages/", session=session.public_id).json()["results"]) == 25
    assert len(many) == len(few)
