"""Mails by the thousand through one process: what it keeps does not grow with their number."""

import gc
import sys
from collections.abc import Iterator
from itertools import islice

import pytest
from django.db import connection

from apps.channels.models import EmailAccount, InboundEmail
from apps.channels.receive import Arrival, receive
from apps.crm import posting
from apps.crm.models import TicketUpdate
from apps.queues.models import Queue
from apps.tickets.inbound import take_in
from apps.tickets.models import Message
from tests.channels.mailboxes import switch_on
from tests.people import make_house

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

WARM, MAILS, AT_ONCE = 500, 1_500, 50
MOST_KEPT = 1_500  # blocks of Python's memory; a mail that is kept by mistake has a hundred


def test_two_thousand_mails_leave_no_memory_behind() -> None:
    """Caches fill with the first ones; whatever the others leave would grow without end."""
    switch_on()
    mailbox = make_house().mailbox
    Queue.objects.update(routing=Queue.Routing.AUTOMATIC, capacity=10_000)
    account = mailbox.account
    _pass_through(_mails(WARM, to=mailbox.address), account)
    before = _kept()
    _pass_through(_mails(MAILS, first=WARM, to=mailbox.address), account)
    grown = _kept() - before
    assert Message.objects.count() == WARM + MAILS
    assert not TicketUpdate.objects.exclude(status=TicketUpdate.Status.POSTED).exists()
    assert grown < MOST_KEPT


def _mails(count: int, *, first: int = 0, to: str) -> Iterator[Arrival]:
    """Every second one answers the one before."""
    for number in range(first, first + count):
        head = f"From: c{number // 2}@outside.test\r\nTo: {to}\r\nSubject: Mail {number}\r\n"
        head += f"Message-ID: <{number}@outside.test>\r\n"
        head += f"In-Reply-To: <{number - 1}@outside.test>\r\n" if number % 2 else ""
        yield Arrival(f"{head}\r\nWhere is parcel {number}?\r\n".encode(), number + 1)


def _pass_through(arrivals: Iterator[Arrival], account: EmailAccount) -> None:
    source = InboundEmail.Source.FETCH
    while some := list(islice(arrivals, AT_ONCE)):
        receive(some, source=source, account=account, folder="INBOX", uidvalidity=1)
        assert take_in() == len(some)
        posting.post_updates(posting.due(10 * AT_ONCE))
        connection.run_on_commit.clear()  # the test's own transaction never ends


def _kept() -> int:
    gc.collect()
    return sys.getallocatedblocks()
