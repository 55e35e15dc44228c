"""A restored backup: what it holds as unsent may have left, so nothing of it leaves by itself."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.channels.models import EmailAccount, QuarantineAction
from apps.crm.models import TicketUpdate
from apps.tickets import dots, tasks
from apps.tickets.held import notice
from apps.tickets.models import DeliveryAttempt, Message, OutboxMark
from apps.tickets.outbound import Letter, reply
from apps.tickets.sending import doubts, restored
from apps.tickets.sending.delivery import deliver, due
from tests.people import House, make_house, make_message, make_session
from tests.servers.smtp_sink import SmtpSink
from tests.tickets.automatic.test_auto_response import a_mail, answering, comes, said
from tests.tickets.held_mails import held

pytestmark = pytest.mark.django_db

Status = Message.Status
A_WHILE_AGO = format_datetime(timezone.now() - timedelta(hours=1))


@pytest.fixture
def house(smtp_sink: SmtpSink, settings: Settings, tmp_path: Path) -> House:
    settings.DATA_DIR = tmp_path
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    return house


def answer(house: House) -> Message:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(session)
    return reply(session, Letter(text="It is on its way."), by=house.alice.user)


def put_back(*messages: Message, dots: int) -> None:
    """As the rows were in the backup: not sent, and fewer dots."""
    DeliveryAttempt.objects.filter(message__in=messages).delete()
    TicketUpdate.objects.filter(key__in=[str(one.pk) for one in messages]).delete()
    ids = [one.pk for one in messages]
    Message.objects.filter(pk__in=ids).update(status=Status.QUEUED, attempts=0, sent_at=None)
    OutboxMark.objects.update(dots=dots)


@pytest.fixture
def sent_since(house: House, smtp_sink: SmtpSink) -> Iterator[Message]:
    first, second = answer(house), answer(house)
    deliver(first.pk)
    deliver(second.pk)
    smtp_sink.wait_for(2)
    put_back(second, dots=1)
    yield second


def test_what_left_after_the_backup_is_in_doubt_and_does_not_leave_again(
    sent_since: Message, smtp_sink: SmtpSink
) -> None:
    deliver(sent_since.pk)
    assert due(10) == []
    sent_since.refresh_from_db()
    assert sent_since.status == Status.UNKNOWN and "backup" in sent_since.because
    assert len(smtp_sink.mails) == 2
    mark = OutboxMark.objects.get()
    assert (mark.dots, mark.doubted) == (2, 1) and mark.restored_at


def test_a_person_may_have_it_sent_after_all(sent_since: Message, smtp_sink: SmtpSink) -> None:
    deliver(sent_since.pk)
    doubts.resolve(sent_since, "resend", by=sent_since.author)
    deliver(sent_since.pk)
    sent_since.refresh_from_db()
    assert sent_since.status == Status.SENT and len(smtp_sink.wait_for(3)) == 3


def test_what_was_amid_its_delivery_is_in_doubt_too(sent_since: Message) -> None:
    """Its dot came after the backup was made."""
    attempt = DeliveryAttempt.objects.create(
        message=sent_since, number=1, lease_until=sent_since.created_at
    )
    Message.objects.filter(pk=sent_since.pk).update(status=Status.SENDING, attempts=1)
    assert due(10) == []
    attempt.refresh_from_db()
    sent_since.refresh_from_db()
    assert attempt.outcome == sent_since.status == "unknown"


def test_what_is_written_afterwards_leaves(house: House, sent_since: Message) -> None:
    assert due(10) == []
    later = answer(house)
    deliver(later.pk)
    later.refresh_from_db()
    assert later.status == Status.SENT


def test_the_crm_is_looked_into_before_it_is_told(sent_since: Message) -> None:
    deliver(sent_since.pk)
    told = TicketUpdate.objects.filter(key=str(sent_since.pk))
    assert told.exists() and not told.filter(tries=0).exists()


def test_nothing_is_in_doubt_on_a_good_day(house: House) -> None:
    for _number in range(3):
        message = answer(house)
        deliver(message.pk)
        message.refresh_from_db()
        assert message.status == Status.SENT
    mark = OutboxMark.objects.get()
    assert mark.dots == 3 and mark.restored_at is None
    waiting = answer(house)
    assert due(10) == [waiting.pk]


def test_another_database_on_the_same_folder_is_not_taken_for_an_old_one(house: House) -> None:
    message = answer(house)
    deliver(message.pk)
    OutboxMark.objects.all().delete()
    other = answer(house)
    deliver(other.pk)
    other.refresh_from_db()
    assert other.status == Status.SENT


def test_a_full_disk_does_not_stop_what_leaves(house: House) -> None:
    message = answer(house)
    with patch.object(dots.os, "pwrite", side_effect=OSError(28, "full")):
        deliver(message.pk)
    message.refresh_from_db()
    assert message.status == Status.SENT
    assert due(10) == []


def test_whoever_put_the_whole_machine_back_says_so(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = answer(house)
    call_command("restored")
    waiting.refresh_from_db()
    assert waiting.status == Status.UNKNOWN
    assert capsys.readouterr().out.startswith("1 mail may have left already.")


def test_mail_that_is_found_again_gets_no_second_automatic_answer(
    house: House, sent_since: Message
) -> None:
    answering(house)
    restored.notice()
    old = comes(house.mailbox, a_mail("Old", Date=A_WHILE_AGO))
    assert said(old) == "restored"
    new = comes(house.mailbox, a_mail("New"))
    assert said(new) == "answered"


def test_a_dot_that_another_worker_counts_meanwhile_is_no_sign_of_a_backup(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a look at the row and one at the file: what waits must not come into doubt."""
    waiting = answer(house)
    dots.count()
    length_of = dots.in_folder
    meanwhile = iter([dots.count])

    def length(mark: OutboxMark) -> int:
        for count in meanwhile:
            count()
        return length_of(mark)

    monkeypatch.setattr(dots, "in_folder", length)
    restored.notice()
    waiting.refresh_from_db()
    assert (waiting.status, restored.noticed_at()) == (Status.QUEUED, None)


def test_a_sender_of_held_mail_is_not_told_twice(house: House, smtp_sink: SmtpSink) -> None:
    told = notice.tell(held(house), "Please write again.", by=house.admin)
    tasks.tell_senders()
    smtp_sink.wait_for(1)
    QuarantineAction.objects.filter(pk=told.pk).update(outcome="queued", tries=0)
    OutboxMark.objects.update(dots=0)
    tasks.tell_senders()
    told.refresh_from_db()
    assert (told.outcome, len(smtp_sink.mails)) == ("unknown", 1) and "backup" in told.sentence
    assert not notice.is_due() and OutboxMark.objects.get().doubted == 1


def test_no_mail_gets_a_number_that_one_had_since_the_backup(house: House) -> None:
    """Their links stand in the CRM, and would show it instead."""
    session = make_session(house.support)
    before = make_message(session).pk
    restored.doubt_everything()
    assert make_message(session).pk > before + restored.MORE_THAN_SINCE
