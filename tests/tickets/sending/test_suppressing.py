"""Suppressed addresses in the life of mail: who gets on the list, who is warned, who gets none."""

from typing import Any

import pytest

from apps.channels import suppression
from apps.channels.models import EmailAccount, SuppressedAddress
from apps.channels.suppression import Found
from apps.tickets.held.guard import Known, why_silent
from apps.tickets.models import Message, Session
from apps.tickets.sending.delivery import deliver
from tests.calls import Caller, problem
from tests.people import House, make_house, make_message, make_session
from tests.servers.smtp_sink import SmtpSink
from tests.tickets.arrivals import a_mail
from tests.tickets.automatic.test_auto_response import CARLA, answering, answers, comes, said
from tests.tickets.test_delivery_reports import arrives, dsn, failed, fate, we_wrote

pytestmark = pytest.mark.django_db

ANA = "ana@outside.test"


@pytest.fixture
def house() -> House:
    return make_house()


def listed() -> list[tuple[str, str]]:
    return list(SuppressedAddress.objects.in_force().values_list("address", "reason"))


# ---- onto the list ----------------------------------------------------------------------------


@pytest.mark.parametrize("status, is_listed", [("5.1.1", True), ("5.2.2", False), ("5.7.1", False)])
def test_a_bounce_by_mail(house: House, status: str, is_listed: bool) -> None:
    sent = we_wrote(house.mailbox)
    arrives(house.mailbox, dsn(sent.message_id, failed(status=status)))
    assert listed() == ([(ANA, "hard")] if is_listed else [])


def test_a_bounce_names_the_session_that_it_is_about(house: House) -> None:
    sent = we_wrote(house.mailbox)
    arrives(house.mailbox, dsn(sent.message_id, failed()))
    assert SuppressedAddress.objects.get().conversation == sent.session.public_id


def test_a_mail_that_arrives_after_all(house: House) -> None:
    sent = we_wrote(house.mailbox)
    arrives(house.mailbox, dsn(sent.message_id, failed()))
    again = we_wrote(house.mailbox, thread=sent.thread)
    arrives(house.mailbox, dsn(again.message_id, fate("delivered", "2.0.0")))
    assert listed() == []


@pytest.mark.parametrize(
    "answer, is_listed",
    [("550 5.1.1 no such user", True), ("552 5.2.2 full", False), ("550 5.7.1 spam", False)],
)
def test_a_refusal_by_the_server(
    house: House, smtp_sink: SmtpSink, answer: str, is_listed: bool
) -> None:
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    to = [{"email": ANA, "name": ""}]
    message = make_message(session, direction="out", status="queued", message_id="our@id", to=to)
    smtp_sink.refused[ANA] = answer
    deliver(message.pk)
    assert listed() == ([(ANA, "hard")] if is_listed else [])


# ---- nothing automatic ------------------------------------------------------------------------


@pytest.mark.parametrize("reason", SuppressedAddress.Reason.values)
def test_no_automatic_answer(house: House, reason: str) -> None:
    answering(house)
    suppression.add([Found(CARLA, reason)])
    assert said(comes(house.mailbox)) == "suppressed"
    assert answers() == []


def test_no_notice_that_a_mail_was_held(house: House) -> None:
    mail = a_mail(house.mailbox, sender=ANA).parsed
    assert why_silent(mail, Known()) == ""
    assert why_silent(mail, Known(suppressed={ANA})) == "suppressed"


# ---- who writes all the same ------------------------------------------------------------------


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox, customer=ANA)
    make_message(session, from_email=ANA)
    return session


def reply(house: House, session: Session, **more: Any) -> Any:
    path = f"sessions/{session.public_id}/reply/"
    return Caller(house.alice.user).post(path, {"text": "Hello."} | more)


@pytest.mark.parametrize("reason", ["hard", "by-hand"])
def test_a_bounce_stops_no_answer(house: House, session: Session, reason: str) -> None:
    suppression.add([Found(ANA, reason)])
    assert reply(house, session).status_code == 202


@pytest.mark.parametrize("reason", ["complaint", "unsubscribed"])
def test_who_has_said_no_is_written_to_only_when_confirmed(
    house: House, session: Session, reason: str
) -> None:
    suppression.add([Found(ANA, reason)])
    refused = reply(house, session)
    assert problem(refused) == (422, "unwanted")
    assert ANA in refused.json()["detail"]
    assert reply(house, session, confirmed=["other@outside.test"]).status_code == 422
    assert not Message.objects.filter(direction="out").exists()
    assert reply(house, session, confirmed=[ANA.upper()]).status_code == 202
