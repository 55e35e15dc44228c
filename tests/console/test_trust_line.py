"""What a reader sees of the sender: the whole address, and how far it can be believed, in words."""

from typing import Any

import pytest
from django.test import Client

from apps.channels.parsed import Address
from apps.console.templatetags.trust import address, in_full
from apps.tickets.models import Message
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session

VERIFIED = {"code": "authenticated", "method": "DMARC", "domain": "shop.test"}
ELSEWHERE = {"code": "reply-elsewhere", "addresses": ["<b>@evil.test"]}
OTHER = {"code": "name-shows-other", "address": "boss@bank.test"}


@pytest.fixture
def alice(house: House, as_user: SignIn) -> Client:
    return as_user(house.alice.user)


def received(house: House, level: str, *facts: dict[str, Any], **fields: Any) -> Message:
    session = make_session(house.support, customer="ann@shop.test", customer_name="Ann")
    trust = {"level": level, "facts": list(facts)}
    fields = {"from_name": "Ann", "from_email": "ann@shop.test"} | fields
    return make_message(session, trust=trust, **fields)


def page_of(alice: Client, message: Message) -> str:
    return alice.get(f"/s/{message.session.public_id}/").content.decode()


def test_a_warning_names_every_fact_and_what_to_do(house: House, alice: Client) -> None:
    page = page_of(alice, received(house, "warning", ELSEWHERE, OTHER))

    assert 'data-level="warning"' in page
    assert "Answers go to another address: <bdi>&lt;b&gt;@evil.test</bdi>." in page
    assert "The name shows <bdi>boss@bank.test</bdi>" in page
    assert "in a way that you know already" in page
    assert 'data-test="row-warns"' in page


def test_a_proved_sender_is_called_verified(house: House, alice: Client) -> None:
    page = page_of(alice, received(house, "verified", VERIFIED))

    assert 'data-level="verified"' in page
    assert "Sender verified" in page
    assert "It really comes from <bdi>shop.test</bdi> (<bdi>DMARC</bdi> check passed)." in page
    assert "row-warns" not in page


def test_what_only_informs_does_not_warn(house: House, alice: Client) -> None:
    fact = {"code": "sent-by", "address": "bulk@esp.test"}
    page = page_of(alice, received(house, "neutral", fact))

    assert 'data-level="neutral"' in page
    assert "Sent by <bdi>bulk@esp.test</bdi> for the sender." in page
    assert "Be careful" not in page


@pytest.mark.parametrize("trust", [{}, {"level": "neutral", "facts": []}, {"facts": [{}]}])
def test_nothing_to_say_is_no_line(house: House, alice: Client, trust: dict[str, Any]) -> None:
    message = received(house, "neutral")
    Message.objects.update(trust=trust)
    assert 'data-test="trust"' not in page_of(alice, message)


def test_the_address_stands_beside_the_name(house: House, alice: Client) -> None:
    page = page_of(alice, received(house, "neutral"))
    assert '<bdi class="address-box">ann</bdi>' in page
    assert "<bdi>@shop.test</bdi>" in page


def test_what_we_sent_has_no_trust_line(house: House, alice: Client) -> None:
    message = received(house, "warning", OTHER, direction="out", status="sent")
    page = page_of(alice, message)
    assert 'data-test="trust"' not in page
    assert "row-warns" not in page


def test_an_answer_shows_the_whole_address_of_its_recipient(house: House, alice: Client) -> None:
    message = received(house, "neutral", from_email="eve@evil.test", from_name="boss@bank.test")
    page = page_of(alice, message)
    assert "to boss@bank.test &lt;eve@evil.test&gt;" in page
    assert 'title="eve@evil.test"' in page


def test_an_address_is_escaped_and_hides_nothing() -> None:
    shown = address('<i>"\u202e@x\u200b.test')
    assert "&lt;i&gt;&quot;[U+202E]</bdi>" in shown
    assert "@x[U+200B].test</bdi>" in shown
    assert address("nobody") == "<bdi>nobody</bdi>"


def test_names_and_addresses_stand_together() -> None:
    people = [Address("a@x.test", "Ann"), Address("b@x.test")]
    assert in_full(people) == "Ann <a@x.test>, b@x.test"
