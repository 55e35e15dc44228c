"""Two people regroup the same mails at once: one of them wins, and nobody waits in a circle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from apps.core.errors import Conflict
from apps.tickets import outbound
from apps.tickets.models import Message, Session, Thread
from apps.tickets.outbound import Letter
from apps.tickets.regrouping import by_hand as by_hand
from tests.counted import drifts
from tests.people import House, make_house, make_message, make_session

pytestmark = [pytest.mark.only_on("postgresql"), pytest.mark.django_db(transaction=True)]

ROUNDS = 8


def at_once(*works: Callable[[], object]) -> list[str]:
    """The codes of those that were refused."""
    gate = Barrier(len(works))

    def run(work: Callable[[], object]) -> str:
        try:
            gate.wait(10)
            work()
        except Conflict as refusal:
            return refusal.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(works)) as pool:
        return [code for code in pool.map(run, works) if code]


def pair(house: House) -> tuple[Session, Session]:
    one, two = (make_session(house.support, mailbox=house.mailbox) for _side in range(2))
    for session in (one, one, two):
        make_message(session)
    return one, two


def test_of_two_that_move_one_mail_one_wins() -> None:
    house = make_house()
    for _round in range(ROUNDS):
        one, two = pair(house)
        mail = Message.objects.select_related("session").filter(session=one).latest("pk")
        ways = (two.public_id, None)
        refused = at_once(*(partial(by_hand.move, mail, to, by=house.admin) for to in ways))
        assert refused == ["changed-since"]
        assert drifts() == []


def test_two_that_merge_crosswise_make_one_conversation() -> None:
    house = make_house()
    for _round in range(ROUNDS):
        one, two = pair(house)
        refused = at_once(
            partial(by_hand.merge, one, two.public_id, by=house.admin),
            partial(by_hand.merge, two, one.public_id, by=house.admin),
        )
        threads = Thread.objects.filter(pk__in=[one.thread_id, two.thread_id])
        assert len(refused) == 1
        assert threads.filter(merged_into=None).count() == 1
        assert drifts() == []


def test_an_answer_is_in_the_conversation_that_goes_on_or_refused() -> None:
    """It was being written while somebody joined its conversation with another one."""
    house = make_house()
    for _round in range(ROUNDS):
        one, two = (
            make_session(house.support, agent=house.alice, status="active", mailbox=house.mailbox)
            for _side in range(2)
        )
        for session in (one, two):
            make_message(session)
        refused = at_once(
            partial(outbound.reply, one, Letter(text="Hello"), by=house.alice.user),
            partial(by_hand.merge, one, two.public_id, by=house.admin),
        )
        assert set(refused) <= {"closed", "not-yours"}
        assert not Message.objects.filter(thread__merged_into__isnull=False).exists()
        assert drifts() == []
