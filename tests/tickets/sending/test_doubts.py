"""A mail in doubt: what proves that it arrived, who decides, and what is said of it."""

from typing import Any

import pytest

from apps.channels.models import EmailAccount
from apps.core.errors import Conflict, Invalid
from apps.crm.models import TicketUpdate
from apps.tickets.models import Message, MessageReference, Session, SessionEvent
from apps.tickets.sending import doubts
from apps.tickets.sending.delivery import deliver, due
from apps.tickets.tokens import hash_of
from tests.calls import problem
from tests.people import House, make_house, make_message, make_session, token_of
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

Status = Message.Status


@pytest.fixture
def house(smtp_sink: SmtpSink) -> House:
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    return house


@pytest.fixture
def message(house: House) -> Message:
    session = make_session(
        house.support, agent=house.alice, status=Session.Status.ACTIVE, mailbox=house.mailbox
    )
    people = {"to": [{"email": "customer@outside.test", "name": ""}]}
    return make_message(session, direction="out", status="queued", message_id="our@id", **people)


@pytest.fixture
def unknown(smtp_sink: SmtpSink, message: Message) -> Message:
    """The server keeps it and falls silent."""
    smtp_sink.drops.add("DOT")
    deliver(message.pk)
    smtp_sink.drops.clear()
    return as_it_is(message)


def as_it_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def story() -> list[tuple[str, str]]:
    events = SessionEvent.objects.filter(kind=SessionEvent.Kind.DELIVERY).order_by("pk")
    return [(one.facts["outcome"], one.facts["evidence"]) for one in events]


def answered(message: Message) -> Message:
    hashes = {"message_id_hash": hash_of(message.message_id)}
    Message.objects.filter(pk=message.pk).update(**hashes)
    reply = make_message(message.session, in_reply_to=message.message_id)
    MessageReference.objects.create(message=reply, hash=hash_of(message.message_id))
    return reply


def test_nothing_happens_to_it_by_itself(smtp_sink: SmtpSink, unknown: Message) -> None:
    assert (unknown.status, due(10), len(smtp_sink.mails)) == (Status.UNKNOWN, [], 1)


# ---- proofs ---------------------------------------------------------------------------------


def test_an_answer_proves_that_it_arrived(unknown: Message) -> None:
    answered(unknown)
    assert due(10) == []
    assert (as_it_is(unknown).status, as_it_is(unknown).because) == (Status.SENT, "")
    assert story() == [("arrived", "answer")]


def test_a_report_proves_that_the_server_had_it(unknown: Message) -> None:
    bounce = make_message(unknown.session, from_email="mailer-daemon@outside.test")
    unknown.reports.create(recipient="customer@outside.test", kind="hard", told_by=bounce)
    due(10)
    assert as_it_is(unknown).status == Status.SENT
    assert story() == [("arrived", "report")]


def test_a_provider_may_say_so(unknown: Message) -> None:
    doubts.arrived(unknown, evidence=doubts.PROVIDER)
    assert (as_it_is(unknown).status, story()) == (Status.SENT, [("arrived", "provider")])


def test_what_others_had_got_before_proves_nothing(unknown: Message) -> None:
    """The first try reached somebody; the second one, to another, fell silent."""
    unknown.tries.create(number=2, outcome="sent", lease_until=unknown.created_at)
    answered(unknown)
    due(10)
    assert (as_it_is(unknown).status, story()) == (Status.UNKNOWN, [])


def test_the_crm_is_told_once(house: House, unknown: Message) -> None:
    told = TicketUpdate.objects.filter(kind="link")
    assert told.count() == 1
    doubts.resolve(unknown, "resend", by=house.alice.user)
    deliver(unknown.pk)
    assert (as_it_is(unknown).status, told.count()) == (Status.SENT, 1)


# ---- a person -------------------------------------------------------------------------------


def test_a_person_says_that_it_arrived(house: House, unknown: Message) -> None:
    doubts.resolve(unknown, "arrived", by=house.alice.user)
    assert as_it_is(unknown).status == Status.SENT
    event = SessionEvent.objects.get(kind=SessionEvent.Kind.DELIVERY)
    assert (event.by, story()) == (house.alice.user, [("arrived", "person")])


def test_a_person_sends_it_again_with_the_same_id(
    smtp_sink: SmtpSink, house: House, unknown: Message
) -> None:
    doubts.resolve(unknown, "resend", by=house.alice.user)
    assert due(10) == [unknown.pk]
    deliver(unknown.pk)
    assert as_it_is(unknown).status == Status.SENT
    assert [b"<our@id>" in mail.raw for mail in smtp_sink.mails] == [True, True]
    assert story() == [("resend", "person")]


def test_the_second_word_comes_too_late(house: House, unknown: Message) -> None:
    doubts.resolve(unknown, "arrived", by=house.alice.user)
    with pytest.raises(Conflict) as refusal:
        doubts.resolve(unknown, "resend", by=house.alice.user)
    assert refusal.value.code == "too-late"


def test_others_may_not_decide(house: House, unknown: Message) -> None:
    with pytest.raises(Conflict) as refusal:
        doubts.resolve(unknown, "arrived", by=house.bob.user)
    assert refusal.value.code == "not-yours"
    with pytest.raises(Invalid):
        doubts.resolve(unknown, "perhaps", by=house.alice.user)


def test_by_the_api(client: Any, house: House, unknown: Message) -> None:
    def ask(outcome: str) -> Any:
        path = f"/api/v1/messages/{unknown.pk}/resolve/"
        headers = token_of(house.alice.user)
        return client.post(path, {"outcome": outcome}, "application/json", headers=headers)

    assert ask("perhaps").status_code == 400
    assert ask("arrived").json()["status"] == "sent"
    assert problem(ask("arrived")) == (409, "too-late")


# ---- the account's own wish -----------------------------------------------------------------


def test_by_setting_it_is_sent_again_once_and_said_so(
    smtp_sink: SmtpSink, message: Message
) -> None:
    EmailAccount.objects.update(after_silence="resend")
    smtp_sink.drops.add("DOT")
    deliver(message.pk)
    again = as_it_is(message)
    assert (again.status, "once more" in again.because) == (Status.QUEUED, True)
    assert due(10) == []  # not at once
    Message.objects.update(next_try_at=None)
    deliver(message.pk)
    assert as_it_is(message).status == Status.UNKNOWN
    assert (len(smtp_sink.mails), story()) == (2, [("resend", "setting")])
