"""What becomes of a queued mail (GUARANTEES G5): sent once, retried, failed, or honestly unknown."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from unittest.mock import patch

import pytest
from django.db import connections
from django.utils import timezone

from apps.attachments.models import Attachment, Verdict
from apps.channels.models import ChannelSettings, EmailAccount
from apps.core import blobs
from apps.crm.models import TicketUpdate
from apps.tickets.models import DeliveryAttempt, Message, Session
from apps.tickets.outbound import Letter, Upload, reply
from apps.tickets.sending import delivery
from apps.tickets.sending.delivery import deliver, due
from tests.people import House, make_house, make_message, make_session
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

Status = Message.Status
PICTURE = Upload("Fotografía.png", "image/png", b"\x89PNG\r\n\x1a\n\x00")


@pytest.fixture
def house(smtp_sink: SmtpSink) -> House:
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    return house


def queued(house: House, *files: Upload, text: str = "It is on its way.") -> Message:
    session = make_session(
        house.support, agent=house.alice, status=Session.Status.ACTIVE, mailbox=house.mailbox
    )
    make_message(session)
    return reply(session, Letter(text=text, files=files), by=house.alice.user)


@pytest.fixture
def message(house: House) -> Message:
    return queued(house)


def as_it_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def told(message: Message) -> int:
    """How many comments the CRM will get about it."""
    return TicketUpdate.objects.filter(thread_key=message.thread.key, kind="link").count()


def the_time_comes(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(next_try_at=timezone.now() - timedelta(seconds=1))


def the_worker_dies(message: Message, stage: str) -> DeliveryAttempt:
    """As a killed worker leaves it: claimed, the lease over."""
    attempt = delivery._claim(message)
    assert attempt is not None
    past = timezone.now() - timedelta(seconds=1)
    DeliveryAttempt.objects.filter(pk=attempt.row.pk).update(stage=stage, lease_until=past)
    return attempt.row


# ---- sent ---------------------------------------------------------------------------------


def test_a_queued_mail_is_sent_and_the_crm_is_told(smtp_sink: SmtpSink, message: Message) -> None:
    assert due(10) == [message.pk]
    deliver(message.pk)
    sent = as_it_is(message)
    assert (sent.status, sent.because, sent.attempts) == (Status.SENT, "", 1)
    assert sent.sent_at is not None
    attempt = sent.tries.get()
    assert (attempt.stage, attempt.outcome, attempt.code) == ("done", "sent", 250)
    [mail] = smtp_sink.mails
    assert (mail.sender, mail.recipients) == ("support@carteria.test", ("customer@outside.test",))
    assert message_from_bytes(mail.raw)["Message-ID"] == f"<{message.message_id}>"
    assert told(message) == 1
    assert due(10) == []


def test_bcc_stands_in_the_envelope_alone(smtp_sink: SmtpSink, message: Message) -> None:
    Message.objects.update(bcc=[{"email": "hidden@outside.test", "name": ""}])
    deliver(message.pk)
    [mail] = smtp_sink.mails
    assert mail.recipients == ("customer@outside.test", "hidden@outside.test")
    assert b"hidden" not in mail.raw


def test_a_queued_mail_leaves_even_when_the_channel_is_off(
    smtp_sink: SmtpSink, message: Message
) -> None:
    ChannelSettings.objects.update(enabled=False)
    deliver(message.pk)
    assert as_it_is(message).status == Status.SENT


# ---- files --------------------------------------------------------------------------------


@pytest.mark.contract("1.5.a")
def test_nothing_leaves_before_every_file_is_clean(smtp_sink: SmtpSink, house: House) -> None:
    message = queued(house, PICTURE)
    assert due(10) == []
    deliver(message.pk)
    assert (as_it_is(message).status, smtp_sink.said) == (Status.QUEUED, [])
    Attachment.objects.update(verdict=Verdict.CLEAN, detected_type="image/png")
    assert due(10) == [message.pk]
    deliver(message.pk)
    [mail] = smtp_sink.mails
    _text, file = message_from_bytes(mail.raw).get_payload()
    assert (file.get_filename(), file.get_content_type()) == (PICTURE.name, "image/png")
    assert file.get_payload(decode=True) == PICTURE.content


@pytest.mark.contract("1.5.a", "1.5.d")
@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.INFECTED, Verdict.WITHHELD])
def test_a_file_that_never_becomes_clean_stops_the_mail(
    smtp_sink: SmtpSink, house: House, verdict: str
) -> None:
    message = queued(house, PICTURE, Upload("second.png", "image/png", b"second"))
    Session.objects.update(status=Session.Status.RESOLVED)
    Attachment.objects.filter(name=PICTURE.name).update(verdict=verdict, reason="type-denied")
    Attachment.objects.exclude(name=PICTURE.name).update(verdict=Verdict.CLEAN)
    assert due(10) == [message.pk]
    deliver(message.pk)
    failed = as_it_is(message)
    assert (failed.status, failed.attempts, smtp_sink.said) == (Status.FAILED, 0, [])
    assert PICTURE.name in failed.because
    assert "type-denied" in failed.because
    assert failed.session.status == Session.Status.REOPENED
    assert told(message) == 0


# ---- refused, retried, unknown ------------------------------------------------------------


def test_a_refused_recipient_fails_and_brings_the_session_back(
    smtp_sink: SmtpSink, message: Message
) -> None:
    Session.objects.update(status=Session.Status.PAUSED)
    smtp_sink.refused["customer@outside.test"] = "550 5.1.1 no such user"
    deliver(message.pk)
    failed = as_it_is(message)
    assert failed.status == Status.FAILED
    assert "customer@outside.test" in failed.because
    assert failed.session.status == Session.Status.REOPENED
    assert (told(message), due(10)) == (0, [])


def test_a_busy_server_is_asked_again_with_the_same_id(
    smtp_sink: SmtpSink, message: Message
) -> None:
    smtp_sink.answers["DOT"] = "451 4.3.0 later"
    deliver(message.pk)
    later = as_it_is(message)
    assert (later.status, "451" in later.because, due(10)) == (Status.QUEUED, True, [])
    assert later.next_try_at is not None
    assert timedelta(25) > later.next_try_at - timezone.now() > timedelta(seconds=20)
    deliver(message.pk)  # before its time: nothing
    smtp_sink.behave()
    the_time_comes(message)
    assert due(10) == [message.pk]
    deliver(message.pk)
    assert (as_it_is(message).status, as_it_is(message).attempts) == (Status.SENT, 2)
    [mail] = smtp_sink.mails
    assert f"<{message.message_id}>".encode() in mail.raw
    assert told(message) == 1


def test_the_pauses_grow_to_an_hour() -> None:
    assert [delivery._pause(number) for number in range(1, 10)] == [
        30, 60, 120, 240, 480, 960, 1920, 3600, 3600,
    ]  # fmt: skip
    assert delivery._pause(500) == 3600


def test_after_two_days_it_has_failed(smtp_sink: SmtpSink, message: Message) -> None:
    Message.objects.update(created_at=timezone.now() - timedelta(days=2, seconds=1))
    smtp_sink.drops.add("CONNECT")
    deliver(message.pk)
    assert as_it_is(message).status == Status.FAILED


def test_silence_after_the_dot_is_unknown_told_and_never_sent_again(
    smtp_sink: SmtpSink, message: Message
) -> None:
    smtp_sink.drops.add("DOT")
    deliver(message.pk)
    unknown = as_it_is(message)
    assert (unknown.status, bool(unknown.because)) == (Status.UNKNOWN, True)
    assert told(message) == 1
    the_time_comes(message)
    assert due(10) == []
    deliver(message.pk)
    assert len(smtp_sink.mails) == 1


# ---- killed, doubled ----------------------------------------------------------------------


def test_a_worker_that_died_before_the_dot_is_replaced(
    smtp_sink: SmtpSink, message: Message
) -> None:
    the_worker_dies(message, DeliveryAttempt.Stage.CONNECTING)
    assert due(10) == [message.pk]
    deliver(message.pk)
    assert (as_it_is(message).status, len(smtp_sink.mails)) == (Status.SENT, 1)
    assert [one.outcome for one in message.tries.order_by("number")] == ["retry", "sent"]


def test_a_worker_that_died_after_the_dot_leaves_an_unknown(
    smtp_sink: SmtpSink, message: Message
) -> None:
    the_worker_dies(message, DeliveryAttempt.Stage.DATA)
    assert due(10) == []
    assert as_it_is(message).status == Status.UNKNOWN
    assert (told(message), smtp_sink.mails) == (1, [])


def test_one_that_cannot_be_judged_keeps_no_other_from_leaving(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, other = queued(house), queued(house)
    the_worker_dies(odd, "connecting")
    the_worker_dies(other, "connecting")
    settle = delivery.settling.settle

    def stumbles(message: Message, *, pause: int, because: str = "") -> None:
        if message == odd:
            raise KeyError("surprise")
        settle(message, pause=pause, because=because)

    monkeypatch.setattr(delivery.settling, "settle", stumbles)
    assert due(10) == [other.pk]
    assert as_it_is(odd).status == Status.SENDING  # judged anew by each sweep


def test_a_worker_whose_lease_lives_is_left_alone(message: Message) -> None:
    delivery._claim(message)
    assert due(10) == []
    assert as_it_is(message).status == Status.SENDING


def test_a_slow_worker_that_was_replaced_stops_before_the_dot(
    smtp_sink: SmtpSink, message: Message
) -> None:
    """Its lease ended while it spoke to the server; another one has sent the mail meanwhile."""
    before_data = delivery._Attempt.before_data

    def overtaken(attempt: delivery._Attempt) -> None:
        if attempt.row.number == 1:
            past = timezone.now() - timedelta(seconds=1)
            DeliveryAttempt.objects.filter(pk=attempt.row.pk).update(lease_until=past)
            assert due(10) == [message.pk]
            deliver(message.pk)
        before_data(attempt)

    with patch.object(delivery._Attempt, "before_data", overtaken):
        deliver(message.pk)
    assert (as_it_is(message).status, len(smtp_sink.mails)) == (Status.SENT, 1)


def test_a_slow_worker_that_moves_on_while_we_look_keeps_its_mail(message: Message) -> None:
    """Seen before the dot with a lease that is over; a moment later it is past it."""
    row = the_worker_dies(message, DeliveryAttempt.Stage.CONNECTING)
    record = delivery._record

    def late(*args: object, **kwargs: object) -> None:
        delivery._Attempt(row).before_data()
        record(*args, **kwargs)

    with patch.object(delivery, "_record", late):
        assert due(10) == []
    assert as_it_is(message).status == Status.SENDING
    assert DeliveryAttempt.objects.get().outcome == ""


def test_two_who_saw_it_queued_send_it_once(message: Message) -> None:
    one, other = delivery._sendable(message.pk), delivery._sendable(message.pk)
    assert one is not None
    assert other is not None
    assert delivery._claim(one) is not None
    assert delivery._claim(other) is None


@pytest.fixture
def two_threads() -> Iterator[threading.Event]:
    """Lets the other thread close its connection."""
    done = threading.Event()
    yield done
    assert done.wait(20)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_once(
    smtp_sink: SmtpSink, message: Message, two_threads: threading.Event
) -> None:
    smtp_sink.may_go_on.clear()

    def work() -> None:
        deliver(message.pk)
        connections.close_all()
        two_threads.set()

    threading.Thread(target=work).start()
    assert smtp_sink.in_data.wait(10)
    deliver(message.pk)  # the first one waits for the server's answer
    assert due(10) == []
    smtp_sink.may_go_on.set()
    assert two_threads.wait(20)
    assert (as_it_is(message).status, len(smtp_sink.mails)) == (Status.SENT, 1)


def test_a_mail_that_cannot_be_composed_fails_with_a_sentence(
    smtp_sink: SmtpSink, message: Message
) -> None:
    Message.objects.update(to=[{"email": "not an address", "name": ""}])
    deliver(message.pk)
    failed = as_it_is(message)
    assert (failed.status, "not an address" in failed.because) == (Status.FAILED, True)


def test_what_the_customer_wrote_becomes_no_header(smtp_sink: SmtpSink, house: House) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(
        session,
        subject="Hi\r\nBcc: evil@x.test\r\n\r\nInjected",
        from_name='Ann"\r\nBcc: evil@x.test',
        message_id="x> \r\nBcc: <evil@x.test",
        references=["a\r\nBcc: evil@x.test", "good@outside.test"],
    )
    message = reply(session, Letter(text="Hello"), by=house.alice.user)
    deliver(message.pk)
    [mail] = smtp_sink.mails
    parsed = message_from_bytes(mail.raw)
    assert "Bcc" not in parsed
    assert "In-Reply-To" not in parsed
    assert parsed["References"] == "<good@outside.test>"
    assert mail.recipients == ("customer@outside.test",)


def test_bytes_that_are_gone_keep_the_mail_queued(smtp_sink: SmtpSink, house: House) -> None:
    """A disk that is away for a moment costs time, not the mail."""
    message = queued(house, PICTURE)
    Attachment.objects.update(verdict=Verdict.CLEAN)
    with patch.object(blobs, "read", side_effect=OSError), pytest.raises(OSError):
        deliver(message.pk)
    past = timezone.now() - timedelta(seconds=1)
    DeliveryAttempt.objects.update(lease_until=past)
    assert due(10) == [message.pk]
    deliver(message.pk)
    assert as_it_is(message).status == Status.SENT
