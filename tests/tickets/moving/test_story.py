"""The whole of a move at real servers: 300 old mails that are copied, and mail that comes meanwhile."""

from collections import Counter
from collections.abc import Iterable

import pytest

from apps.channels.models import EmailAccount, InboundEmail, Mailbox, MailboxMove
from apps.core.secrets import seal
from apps.queues.models import Queue
from apps.tickets.inbound import take_in
from apps.tickets.models import AutomaticAnswer, Message, Session
from apps.tickets.moving.look import look
from apps.tickets.moving.move import move
from apps.tickets.moving.settling import settle_due
from apps.tickets.moving.words import how_it_is, what_happens
from tests.channels.mailboxes import fetched_again, unseen
from tests.people import House, make_account, make_house
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.tickets.moving.mails import a_mail, copied

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

ANSWER = {"from": None, "subject": "We have it", "text": "Soon.", "out_of_hours_text": ""}


def at(dovecot: Dovecot, user: str) -> dict[str, object]:
    return {
        "receive_host": "127.0.0.1",
        "receive_port": dovecot.port,
        "receive_user": user,
        "receive_password": seal(PASSWORD),
        "after": "keep",
    }


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def old_user(dovecot: Dovecot, house: House) -> str:
    """Of the account before, which is read from its empty beginning on."""
    user = dovecot.new_user()
    EmailAccount.objects.filter(pk=house.mailbox.account_id).update(**at(dovecot, user))
    fetched_again(house.mailbox.account)
    return user


def read(*accounts: EmailAccount) -> None:
    """As a minute of fetching and taking in does it."""
    for _round in range(2):
        for account in accounts:
            fetched_again(account)
        take_in()


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def stored() -> Counter[str]:
    return Counter(Message.objects.filter(direction="in").values_list("subject", flat=True))


def outcomes(account: EmailAccount) -> Counter[str]:
    return Counter(InboundEmail.objects.filter(account=account).values_list("status", flat=True))


def test_three_hundred_old_mails_and_twenty_new_ones(
    dovecot: Dovecot, house: House, old_user: str
) -> None:
    box, new_user = house.mailbox, dovecot.new_user()
    old, new = box.account, make_account("New", **at(dovecot, new_user))

    def bring(user: str, some: Iterable[bytes]) -> None:
        dovecot.deliver(user, *some)

    # What came by the account before, some of it ten days ago; then people are answered again.
    mails = {one: a_mail(one, box, days=10) for one in names("old", 300)}
    bring(old_user, mails.values())
    read(old)
    assert stored() == Counter(list(mails))
    Session.objects.update(status=Session.Status.RESOLVED)
    Queue.objects.update(auto_response=ANSWER)

    # Half of the copies lie there before the new account is read, half come later.
    copies = [copied(one) for one in mails.values()]
    never_here = [a_mail(one, box, days=30) for one in names("ancient", 9)]
    bring(new_user, [*copies[:150], *never_here[:3]])
    gap = [a_mail(one, box) for one in names("gap", 4)]
    bring(new_user, gap)
    fetched_again(new)
    bring(new_user, [*copies[150:], *never_here[3:6]])
    read(new)
    assert outcomes(new) == {"before-start": 157, "quarantined": 153}

    both = [a_mail(one, box) for one in names("both", 4)]
    bring(old_user, [*both, *(a_mail(one, box, answers="old7") for one in names("late", 4))])
    bring(new_user, map(copied, both))

    seen = look(box, new)
    assert (seen.folders[0].mails, seen.folders[0].known, seen.taken) == (314, 300, 150)
    assert any(
        "314 mails; 300 of them are here already" in one for one in what_happens(box, new, seen)
    )
    done = move(box, new, by=house.admin, seen=seen.as_counts)
    box.refresh_from_db()
    assert (box.account, box.move_state) == (new, "moving")

    bring(old_user, [a_mail(one, box) for one in names("straggler", 4)])
    bring(new_user, [a_mail(one, box, answers="old8") for one in names("fresh", 4)])
    bring(new_user, never_here[6:])
    read(old, new)

    meanwhile = [*names("gap", 4), *names("both", 4), *names("late", 4), *names("fresh", 4)]
    meanwhile += names("straggler", 4)
    assert stored() == Counter([*mails, *meanwhile])
    assert AutomaticAnswer.objects.count() == 0
    assert outcomes(old) == {"stored": 300 + 4 + 4 + 4}
    assert outcomes(new)["duplicate"] == 150 + 4
    assert outcomes(new)["quarantined"] == 3  # never here, too old to be missed: a person decides
    assert outcomes(new)["before-start"] == 150 + 3 + 3
    assert not InboundEmail.objects.filter(status="received").exists()
    copies_of = InboundEmail.objects.filter(status="duplicate").select_related("duplicate_of")
    assert all(row.duplicate_of.account_id == old.pk and row.raw_id for row in copies_of)
    assert joined("late0") == joined("old7") and joined("fresh3") == joined("old8")
    reopened = set(Session.objects.filter(status="reopened").values_list("thread", flat=True))
    assert reopened == {joined("old7"), joined("old8")}

    assert settle_due() == 1
    done.refresh_from_db()
    assert (done.settled_how, how_it_is(done)) == (
        "read",
        "Settled: both accounts were read to their end.",
    )
    assert unseen(dovecot, new_user) == 321  # the account keeps its mail as it is

    # From now on people are answered, and the account before is wanted no more.
    bring(new_user, [a_mail("tomorrow", box)])
    read(new)
    assert AutomaticAnswer.objects.count() == 1
    old.delete()
    assert InboundEmail.objects.count() == 312 + 321 + 1
    bring(new_user, [copied(copied(copies[0]))])  # copied once more: old, so it is left alone
    read(new)
    assert len(stored()) == 321


def joined(name: str) -> int:
    return Message.objects.get(subject=name).thread_id


def test_and_back_again(dovecot: Dovecot, house: House, old_user: str) -> None:
    box, new_user = house.mailbox, dovecot.new_user()
    old, new = box.account, make_account("New", **at(dovecot, new_user))
    first = a_mail("first", box)
    dovecot.deliver(old_user, first)
    read(old)
    fetched_again(new)
    move(box, new, by=None)
    dovecot.deliver(new_user, copied(first), a_mail("second", box))
    read(old, new)
    move(Mailbox.objects.get(pk=box.pk), old, by=None)
    dovecot.deliver(old_user, copied(a_mail("third", box)))
    dovecot.deliver(new_user, a_mail("fourth", box))
    read(old, new)
    assert stored() == Counter(["first", "second", "third", "fourth"])
    settle_due()
    how = MailboxMove.objects.order_by("pk").values_list("settled_how", flat=True)
    assert list(how) == ["again", "read"]
