"""The folder of sent mail on a real server: it proves what is in doubt, and gets its copies once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels.fetch import signed_in
from apps.channels.models import EmailAccount
from apps.channels.transports.imap_sent import SentMail
from apps.core.secrets import seal
from apps.tickets.models import Message, SentCopy, Session, SessionEvent
from apps.tickets.sending import sent_copies
from apps.tickets.sending.delivery import deliver
from tests.people import House, make_house, make_message, make_session
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

Status = Message.Status


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    user = dovecot.new_user()
    dovecot.make_folder(user, "Sent")
    return user


@pytest.fixture
def house(smtp_sink: SmtpSink, dovecot: Dovecot, user: str) -> House:
    house = make_house()
    EmailAccount.objects.update(
        send_host="127.0.0.1",
        send_port=smtp_sink.port,
        receive_host="127.0.0.1",
        receive_port=dovecot.port,
        receive_user=user,
        receive_password=seal(PASSWORD),
    )
    return house


@pytest.fixture
def message(house: House) -> Message:
    session = make_session(house.support, status=Session.Status.ACTIVE, mailbox=house.mailbox)
    people = {"to": [{"email": "customer@outside.test", "name": ""}]}
    return make_message(session, direction="out", status="queued", message_id="our@id", **people)


@pytest.fixture
def unknown(smtp_sink: SmtpSink, message: Message) -> Message:
    smtp_sink.drops.add("DOT")
    deliver(message.pk)
    return message


@pytest.fixture
def sent_mail(house: House) -> Iterator[SentMail]:
    with signed_in(EmailAccount.objects.get(), SentMail) as server:
        yield server


def look() -> SentCopy:
    """As the next sweep does, when it is due."""
    SentCopy.objects.update(next_at=None)
    for account in sent_copies.accounts_due():
        sent_copies.ask(account)
    return SentCopy.objects.get()


def copies(server: SentMail) -> int:
    server.select("Sent", writable=False)
    return len(server._search("ALL"))


def test_what_lies_there_has_arrived(
    unknown: Message, dovecot: Dovecot, user: str, sent_mail: SentMail
) -> None:
    assert (look().status, look().tries) == ("waiting", 2)
    assert Message.objects.get().status == Status.UNKNOWN  # not found proves nothing
    dovecot.deliver(user, b"Message-ID: <our@id>\r\n\r\nHello\r\n", folder="Sent", seen=True)
    assert look().status == "there"
    assert Message.objects.get().status == Status.SENT
    event = SessionEvent.objects.get(kind=SessionEvent.Kind.DELIVERY)
    assert event.facts["evidence"] == "sent-folder"
    assert "“Sent”" in event.why
    assert copies(sent_mail) == 1


def test_what_others_had_got_before_proves_nothing(
    unknown: Message, dovecot: Dovecot, user: str
) -> None:
    unknown.tries.create(number=2, outcome="sent", lease_until=timezone.now())
    dovecot.deliver(user, b"Message-ID: <our@id>\r\n\r\nHello\r\n", folder="Sent")
    assert (look().status, Message.objects.get().status) == ("waiting", Status.UNKNOWN)


def test_by_setting_a_copy_is_kept_once(message: Message, sent_mail: SentMail) -> None:
    EmailAccount.objects.update(copy_to_sent=True)
    deliver(message.pk)
    assert look().status == "there"
    SentCopy.objects.update(status="waiting")  # as if we had died before we knew
    assert look().status == "there"
    assert copies(sent_mail) == 1
    [(_uid, raw)] = sent_mail.messages([1]).mails
    assert b"<our@id>" in raw
    assert sent_mail.unseen() == []


def test_the_folder_that_the_server_marks_comes_first(
    house: House, dovecot: Dovecot, user: str
) -> None:
    """RFC 6154; without a mark, as in the other tests, the name tells."""
    dovecot.make_folder(user, "Outgoing")
    with signed_in(EmailAccount.objects.get(), SentMail) as server:
        assert server.open_folder() == "Outgoing"
        assert server.open_folder("Sent") == "Sent"


def test_without_the_setting_nothing_is_kept_or_asked(message: Message) -> None:
    deliver(message.pk)
    assert (sent_copies.accounts_due(), SentCopy.objects.count()) == ([], 0)


def test_a_folder_that_is_not_there_costs_the_mail_nothing(message: Message) -> None:
    EmailAccount.objects.update(copy_to_sent=True, sent_folder="Nowhere")
    deliver(message.pk)
    assert (look().status, "Nowhere" in look().sentence) == ("waiting", True)
    SentCopy.objects.update(tries=sent_copies.MOST_TRIES - 1)
    last = look()
    assert (last.status, "Nowhere" in last.sentence) == ("given-up", True)
    assert Message.objects.get().status == Status.SENT
    assert sent_copies.accounts_due() == []


def test_the_pauses_grow(unknown: Message) -> None:
    look()
    pause = SentCopy.objects.get().next_at
    assert pause is not None
    assert timedelta(seconds=20) < pause - timezone.now() <= timedelta(seconds=30)
