"""What intake says of senders: from the account, the house and the mails that came before."""

from collections.abc import Callable, Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one, receive_told
from apps.channels.trust import Trust
from apps.tickets import storing
from apps.tickets.inbound import take_in
from apps.tickets.models import Message
from apps.tickets.placing import Placed
from apps.tickets.trusting import trusts_of
from tests.calls import Caller
from tests.people import House, make_house

pytestmark = pytest.mark.django_db

Arrive = Callable[[str], Message]
PASSED = "Authentication-Results: mx.carteria.test; dmarc=pass header.from={}\r\n"


@pytest.fixture
def house() -> House:
    house = make_house()
    account = house.mailbox.account
    account.trusted_servers = ["mx.carteria.test"]
    account.save()
    return house


@pytest.fixture
def arrive(house: House) -> Arrive:
    """A mail with these headers comes to the support mailbox and is stored."""

    def arrive(headers: str) -> Message:
        raw = f"{headers}To: support@carteria.test\r\nSubject: x\r\n\r\nHello\r\n".encode()
        receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
        take_in()
        return Message.objects.latest("id")

    return arrive


def codes(message: Message) -> set[str]:
    return {fact["code"] for fact in message.trust["facts"]}


def test_what_the_named_server_found_is_stored(arrive: Arrive) -> None:
    message = arrive(PASSED.format("client.test") + "From: carla@client.test\r\n")
    assert (message.trust["level"], codes(message)) == ("verified", {"authenticated"})


def test_a_server_that_the_account_does_not_name_is_not_believed(arrive: Arrive) -> None:
    field = PASSED.format("client.test").replace("mx.", "mx2.")
    assert arrive(field + "From: carla@client.test\r\n").trust == {"level": "neutral", "facts": []}


def test_a_rebuilt_mail_proves_nothing_and_says_what_it_is(house: House, arrive: Arrive) -> None:
    message = arrive("From: carla@client.test\r\n")
    head = PASSED.format("client.test") + "From: dora@client.test\r\n"
    raw = f"{head}\r\nHi\r\n".encode()
    given = {"mailbox": house.mailbox, "event_id": "e", "rebuilt": True}
    receive_told(raw, account=house.mailbox.account, **given)
    take_in()
    rebuilt = Message.objects.latest("id")
    assert rebuilt != message
    assert rebuilt.trust == {"level": "neutral", "facts": [{"code": "rebuilt"}]}


def test_the_house_knows_its_own_addresses_people_and_domains(house: House, arrive: Arrive) -> None:
    user = house.alice.user
    user.first_name, user.last_name, user.email = "Alice", "Ader", "alice@staff.test"
    user.save()

    assert codes(arrive("From: Support@Carteria.test\r\n")) == {"our-address"}
    assert codes(arrive("From: Alice@Staff.test\r\n")) == {"agent-address"}
    assert codes(arrive("From: Alice Ader <alice.ader@gmail.com>\r\n")) == {"name-of-colleague"}
    assert codes(arrive("From: it@carterla.test\r\n")) == {"looks-like"}


def test_who_wrote_before_is_known_by_domain_and_name(arrive: Arrive) -> None:
    arrive("From: Carla Costa <carla@client.test>\r\n")

    assert codes(arrive("From: x@cllent.test\r\n")) == {"looks-like"}
    assert codes(arrive("From: Carla Costa <carla@home.test>\r\n")) == {"namesake"}
    assert codes(arrive("From: Carla Costa <Carla@client.test>\r\n")) == set()


def test_an_impostor_never_becomes_known(arrive: Arrive) -> None:
    arrive("From: Carla Costa <carla@client.test>\r\n")
    for _again in range(3):
        assert codes(arrive("From: x@cllent.test\r\n")) == {"looks-like"}


def test_a_stranger_who_holds_our_token_is_told(house: House, arrive: Arrive) -> None:
    first = arrive("From: carla@client.test\r\nMessage-ID: <one@client.test>\r\n")
    message = arrive("From: eve@evil.test\r\nIn-Reply-To: <one@client.test>\r\n")
    assert message.thread_id != first.thread_id
    assert message.trust["level"] == "neutral"


def test_many_mails_ask_as_little_as_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def counted(placed: Sequence[Placed]) -> list[Trust]:
        with CaptureQueriesContext(connection) as queries:
            trusts = trusts_of(placed)
        asked.append((len(placed), len(queries)))
        return trusts

    monkeypatch.setattr(storing, "trusts_of", counted)
    for number in range(5):
        raw = f"From: Ann B <a{number}@c.test>\r\nTo: support@carteria.test\r\n\r\nx".encode()
        receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    assert asked == [(5, 3)]


def test_the_api_tells_it_in_words(house: House, arrive: Arrive) -> None:
    message = arrive("From: x@gmail.com\r\nReply-To: y@evil.test\r\n")
    trust = Caller(house.alice.user).get(f"messages/{message.pk}/").json()["trust"]

    assert trust["level"] == "warning"
    assert trust["sentences"] == ["Answers go to another address: y@evil.test."]
    assert "look at the address in To" in trust["advice"]
