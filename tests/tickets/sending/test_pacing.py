"""So many a minute, in order, in whatever process; and a server that asks us to slow down."""

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.channels.models import EmailAccount, SendPace
from apps.tickets.models import Message, Session
from apps.tickets.sending import delivery, lines, pacing
from apps.tickets.sending.delivery import deliver, deliver_with_others, due
from apps.tickets.signals import message_queued
from tests.people import House, make_account, make_house, make_mailbox, make_message, make_session
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

Status = Message.Status


@pytest.fixture
def house(smtp_sink: SmtpSink) -> House:
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    return house


def queued(house: House, **fields: Any) -> Message:
    session = make_session(house.support, status=Session.Status.ACTIVE, mailbox=house.mailbox)
    people = {"to": [{"email": "customer@outside.test", "name": ""}]}
    return make_message(session, **{"direction": "out", "status": "queued"} | people | fields)


def three_a_minute(house: House) -> list[Message]:
    EmailAccount.objects.update(sends_per_minute=3)
    return [queued(house) for _number in range(3)]


def statuses(mails: list[Message]) -> list[str]:
    return [Message.objects.get(pk=one.pk).status for one in mails]


def time_passes(seconds: float) -> None:
    for pace in SendPace.objects.exclude(next_at=None):
        SendPace.objects.filter(pk=pace.pk).update(
            next_at=pace.next_at - timedelta(seconds=seconds)
        )


def seconds_to_wait() -> float:
    next_at = SendPace.objects.get().next_at
    assert next_at is not None
    return (next_at - timezone.now()).total_seconds()


def test_they_leave_one_by_one_and_in_order(house: House) -> None:
    mails = three_a_minute(house)
    assert due(10) == [mails[0].pk]
    deliver(mails[2].pk)  # called too early: the oldest one goes
    assert statuses(mails) == ["sent", "queued", "queued"]
    assert 19 < seconds_to_wait() <= 20
    for one in mails:
        deliver(one.pk)
    assert (statuses(mails), due(10)) == (["sent", "queued", "queued"], [])
    time_passes(20)
    assert due(10) == [mails[1].pk]
    deliver(mails[1].pk)
    assert statuses(mails) == ["sent", "sent", "queued"]


def test_time_without_mail_is_not_saved_up(house: House) -> None:
    mails = three_a_minute(house)
    SendPace.objects.create(
        account=house.mailbox.account, next_at=timezone.now() - timedelta(hours=1)
    )
    for one in mails:
        deliver(one.pk)
    assert statuses(mails) == ["sent", "queued", "queued"]


def test_of_two_who_see_the_turn_one_has_it(house: House) -> None:
    mails = three_a_minute(house)
    one, other = (pacing.whose_turn(as_due(mail)) for mail in mails[:2])
    assert one == other == mails[0]
    assert pacing.take_turn(mails[0])
    assert not pacing.take_turn(mails[0])


def as_due(message: Message) -> Message:
    return Message.objects.select_related(*pacing.NEEDED).get(pk=message.pk)


def test_whoever_has_the_turn_calls_the_next(
    house: House, django_capture_on_commit_callbacks: Any
) -> None:
    mails = three_a_minute(house)
    called: list[tuple[int, bool]] = []

    def hear(message_id: int, after: float = 0, **_facts: object) -> None:
        called.append((message_id, 0 < after < 21))  # seconds

    message_queued.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            deliver(mails[0].pk)
        assert called == [(mails[1].pk, True)]
        called.clear()
        with django_capture_on_commit_callbacks(execute=True):
            deliver(mails[2].pk)  # not the oldest: silent
            deliver(mails[1].pk)
        assert called == [(mails[1].pk, True)]
    finally:
        message_queued.disconnect(hear)


