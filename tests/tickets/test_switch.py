"""The master switch (SPEC 1.1.c) for what is here already: it waits, can be read, and leaves."""

from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse

from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail
from apps.channels.receive import Arrival, receive
from apps.core.errors import Guarded
from apps.tickets import assignment, inbound, outbound, tasks
from apps.tickets.drafts_begin import begin_reply
from apps.tickets.held import quarantine
from apps.tickets.models import Draft, Message, Session
from apps.tickets.outbound import Letter
from tests.calls import Caller, problem
from tests.people import (
    House,
    make_house,
    make_message,
    make_session,
    switch_channel_on,
)
from tests.servers.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db, pytest.mark.contract("1.1.c")]

HELLO = Letter(text="It is on its way.")


@pytest.fixture
def house() -> House:
    return make_house(routing="automatic")


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(
        house.support, agent=house.alice, status=Session.Status.ACTIVE, mailbox=house.mailbox
    )
    make_message(session)
    return session


def switch_off() -> None:
    ChannelSettings.objects.update(enabled=False)


def arrived(house: House, count: int = 1) -> None:
    """Committed in the ledger, not yet taken in."""
    raws = [
        f"From: ann@outside.test\r\nTo: {house.mailbox.address}\r\nSubject: no. {n}\r\n\r\nx".encode()
        for n in range(count)
    ]
    receive(
        [Arrival(raw, uid) for uid, raw in enumerate(raws, 1)],
        source="fetch",
        account=house.mailbox.account,
        folder="INBOX",
        uidvalidity=1,
    )


def woken_by_the_sweep() -> set[Any]:
    with patch.object(tasks, "wake") as woken:
        tasks.sweep()
    return {call.args[0] for call in woken.call_args_list}


# ---- off ----------------------------------------------------------------------------------------


def test_mail_that_came_before_waits_and_is_taken_in_later(house: House) -> None:
    arrived(house, 3)
    switch_off()
    assert tasks.take_in not in woken_by_the_sweep() and inbound.take_in() == 0
    assert InboundEmail.objects.filter(status="received").count() == 3
    switch_channel_on()
    assert tasks.take_in in woken_by_the_sweep() and inbound.take_in() == 3
    assert InboundEmail.objects.filter(status="stored").count() == 3
    assert Message.objects.count() == 3


def test_nobody_is_given_a_session_and_everybody_is_afterwards(house: House) -> None:
    switch_off()
    waiting = [make_session(house.support) for _number in range(3)]
    assert assignment.assign_waiting(house.support) == []
    assert assignment.queues_with_waiting() == []
    tasks.sweep()
    tasks.assign(house.support.pk)
    assert Session.objects.filter(agent__isnull=False).count() == 0
    switch_channel_on()
    tasks.sweep()
    assert set(Session.objects.filter(agent__isnull=False)) == set(waiting)


def test_a_released_mail_waits_as_well(house: House) -> None:
    arrived(house)
    InboundEmail.objects.update(status="quarantined")
    switch_off()
    quarantine.release(InboundEmail.objects.get(), by=house.admin)
    assert tasks.take_in not in woken_by_the_sweep() and inbound.take_in() == 0
    assert InboundEmail.objects.get().status == "received"


def test_no_verb_writes(house: House, session: Session) -> None:
    switch_off()
    before = Message.objects.count()
    with pytest.raises(Guarded, match="switched off") as refused:
        outbound.reply(session, HELLO, by=house.alice.user)
    assert refused.value.code == "channel-off"
    with pytest.raises(Guarded, match="switched off"):
        outbound.write_first(house.support, HELLO, by=house.alice.user)
    assert Message.objects.count() == before


def test_no_address_of_the_api_writes(house: House, session: Session) -> None:
    switch_off()
    alice = Caller(house.alice.user)
    reply = alice.post(f"sessions/{session.public_id}/reply/", {"text": "Hello"})
    first = {"queue": str(house.support.pk), "to": ["a@outside.test"], "subject": "s", "text": "t"}
    assert problem(reply) == (422, "channel-off")
    assert problem(alice.post("sessions/", first)) == (422, "channel-off")


def test_an_answer_that_was_begun_is_kept_and_not_sent(house: House, session: Session) -> None:
    client = Client()
    client.force_login(house.alice.user)
    draft, _new = begin_reply(session, by=house.alice.user, opening="")
    switch_off()
    typed = {"html": "<p>Typed before</p>", "version": draft.version}
    path = reverse("desk-draft-send", args=[draft.key])
    refused = client.post(path, typed, content_type="application/json")
    assert problem(refused) == (422, "channel-off")
    kept = client.put(
        reverse("desk-draft", args=[draft.key]), typed, content_type="application/json"
    )
    assert kept.status_code == 200
    assert Draft.objects.get().html == "<p>Typed before</p>"
    assert Message.objects.filter(direction="out").count() == 0


def test_agents_go_on_reading(house: House, session: Session) -> None:
    switch_off()
    alice = Caller(house.alice.user)
    found: dict[str, Any] = alice.get(f"messages/?session={session.public_id}").json()
    assert [one["text"] for one in found["results"]] == ["Hello, where is it?"]
    client = Client()
    client.force_login(house.alice.user)
    told = client.get(reverse("desk-session", args=[session.public_id])).json()
    (message,) = told["messages"]
    assert "Hello, where is it?" in message["body"]["parts"][0]["html"]
    assert told["session"]["rights"]["reply"] is False
    assert told["session"]["no_reply"] == "The email channel is off: you can read, not write."


def test_an_answer_in_the_queue_still_leaves(
    house: House, session: Session, smtp_sink: SmtpSink
) -> None:
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    message = outbound.reply(session, HELLO, by=house.alice.user)
    switch_off()
    assert outbound.due(10) == [message.pk]
    outbound.deliver(message.pk)
    assert Message.objects.get(pk=message.pk).status == Message.Status.SENT
    assert len(smtp_sink.mails) == 1
