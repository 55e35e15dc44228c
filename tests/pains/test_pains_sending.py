"""Complaints about other help desks' sending (PAINS 34 to 42): what no other test proves.

36 is proved by tests/tickets/test_delivery_reports.py, 37 by the tests of automatic answers, 42 by
tests/tickets/test_undo.py; the confirmation of 39 by tests/console/writing/test_drafts.py.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels.models import ChannelSettings, EmailAccount
from apps.channels.parsed import Address
from apps.console.desk.lists import list_json
from apps.crm.models import Ticket, TicketComment
from apps.tickets import sessions
from apps.tickets.drafts import Content, write
from apps.tickets.drafts_begin import begin_again, begin_forward, begin_reply
from apps.tickets.drafts_send import Wish, send
from apps.tickets.letters import people_of
from apps.tickets.models import Draft, Message, Session, SessionEvent
from apps.tickets.sending.delivery import deliver, due
from tests.people import House, make_house, make_mailbox, make_message, make_session
from tests.servers.smtp_sink import Mail, SmtpSink

pytestmark = pytest.mark.django_db

Status = Message.Status
LAB = Address("lab@partner.test", "Lab")


@pytest.fixture
def house(smtp_sink: SmtpSink) -> House:
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    ChannelSettings.objects.update(undo_seconds=0)
    return house


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox, status="active")
    make_message(session)
    return session


def written(draft: Draft, html: str = "<p>Yes</p>") -> Message:
    """To those whom the draft suggests."""
    to, cc, bcc = (people_of(side) for side in (draft.to, draft.cc, draft.bcc))
    content = Content(to=to, cc=cc, bcc=bcc, subject=draft.subject, html=html, newest=draft.newest)
    return send(draft, content, Wish(override="I know."), by=draft.author)


def answered(house: House, session: Session) -> Message:
    draft, _new = begin_reply(session, by=house.alice.user, opening="")
    return written(draft)


def leaves(sink: SmtpSink, message: Message) -> Mail:
    deliver(message.pk)
    return sink.mails[-1]


# ---- 34, 35: twice, or unseen -------------------------------------------------------------------


def test_34_a_server_that_takes_it_and_drops_the_line_gets_it_once(
    house: House, session: Session, smtp_sink: SmtpSink
) -> None:
    message = answered(house, session)
    smtp_sink.drops.add("DOT")
    for _sweep in range(50):
        Message.objects.update(next_try_at=None)
        for waiting in {*due(10), message.pk}:
            deliver(waiting)
    unknown = Message.objects.get(pk=message.pk)
    assert (unknown.status, unknown.attempts, len(smtp_sink.mails)) == (Status.UNKNOWN, 1, 1)


@pytest.mark.parametrize("status", ["active", "resolved", "closed"])
def test_35_a_failed_mail_tops_the_list_and_is_written_again_at_once(
    house: House, session: Session, smtp_sink: SmtpSink, status: str
) -> None:
    message = answered(house, session)
    for _other in range(3):
        make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    before = timezone.now() - timedelta(days=2)
    Session.objects.filter(pk=session.pk).update(
        status=status, updated_at=before, finished_at=before
    )
    smtp_sink.answers["RCPT"] = "550 5.1.1 no such user"
    deliver(message.pk)
    first = list_json(house.alice.user, {"view": "mine"})["rows"][0]
    assert (first["id"], first["delivery"]) == (session.public_id, "failed")
    assert first["status"] == ("active" if status == "active" else "reopened")
    smtp_sink.behave()
    failed = Message.objects.select_related("session").get(pk=message.pk)
    again = begin_again(failed, by=house.alice.user)
    mail = leaves(smtp_sink, written(again, again.html))
    assert (mail.recipients, b"Yes" in mail.raw) == (("customer@outside.test",), True)


def test_35_one_of_two_who_did_not_get_it_tops_the_list_too(
    house: House, session: Session, smtp_sink: SmtpSink
) -> None:
    make_message(session, cc=[{"email": LAB.email, "name": ""}])
    message = answered(house, session)
    smtp_sink.refused[LAB.email] = "550 5.1.1 no such user"
    Session.objects.filter(pk=session.pk).update(status="resolved")
    make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    deliver(message.pk)
    first = list_json(house.alice.user, {"view": "mine"})["rows"][0]
    assert (first["id"], first["status"]) == (session.public_id, "reopened")
    assert first["delivery"] == "failed"


# ---- 38 to 40: to whom, and from where ----------------------------------------------------------


def test_38_every_outsider_stands_once_and_none_of_ours(
    house: House, session: Session, smtp_sink: SmtpSink
) -> None:
    ours = make_mailbox("sales@carteria.test", aliases=["old@carteria.test"]).address
    to = ["support@carteria.test", ours, "Ann@outside.test"]
    cc = ["ann@outside.test", "bo@outside.test", "old@carteria.test", "CUSTOMER@outside.test"]
    people = ([{"email": one, "name": ""} for one in side] for side in (to, cc))
    make_message(session, **dict(zip(("to", "cc"), people, strict=True)))
    mail = leaves(smtp_sink, answered(house, session))
    assert mail.recipients == ("customer@outside.test", "Ann@outside.test", "bo@outside.test")


def test_39_nobody_is_carried_from_one_conversation_into_another(
    house: House, smtp_sink: SmtpSink
) -> None:
    circles = [[f"p{circle}.{one}@outside.test" for one in range(circle)] for circle in range(8)]
    begun = []
    for number, circle in enumerate(circles):
        session = make_session(
            house.support,
            agent=house.alice,
            mailbox=house.mailbox,
            customer=f"c{number}@outside.test",
        )
        make_message(session, cc=[{"email": one, "name": ""} for one in circle])
        begun.append(begin_reply(session, by=house.alice.user, opening="")[0])
    for number, (draft, circle) in enumerate(zip(reversed(begun), reversed(circles), strict=True)):
        mail = leaves(smtp_sink, written(draft))
        assert mail.recipients == (f"c{7 - number}@outside.test", *circle)


@pytest.mark.parametrize("way", ["reply", "forward"])
def test_40_it_leaves_from_the_address_that_the_customer_wrote_to(
    house: House, session: Session, smtp_sink: SmtpSink, way: str
) -> None:
    """After a transfer, too."""
    other = make_mailbox("b@carteria.test", account=house.mailbox.account)
    session.thread.mailboxes.add(other)
    message = make_message(session, mailbox=other)
    sessions.transfer(session, house.other, by=house.admin)
    session = Session.objects.get(pk=session.pk)
    if way == "reply":
        draft, _new = begin_reply(session, by=house.admin, opening="")
    else:
        draft = begin_forward(session, message, by=house.admin, opening="")
        draft.to = [{"email": LAB.email, "name": ""}]
    mail = leaves(smtp_sink, written(draft))
    assert mail.sender == "b@carteria.test"
    assert b'From: "Support" <b@carteria.test>' in mail.raw


# ---- 41: what is not for customers --------------------------------------------------------------


def test_41_no_internal_word_leaves(house: House, session: Session, smtp_sink: SmtpSink) -> None:
    """Notes on the ticket, reasons in the history, what a colleague has begun to write."""
    secret = b"between-us"
    words = secret.decode()
    ticket = Ticket.objects.create(subject=words)
    TicketComment.objects.create(ticket=ticket, kind="note", text=words, private=True)
    SessionEvent.objects.create(session=session, kind="status", why=words)
    Session.objects.filter(pk=session.pk).update(why=words)
    other, _new = begin_reply(session, by=house.admin, opening="")
    write(other, Content(subject=words, text=words, plain=True), version=other.version)
    message = session.thread.messages.get()
    for draft in (
        begin_reply(session, by=house.alice.user, opening="")[0],
        begin_forward(session, message, by=house.alice.user, opening=""),
    ):
        draft.to = [{"email": "customer@outside.test", "name": ""}]
        mail = leaves(smtp_sink, written(draft, draft.html + "<p>Yes</p>"))
        assert secret not in mail.raw
    assert len(smtp_sink.mails) == 2
