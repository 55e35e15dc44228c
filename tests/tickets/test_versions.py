"""The version of a session only rises, and is there as soon as the change is."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from apps.attachments.models import Attachment
from apps.attachments.release import release
from apps.tickets.models import Message, Session
from apps.tickets.sending.settling import message_changed
from apps.tickets.sessions import assign, message_added, say_changed, take
from tests.people import House, make_attachment, make_house, make_message, make_session


@pytest.fixture
def house(db: None) -> House:
    return make_house()


def version_of(session: Session) -> int:
    return Session.objects.values_list("version", flat=True).get(pk=session.pk)


def test_it_is_the_time_in_milliseconds(house: House) -> None:
    session = make_session(house.support)

    message_added(session)

    assert abs(version_of(session) - time.time() * 1000) < 10_000


def test_many_changes_within_a_millisecond_still_rise(house: House) -> None:
    session = make_session(house.support)
    seen = []
    for _number in range(20):
        say_changed([session])
        seen.append(version_of(session))

    assert seen == sorted(set(seen))


def test_a_clock_that_was_put_back_does_not_put_the_version_back(house: House) -> None:
    session = make_session(house.support)
    ahead = int(time.time() * 1000) + 3_600_000
    Session.objects.filter(pk=session.pk).update(version=ahead)

    say_changed([session])

    assert version_of(session) == ahead + 1


def _assigned(house: House, session: Session, message: Message, file: Attachment) -> None:
    assign(session, house.alice, by=house.irene)


def _taken(house: House, session: Session, message: Message, file: Attachment) -> None:
    take(session, house.alice)


def _delivered(house: House, session: Session, message: Message, file: Attachment) -> None:
    message_changed(message)


def _released(house: House, session: Session, message: Message, file: Attachment) -> None:
    Attachment.objects.update(verdict="withheld", reason="encrypted", engine="ClamAV")
    release(file, by=house.irene)


@pytest.mark.parametrize("change", [_assigned, _taken, _delivered, _released])
def test_whatever_is_told_has_a_new_version(
    house: House, change: Callable[[House, Session, Message, Attachment], None]
) -> None:
    session = make_session(house.support)
    message = make_message(session)
    file = make_attachment(message)
    before = version_of(session)

    change(house, session, message, file)

    assert version_of(session) > before


@pytest.mark.only_on("postgresql")  # SQLite has one writer at a time
@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_time_each_get_their_own() -> None:
    session = make_session(make_house().support)
    seen: list[int] = []

    def change() -> None:
        for _number in range(10):
            with transaction.atomic():
                say_changed([session])
                seen.append(version_of(session))
        connection.close()

    threads = [threading.Thread(target=change) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(set(seen)) == len(seen) == 40
