"""Answers and first mails: who may write, to whom, from where, with what."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.channels.models import ChannelSettings
from apps.channels.parsed import Address
from apps.core.errors import Conflict, Forbidden, Guarded, Invalid, Problem
from apps.tickets import tokens
from apps.tickets.models import Message, Session, SessionEvent
from apps.tickets.outbound import Letter, Upload, recipients_of, reply, write_first
from tests.people import House, make_house, make_mailbox, make_message, make_session

pytestmark = pytest.mark.django_db

Status = Session.Status
HELLO = Letter(text="It is on its way.")
TO_ANN = Letter(text="Hello", subject="Your order", to=(Address("ann@outside.test", "Ann"),))


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def session(house: House) -> Session:
    """Alice's, with one mail of the customer."""
    session = make_session(
        house.support, agent=house.alice, status=Status.ACTIVE, mailbox=house.mailbox
    )
    make_message(session, message_id="q@outside.test", references=["p@outside.test"])
    return session


def code_of(refusal: pytest.ExceptionInfo[Problem]) -> str:
    return refusal.value.code


# ---- what is stored -----------------------------------------------------------------------


def test_an_answer_is_queued_to_the_customer_in_the_thread(house: House, session: Session) -> None:
    message = reply(session, HELLO, by=house.alice.user)
    message.refresh_from_db()
    assert (message.direction, message.status) == ("out", "queued")
    assert message.to == [{"email": "customer@outside.test", "name": ""}]
    assert (message.cc, message.bcc) == ([], [])
    assert (message.from_email, message.from_name) == ("support@carteria.test", "Support")
    assert message.subject == "Re: Where is my parcel?"
    assert message.in_reply_to == "q@outside.test"
    assert message.references == ["p@outside.test", "q@outside.test"]
    assert message.author == house.alice.user
    session.refresh_from_db()
    assert session.message_count == 2


def test_the_message_id_is_fixed_and_ours(house: House, session: Session) -> None:
    message = reply(session, HELLO, by=house.alice.user)
    assert tokens.thread_key_of(message.message_id) == session.thread.key
    assert message.message_id.endswith("@carteria.test")
    assert message.message_id_hash == tokens.hash_of(message.message_id)


def test_it_goes_where_the_customer_asks_but_never_to_us(house: House, session: Session) -> None:
    support = {"email": "Support@Carteria.test", "name": ""}
    make_message(session, reply_to=[{"email": "desk@outside.test", "name": "Desk"}, support])
    assert recipients_of(session).everybody == ["desk@outside.test"]
    make_message(session, from_email="ann@outside.test", reply_to=[support])
    assert recipients_of(session).everybody == ["ann@outside.test"]


def test_an_automatic_mail_is_not_what_is_answered(house: House, session: Session) -> None:
    make_message(session, from_email="mailer-daemon@outside.test", automatic=True)
    assert recipients_of(session).everybody == ["customer@outside.test"]


def test_named_recipients_stand_once_and_without_us(house: House, session: Session) -> None:
    ann, bo = Address("ann@outside.test", "Ann"), Address("bo@outside.test")
    us = Address(house.mailbox.address)
    letter = Letter(text="Hi", to=(ann, us), cc=(Address("ANN@outside.test"), bo), bcc=(bo, us))
    message = reply(session, letter, by=house.alice.user)
    assert [one["email"] for one in message.to] == ["ann@outside.test"]
    assert [one["email"] for one in message.cc] == ["bo@outside.test"]
    assert message.bcc == []
    known = set(session.thread.participants.values_list("address", flat=True))
    assert {"ann@outside.test", "bo@outside.test"} <= known


def test_a_second_mail_before_any_answer_belongs_to_the_first(house: House) -> None:
    first = write_first(house.support, TO_ANN, by=house.alice.user)
    second = reply(first.session, HELLO, by=house.alice.user)
    assert second.to == [{"email": "ann@outside.test", "name": "Ann"}]
    assert (second.in_reply_to, second.references) == (first.message_id, [first.message_id])


