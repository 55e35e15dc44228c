"""Batches of two accounts, and a person who merges, in the same threads at once: nobody waits in a
circle, and no mail comes to lie in a thread that has become part of another one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from apps.channels.models import Mailbox
from apps.core.errors import Conflict
from apps.tickets.models import Message, Session
from apps.tickets.regrouping import by_hand as by_hand
from tests.counted import drifts
from tests.people import House, make_account, make_house, make_mailbox
from tests.tickets.arrivals import a_mail, arrive

pytestmark = [pytest.mark.only_on("postgresql"), pytest.mark.django_db(transaction=True)]

ROUNDS = 6


def at_once(*works: Callable[[], object]) -> None:
    gate = Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            gate.wait(10)
            work()
        except Conflict:
            pass  # somebody was quicker, and said so
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(run, works))


def opened(house: House, other: Mailbox, turn: int) -> list[Message]:
    """Three threads that both mailboxes use; the last one waits for a mail that is late."""
    first = arrive(
        a_mail(house.mailbox, message_id=f"{turn}.0@id"),
        a_mail(house.mailbox, message_id=f"{turn}.1@id"),
        a_mail(house.mailbox, message_id=f"{turn}.2@id", in_reply_to=f"{turn}.late@id"),
    )
    for message in first:
        message.thread.mailboxes.add(other)
    return first


def answers(mailbox: Mailbox, turn: int) -> list[str]:
    mails = [a_mail(mailbox, in_reply_to=f"{turn}.{number % 3}@id") for number in range(9)]
    late = a_mail(mailbox, message_id=f"{turn}.late@id", in_reply_to=f"{turn}.0@id")
    return [message.thread.key for message in arrive(*mails, late)]


def test_two_batches_and_a_merge_by_hand_leave_no_mail_behind() -> None:
    house = make_house()
    other = make_mailbox("other@x.test", queue=house.support, account=make_account())
    for turn in range(ROUNDS):
        threads = opened(house, other, turn)
        sessions = [Session.objects.get(pk=one.session_id) for one in threads]
        at_once(
            partial(answers, house.mailbox, turn),
            partial(answers, other, turn),
            partial(by_hand.merge, sessions[1], sessions[0].public_id, by=house.admin),
        )
        assert not Message.objects.filter(thread__merged_into__isnull=False).exists()
        assert drifts() == []
    assert Message.objects.count() == ROUNDS * 23
