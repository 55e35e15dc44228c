"""Workers that take in mails of one sender at the same time: the day's number holds."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.channels.models import ChannelSettings, Mailbox
from apps.queues.models import Queue
from apps.tickets.models import AutomaticAnswer, SessionEvent
from tests.people import make_account, make_house, make_mailbox
from tests.tickets.arrivals import a_mail, arrive

pytestmark = [pytest.mark.only_on("postgresql"), pytest.mark.django_db(transaction=True)]

WORKERS, ROUNDS = 4, 3


def mailboxes() -> list[Mailbox]:
    """Each of an account of its own, so that each is taken in by a worker of its own."""
    house = make_house()
    Queue.objects.update(auto_response={"from": "", "subject": "Got it", "text": "We have it."})
    house.support.refresh_from_db()
    return [
        make_mailbox(f"box{number}@x.test", queue=house.support, account=make_account())
        for number in range(WORKERS)
    ]


def test_four_workers_answer_one_sender_as_often_as_the_settings_say() -> None:
    boxes, most = mailboxes(), 2
    ChannelSettings.objects.update(auto_responses_per_day=most)
    gate = Barrier(WORKERS)

    def work(box: Mailbox, turn: int) -> None:
        try:
            gate.wait(20)
            both = [f"one{turn}@outside.test", f"two{turn}@outside.test"]
            if box.pk % 2:
                both.reverse()
            arrive(*(a_mail(box, sender=sender) for sender in both))
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        for turn in range(ROUNDS):
            list(pool.map(work, boxes, [turn] * WORKERS))
    codes = SessionEvent.objects.filter(kind="auto-answer").values_list("after", flat=True)
    assert sorted(codes) == ["answered"] * (2 * most * ROUNDS) + ["limit"] * (
        2 * (WORKERS - most) * ROUNDS
    )
    assert AutomaticAnswer.objects.count() == 2 * most * ROUNDS
