"""What a provider tells of a mail of ours: on the mail, in the list, and out of doubt."""

from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from apps.channels.models import ProviderEvent, SuppressedAddress
from apps.channels.providers import sns
from apps.tickets.models import (
    DeliveryAttempt,
    DeliveryReport,
    Message,
    SentId,
    Session,
    SessionEvent,
)
from apps.tickets.sending import doubts, settling
from apps.tickets.sending.delivery import due
from apps.tickets.tokens import hash_of
from tests.channels.providers import hooks
from tests.channels.providers.news_hooks import PROVIDERS, Sent, make_sender, news
from tests.channels.providers.test_news import post
from tests.people import House, make_house, make_message, make_session
from tests.tickets.arrivals import a_mail, arrive

pytestmark = pytest.mark.django_db

Status, Ended = Message.Status, DeliveryAttempt.Ended
OURS = "t1.abc@carteria.test"
TO = "customer@outside.test"


@pytest.fixture(autouse=True)
def amazon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sns, "get", lambda _address: hooks.amazons_certificate())


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def message(house: House) -> Message:
    return make_sent(house)


def make_sent(house: House, *, ended: str = Ended.SENT, people: tuple[str, ...] = (TO,)) -> Message:
    """A mail on its way, whose attempt ended like this; its session is over."""
    session = make_session(house.support, status=Session.Status.RESOLVED, mailbox=house.mailbox)
    message = make_message(
        session,
        direction="out",
        status=Status.SENDING,
        message_id=OURS,
        to=[{"email": one, "name": ""} for one in people],
        author=house.alice.user,
    )
    Message.objects.filter(pk=message.pk).update(message_id_hash=hash_of(OURS))
    now = timezone.now()
    DeliveryAttempt.objects.create(message=message, number=1, outcome=ended, lease_until=now)
    if ended:
        settling.settle(Message.objects.get(pk=message.pk), pause=0)
    Session.objects.update(status=Session.Status.RESOLVED)
    return Message.objects.get(pk=message.pk)


def told(provider: str, kind: str, *, event: str = "e1", **facts: Any) -> int:
    account = make_sender(provider)
    sent = Sent(**({"mark": hash_of(OURS), "message_id": OURS} | facts))
    answer = post(account, news(provider, kind, sent, event=event))
    assert answer.status_code == 200
    return int(answer.json()["new"])


def reports() -> list[tuple[str, str]]:
    rows = DeliveryReport.objects.order_by("pk")
    return [(one.kind, one.recipient) for one in rows]


def as_it_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


# ---- on the mail ------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "kind, row, opens",
    [
        ("taken", "", False),
        ("delivered", "delivered", False),
        ("delayed", "delayed", False),
        ("hard", "hard", True),
        ("refused", "hard", True),
        ("complaint", "complaint", False),
    ],
)
def test_each_word_on_the_mail(
    message: Message, provider: str, kind: str, row: str, opens: bool
) -> None:
    told(provider, kind)
    assert reports() == ([(row, TO)] if row else [])
    session = Session.objects.get(pk=message.session_id)
    assert (session.status in Session.OPEN or session.status == "active") == opens
    assert ProviderEvent.objects.get().outcome == "taken"


def test_a_bounce_names_whom_and_why(message: Message) -> None:
    told("mailgun", "hard")
    [report] = DeliveryReport.objects.all()
    assert (report.status, report.smtp_code) == ("5.1.1", 550)
    why = SessionEvent.objects.filter(session=message.session).order_by("-pk")[0].why
    assert TO in why and "no such user" in why
    [listed] = SuppressedAddress.objects.all()
    assert (listed.address, listed.conversation) == (TO, message.session.public_id)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_told_again_changes_nothing(message: Message, provider: str) -> None:
    account = make_sender(provider)
    sent = Sent(hash_of(OURS), OURS)
    for _turn in range(3):
        post(account, news(provider, "hard", sent))
    assert (reports(), SuppressedAddress.objects.count()) == ([("hard", TO)], 1)


def test_a_bounce_by_event_and_by_event_again_is_one(message: Message) -> None:
    """Two events with ids of their own."""
    told("brevo", "hard")
    Session.objects.update(status=Session.Status.RESOLVED)
    told("brevo", "hard", event="e2")
    assert reports() == [("hard", TO)]
    assert Session.objects.get().status == Session.Status.RESOLVED


@pytest.mark.parametrize(
    "order", list(permutations(["delayed", "delivered", "hard"])), ids=" ".join
)
def test_the_order_of_events_decides_nothing(message: Message, order: tuple[str, ...]) -> None:
    from apps.tickets.delivery_reports import standing

    for number, kind in enumerate(order):
        told("postmark", kind, event=f"e{number}")
    holds = standing(DeliveryReport.objects.all())
    assert {who: one.kind for who, one in holds.items()} == {TO: "hard"}


def test_one_of_several_recipients(house: House) -> None:
    make_sent(house, people=(TO, "other@outside.test"))
    told("sendgrid", "hard", to="OTHER@outside.test")
    assert reports() == [("hard", "other@outside.test")]


def test_of_a_mail_that_nobody_knows(message: Message) -> None:
    told("brevo", "hard", mark="0" * 32)
    event = ProviderEvent.objects.get()
    assert (reports(), event.outcome) == ([], "ignored")
    assert "no conversation" in event.sentence


def test_an_automatic_answer_that_bounces_calls_nobody(message: Message) -> None:
    Message.objects.update(automatic=True)
    told("brevo", "hard")
    assert (reports(), Session.objects.get().status) == ([("hard", TO)], "resolved")


# ---- ids --------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["ses", "postmark", "brevo", "sendgrid"])
def test_the_id_of_the_provider_finds_the_mail(message: Message, provider: str) -> None:
    SentId.objects.create(message=message, hash=hash_of("own-id-1"))
    told(provider, "delivered", mark="")
    assert reports() == [("delivered", TO)]


def test_an_answer_to_the_id_that_stands_in_its_header_finds_the_thread(
    message: Message, house: House
) -> None:
    told("sendgrid", "delivered", own="14c5@ismtpd-555")
    [answer] = arrive(a_mail(house.mailbox, sender=TO, in_reply_to="14c5@ismtpd-555"))
    assert answer.thread_id == message.thread_id


# ---- doubts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("kind", ["taken", "delivered", "delayed", "hard"])
def test_news_end_a_doubt(house: House, provider: str, kind: str) -> None:
    message = make_sent(house, ended=Ended.UNKNOWN)
    assert message.status == Status.UNKNOWN
    told(provider, kind)
    assert as_it_is(message).status == Status.SENT
    [event] = SessionEvent.objects.filter(kind=SessionEvent.Kind.DELIVERY)
    assert event.facts["evidence"] == doubts.PROVIDER


def test_news_that_are_quicker_than_silence(house: House) -> None:
    """The event comes while we still wait for the answer, which then never comes."""
    message = make_sent(house, ended="")
    told("brevo", "delivered")
    assert as_it_is(message).status == Status.SENDING
    DeliveryAttempt.objects.update(outcome=Ended.UNKNOWN)
    settling.settle(as_it_is(message), pause=0)
    assert as_it_is(message).status == Status.UNKNOWN
    due(10)
    assert as_it_is(message).status == Status.SENT


def test_what_is_known_to_be_there_is_not_sent_again(house: House) -> None:
    message = make_sent(house, ended=Ended.UNKNOWN)
    doubts.send_again(message, evidence=doubts.BY_SETTING)
    assert as_it_is(message).status == Status.QUEUED
    told("brevo", "delivered")
    assert as_it_is(message).status == Status.SENT
    assert due(10) == []
