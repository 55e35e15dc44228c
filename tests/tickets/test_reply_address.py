"""The token in the reply address: tried, proved each day, lost with an alarm; and what it carries."""

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from apps.channels.condition import accounts
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, Mailbox
from apps.channels.parsed import Address
from apps.channels.receive import Arrival, receive, receive_one
from apps.channels.tagged import plain, tag_of, with_tag
from apps.core.errors import Guarded, Invalid
from apps.tickets import reply_address
from apps.tickets.inbound import take_in
from apps.tickets.letters import Letter, recipients_of_everybody
from apps.tickets.models import Message, Session
from apps.tickets.outbound import reply
from apps.tickets.sending.delivery import deliver
from apps.tickets.tokens import reply_tag
from config.condition import mail as health
from config.condition.line import Line
from tests.people import House, make_house, make_mailbox, make_message, make_session
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

State = Mailbox.ReplyToken


@pytest.fixture
def house(smtp_sink: SmtpSink) -> House:
    house = make_house()
    EmailAccount.objects.update(
        send_host="127.0.0.1", send_port=smtp_sink.port, last_fetched_at=timezone.now()
    )
    return house


@pytest.fixture
def mailbox(house: House) -> Mailbox:
    return now(house.mailbox)


@pytest.fixture
def proved(mailbox: Mailbox) -> Mailbox:
    return in_state(mailbox, reply_token=State.ON, reply_token_proved_at=timezone.now())


def now(mailbox: Mailbox) -> Mailbox:
    return Mailbox.objects.select_related("account").get(pk=mailbox.pk)


def in_state(mailbox: Mailbox, **fields: object) -> Mailbox:
    Mailbox.objects.filter(pk=mailbox.pk).update(**fields)
    return now(mailbox)


def state_of(mailbox: Mailbox) -> str:
    return now(mailbox).reply_token


def arrives(raw: bytes, mailbox: Mailbox) -> InboundEmail:
    row, _new = receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.API)
    take_in()
    row.refresh_from_db()
    return row


def alarms() -> list[Line]:
    return list(health.reply_addresses(accounts(channel_on=True)))


def time_passes(mailbox: Mailbox, **span: float) -> None:
    """Since it was asked and proved; its folder was looked into meanwhile."""
    row, past = now(mailbox), timedelta(**span)
    for name in ("reply_token_asked_at", "reply_token_proved_at"):
        if moment := getattr(row, name):
            in_state(row, **{name: moment - past})


# ---- the trial ------------------------------------------------------------------------------


def test_a_trial_goes_to_the_address_with_a_token(smtp_sink: SmtpSink, mailbox: Mailbox) -> None:
    tried = reply_address.try_out(mailbox)
    [mail] = smtp_sink.mails
    parsed = message_from_bytes(mail.raw)
    assert tried.reply_token == State.ASKED
    assert mail.sender == "support@carteria.test"
    assert mail.recipients == (parsed["To"],) == (with_tag(tried.address, tried.reply_token_nonce),)
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Message-ID"].startswith("<carteria-reply.")


def test_its_arrival_switches_the_token_on_and_is_nobodys_work(
    smtp_sink: SmtpSink, mailbox: Mailbox
) -> None:
    reply_address.try_out(mailbox)
    row = arrives(smtp_sink.mails[0].raw, mailbox)
    assert (row.status, row.code) == ("rejected", "reply-address-proved")
    assert not Session.objects.exists()
    assert (state_of(mailbox), now(mailbox).reply_token_nonce) == (State.ON, "")
    assert now(mailbox).reply_token_proved_at is not None


def test_servers_may_change_the_case_of_the_address(smtp_sink: SmtpSink, mailbox: Mailbox) -> None:
    tried = reply_address.try_out(mailbox)
    shown = with_tag(tried.address, tried.reply_token_nonce)
    raw = smtp_sink.mails[0].raw.replace(shown.encode(), shown.upper().encode())
    assert arrives(raw, mailbox).code == "reply-address-proved"
    assert state_of(mailbox) == State.ON


