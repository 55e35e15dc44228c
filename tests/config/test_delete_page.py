"""Deleting a conversation from the journey of one of its mails, after a question."""

import pytest
from django.test import Client

from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one
from apps.tickets.inbound import take_in
from apps.tickets.models import Thread, ThreadDeletion
from tests.people import House, make_house

pytestmark = pytest.mark.django_db

MAIL = b"From: carla@outside.test\r\nTo: support@carteria.test\r\nSubject: Parcel\r\n\r\nWhere?\r\n"


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def thread(house: House) -> Thread:
    receive_one(MAIL, mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    return Thread.objects.get()


def test_the_journey_leads_to_a_question_and_the_question_to_a_receipt(
    house: House, thread: Thread, client: Client
) -> None:
    client.force_login(house.admin)
    page = f"/admin/email/conversation/{thread.key}/delete/"
    journey = client.get(f"/admin/email/journey/{InboundEmail.objects.get().pk}/")
    assert page in journey.content.decode()
    assert "1 message goes for good" in client.get(page).content.decode()
    client.post(page)  # without the confirmation
    assert Thread.objects.exists()
    answer = client.post(page, {"confirm": thread.key}, follow=True)
    assert ThreadDeletion.objects.get().by == house.admin
    assert thread.key in answer.content.decode()
    assert not Thread.objects.exists()
    tombstone = client.get(f"/admin/email/journey/{InboundEmail.objects.get().pk}/")
    assert "stays deleted" in tombstone.content.decode()


def test_only_administrators_are_asked(house: House, thread: Thread, client: Client) -> None:
    client.force_login(house.auditor)
    page = f"/admin/email/conversation/{thread.key}/delete/"
    assert client.post(page, {"confirm": thread.key}).status_code == 404
    journey = client.get(f"/admin/email/journey/{InboundEmail.objects.get().pk}/")
    assert page not in journey.content.decode()
    assert Thread.objects.exists()
