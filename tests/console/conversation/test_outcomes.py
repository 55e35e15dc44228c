"""What became of a sent mail: in a word at its head, for each recipient on it, in the history."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.channels.models import EmailAccount
from apps.console.conversation.outcomes import outcome_of
from apps.tickets.models import DeliveryReport, Message, Session
from tests.console.asking import conversation
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session

ANA, BOB, EVE = "ana@outside.test", "bob@outside.test", "eve@hidden.test"


def sent(session: Session, *to: str, bcc: Sequence[str] = ()) -> Message:
    people = [{"email": one, "name": ""} for one in to]
    blind = [{"email": one, "name": ""} for one in bcc]
    return make_message(session, direction="out", to=people, bcc=blind)


def told(message: Message, recipient: str, kind: str, **fields: Any) -> DeliveryReport:
    return DeliveryReport.objects.create(
        message=message, recipient=recipient, kind=kind, **{"status": "5.1.1"} | fields
    )


@pytest.mark.parametrize(
    ("kinds", "look", "word"),
    [
        ({ANA: "hard", BOB: "hard"}, "failed", "Not delivered"),
        ({ANA: "hard", BOB: "read"}, "failed", "Not delivered to 1 of 2"),
        ({ANA: "soft"}, "failed", "Not delivered to 1 of 2"),
        ({ANA: "delayed", BOB: "read"}, "delayed", "Delayed"),
        ({ANA: "complaint"}, "unwanted", "Reported as unwanted"),
        ({ANA: "read", BOB: "read"}, "arrived", "Read"),
        ({ANA: "read", BOB: "delivered"}, "arrived", "Read by 1 of 2"),
        ({ANA: "delivered", BOB: "delivered"}, "arrived", "Delivered"),
        ({ANA: "delivered"}, "arrived", "Delivered to 1 of 2"),
        ({"": "hard"}, "failed", "Not delivered to 1 of 2"),
    ],
)
def test_the_worst_of_it_in_a_word(
    house: House, kinds: dict[str, str], look: str, word: str
) -> None:
    message = sent(make_session(house.support), ANA, BOB)
    for recipient, kind in kinds.items():
        told(message, recipient, kind)
    outcome = outcome_of(message)
    assert outcome is not None
    assert (outcome["look"], outcome["word"]) == (look, word)


def test_of_a_mail_that_nobody_reported_nothing_is_said(house: House) -> None:
    assert outcome_of(sent(make_session(house.support), ANA)) is None


def test_each_recipient_with_its_reason_and_the_servers_words(
    house: House, as_user: SignIn
) -> None:
    session = make_session(house.support)
    message = sent(session, ANA, bcc=[EVE])
    told(message, EVE, "read", status="")
    told(message, ANA, "hard", sentence="550 no such user")
    [line] = conversation(as_user(house.alice.user), session)["messages"]
    assert (line["delivery"]["status"], line["delivery"]["word"]) == ("sent", "Sent")
    first, second = line["delivery"]["outcome"]["reports"]
    assert first.pop("at")
    assert first == {
        "recipient": ANA,
        "look": "failed",
        "word": "Not delivered",
        "sentence": "There is no such mailbox (5.1.1).",
        "said": "550 no such user",
    }
    assert (second["recipient"], second["word"], second["sentence"]) == (EVE, "Read", "")


def events(client: Client, session: Session) -> list[str]:
    return [one["sentence"] for one in conversation(client, session)["events"]]


def test_the_history_tells_it_once_where_the_report_came(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    message = sent(session, ANA)
    later = make_session(house.support, thread=session.thread)
    for _again in range(2):
        told(message, ANA, "hard", told_by=make_message(later, from_email="daemon@mx.test"))
    client = as_user(house.alice.user)
    [said] = events(client, later)
    assert said.startswith(f"{ANA} did not get the mail of ")
    assert events(client, session) == []


def test_no_number_of_reports_costs_another_query(house: House, as_user: SignIn) -> None:
    client = as_user(house.alice.user)
    session = make_session(house.support)

    def cost(number: int) -> int:
        for _one in range(number):
            told(sent(session, ANA), ANA, "hard")
        with CaptureQueriesContext(connection) as queries:
            conversation(client, session)
        return len(queries)

    cost(1)
    assert cost(1) == cost(100)


def test_whoever_writes_to_an_address_in_trouble_is_warned(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox, customer=ANA)
    for _one in range(3):
        told(sent(session, ANA), ANA, "hard")
    client = as_user(house.alice.user)
    draft = client.post(
        "/desk/drafts/",
        {"kind": "reply", "session": session.public_id},
        content_type="application/json",
    ).json()
    note = next(one for one in draft["notes"] if one["code"] == "not-arriving")
    sentence = f"{ANA}: The last 3 mails to this address did not arrive."
    assert note == {"code": "not-arriving", "field": "to", "address": ANA, "sentence": sentence}
    panel = client.get(f"/desk/sessions/{session.public_id}/customer/").json()
    assert panel["trouble"] == "The last 3 mails to this address did not arrive."


def test_how_long_a_mail_waits_for_its_turn_is_said(house: House, as_user: SignIn) -> None:
    """And what can be done is offered only where something can."""
    EmailAccount.objects.update(sends_per_minute=3)
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    for status in ("sent", "queued", "queued", "unknown", "failed"):
        make_message(session, direction="out", status=status)
    told = conversation(as_user(house.alice.user), session)["messages"]
    delivery = [one["delivery"] for one in told]
    assert [one["because"] for one in delivery[:3]] == ["", "", "It leaves in 20 seconds."]
    assert [one["is_in_doubt"] for one in delivery] == [False, False, False, True, False]
    assert [one["has_failed"] for one in delivery] == [False, False, False, False, True]
