"""reply/ and POST sessions/: letters as JSON and as a form, once, by whom and to whom."""

import base64
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from apps.attachments.models import Attachment
from apps.core import blobs
from apps.core.errors import Conflict
from apps.tickets.models import Message, Session
from tests.calls import Caller, a_file, problem
from tests.people import (
    House,
    make_house,
    make_message,
    make_queue,
    make_session,
    switch_channel_on,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(session)
    return session


@pytest.fixture
def reply(house: House, session: Session) -> Callable[..., Any]:
    """Alice answers."""
    alice, path = Caller(house.alice.user), f"sessions/{session.public_id}/reply/"

    def send(body: Any, **more: Any) -> Any:
        return alice.post(path, body, **more)

    return send


def test_a_reply_is_queued_to_the_customer(reply: Callable[..., Any], session: Session) -> None:
    answer = reply({"text": "On its way."})
    message = answer.json()["message"]
    assert answer.status_code == 202
    assert (message["direction"], message["status"]) == ("out", "queued")
    assert message["session"] == session.public_id
    assert [one["email"] for one in message["to"]] == ["customer@outside.test"]
    assert message["from"]["email"] == "support@carteria.test"
    assert message["text"] == "On its way."


def test_recipients_come_in_every_spelling(reply: Callable[..., Any]) -> None:
    body = {
        "text": "x",
        "subject": "Other words",
        "to": ["ana@outside.test", "Ben Ö <ben@outside.test>"],
        "cc": [{"email": "cleo@outside.test", "name": "Cleo"}],
        "bcc": ["dora@outside.test"],
    }
    message = reply(body).json()["message"]
    assert message["to"] == [
        {"email": "ana@outside.test", "name": ""},
        {"email": "ben@outside.test", "name": "Ben Ö"},
    ]
    assert message["cc"] == [{"email": "cleo@outside.test", "name": "Cleo"}]
    assert message["subject"] == "Other words"
    assert "bcc" not in message
    assert Message.objects.get(pk=message["id"]).bcc[0]["email"] == "dora@outside.test"


def test_a_file_in_json_is_attached_and_waits(reply: Callable[..., Any]) -> None:
    packed = base64.b64encode(b"picture").decode()
    file = {"name": "a.png", "content_type": "image/png", "content_base64": packed}
    [shown] = reply({"text": "x", "files": [file]}).json()["message"]["attachments"]
    assert (shown["name"], shown["size"], shown["verdict"]) == ("a.png", 7, "waiting")
    assert shown["content_url"] is None
    assert blobs.read(Attachment.objects.get().blob) == b"picture"


def test_a_form_carries_several_files_and_recipients(reply: Callable[..., Any]) -> None:
    form = {"text": "x", "to": ["ana@outside.test", "ben@outside.test"]}
    message = reply(form, files=[a_file("a.png"), a_file("b.png")]).json()["message"]
    assert [one["name"] for one in message["attachments"]] == ["a.png", "b.png"]
    assert [one["email"] for one in message["to"]] == ["ana@outside.test", "ben@outside.test"]


def test_a_form_sent_again_with_its_key_is_one_mail(reply: Callable[..., Any]) -> None:
    """Each time the boundary is another, as with every HTTP library."""
    first = reply({"text": "x"}, files=[a_file("a.png")], key="k")
    second = reply({"text": "x"}, files=[a_file("a.png")], key="k")
    assert first.json() == second.json()
    other = reply({"text": "x"}, files=[a_file("a.png", b"other")], key="k")
    assert problem(other) == (409, "idempotency-conflict")
    assert Message.objects.filter(direction="out").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "x", "to": []}, "to"),
        ({"text": "x", "to": "ana@outside.test"}, "to"),
        ({"text": "x", "to": ["nobody"]}, "to"),
        ({"text": "x", "to": ["a@b.test\r\nBcc: c@d.test"]}, "to"),
        ({"text": "x", "cc": [{"name": "x"}]}, "cc"),
        ({"text": "x", "bcc": [7]}, "bcc"),
        ({"text": "x", "subject": "a\r\nBcc: c@d.test"}, "subject"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "x", "files": [{"name": "a", "content_base64": "*"}]}, "files"),
        ({"text": "x", "files": ["a"]}, "files"),
        ({"text": "x", "files": [{"content_base64": ""}]}, "files"),
        ({"text": "x", "send_at": "2030-01-01T00:00:00Z"}, "send_at"),
        ({"text": "x", "then": "dance"}, "then"),
    ],
)
def test_a_wrong_letter_names_its_field_and_sends_nothing(
    reply: Callable[..., Any], body: dict[str, Any], field: str
) -> None:
    answer = reply(body)
    assert problem(answer) == (400, "invalid")
    assert answer.json()["detail"].startswith(field)
    assert not Message.objects.filter(direction="out").exists()


