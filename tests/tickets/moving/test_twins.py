"""One mail by two accounts of a mailbox is one; what is in doubt, or came by one account, is two."""

from collections.abc import Callable
from itertools import count
from threading import Thread
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.channels.models import EmailAccount, InboundEmail
from apps.channels.receive import Arrival, receive
from apps.core import blobs
from apps.crm.models import TicketUpdate
from apps.tickets import storing
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, Session
from apps.tickets.moving.move import move
from tests.people import House, make_account, make_house, make_mailbox
from tests.tickets.moving.mails import a_mail, copied

pytestmark = pytest.mark.django_db

_uids = count(1)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def first(house: House) -> bytes:
    """Stored before the mailbox moved."""
    raw = a_mail("first", house.mailbox)
    assert come(house.mailbox.account, raw) == ["stored"]
    return raw


@pytest.fixture
def new(house: House, first: bytes) -> EmailAccount:
    account = make_account("New")
    move(house.mailbox, account, by=None)
    return account


def fetched(account: EmailAccount, *raws: bytes) -> list[InboundEmail]:
    arrivals = [Arrival(raw, next(_uids)) for raw in raws]
    return receive(arrivals, source="fetch", account=account, folder="INBOX", uidvalidity=1)


def come(account: EmailAccount, *raws: bytes) -> list[str]:
    """Their outcomes."""
    rows = fetched(account, *raws)
    take_in()
    return [InboundEmail.objects.get(pk=row.pk).status for row in rows]


def test_the_copy_is_a_duplicate_that_nobody_hears_of(
    house: House, new: EmailAccount, first: bytes
) -> None:
    Session.objects.update(status=Session.Status.RESOLVED)
    told = TicketUpdate.objects.count()
    assert come(new, copied(first)) == ["duplicate"]
    row, stored = InboundEmail.objects.get(account=new), InboundEmail.objects.exclude(account=new)
    assert (row.duplicate_of, row.code, row.mailbox) == (stored.get(), "copy", house.mailbox)
    assert row.reason == f"The same mail as {stored.get().pk}, which came by another account."
    assert row.raw is not None and blobs.read(row.raw) == copied(first)
    assert (TicketUpdate.objects.count(), Session.objects.get().status) == (told, "resolved")


def test_whichever_comes_first_is_the_mail(house: House, new: EmailAccount) -> None:
    raw = a_mail("second", house.mailbox)
    assert come(new, copied(raw)) == ["stored"]
    old = EmailAccount.objects.exclude(pk=new.pk).get()
    assert come(old, raw) == ["duplicate"]  # its account has no mailbox left, and is still read


def test_a_mail_without_an_id_is_known_by_sender_and_date(house: House, new: EmailAccount) -> None:
    raw = a_mail("nameless", house.mailbox).replace(b"Message-ID: <nameless@outside.test>\r\n", b"")
    old = EmailAccount.objects.exclude(pk=new.pk).get()
    assert come(old, raw) == ["stored"]
    assert come(new, copied(raw)) == ["duplicate"]
    assert come(new, copied(raw).replace(b"From: nameless", b"From: other")) == ["stored"]


def test_a_reused_id_on_another_mail_drops_nothing(new: EmailAccount, first: bytes) -> None:
    assert come(new, copied(first).replace(b"Hello", b"Goodbye")) == ["stored"]


def test_two_by_one_account_are_two(new: EmailAccount, house: House) -> None:
    raw = a_mail("again", house.mailbox)
    assert come(new, raw, copied(raw)) == ["stored", "stored"]


def test_nobody_moved_and_nobody_looks(house: House, first: bytes) -> None:
    other = make_mailbox("other@x.test", queue=house.support)
    assert come(other.account, copied(first).replace(b"new@new", b"other@x")) == ["stored"]


def test_copies_of_a_shared_inbox_lie_together(house: House) -> None:
    """The mail of an address that stays was copied along, and is known; what comes for both
    addresses after the move is each one's own."""
    old, new = house.mailbox.account, make_account("New")
    stays = make_mailbox("stays@x.test", queue=house.support, account=old)
    raw = a_mail("shared", stays)
    assert come(old, raw) == ["stored"]
    move(house.mailbox, new, by=None)
    assert come(new, copied(raw)) == ["duplicate"]
    both = a_mail("later", stays)
    assert (come(old, both), come(new, copied(both))) == (["stored"], ["stored"])


def test_a_source_that_is_lost_proves_nothing(new: EmailAccount, first: bytes) -> None:
    InboundEmail.objects.update(raw=None)
    assert come(new, copied(first)) == ["stored"]


def test_an_account_that_is_gone_is_another_one_too(new: EmailAccount, first: bytes) -> None:
    EmailAccount.objects.exclude(pk=new.pk).delete()
    assert InboundEmail.objects.get().account is None
    assert come(new, copied(first)) == ["duplicate"]


def test_fifty_copies_cost_as_many_statements_as_two(new: EmailAccount, house: House) -> None:
    old = EmailAccount.objects.exclude(pk=new.pk).get()
    raws = [a_mail(f"n{number}", house.mailbox) for number in range(52)]
    come(old, *raws)
    come(new, a_mail("of its own", house.mailbox))  # its lease is known
    costs = []
    for some in (raws[:2], raws[2:]):
        fetched(new, *map(copied, some))
        with CaptureQueriesContext(connection) as asked:
            take_in()
        costs.append(sum("UPDATE" not in one["sql"] for one in asked))
    assert costs[0] == costs[1]
    assert InboundEmail.objects.filter(status="duplicate").count() == 52


# ---- at the same moment -----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_on("postgresql")
def test_both_at_the_same_moment_are_one(house: House, new: EmailAccount) -> None:
    old = EmailAccount.objects.exclude(pk=new.pk).get()
    raw = a_mail("race", house.mailbox)
    fetched(new, copied(raw))
    fetched(old, raw)
    other: list[Thread] = []

    def meanwhile(mails: list[object]) -> list[int]:
        """The first one is about to store: the other worker has read its mail by then."""
        if not other:
            other.append(Thread(target=in_a_thread(take_in)))
            other[0].start()
        return real(mails)  # type: ignore[arg-type]

    real = storing.store
    with patch("apps.tickets.inbound.store", meanwhile):
        take_in()
        other[0].join(20)
    take_in()
    assert Message.objects.filter(message_id="race@outside.test").count() == 1
    assert InboundEmail.objects.filter(status="duplicate").count() == 1


def in_a_thread(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        work()
        connection.close()

    return run