def test_after_a_quarter_of_an_hour_it_is_lost(mailbox: Mailbox) -> None:
    reply_address.try_out(mailbox)
    time_passes(mailbox, minutes=14)
    reply_address.keep_proved()
    assert state_of(mailbox) == State.ASKED
    time_passes(mailbox, minutes=2)
    reply_address.keep_proved()
    assert state_of(mailbox) == State.LOST
    assert "15 minutes" in now(mailbox).reply_token_sentence


def test_what_arrives_too_late_opens_no_session(smtp_sink: SmtpSink, mailbox: Mailbox) -> None:
    reply_address.try_out(mailbox)
    time_passes(mailbox, minutes=16)
    reply_address.keep_proved()
    assert arrives(smtp_sink.mails[0].raw, mailbox).code == "reply-address-proved"
    assert state_of(mailbox) == State.LOST


def test_a_folder_that_nobody_looks_into_says_nothing(mailbox: Mailbox) -> None:
    reply_address.try_out(mailbox)
    time_passes(mailbox, minutes=60)
    EmailAccount.objects.update(last_fetched_at=timezone.now() - timedelta(hours=2))
    reply_address.keep_proved()
    assert state_of(mailbox) == State.ASKED


def test_a_mail_that_waits_to_be_taken_in_may_be_the_one(
    smtp_sink: SmtpSink, mailbox: Mailbox
) -> None:
    reply_address.try_out(mailbox)
    raw = smtp_sink.mails[0].raw
    receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.API)
    InboundEmail.objects.update(received_at=timezone.now() - timedelta(minutes=10))
    time_passes(mailbox, minutes=16)
    reply_address.keep_proved()
    assert state_of(mailbox) == State.ASKED
    take_in()
    assert state_of(mailbox) == State.ON


def test_of_two_who_try_at_once_one_does(smtp_sink: SmtpSink, mailbox: Mailbox) -> None:
    other = now(mailbox)
    reply_address.try_out(mailbox)
    assert reply_address.try_out(other).reply_token == State.ASKED
    assert len(smtp_sink.mails) == 1


def test_a_server_that_refuses_the_address_loses_it(smtp_sink: SmtpSink, mailbox: Mailbox) -> None:
    smtp_sink.answers["RCPT"] = "550 no such user"
    assert reply_address.try_out(mailbox).reply_token == State.LOST
    assert "550 no such user" in now(mailbox).reply_token_sentence


def test_a_server_that_is_away_changes_nothing(smtp_sink: SmtpSink, mailbox: Mailbox) -> None:
    smtp_sink.answers["MAIL"] = "451 later"
    tried = reply_address.try_out(mailbox)
    assert (tried.reply_token, tried.reply_token_nonce) == (State.OFF, "")
    assert "451 later" in tried.reply_token_sentence


def test_a_name_that_is_too_long_is_told(house: House) -> None:
    long = make_mailbox("s" * 40 + "@carteria.test", queue=house.support)
    with pytest.raises(Invalid) as refusal:
        reply_address.try_out(long)
    assert refusal.value.code == "address-too-long"
    assert (
        reply_address.of_thread(in_state(long, reply_token=State.ON), a_session(house).thread) == ()
    )


def test_nothing_is_tried_while_the_channel_is_off(mailbox: Mailbox) -> None:
    ChannelSettings.objects.update(enabled=False)
    with pytest.raises(Guarded):
        reply_address.try_out(mailbox)


def test_a_strangers_tag_proves_nothing(mailbox: Mailbox) -> None:
    reply_address.try_out(mailbox)
    forged = "P" + "0" * 28
    raw = f"From: eve@evil.test\r\nTo: support+{forged}@carteria.test\r\n\r\nHi\r\n".encode()
    assert arrives(raw, mailbox).status == "stored"
    assert state_of(mailbox) == State.ASKED


# ---- the canary -----------------------------------------------------------------------------


def test_once_a_day_it_is_proved_again_and_stays_on(smtp_sink: SmtpSink, proved: Mailbox) -> None:
    reply_address.keep_proved()
    assert smtp_sink.mails == []
    time_passes(proved, hours=25)
    reply_address.keep_proved()
    reply_address.keep_proved()
    assert (len(smtp_sink.mails), state_of(proved)) == (1, State.ON)
    arrives(smtp_sink.mails[0].raw, proved)
    reply_address.keep_proved()
    assert (len(smtp_sink.mails), state_of(proved)) == (1, State.ON)


