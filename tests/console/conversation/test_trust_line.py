"""What a reader sees of the sender: the whole address, and how far it can be believed, in words."""

from typing import Any

import pytest
from django.test import Client

from apps.tickets.models import Message
from tests.console.asking import only_mail, read
from tests.people import House, make_message, make_session

VERIFIED = {"code": "authenticated", "method": "DMARC", "domain": "shop.test"}
ELSEWHERE = {"code": "reply-elsewhere", "addresses": ["<b>&amp;@evil.test"]}
OTHER = {"code": "name-shows-other", "address": "boss@bank.test"}


def received(house: House, level: str, *facts: dict[str, Any], **fields: Any) -> Message:
    session = make_session(house.support, customer="ann@shop.test", customer_name="Ann")
    trust = {"level": level, "facts": list(facts)}
    fields = {"from_name": "Ann", "from_email": "ann@shop.test"} | fields
    return make_message(session, trust=trust, **fields)


def trust_of(alice: Client, message: Message) -> Any:
    return only_mail(alice, message.session)["trust"]


def is_marked(alice: Client) -> bool:
    (row,) = read(alice, "sessions/")["rows"]
    return bool(row["warns"])


def test_a_warning_names_every_fact_and_what_to_do(house: House, alice: Client) -> None:
    trust = trust_of(alice, received(house, "warning", ELSEWHERE, OTHER))

    assert trust["title"] == "Be careful with this sender"
    first, second = trust["sentences"]
    assert first == "Answers go to another address: \u2068<b>&amp;@evil.test\u2069."
    assert second.startswith("The name shows \u2068boss@bank.test\u2069")
    assert "in a way that you know already" in trust["advice"]
    assert trust["hint"] == f"{first} {second}"
    assert is_marked(alice)


def test_a_proved_sender_is_called_verified(house: House, alice: Client) -> None:
    trust = trust_of(alice, received(house, "verified", VERIFIED))

    assert (trust["level"], trust["title"]) == ("verified", "Sender verified")
    assert trust["sentences"] == [
        "It really comes from \u2068shop.test\u2069 (\u2068DMARC\u2069 check passed)."
    ]
    assert not is_marked(alice)


def test_what_only_informs_does_not_warn(house: House, alice: Client) -> None:
    fact = {"code": "sent-by", "address": "bulk@esp.test"}

    trust = trust_of(alice, received(house, "neutral", fact))

    assert (trust["level"], trust["hint"]) == ("neutral", "")
    assert trust["sentences"] == ["Sent by \u2068bulk@esp.test\u2069 for the sender."]
    assert not is_marked(alice)


@pytest.mark.parametrize("trust", [{}, {"level": "neutral", "facts": []}, {"facts": [{}]}])
def test_nothing_to_say_is_no_line(house: House, alice: Client, trust: dict[str, Any]) -> None:
    message = received(house, "neutral")
    Message.objects.update(trust=trust)

    assert trust_of(alice, message) is None


def test_what_we_sent_has_no_trust_line(house: House, alice: Client) -> None:
    message = received(house, "warning", OTHER, direction="out", status="sent")

    assert trust_of(alice, message) is None
    assert not is_marked(alice)


def test_an_address_hides_nothing_behind_its_name(house: House, alice: Client) -> None:
    message = received(
        house, "neutral", from_email="e\u202eve@ev\u200bil.test", from_name="boss@bank.test"
    )

    sender = only_mail(alice, message.session)["from"]

    assert sender == {"email": "e[U+202E]ve@ev[U+200B]il.test", "name": "boss@bank.test"}