def test_html_is_cleaned_and_text_made_of_it(house: House, session: Session) -> None:
    html = '<p onclick="x()">Hello <b>Ann</b><script>evil()</script></p><img src="cid:logo@x">'
    message = reply(session, Letter(html=html), by=house.alice.user)
    assert "script" not in message.html
    assert "onclick" not in message.html
    assert 'src="cid:logo@x"' in message.html
    assert "Hello Ann" in message.text


def test_what_no_database_takes_is_left_out(house: House, session: Session) -> None:
    who = Address("ann@outside.test", "A\0n\ud800n\r\nBcc: evil@x.test")
    letter = Letter(text="a\0b\ud800", subject="x\r\nBcc: evil@x.test", to=(who,))
    message = reply(session, letter, by=house.alice.user)
    assert (message.text, message.subject) == ("ab?", "x Bcc: evil@x.test")
    assert message.to[0]["name"] == "A n n Bcc: evil@x.test"


def test_the_address_that_the_customer_used_answers(house: House, session: Session) -> None:
    orders = make_mailbox("orders@carteria.test", queue=house.support, from_name="Orders")
    make_message(session, mailbox=orders)
    assert reply(session, HELLO, by=house.alice.user).from_email == "orders@carteria.test"


# ---- who may ------------------------------------------------------------------------------


def test_answering_an_unassigned_session_takes_it(house: House) -> None:
    session = make_session(house.support, mailbox=house.mailbox)
    message = reply(session, HELLO, by=house.bob.user)
    assert (message.session.agent, message.session.status) == (house.bob, Status.ACTIVE)


@pytest.mark.parametrize("name", ["bob", "charlie", "auditor", "robot"])
def test_others_may_not_answer(house: House, session: Session, name: str) -> None:
    person = getattr(house, name)
    with pytest.raises(Conflict) as refusal:
        reply(session, HELLO, by=getattr(person, "user", person))
    assert code_of(refusal) == "not-yours"
    assert not Message.objects.filter(direction="out").exists()


def test_a_supervisor_helps_in_the_own_team_and_it_is_recorded(
    house: House, session: Session
) -> None:
    message = reply(session, HELLO, by=house.irene)
    assert message.author == house.irene
    assert Session.objects.get(pk=session.pk).agent == house.alice
    assert "Irene" in SessionEvent.objects.latest("id").why
    foreign = make_session(house.other, agent=house.charlie, mailbox=house.mailbox)
    with pytest.raises(Conflict):
        reply(foreign, HELLO, by=house.irene)


@pytest.mark.parametrize("status", ["unopened", "active", "reopened", "paused", "resolved"])
def test_an_answer_makes_the_session_active(house: House, status: str) -> None:
    session = make_session(house.support, agent=house.alice, status=status, mailbox=house.mailbox)
    assert reply(session, HELLO, by=house.alice.user).session.status == Status.ACTIVE


def test_a_closed_session_is_not_answered(house: House) -> None:
    session = make_session(
        house.support, agent=house.alice, status=Status.CLOSED, mailbox=house.mailbox
    )
    with pytest.raises(Conflict) as refusal:
        reply(session, HELLO, by=house.alice.user)
    assert code_of(refusal) == "closed"


def test_nothing_is_written_while_the_channel_is_off(house: House, session: Session) -> None:
    ChannelSettings.objects.update(enabled=False)
    with pytest.raises(Guarded) as refusal:
        reply(session, HELLO, by=house.alice.user)
    assert code_of(refusal) == "channel-off"
    with pytest.raises(Guarded):
        write_first(house.support, TO_ANN, by=house.alice.user)


def test_an_account_that_does_not_send_is_named(house: House, session: Session) -> None:
    house.mailbox.account.send_kind = "none"
    house.mailbox.account.save()
    with pytest.raises(Guarded) as refusal:
        reply(session, HELLO, by=house.alice.user)
    assert "support@carteria.test" in refusal.value.sentence


