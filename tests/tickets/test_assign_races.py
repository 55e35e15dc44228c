"""A batch that opens sessions again, and a queue that is given out at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection

from apps.agents.vocabulary import IN_EMAIL
from apps.queues.models import Queue
from apps.tickets import assignment, sessions, storing
from apps.tickets.hand_over import hand_over
from apps.tickets.models import Session
from tests.counted import drifts
from tests.people import make_house, make_session, put_in_state
from tests.tickets.arrivals import a_mail, arrive

pytestmark = [pytest.mark.only_on("postgresql"), pytest.mark.django_db(transaction=True)]


def run(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connection.close()


def test_a_batch_and_a_queue_that_is_given_out_wait_for_each_other_in_one_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The batch has changed what alice has in hand; who gives out holds the queue."""
    house = make_house(routing=Queue.Routing.AUTOMATIC)
    put_in_state(house.alice, IN_EMAIL)
    first = arrive(a_mail(house.mailbox, message_id="1@id"))[0]
    session = Session.objects.get(pk=first.session_id)
    assert session.agent is not None
    sessions.set_status(session, Session.Status.RESOLVED, by=session.agent.user)
    make_session(house.support, mailbox=house.mailbox)  # waits
    given, counted = Event(), Event()
    give, route = assignment._give, storing._route

    def giving(*args: Any) -> None:
        given.set()
        counted.wait(1)
        give(*args)

    def routing(*args: Any) -> set[int]:
        counted.set()
        return route(*args)

    monkeypatch.setattr(assignment, "_give", giving)
    monkeypatch.setattr(storing, "_route", routing)

    def answer() -> None:
        given.wait(3)
        arrive(a_mail(house.mailbox, in_reply_to="1@id"))

    with ThreadPoolExecutor(2) as pool:
        works = [lambda: assignment.assign_waiting(house.support), answer]
        list(pool.map(run, works))
    assert drifts() == []


def test_what_is_just_being_given_to_who_leaves_finds_other_hands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = make_house(routing=Queue.Routing.AUTOMATIC)
    put_in_state(house.alice, IN_EMAIL)
    waiting = make_session(house.support, mailbox=house.mailbox)
    chosen, left = Event(), Event()
    give = assignment._give

    def giving(*args: Any) -> None:
        chosen.set()
        left.wait(1)
        give(*args)

    monkeypatch.setattr(assignment, "_give", giving)

    def leave() -> None:
        chosen.wait(3)
        hand_over(house.alice.user, to=None, by=house.admin)
        left.set()

    with ThreadPoolExecutor(2) as pool:
        works = [lambda: assignment.assign_waiting(house.support), leave]
        list(pool.map(run, works))
    waiting.refresh_from_db()
    assert waiting.agent is None
    assert drifts() == []
