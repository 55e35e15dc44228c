"""What tickets hear when mails change their thread: each its own, and nothing twice."""

import pytest
from django.db import transaction

from apps.crm.models import CrmSettings, TicketLink, TicketUpdate
from apps.tickets import comments, regrouping
from apps.tickets.models import Message, Regrouping, Session
from tests.people import (
    House,
    crm_connection,
    make_attachment,
    make_house,
    make_message,
    make_session,
)

Status = TicketUpdate.Status


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.fixture
def session(house: House) -> Session:
    return _told(make_session(house.support, mailbox=house.mailbox))


@pytest.fixture
def other(house: House) -> Session:
    return _told(make_session(house.support, mailbox=house.mailbox, customer="bea@outside.test"))


def _told(session: Session) -> Session:
    """Two mails, of which the CRM is to hear."""
    comments.plan_for([make_message(session), make_message(session)])
    return session


def _post(session: Session) -> None:
    key = session.thread.key
    TicketUpdate.objects.filter(thread_key=key).update(status=Status.POSTED)
    TicketLink.objects.create(thread_key=key, connection=crm_connection(), ticket=str(session.pk))


def _mails(session: Session) -> list[Message]:
    return list(session.messages.select_related("thread", "session").order_by("pk"))


def _move(mails: list[Message], to: Session | None) -> Regrouping:
    with transaction.atomic():
        return regrouping.move(mails, to, by=None, why="")


def _undo(row: Regrouping, house: House) -> None:
    with transaction.atomic():
        regrouping.undo(row, by=house.admin)


def heard(session: Session) -> list[tuple[str, str, str]]:
    rows = TicketUpdate.objects.filter(thread_key=session.thread.key).order_by("pk")
    return [(one.kind, one.key, one.status) for one in rows]


def test_what_was_not_told_yet_is_told_to_the_new_ticket_alone(
    house: House, session: Session, other: Session
) -> None:
    mail = _mails(session)[1]
    _move([mail], other)
    assert ("link", str(mail.pk), "skipped") in heard(session)
    assert heard(other)[-1] == ("link", str(mail.pk), "planned")
    assert TicketUpdate.objects.get(status=Status.SKIPPED).error == "moved"


def test_a_ticket_keeps_what_it_has_got(house: House, session: Session, other: Session) -> None:
    _post(session)
    before = heard(session)
    _move([_mails(session)[1]], other)
    assert heard(session) == before


def test_copies_and_files_go_along_by_setting(
    house: House, session: Session, other: Session
) -> None:
    CrmSettings.load()
    CrmSettings.objects.update(content_copy=True, attach_files=True)
    mail = _mails(session)[1]
    make_attachment(mail)
    _move([mail], other)
    assert [kind for kind, _key, _status in heard(other)][3:] == ["link", "copy", "file"]


def test_what_is_split_off_gets_a_ticket_of_its_own(house: House, session: Session) -> None:
    mail = _mails(session)[1]
    _move([mail], None)
    new = Session.objects.latest("pk")
    assert heard(new) == [("standard", "first", "planned"), ("link", str(mail.pk), "planned")]
    standard = TicketUpdate.objects.get(thread_key=new.thread.key, kind="standard")
    assert f"Session ID: {new.public_id}" in standard.text


def test_the_first_comment_is_about_the_mail_that_is_first_now(
    house: House, session: Session, other: Session
) -> None:
    Message.objects.filter(pk=_mails(session)[1].pk).update(from_email="second@outside.test")
    _move([_mails(session)[0]], other)
    standard = TicketUpdate.objects.get(thread_key=session.thread.key, kind="standard")
    assert "Sent by: second@outside.test" in standard.text


def test_a_ticket_that_was_left_by_all_says_where_they_are(
    house: House, session: Session, other: Session
) -> None:
    _post(session)
    _move(_mails(session), other)
    kind, key, status = heard(session)[-1]
    last = TicketUpdate.objects.get(thread_key=session.thread.key, key=key)
    newest = _mails(other)[-1].pk
    assert (kind, key, status) == ("link", f"merged-{other.thread.key}", "planned")
    assert last.text.startswith("This conversation goes on in another one: http://console.test/e/")
    assert newest


def test_no_ticket_is_opened_for_an_empty_thread(
    house: House, session: Session, other: Session
) -> None:
    _move(_mails(session), other)
    assert {status for _kind, _key, status in heard(session)} == {"skipped"}


@pytest.mark.parametrize("posted", [True, False])
def test_there_and_back_and_there_again_tells_nothing_twice(
    house: House, session: Session, other: Session, posted: bool
) -> None:
    if posted:
        _post(session)
    before = heard(session)
    row = _move(_mails(session), other)
    there = heard(other)
    _undo(row, house)
    assert [one for one in heard(session) if "merged" not in one[1]] == before
    assert [status for _kind, _key, status in heard(other)][3:] == ["skipped", "skipped"]
    _move(_mails(session), other)
    assert heard(other) == there
