"""The house of tests/people.py stands."""

import pytest

from apps.queues.models import Queue
from apps.tickets.models import Session
from tests.people import make_attachment, make_house, make_message, make_session, token_of

pytestmark = pytest.mark.django_db


def test_alice_works_in_support_and_charlie_does_not() -> None:
    house = make_house()
    assert set(Queue.objects.worked_by(house.alice.user)) == {house.support}
    assert set(Queue.objects.worked_by(house.charlie.user)) == {house.other}
    assert set(Queue.objects.visible_to(house.irene)) == {house.support}


def test_a_session_with_a_mail_and_a_file_can_be_made() -> None:
    house = make_house()
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    attachment = make_attachment(make_message(session))
    assert attachment.carrier.message.session == session
    assert Session.objects.get().message_count == 1
    assert token_of(house.admin, "read")["Authorization"].startswith("Bearer ")