# ---- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "code"),
    [
        (Letter(), "empty"),
        (Letter(text="x", to=()), "no-recipient"),
        (Letter(text="x", to=(Address("support@carteria.test"),)), "no-recipient"),
        (Letter(text="x", to=(Address("nobody"),)), "address"),
        (Letter(text="x", to=(Address("a@x.test\r\nBcc: b@x.test"),)), "address"),
        (Letter(text="x", bcc=tuple(Address(f"a{n}@x.test") for n in range(200))),
         "too-many-recipients"),
    ],
)  # fmt: skip
def test_bad_letters_are_named(house: House, session: Session, letter: Letter, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        reply(session, letter, by=house.alice.user)
    assert code_of(refusal) == code
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.parametrize(
    ("count", "size", "inline", "code", "limit"),
    [
        (11, 1, False, "too-many-files", "10"),
        (11, 1, True, "too-many-images", "10"),
        (2, 13 * 2**20, False, "files-too-big", "25 MB"),
    ],
)
def test_the_limit_that_was_passed_is_named(
    house: House, session: Session, count: int, size: int, inline: bool, code: str, limit: str
) -> None:
    file = Upload("a.png", "image/png", b"x" * size, "a@b", inline)
    with pytest.raises(Invalid) as refusal:
        reply(session, Letter(text="x", files=(file,) * count), by=house.alice.user)
    assert (code_of(refusal), limit in refusal.value.sentence) == (code, True)


def test_limits_are_settings(house: House, session: Session) -> None:
    AttachmentSettings.load()
    AttachmentSettings.objects.update(max_files=0)
    file = Upload("a.png", "image/png", b"x")
    with pytest.raises(Invalid):
        reply(session, Letter(text="x", files=(file,)), by=house.alice.user)


def test_files_wait_for_their_verdict(house: House, session: Session) -> None:
    files = (
        Upload("Bericht März.pdf", "application/pdf", b"%PDF-1.4"),
        Upload("logo.png", "image/png", b"\x89PNG", "logo@x", inline=True),
    )
    message = reply(session, Letter(text="x", files=files), by=house.alice.user)
    kept = [(one.attachment.name, one.inline, one.content_id) for one in message.files.all()]
    assert kept == [("Bericht März.pdf", False, ""), ("logo.png", True, "logo@x")]
    assert set(Attachment.objects.values_list("verdict", flat=True)) == {Verdict.WAITING}


# ---- first mails --------------------------------------------------------------------------


def test_a_first_mail_opens_an_active_session_of_its_author(house: House) -> None:
    message = write_first(house.support, TO_ANN, by=house.alice.user)
    session = message.session
    assert (session.status, session.agent, session.queue) == ("active", house.alice, house.support)
    assert (session.customer, session.customer_name) == ("ann@outside.test", "Ann")
    assert (message.status, message.in_reply_to, message.references) == ("queued", "", [])
    assert session.message_count == 0  # as loaded; the row counts it
    assert Session.objects.get().message_count == 1
    assert house.mailbox in message.thread.mailboxes.all()


def test_a_first_mail_can_be_somebody_elses(house: House) -> None:
    message = write_first(house.support, TO_ANN, by=house.irene, agent=house.bob)
    assert (message.session.agent, message.author) == (house.bob, house.irene)
    assert write_first(house.support, TO_ANN, by=house.irene).session.agent is None
    with pytest.raises(Guarded) as refusal:
        write_first(house.support, TO_ANN, by=house.irene, agent=house.charlie)
    assert code_of(refusal) == "not-a-member"


@pytest.mark.parametrize("name", ["charlie", "auditor", "robot"])
def test_a_stranger_to_the_queue_writes_nothing(house: House, name: str) -> None:
    person = getattr(house, name)
    with pytest.raises(Forbidden):
        write_first(house.support, TO_ANN, by=getattr(person, "user", person))


def test_a_first_mail_needs_a_subject_a_recipient_and_a_mailbox(house: House) -> None:
    alice, to = house.alice.user, TO_ANN.to
    for letter, code in (
        (Letter(text="x", to=to), "no-subject"),
        (Letter(text="x", subject="x"), "no-recipient"),
    ):
        with pytest.raises(Invalid) as refusal:
            write_first(house.support, letter, by=alice)
        assert code_of(refusal) == code
    with pytest.raises(Guarded) as no_mailbox:
        write_first(house.other, TO_ANN, by=house.charlie.user)
    assert code_of(no_mailbox) == "no-mailbox"


def test_an_answer_costs_few_statements(house: House, session: Session) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        reply(session, HELLO, by=house.alice.user)
    assert len(queries) < 40