def test_a_mail_that_waits_for_itself_lets_the_others_pass(house: House) -> None:
    mails = three_a_minute(house)
    Message.objects.filter(pk=mails[0].pk).update(next_try_at=timezone.now() + timedelta(hours=1))
    deliver(mails[1].pk)
    assert statuses(mails) == ["queued", "sent", "queued"]


def test_other_accounts_do_not_wait(house: House, smtp_sink: SmtpSink) -> None:
    mails = three_a_minute(house)
    account = make_account(send_port=smtp_sink.port)
    free = [queued(house, mailbox=make_mailbox(account=account)) for _number in range(2)]
    assert due(10) == [mails[0].pk, *(one.pk for one in free)]


def test_the_wait_is_known(house: House) -> None:
    mails = three_a_minute(house)
    _first, second, third = (one.pk for one in mails)
    assert pacing.waits_of(mails) == {second: 20, third: 40}  # seconds; the first leaves at once
    deliver(mails[0].pk)
    waits = pacing.waits_of([Message.objects.get(pk=one.pk) for one in mails])
    assert all(0 < waits[one.pk] <= most for one, most in zip(mails[1:], (20, 40), strict=True))


def test_the_waits_of_many_are_one_query(house: House, django_assert_num_queries: Any) -> None:
    mails = three_a_minute(house)
    with django_assert_num_queries(1):
        pacing.waits_of(mails)
    with django_assert_num_queries(0):
        pacing.waits_of([])


# ---- slow down ------------------------------------------------------------------------------


def test_a_server_that_asks_us_to_slow_down_stops_the_account(
    house: House, smtp_sink: SmtpSink
) -> None:
    first, second = queued(house), queued(house)
    smtp_sink.answers["MAIL"] = "450 4.7.1 sending rate exceeded"
    deliver(first.pk)
    told = Message.objects.get(pk=first.pk)
    assert (told.status, told.next_try_at, "rate" in told.because) == ("queued", None, True)
    assert 59 < seconds_to_wait() <= 60
    deliver(second.pk)
    assert (due(10), Message.objects.get(pk=second.pk).attempts) == ([], 0)


def test_each_time_it_waits_longer_until_a_mail_is_taken(house: House, smtp_sink: SmtpSink) -> None:
    message = queued(house)
    smtp_sink.answers["CONNECT"] = "421 4.7.0 too many connections"
    waited = []
    for _time in range(6):
        deliver(message.pk)
        waited.append(round(seconds_to_wait()))
        time_passes(1000)
    assert waited == [60, 120, 240, 480, 900, 900]
    smtp_sink.behave()
    deliver(message.pk)
    assert (statuses([message]), SendPace.objects.get().pauses) == (["sent"], 0)


def test_two_who_hear_it_at_once_are_one(house: House) -> None:
    message = as_due(queued(house))
    pacing.slow_down(message)
    pacing.slow_down(message)
    assert (SendPace.objects.get().pauses, round(seconds_to_wait())) == (1, 60)


def test_whoever_has_sent_one_goes_on_with_what_waits_behind_it(
    house: House, smtp_sink: SmtpSink
) -> None:
    mails = [queued(house) for _number in range(3)]
    deliver_with_others(mails[1].pk)
    assert statuses(mails) == ["sent"] * 3 and len(smtp_sink.wait_for(3)) == 3


def test_a_process_that_stops_begins_no_other_one(
    house: House, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [queued(house) for _number in range(2)]
    monkeypatch.setattr(delivery.stopping, "is_set", lambda: True)
    deliver_with_others(mails[0].pk)
    assert statuses(mails) == ["sent", "queued"] and len(smtp_sink.wait_for(1)) == 1


def test_an_account_whose_lines_are_all_in_use_waits(house: House) -> None:
    mail = queued(house)
    account = house.mailbox.account_id
    with ExitStack() as stack:
        for _line in range(lines.AT_ONCE):
            stack.enter_context(lines.one_of(account))
        assert not deliver(mail.pk)
    assert statuses([mail]) == ["queued"]
    assert deliver(mail.pk)
