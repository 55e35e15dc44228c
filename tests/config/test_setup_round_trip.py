"""The live round trip against a real IMAP server: there and back, and each way to fail."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.channels import probe
from apps.channels.fetch import fetch
from apps.channels.models import EmailAccount, InboundEmail
from apps.core.leases import held
from apps.crm.models import Ticket
from apps.tickets.inbound import take_in
from apps.tickets.models import Session
from config.models import RoundTrip
from config.setup import old_mail, round_trip
from tests.channels.mailboxes import account_at, inbox_of, unseen
from tests.config.wizard import ADDRESS, Wizard, deliver_to, form_at
from tests.people import make_queue, make_user, switch_channel_on
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import running_fake_imap, serving
from tests.servers.pop3d import Pop3d
from tests.servers.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

State = RoundTrip.State


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    return dovecot.new_user()


@pytest.fixture
def account(dovecot: Dovecot, smtp_sink: SmtpSink, user: str) -> EmailAccount:
    return account_at(dovecot, user, send_port=smtp_sink.port, start="now")


@pytest.fixture
def delivering(dovecot: Dovecot, smtp_sink: SmtpSink, user: str) -> Iterator[SmtpSink]:
    deliver_to(dovecot, smtp_sink, user)
    yield smtp_sink


def gone_on(trip: RoundTrip, times: int = 2) -> RoundTrip:
    for _look in range(times):
        round_trip.advance(trip)
    return trip


def aged(trip: RoundTrip) -> RoundTrip:
    RoundTrip.objects.filter(pk=trip.pk).update(sent_at=timezone.now() - timedelta(seconds=121))
    trip.refresh_from_db()
    return trip


def test_a_mail_goes_out_comes_back_and_is_taken_away(
    account: EmailAccount, delivering: SmtpSink, dovecot: Dovecot, user: str
) -> None:
    trip = round_trip.begin(account, ADDRESS)
    assert round_trip.advance(trip).state == State.WAITING
    assert unseen(dovecot, user) == 1
    assert round_trip.advance(trip).state == State.ARRIVED
    assert (trip.folder, trip.removed) == ("INBOX", True)
    assert trip.seconds is not None and trip.seconds < 10
    assert unseen(dovecot, user) == 0
    mail = delivering.mails[0]
    assert (mail.sender, mail.recipients) == (ADDRESS, (ADDRESS,))


def test_it_comes_back_by_pop3_too(pop3d: Pop3d, smtp_sink: SmtpSink) -> None:
    user = pop3d.imap.new_user()
    deliver_to(pop3d.imap, smtp_sink, user)
    pop3d.imap.deliver(user, b"Subject: Carteria test mail of somebody else\r\n\r\nhello")
    fields = {"receive_kind": "pop3", "after": "keep", "receive_port": pop3d.port}
    account = account_at(pop3d.imap, user, send_port=smtp_sink.port, **fields)
    assert old_mail.count(account).sentence == "1 mail in all."
    trip = gone_on(round_trip.begin(account, ADDRESS))
    assert (trip.state, trip.removed) == (State.ARRIVED, True)
    assert old_mail.count(account).total == 1


def test_other_mail_is_neither_found_nor_touched(
    account: EmailAccount, delivering: SmtpSink, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, b"Subject: Carteria test mail of somebody else\r\n\r\nhello")
    assert gone_on(round_trip.begin(account, ADDRESS)).state == State.ARRIVED
    assert unseen(dovecot, user) == 1


def test_junk_is_found_too_and_said(
    account: EmailAccount, smtp_sink: SmtpSink, dovecot: Dovecot, user: str
) -> None:
    dovecot.make_folder(user, "Junk")
    deliver_to(dovecot, smtp_sink, user, folder="Junk")
    trip = gone_on(round_trip.begin(account, ADDRESS))
    assert (trip.state, trip.folder, trip.removed) == (State.IN_JUNK, "Junk", True)
    assert unseen(dovecot, user, "Junk") == 0


def test_a_mail_that_never_comes_is_given_up_after_two_minutes(
    account: EmailAccount, smtp_sink: SmtpSink
) -> None:
    trip = gone_on(round_trip.begin(account, ADDRESS), 3)
    assert trip.state == State.WAITING
    assert round_trip.advance(aged(trip)).state == State.MISSING


def test_what_came_while_nobody_watched_has_come(
    account: EmailAccount, delivering: SmtpSink
) -> None:
    trip = round_trip.advance(round_trip.begin(account, ADDRESS))
    assert round_trip.advance(aged(trip)).state == State.ARRIVED


def test_a_refusal_is_told_in_the_servers_words_with_the_cure(
    account: EmailAccount, smtp_sink: SmtpSink
) -> None:
    smtp_sink.answers["MAIL"] = "550 5.7.1 not your address"
    trip = gone_on(round_trip.begin(account, ADDRESS))
    assert trip.state == State.NOT_SENT
    assert "not your address" in trip.sentence
    assert f"may send as {ADDRESS}" in trip.sentence


def test_a_server_that_is_not_there_is_named_once_and_for_all(account: EmailAccount) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        account.send_port = nobody.getsockname()[1]
        account.save()
        trip = gone_on(round_trip.begin(account, ADDRESS))
    assert trip.state == State.NOT_SENT
    assert f"127.0.0.1:{account.send_port} refuses connections" in trip.sentence


def test_a_wrong_password_ends_the_looking_at_once(
    dovecot: Dovecot, smtp_sink: SmtpSink, user: str
) -> None:
    account = account_at(dovecot, user, password="wrong", send_port=smtp_sink.port)
    trip = gone_on(round_trip.begin(account, ADDRESS))
    assert trip.state == State.NO_LOOK
    assert "refuses the user name or the password" in trip.sentence


def test_a_line_that_breaks_is_no_end(account: EmailAccount, delivering: SmtpSink) -> None:
    trip = round_trip.advance(round_trip.begin(account, ADDRESS))
    port = account.receive_port
    with running_fake_imap(serving({}), greeting=b"* BYE not now\r\n") as broken:
        EmailAccount.objects.update(receive_port=broken)
        trip = RoundTrip.objects.get()
        assert round_trip.advance(trip).state == State.WAITING
        assert trip.sentence
    EmailAccount.objects.update(receive_port=port)
    assert round_trip.advance(RoundTrip.objects.get()).state == State.ARRIVED


def test_a_double_click_sends_one_mail(account: EmailAccount, delivering: SmtpSink) -> None:
    first, second = round_trip.begin(account, ADDRESS), round_trip.begin(account, ADDRESS)
    assert first == second
    gone_on(first)
    gone_on(second)
    assert len(delivering.mails) == 1


def test_of_two_who_watch_one_looks(account: EmailAccount, delivering: SmtpSink) -> None:
    trip = round_trip.begin(account, ADDRESS)
    with held(f"round-trip:{trip.pk}", seconds=60):
        assert round_trip.advance(trip).state == State.TO_SEND
    assert not delivering.mails
    assert gone_on(trip).state == State.ARRIVED


def test_who_stops_it_is_obeyed(account: EmailAccount, delivering: SmtpSink) -> None:
    trip = round_trip.advance(round_trip.begin(account, ADDRESS))
    round_trip.stop(account)
    assert round_trip.advance(trip).state == State.STOPPED


def test_sent_twice_by_a_crash_both_are_taken_away(
    account: EmailAccount, delivering: SmtpSink, dovecot: Dovecot, user: str
) -> None:
    trip = round_trip.advance(round_trip.begin(account, ADDRESS))
    RoundTrip.objects.update(state=State.TO_SEND, sent_at=None)
    assert gone_on(RoundTrip.objects.get()).state == State.ARRIVED
    assert len(delivering.mails) == 2
    assert unseen(dovecot, user) == 0
    assert trip.token in delivering.mails[1].raw.decode()


# ---- nobody's work ----------------------------------------------------------------------


@pytest.mark.parametrize("start", ["now", "unseen", "all"])
def test_a_test_mail_that_comes_late_becomes_nobodys_work(
    account: EmailAccount, delivering: SmtpSink, start: str
) -> None:
    switch_channel_on()
    EmailAccount.objects.update(start=start)
    account.refresh_from_db()
    if start == "now":
        fetch(account)  # the start lies before the mail
    round_trip.advance(round_trip.begin(account, ADDRESS))
    fetch(account)
    take_in()
    row = InboundEmail.objects.get()
    assert (row.status, row.code) == ("rejected", probe.CODE)
    assert not Session.objects.exists()
    assert not Ticket.objects.exists()


def test_the_fetcher_may_be_quicker_than_we_are(
    account: EmailAccount, delivering: SmtpSink, dovecot: Dovecot, user: str
) -> None:
    switch_channel_on()
    EmailAccount.objects.update(start="all", after="delete")
    account.refresh_from_db()
    trip = round_trip.advance(round_trip.begin(account, ADDRESS))
    fetch(account)
    with inbox_of(dovecot, user) as inbox:
        assert inbox.select("INBOX").exists == 0
    assert round_trip.advance(trip).state == State.ARRIVED


def test_nobody_else_can_write_a_mail_that_we_ignore() -> None:
    token = probe.new_token()
    ours = f"Subject: {probe.subject_of(token)}\r\n\r\nx".encode()
    assert probe.token_in(ours) == token
    assert not probe.token_in(ours.replace(b"Subject: ", b"Subject: Re: "))
    assert not probe.token_in(b"Subject: x\r\n\r\n" + ours)
    forged = probe.subject_of("0" * 40)
    assert not probe.token_in(f"Subject: {forged}\r\n\r\nx".encode())


# ---- on the page ------------------------------------------------------------------------


@pytest.fixture
def wizard() -> Wizard:
    client = Client()
    client.force_login(make_user("ada", roles=["administrator"]))
    return Wizard(client)


def test_the_whole_way_without_a_script(
    wizard: Wizard, dovecot: Dovecot, delivering: SmtpSink, user: str
) -> None:
    dovecot.deliver(user, b"Subject: old\r\n\r\n", seen=True)
    dovecot.deliver(user, b"Subject: waits\r\n\r\n", b"Subject: waits too\r\n\r\n")
    wizard.open("account")
    wizard.send("account", **form_at(dovecot, delivering, user))
    assert wizard.send("test", **{"try": "both"}).count(">Works<") == 2
    wizard.send("round-trip", begin="1")
    assert 'http-equiv="refresh"' in wizard.page
    wizard.open("round-trip", look="")
    wizard.open("round-trip", look="")
    assert "It works: the mail came back" in wizard.page
    assert 'http-equiv="refresh"' not in wizard.page
    wizard.send("mailbox", address=ADDRESS, from_name="Acme help", aliases="")
    wizard.send("queue", name="Support", routing="manual", capacity=10)
    agent = {"agent-full_name": "Eva", "agent-username": "eva", "agent-email": "eva@acme.test"}
    where = {"agent-console_address": "https://console.test"}
    assert "is invited by mail" in wizard.send("members", new="1", **agent, **where)
    wizard.open("old-mail", count="")
    assert "2 unread mails, 3 mails in all." in wizard.page
    wizard.send("old-mail", start="unseen")
    assert "Everything is in place" in wizard.page
    wizard.send("switch-on", external_url="https://console.test")
    assert "You are live" in wizard.page and "Still open" not in wizard.page
    assert fetch(EmailAccount.objects.get()) == 2
    take_in()
    assert Session.objects.count() == 2


def test_a_change_of_the_account_makes_the_proof_void(
    wizard: Wizard, dovecot: Dovecot, delivering: SmtpSink, user: str
) -> None:
    wizard.open("account")
    wizard.send("account", **form_at(dovecot, delivering, user))
    gone_on(round_trip.begin(EmailAccount.objects.get(), ADDRESS))
    assert "Back after" in wizard.open("round-trip")
    wizard.open("account")
    wizard.send("account", **form_at(dovecot, delivering, user, address="other@acme.test"))
    assert "proves nothing any more" in wizard.open("round-trip")


def test_each_failure_says_what_to_do(wizard: Wizard, account: EmailAccount) -> None:
    make_queue("Support")
    wizard.client.post(f"/admin/email/setup/use/{account.pk}/")
    wizard.send("round-trip", begin="1")
    address = RoundTrip.objects.get().address
    for state, words in {
        State.MISSING: f"{address} may lead to another mailbox",
        State.IN_JUNK: "not spam",
        State.NO_LOOK: "Put the account right, then try again.",
        State.NOT_SENT: "The test mail was not sent",
    }.items():
        RoundTrip.objects.update(state=state, folder="Junk", settled_at=timezone.now())
        assert words in wizard.open("round-trip"), state


def test_the_script_gets_the_fragment_alone(
    wizard: Wizard, account: EmailAccount, delivering: SmtpSink
) -> None:
    wizard.client.post(f"/admin/email/setup/use/{account.pk}/")
    wizard.send("round-trip", begin="1")
    page = wizard.open("round-trip/look")
    assert "data-running" in page and "<html" not in page
    assert "data-running" not in wizard.open("round-trip/look")
