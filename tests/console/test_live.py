"""Who hears of what, and that only ids are said."""

import pytest

from apps.attachments.signals import attachments_screened
from apps.console import live
from apps.core.live import topics_of
from apps.tickets.sessions import take, transfer
from apps.tickets.signals import message_settled
from tests.people import House, make_attachment, make_message, make_session

Heard = list[tuple[str, str, str]]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    said: Heard = []

    def hear(topic: str, kind: str, identity: str, version: int) -> None:
        assert version > 0
        said.append((topic, kind, identity))

    monkeypatch.setattr(live, "push", hear)
    return said


def test_one_hears_the_queues_one_sees(house: House) -> None:
    support, other = f"queue.{house.support.pk}", f"queue.{house.other.pk}"

    assert topics_of(house.alice.user) == {f"user.{house.alice.user_id}", support}
    assert topics_of(house.admin) == {f"user.{house.admin.pk}", support, other, "agents.all"}


def test_a_move_is_told_to_the_queue_and_to_the_agent(
    house: House, heard: Heard, django_capture_on_commit_callbacks: object
) -> None:
    session = make_session(house.support)

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        take(session, house.alice)

    kind, identity = "session.changed", session.public_id
    assert (f"queue.{house.support.pk}", kind, identity) in heard
    assert (f"user.{house.alice.user_id}", kind, identity) in heard


def test_a_queue_and_an_agent_hear_of_what_has_left_them(
    house: House, heard: Heard, django_capture_on_commit_callbacks: object
) -> None:
    session = make_session(house.support, agent=house.alice)

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        transfer(session, house.other, by=house.alice.user)

    told = {topic for topic, _kind, identity in heard if identity == session.public_id}
    queues = {f"queue.{house.support.pk}", f"queue.{house.other.pk}"}
    assert told == queues | {f"user.{house.alice.user_id}"}


def test_a_settled_message_and_screened_files_are_told(house: House, heard: Heard) -> None:
    message = make_message(make_session(house.support))
    file = make_attachment(message)
    told = (f"queue.{house.support.pk}", "session.changed", message.session.public_id)

    message_settled.send(None, message_id=message.pk)
    assert heard == [told]

    attachments_screened.send(None, attachment_ids=[file.pk])
    assert heard == [told, told]
