"""In whatever order mails arrive, and in batches of whatever size, the same threads come of them."""

from random import Random

import pytest
from django.db import transaction

from apps.channels.models import Mailbox
from tests.counted import drifts
from tests.people import make_mailbox, make_queue
from tests.tickets.arrivals import a_mail, arrive
from tests.tickets.shuffled_threads import Letter, conversations

pytestmark = pytest.mark.django_db

Partition = set[frozenset[int]]


@pytest.fixture
def mailbox() -> Mailbox:
    return make_mailbox("support@x.test", queue=make_queue())


def partition(letters: list[Letter], order: list[int], mailbox: Mailbox, batch: int) -> Partition:
    """The numbers of the letters that came to lie in one thread; nothing is left of them then."""
    found: dict[int, set[int]] = {}
    with transaction.atomic():
        mails = [a_mail(mailbox, **letters[number].headers) for number in order]
        messages = arrive(*mails, batch=batch)
        for number, message in zip(order, messages, strict=True):
            found.setdefault(message.thread_id, set()).add(number)
        assert drifts() == []
        transaction.set_rollback(True)
    return {frozenset(numbers) for numbers in found.values()}


def shuffled(number: int, mailbox: Mailbox, *, seed: int) -> None:
    letters = [one for thread in conversations(number, seed) for one in thread]
    in_order = list(range(len(letters)))
    expected = partition(letters, in_order, mailbox, 50)
    assert number <= len(expected) < number * 2  # answers to a mail without an id open their own
    for turn, batch in enumerate([1, 7, 50, 7, 50]):
        order = list(in_order)
        Random(seed + turn).shuffle(order)
        assert partition(letters, order, mailbox, batch) == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_five_shuffles_end_in_the_same_threads(mailbox: Mailbox, seed: int) -> None:
    shuffled(10, mailbox, seed=seed)


@pytest.mark.long
def test_579_threads_in_five_shuffles_end_in_the_same_threads(mailbox: Mailbox) -> None:
    shuffled(579, mailbox, seed=579)