def test_fields_that_nobody_offered_change_nothing(
    reply: Callable[..., Any], house: House, session: Session
) -> None:
    reply({"text": "x", "status": "sent", "session": "other", "agent": house.bob.pk})
    session.refresh_from_db()
    assert session.agent == house.alice
    assert Message.objects.get(direction="out").status == "queued"


def test_more_files_than_allowed_name_the_limit(reply: Callable[..., Any]) -> None:
    answer = reply({"text": "x"}, files=[a_file(f"{number}.png") for number in range(11)])
    assert problem(answer) == (400, "too-many-files")


def test_a_reply_to_an_unassigned_session_takes_it(house: House) -> None:
    session = make_session(house.support, mailbox=house.mailbox)
    make_message(session)
    path = f"sessions/{session.public_id}/"
    Caller(house.bob.user).post(path + "reply/", {"text": "x"})
    body = Caller(house.bob.user).get(path).json()
    assert (body["agent"], body["status"]) == (str(house.bob.pk), "active")


def test_a_reply_to_anothers_session_is_not_yours(house: House, session: Session) -> None:
    path = f"sessions/{session.public_id}/reply/"
    assert problem(Caller(house.bob.user).post(path, {"text": "x"})) == (409, "not-yours")
    assert problem(Caller(house.robot).post(path, {"text": "x"})) == (409, "not-yours")
    assert Caller(house.irene).post(path, {"text": "x"}).status_code == 202


def test_answered_and_resolved_in_one(reply: Callable[..., Any], session: Session) -> None:
    assert reply({"text": "x", "then": "resolve"}).status_code == 202
    session.refresh_from_db()
    assert session.status == "resolved"


def test_a_mail_on_its_way_is_not_undone_by_a_lost_race(reply: Callable[..., Any]) -> None:
    with patch("apps.tickets.sessions.set_status", side_effect=Conflict("too-late", "Late.")):
        assert reply({"text": "x", "then": "resolve"}).status_code in (202, 409)
    assert Message.objects.filter(direction="out").count() <= 1


@pytest.mark.contract("1.1.c")
def test_with_the_channel_off_nobody_writes(reply: Callable[..., Any]) -> None:
    channel = switch_channel_on()
    channel.enabled = False
    channel.save()
    assert problem(reply({"text": "x"})) == (422, "channel-off")


FIRST = {"queue": "Support", "to": ["ana@outside.test"], "subject": "Hello", "text": "Hi"}


def test_a_first_mail_opens_a_session_of_ours(house: House) -> None:
    answer = Caller(house.alice.user).post("sessions/", FIRST)
    body = answer.json()
    assert answer.status_code == 201
    assert body["session"]["status"] == "active"
    assert body["session"]["agent"] == str(house.alice.pk)
    assert body["session"]["customer"] == "ana@outside.test"
    assert body["session"]["message_count"] == 1
    assert body["message"]["session"] == body["session"]["id"]


def test_a_supervisor_writes_first_for_an_agent(house: House) -> None:
    body = FIRST | {"queue": str(house.support.pk), "agent": "bob"}
    session = Caller(house.irene).post("sessions/", body).json()["session"]
    assert session["agent"] == str(house.bob.pk)


@pytest.mark.parametrize("missing", ["queue", "to", "subject", "text"])
def test_a_first_mail_needs_its_parts(house: House, missing: str) -> None:
    body = {name: value for name, value in FIRST.items() if name != missing}
    answer = Caller(house.alice.user).post("sessions/", body)
    assert problem(answer) == (400, "invalid")
    assert answer.json()["detail"].startswith(missing)


def test_a_queue_that_is_not_mine_is_unknown(house: House) -> None:
    answer = Caller(house.alice.user).post("sessions/", FIRST | {"queue": "Other"})
    assert problem(answer) == (400, "unknown-queue")


def test_a_queue_without_a_mailbox_cannot_write(house: House) -> None:
    make_queue("Mute", members=[house.alice])
    answer = Caller(house.alice.user).post("sessions/", FIRST | {"queue": "Mute"})
    assert problem(answer) == (422, "no-mailbox")


def test_a_first_mail_sent_again_with_its_key_is_one_session(house: House) -> None:
    alice = Caller(house.alice.user)
    first = alice.post("sessions/", FIRST, key="k")
    again = alice.post("sessions/", FIRST, key="k")
    assert first.json() == again.json()
    assert Session.objects.count() == 1
