"""The canary: an hourly mail to itself that comes back by the ordinary fetch, and makes no work."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.channels import canary, probe
from apps.channels.canary import Canary, canary_of
from apps.channels.fetch import fetch
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail
from apps.channels.receive import Arrival, receive
from apps.tickets.inbound import take_in
from apps.tickets.models import Thread as Conversation
from tests.channels.mailboxes import account_at, switch_on, unseen
from tests.people import make_house
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

BOUNCE = b"""\
From: MAILER-DAEMON@sink.test
To: support@carteria.test
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@sink.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; sink.test

Final-Recipient: rfc822; support@carteria.test
Action: failed
Status: 5.2.2
--b
Content-Type: message/rfc822

Message-ID: <%s>
Subject: Carteria test mail
From: support@carteria.test

x
--b--
"""


@pytest.fixture
def account(smtp_sink: SmtpSink) -> EmailAccount:
    house = make_house()
    account = house.mailbox.account
    return with_fields(account, send_host="127.0.0.1", send_port=smtp_sink.port, canary=True)


def with_fields(account: EmailAccount, **fields: Any) -> EmailAccount:
    EmailAccount.objects.filter(pk=account.pk).update(**fields)
    return EmailAccount.objects.get(pk=account.pk)


def now(account: EmailAccount) -> EmailAccount:
    return EmailAccount.objects.get(pk=account.pk)


def how(account: EmailAccount) -> Canary:
    found = canary_of(now(account), timezone.now())
    assert found is not None
    return found


def comes_back(account: EmailAccount, raw: bytes, uid: int = 1) -> InboundEmail:
    [row] = receive([Arrival(raw, uid)], source="fetch", account=account, uidvalidity=1)
    return row


def time_passes(account: EmailAccount, *, fetched: bool = True, **span: float) -> None:
    """For what is on its way and what is proved; the account was fetched meanwhile."""
    row, past = now(account), timedelta(**span)
    moments = ("canary_asked_at", "canary_sent_at", "canary_proved_at")
    shifted = {name: getattr(row, name) and getattr(row, name) - past for name in moments}
    with_fields(account, **shifted, last_fetched_at=timezone.now() if fetched else None)


def test_it_leaves_comes_back_and_is_proved(account: EmailAccount, smtp_sink: SmtpSink) -> None:
    canary.send_due()
    [mail] = smtp_sink.mails
    assert (mail.sender, mail.recipients) == ("support@carteria.test", ("support@carteria.test",))
    assert b"Auto-Submitted: auto-generated" in mail.raw
    assert how(account).stage == "away"
    row = comes_back(account, mail.raw)
    assert (row.status, row.code) == ("rejected", probe.CODE)
    found = how(account)
    assert (found.stage, found.failed) == ("back", False)
    assert found.seconds is not None


def test_it_makes_no_work(account: EmailAccount, smtp_sink: SmtpSink) -> None:
    canary.send_due()
    comes_back(account, smtp_sink.mails[0].raw)
    take_in()
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"Subject: Carteria", b"Subject: [EXTERNAL] Carteria"),
        (b"Message-ID: <carteria-test.", b"Message-ID: <other-"),
        (b"Subject: ", b"Subject: Fwd: "),
        (b"Message-ID: <carteria-test.", b"Message-ID:\r\n <carteria-test."),
        (b"carteria-test.", b"carteria-test.0"),
        (b"Carteria test mail ", b"Carteria test mail 0"),
    ],
)
def test_servers_may_change_one_of_its_two_names(
    account: EmailAccount, smtp_sink: SmtpSink, was: bytes, becomes: bytes
) -> None:
    canary.send_due()
    [mail] = smtp_sink.mails
    assert was in mail.raw
    comes_back(account, mail.raw.replace(was, becomes))
    assert how(account).stage == "back"


@pytest.mark.parametrize("subject", [b"Re: ", b"Fwd: ", b"AW: [x] "])
def test_an_answer_to_it_is_a_mail(subject: bytes) -> None:
    word = probe.subject_of(probe.new_token()).encode()
    assert probe.token_in(b"Subject: " + word + b"\r\n\r\n")
    assert not probe.token_in(b"Subject: " + subject + word + b"\r\n\r\n")
    forged = b"Carteria test mail " + b"a" * 40
    assert not probe.token_in(b"Subject: " + forged + b"\r\n\r\n")


def test_its_bounce_makes_no_work_either(account: EmailAccount) -> None:
    name = probe.message_id_of(probe.new_token(), "carteria.test").encode()
    row = comes_back(account, BOUNCE % name)
    take_in()
    row.refresh_from_db()
    assert (row.status, row.code) == ("rejected", probe.CODE)
    assert not Conversation.objects.exists()


def test_a_bounce_of_a_word_that_is_not_ours_is_work(account: EmailAccount) -> None:
    row = comes_back(account, BOUNCE % (b"carteria-test." + b"0" * 40 + b"@carteria.test"))
    take_in()
    row.refresh_from_db()
    assert row.status == "stored"


@pytest.mark.parametrize(
    ("minutes", "proved", "leave"), [(10, True, 1), (59, True, 1), (61, True, 2), (61, False, 2)]
)
def test_one_leaves_each_hour(
    account: EmailAccount, smtp_sink: SmtpSink, minutes: int, proved: bool, leave: int
) -> None:
    canary.send_due()
    if proved:
        comes_back(account, smtp_sink.mails[0].raw)
    time_passes(account, minutes=minutes)
    canary.send_due()
    canary.send_due()
    assert len(smtp_sink.mails) == leave


@pytest.mark.parametrize(
    "fields",
    [{"canary": False}, {"enabled": False}, {"receive_kind": "none"}, {"send_kind": "none"}],
)
def test_whoever_does_not_want_or_cannot_sends_none(
    account: EmailAccount, smtp_sink: SmtpSink, fields: dict[str, Any]
) -> None:
    with_fields(account, **fields)
    canary.send_due()
    assert smtp_sink.said == []


def test_while_the_channel_is_off_none_leaves(account: EmailAccount, smtp_sink: SmtpSink) -> None:
    ChannelSettings.objects.update(enabled=False)
    canary.send_due()
    assert smtp_sink.said == []


# ---- whom to blame ------------------------------------------------------------------------------


def test_not_sent(account: EmailAccount, smtp_sink: SmtpSink) -> None:
    smtp_sink.answers["RCPT"] = "550 no such user"
    canary.send_due()
    found = how(account)
    assert (found.stage, found.failed) == ("not-sent", True)
    assert "no such user" in found.sentence
    time_passes(account, minutes=6)
    smtp_sink.behave()
    canary.send_due()
    assert how(account).failed  # until it is back
    comes_back(account, smtp_sink.mails[0].raw)
    assert not how(account).failed


def test_sent_but_not_arrived(account: EmailAccount) -> None:
    canary.send_due()
    time_passes(account, minutes=14)
    assert not how(account).failed
    time_passes(account, minutes=1.1)
    with_fields(account, last_fetched_at=timezone.now() + timedelta(seconds=30))
    assert (how(account).stage, how(account).failed) == ("lost", True)


def test_sent_but_nobody_fetched(account: EmailAccount) -> None:
    canary.send_due()
    time_passes(account, fetched=False, minutes=16)
    assert (how(account).stage, how(account).failed) == ("not-fetched", True)


def test_killed_amid_sending(account: EmailAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """As SIGKILL would: nobody catches it."""

    def killed(*_arguments: object, **_more: object) -> None:
        raise Killed

    monkeypatch.setattr(canary, "send", killed)
    with pytest.raises(Killed):
        canary.send_due()
    time_passes(account, minutes=16)
    assert how(account).stage == "not-taken"
    monkeypatch.undo()
    time_passes(account, minutes=45)
    canary.send_due()
    assert how(account).stage == "away"


def test_the_next_one_on_its_way_is_no_proof(account: EmailAccount, smtp_sink: SmtpSink) -> None:
    """Else the alarm would end each hour and begin again."""
    canary.send_due()
    time_passes(account, minutes=61)
    canary.send_due()
    found = how(account)
    assert (found.stage, found.failed) == ("away", True)
    comes_back(account, smtp_sink.mails[0].raw)  # of the hour before: too late to count
    assert how(account).failed
    comes_back(account, smtp_sink.mails[1].raw, 2)
    assert not how(account).failed


def test_one_that_is_late_is_still_a_proof(account: EmailAccount, smtp_sink: SmtpSink) -> None:
    canary.send_due()
    time_passes(account, minutes=40)
    comes_back(account, smtp_sink.mails[0].raw)
    assert not how(account).failed


def test_that_of_another_account_proves_nothing(account: EmailAccount, smtp_sink: SmtpSink) -> None:
    canary.send_due()
    other = with_fields(EmailAccount.objects.create(name="other"), canary=True)
    comes_back(other, smtp_sink.mails[0].raw)
    assert how(account).stage == "away"
    assert how(other).stage == "new"


# ---- two at once, and the real way --------------------------------------------------------------


@pytest.mark.only_on("postgresql")  # SQLite in memory refuses the second one instead of waiting
@pytest.mark.django_db(transaction=True)
def test_of_two_beats_one_sends(account: EmailAccount, smtp_sink: SmtpSink) -> None:
    together = Barrier(2)

    def beats() -> None:
        together.wait(10)
        canary.send_due()
        connection.close()

    threads = [Thread(target=beats) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(smtp_sink.mails) == 1


@pytest.mark.servers
def test_the_whole_way_over_real_servers(
    dovecot: Dovecot, smtp_sink: SmtpSink, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    switch_on()
    user = dovecot.new_user()
    smtp_sink.caught = lambda mail: dovecot.deliver(user, mail.raw)
    account = account_at(
        dovecot, user, send_host="127.0.0.1", send_port=smtp_sink.port, canary=True
    )
    canary.send_due()
    assert unseen(dovecot, user) == 1
    assert fetch(now(account)) == 1
    assert how(account).stage == "back"
    assert unseen(dovecot, user) == 0  # left on the server like any other mail
