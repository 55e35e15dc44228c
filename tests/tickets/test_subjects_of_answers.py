"""What answers are called and what they refer to, on the bytes that leave (PAINS 19 and 22)."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from apps.channels.compose import LAST_REFERENCES
from apps.channels.models import EmailAccount, Mailbox
from apps.channels.parsed import Address
from apps.core.models import User
from apps.tickets.drafts import Content
from apps.tickets.drafts_begin import begin_forward, begin_reply
from apps.tickets.drafts_send import Wish, send
from apps.tickets.letters import Letter
from apps.tickets.models import Message, Session
from apps.tickets.outbound import reply, write_first
from apps.tickets.sending.delivery import deliver
from apps.tickets.subjects import is_new_topic
from tests.people import House, make_house, make_message, make_session
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

HELLO = Letter(text="It is on its way.")


@pytest.fixture
def house(smtp_sink: SmtpSink) -> House:
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    return house


@pytest.fixture
def alice(house: House) -> User:
    return house.alice.user


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(
        house.support, agent=house.alice, status=Session.Status.ACTIVE, mailbox=house.mailbox
    )
    make_message(session, subject="Parcel 7", message_id="q@outside.test")
    return session


def leaves(sink: SmtpSink, message: Message) -> EmailMessage:
    deliver(message.pk)
    parsed = message_from_bytes(sink.mails[-1].raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


# ---- PAINS 19 -------------------------------------------------------------------------------


def test_it_answers_the_newest_mail_of_the_customer(
    smtp_sink: SmtpSink, session: Session, alice: User
) -> None:
    make_message(session, message_id="r@outside.test", references=["q@outside.test"])
    make_message(session, message_id="away@outside.test", automatic=True)
    mail = leaves(smtp_sink, reply(session, HELLO, by=alice))
    assert mail["In-Reply-To"] == "<r@outside.test>"
    assert mail["References"] == "<q@outside.test> <r@outside.test>"


def test_a_long_list_of_references_is_capped(
    smtp_sink: SmtpSink, session: Session, alice: User
) -> None:
    ids = [f"{number}@outside.test" for number in range(300)]
    make_message(session, message_id="last@outside.test", references=ids)
    mail = leaves(smtp_sink, reply(session, HELLO, by=alice))
    kept = mail["References"].split()
    assert (kept[0], kept[-1]) == ("<0@outside.test>", "<last@outside.test>")
    assert len(kept) == 1 + LAST_REFERENCES
    assert max(map(len, smtp_sink.mails[-1].raw.split(b"\r\n"))) < 998


# ---- PAINS 22 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject", ["Parcel 8", "Re: Parcel 8", "AW: RE: Parcel 8", "WG: Parcel 8"]
)
def test_it_has_the_newest_subject(
    smtp_sink: SmtpSink, session: Session, alice: User, subject: str
) -> None:
    make_message(session, subject=subject)
    assert leaves(smtp_sink, reply(session, HELLO, by=alice))["Subject"] == "Re: Parcel 8"


def test_what_machines_write_gives_it_no_name(
    smtp_sink: SmtpSink, session: Session, alice: User
) -> None:
    make_message(session, subject="Out of office", automatic=True)
    make_message(session, subject="")
    assert leaves(smtp_sink, reply(session, HELLO, by=alice))["Subject"] == "Re: Parcel 7"


def test_a_new_subject_of_ours_stays(smtp_sink: SmtpSink, session: Session, alice: User) -> None:
    reply(session, Letter(text="x", subject="Your order 7"), by=alice)
    assert leaves(smtp_sink, reply(session, HELLO, by=alice))["Subject"] == "Re: Your order 7"


def test_a_mail_of_ours_to_somebody_else_names_nothing(
    smtp_sink: SmtpSink, session: Session, alice: User
) -> None:
    outside = (Address("supplier@other.test"),)
    reply(session, Letter(text="x", subject="Is she a liar?", to=outside), by=alice)
    assert leaves(smtp_sink, reply(session, HELLO, by=alice))["Subject"] == "Re: Parcel 7"


def test_drafts_have_it_too(session: Session, alice: User) -> None:
    make_message(session, subject="Re: Parcel 8")
    draft, _new = begin_reply(session, by=alice, opening="")
    assert draft.subject == "Re: Parcel 8"


# ---- the session ID in the subject ----------------------------------------------------------


@pytest.fixture
def marked(session: Session) -> Session:
    Mailbox.objects.update(subject_id=True)
    return session


def test_it_is_off_by_default(smtp_sink: SmtpSink, session: Session, alice: User) -> None:
    mail = leaves(smtp_sink, reply(session, HELLO, by=alice))
    assert session.public_id not in mail["Subject"]


def test_the_first_answer_carries_it_once(
    smtp_sink: SmtpSink, marked: Session, alice: User
) -> None:
    first = leaves(smtp_sink, reply(marked, HELLO, by=alice))
    assert first["Subject"] == f"Re: Parcel 7 [{marked.public_id}]"
    make_message(marked, subject="Re: Parcel 7")  # his program dropped it
    second = leaves(smtp_sink, reply(marked, HELLO, by=alice))
    assert second["Subject"] == "Re: Parcel 7"


def test_it_makes_no_subject_a_new_one(marked: Session, alice: User) -> None:
    subject = reply(marked, HELLO, by=alice).subject
    assert not is_new_topic(f"AW: {subject}", "Parcel 7")


def test_it_stays_where_the_customer_kept_it(
    smtp_sink: SmtpSink, marked: Session, alice: User
) -> None:
    first = reply(marked, HELLO, by=alice)
    make_message(marked, subject=f"RE: {first.subject}")
    second = leaves(smtp_sink, reply(marked, HELLO, by=alice))
    assert second["Subject"] == first.subject
    assert second["Subject"].count(marked.public_id) == 1


def test_a_first_mail_of_ours_does_not_carry_it_but_the_answer_does(
    house: House, marked: Session, alice: User
) -> None:
    to = (Address("bo@outside.test"),)
    first = write_first(house.support, Letter(text="x", subject="Hello", to=to), by=alice)
    again = reply(first.session, HELLO, by=alice)
    assert (first.subject, again.subject) == ("Hello", "Re: Hello")
    make_message(first.session, subject="Re: Hello", from_email="bo@outside.test")
    answer = reply(first.session, HELLO, by=alice)
    assert answer.subject == f"Re: Hello [{first.session.public_id}]"


def test_a_long_subject_keeps_room_for_it(marked: Session, alice: User) -> None:
    message = reply(marked, Letter(text="x", subject="y" * 900), by=alice)
    assert message.subject.endswith(f"y [{marked.public_id}]")
    assert len(message.subject) == 500


def test_a_draft_carries_it_when_it_leaves(marked: Session, alice: User) -> None:
    draft, _new = begin_reply(marked, by=alice, opening="")
    assert draft.subject == "Re: Parcel 7"
    to = (Address("customer@outside.test"),)
    content = Content(to=to, subject=draft.subject, text="Here", plain=True, newest=draft.newest)
    assert send(draft, content, Wish(), by=alice).subject == f"Re: Parcel 7 [{marked.public_id}]"


def test_a_mail_that_is_passed_on_does_not(marked: Session, alice: User) -> None:
    draft = begin_forward(marked, marked.messages.get(), by=alice, opening="")
    to = (Address("supplier@other.test"),)
    content = Content(to=to, subject=draft.subject, text="See", plain=True, newest=draft.newest)
    assert send(draft, content, Wish(), by=alice).subject == "Fwd: Parcel 7"
