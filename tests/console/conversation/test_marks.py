"""Seen and unread: each reader's own, and never further than what was there."""

from typing import Any

import pytest
from django.test import Client

from apps.console.conversation.marks import mark_of
from apps.console.models import ReadMark
from apps.tickets.models import Session
from tests.console.asking import act
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(house.support)
    make_message(session)
    return session


def mark(client: Client, session: Session, verb: str, **body: Any) -> bool:
    row = act(client, session, verb, **body).json()["row"]
    assert row["id"] == session.public_id
    return bool(row["unread"])


def is_unread(client: Client) -> bool:
    (row,) = client.get("/desk/sessions/?status=any").json()["rows"]
    return bool(row["unread"])


def test_what_was_never_opened_is_unread_until_it_is_seen(
    house: House, as_user: SignIn, session: Session
) -> None:
    alice, bob = as_user(house.alice.user), as_user(house.bob.user)
    assert is_unread(alice)

    assert mark(alice, session, "seen", message=session.newest_in) is False

    assert not is_unread(alice)
    assert is_unread(bob)


def test_another_mail_is_unread_again(alice: Client, session: Session) -> None:
    mark(alice, session, "seen", message=str(session.newest_in))
    make_message(session)
    assert is_unread(alice)


def test_our_own_answer_makes_nothing_unread(alice: Client, session: Session) -> None:
    mark(alice, session, "seen", message=session.newest_in)
    make_message(session, direction="out")
    assert not is_unread(alice)


def test_what_is_finished_calls_nobody(alice: Client, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(status="resolved")
    assert not is_unread(alice)


def test_nobody_sees_further_than_what_is_there(
    house: House, alice: Client, session: Session
) -> None:
    mark(alice, session, "seen", message=10**17)
    assert mark_of(house.alice.user, session) == session.newest_in
    make_message(session)
    assert is_unread(alice)


def test_a_late_word_takes_nothing_back(house: House, alice: Client, session: Session) -> None:
    before = session.newest_in
    make_message(session)
    mark(alice, session, "seen", message=session.newest_in)

    assert mark(alice, session, "seen", message=before) is False
    assert ReadMark.objects.count() == 1


def test_the_newest_mail_alone_is_made_unread(
    house: House, alice: Client, session: Session
) -> None:
    first = session.newest_in
    make_message(session)
    mark(alice, session, "seen", message=session.newest_in)

    assert mark(alice, session, "unread") is True

    seen = mark_of(house.alice.user, session)
    assert seen is not None and first <= seen < session.newest_in


def test_a_session_without_mail_of_the_customer_can_be_unread_too(
    house: House, alice: Client
) -> None:
    session = make_session(house.support)
    assert is_unread(alice)
    assert mark(alice, session, "seen", message=0) is False
    assert mark(alice, session, "unread") is True


def test_reading_changes_nothing_of_the_session(alice: Client, session: Session) -> None:
    before = Session.objects.values().get()
    mark(alice, session, "seen", message=session.newest_in)
    assert Session.objects.values().get() == before