def test_a_canary_that_is_lost_raises_an_alarm(proved: Mailbox) -> None:
    assert alarms() == []
    time_passes(proved, hours=25)
    reply_address.keep_proved()
    time_passes(proved, minutes=16)
    reply_address.keep_proved()
    [line] = alarms()
    assert (line.state, state_of(proved)) == ("down", State.LOST)
    assert "support@carteria.test" in line.name
    assert line.cures[0].page.endswith(f"/mailbox/{proved.pk}/change/")


def test_a_first_trial_that_fails_raises_none(mailbox: Mailbox) -> None:
    in_state(mailbox, reply_token=State.LOST, reply_token_sentence="It did not arrive.")
    assert alarms() == []


def test_a_canary_that_cannot_be_sent_is_tried_again_in_an_hour(
    smtp_sink: SmtpSink, proved: Mailbox
) -> None:
    smtp_sink.answers["MAIL"] = "451 later"
    time_passes(proved, hours=25)
    for _minute in range(3):
        reply_address.keep_proved()
    assert (smtp_sink.said.count("MAIL"), state_of(proved)) == (1, State.ON)
    smtp_sink.answers.clear()
    time_passes(proved, hours=1.1)
    reply_address.keep_proved()
    assert len(smtp_sink.mails) == 1


def bounce_of(address: str) -> bytes:
    return (
        "From: MAILER-DAEMON@outside.test\r\nTo: support@carteria.test\r\nReturn-Path: <>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.outside.test\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize("change", [str, str.upper], ids=["as sent", "in capitals"])
def test_a_bounce_of_such_an_address_switches_it_off_at_once(
    house: House, proved: Mailbox, change: Callable[[str], str]
) -> None:
    [address] = reply_address.of_thread(proved, a_session(house).thread)
    arrives(bounce_of(change(address.email)), proved)
    assert state_of(proved) == State.LOST
    assert [line.state for line in alarms()] == ["down"]


def test_the_bounce_of_a_trial_is_nobodys_work(smtp_sink: SmtpSink, mailbox: Mailbox) -> None:
    reply_address.try_out(mailbox)
    row = arrives(bounce_of(smtp_sink.mails[0].recipients[0]), mailbox)
    assert (row.status, state_of(mailbox)) == ("rejected", State.LOST)


@pytest.mark.parametrize("address", ["support@carteria.test", "support+T{:028}@carteria.test"])
def test_a_bounce_of_any_other_address_does_nothing(proved: Mailbox, address: str) -> None:
    arrives(bounce_of(address.format(0)), proved)
    assert state_of(proved) == State.ON


def test_another_address_has_to_prove_itself(proved: Mailbox) -> None:
    proved.address = "help@carteria.test"
    proved.clean()
    assert proved.reply_token == State.OFF


# ---- what our mails carry -------------------------------------------------------------------


def a_session(house: House) -> Session:
    session = make_session(
        house.support, agent=house.alice, status=Session.Status.ACTIVE, mailbox=house.mailbox
    )
    make_message(session, message_id="q@outside.test", mailbox=house.mailbox)
    return session


def sent(smtp_sink: SmtpSink, message: Message):
    deliver(message.pk)
    return message_from_bytes(smtp_sink.mails[-1].raw, policy=policy.default)


def test_answers_ask_for_the_address_with_the_threads_token(
    smtp_sink: SmtpSink, house: House, proved: Mailbox
) -> None:
    session = a_session(house)
    mail = sent(smtp_sink, reply(session, Letter(text="Hi"), by=house.alice.user))
    tag = reply_tag(session.thread).lower()
    assert mail["Reply-To"] == f"Support <support+{tag}@carteria.test>"
    assert mail["From"].addresses[0].addr_spec == "support@carteria.test"
    assert smtp_sink.mails[-1].sender == "support@carteria.test"


@pytest.mark.parametrize("state", [State.OFF, State.ASKED, State.LOST])
def test_no_other_state_uses_it(smtp_sink: SmtpSink, house: House, state: str) -> None:
    in_state(house.mailbox, reply_token=state)
    mail = sent(smtp_sink, reply(a_session(house), Letter(text="Hi"), by=house.alice.user))
    assert mail["Reply-To"] is None


def test_an_answer_to_it_alone_finds_its_conversation(house: House, proved: Mailbox) -> None:
    """Without Message-IDs and with another subject: the address is all that is left."""
    session = a_session(house)
    [address] = reply_address.of_thread(proved, session.thread)
    raw = (
        f"From: {session.customer}\r\nTo: {address.email.upper()}\r\nMessage-ID: <n@o.test>\r\n"
        "Subject: New words\r\n\r\nHere I am.\r\n"
    )
    arrives(raw.encode(), proved)
    answer = Message.objects.latest("id")
    assert (answer.thread, answer.session) == (session.thread, session)


def test_mail_to_it_is_for_its_mailbox(house: House, proved: Mailbox) -> None:
    """Fetched from an account with several addresses."""
    orders = make_mailbox("orders@carteria.test", queue=house.other, account=proved.account)
    session = a_session(house)
    address = with_tag(orders.address, reply_tag(session.thread))
    raw = f"From: ann@outside.test\r\nTo: {address}\r\nSubject: x\r\n\r\nHi\r\n".encode()
    receive([Arrival(raw, 7)], source="fetch", account=proved.account, folder="I", uidvalidity=1)
    take_in()
    assert Message.objects.latest("id").mailbox == orders


def test_it_is_one_of_our_addresses_everywhere(house: House, proved: Mailbox) -> None:
    session = a_session(house)
    [address] = reply_address.of_thread(proved, session.thread)
    people = [{"email": one, "name": ""} for one in (address.email.upper(), "bo@outside.test")]
    answered = make_message(session, to=people, reply_to=people[:1])
    everybody = recipients_of_everybody(session, answered)
    assert everybody.everybody == ["customer@outside.test", "bo@outside.test"]
    letter = Letter(text="x", to=(Address("ann@outside.test"),), cc=(address,))
    message = reply(session, letter, by=house.alice.user)
    assert message.cc == []
    assert not session.thread.participants.filter(address__contains="+").exists()


def test_a_mail_that_names_it_makes_it_no_participant(house: House, proved: Mailbox) -> None:
    session = a_session(house)
    [address] = reply_address.of_thread(proved, session.thread)
    raw = (
        f"From: {session.customer}\r\nTo: {address.email}\r\nCc: bo@outside.test\r\n"
        "In-Reply-To: <q@outside.test>\r\nSubject: x\r\n\r\nHi\r\n"
    )
    arrives(raw.encode(), proved)
    known = set(session.thread.participants.values_list("address", flat=True))
    assert known == {"customer@outside.test", "bo@outside.test"}


# ---- addresses ------------------------------------------------------------------------------

TAG = "T0123456789AB" + "C" * 16


@pytest.mark.parametrize(
    ("address", "bare", "tag"),
    [
        (f"support+{TAG}@x.test", "support@x.test", TAG),
        (f"Support+{TAG.lower()}@X.test", "support@x.test", TAG),
        (f"a+b+{TAG}@x.test", "a+b@x.test", TAG),
        ("support+news@x.test", "support+news@x.test", ""),
        (f"support+{TAG}0@x.test", f"support+{TAG}0@x.test".lower(), ""),
        (f"+{TAG}@x.test", f"+{TAG}@x.test".lower(), ""),
        ("nonsense", "nonsense", ""),
        ("", "", ""),
    ],
)
def test_a_tag_is_told_from_other_words_behind_a_plus(address: str, bare: str, tag: str) -> None:
    assert (plain(address), tag_of(address)) == (bare, tag)


def test_the_longest_name_that_takes_a_tag() -> None:
    assert with_tag("s" * 34 + "@x.test", TAG)
    assert with_tag("s" * 35 + "@x.test", TAG) == ""
