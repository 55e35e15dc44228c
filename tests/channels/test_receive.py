"""The ledger: bytes before rows, one row for each mail, the same bytes recognised."""

import errno

import pytest

from apps.channels.models import ChannelSettings, InboundEmail
from apps.channels.receive import MAX_MAIL_BYTES, Arrival, receive, receive_one
from apps.channels.signals import mail_received
from apps.core import blobs
from apps.core.errors import Unavailable
from apps.core.models import Blob
from tests.channels.mailboxes import switch_on
from tests.people import make_account, make_mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def channel(db) -> ChannelSettings:
    return switch_on()


@pytest.fixture
def told() -> list[object]:
    heard: list[object] = []

    def listen(account_id: int | None, **_facts: object) -> None:
        heard.append(account_id)

    mail_received.connect(listen, weak=False, dispatch_uid="test")
    yield heard
    mail_received.disconnect(dispatch_uid="test")


def fetched(account, *arrivals: Arrival, uidvalidity: int = 5) -> list[InboundEmail]:
    return receive(
        arrivals, source="fetch", account=account, folder="INBOX", uidvalidity=uidvalidity
    )


def test_a_batch_becomes_rows_with_its_bytes_and_is_announced_once(
    told, django_capture_on_commit_callbacks
) -> None:
    account = make_account()
    with django_capture_on_commit_callbacks(execute=True):
        rows = fetched(account, Arrival(b"one", 1), Arrival(b"two" * 500, 2))
    assert [(row.uid, row.status, row.size) for row in rows] == [
        (1, "received", 3),
        (2, "received", 1500),
    ]
    assert [blobs.read(row.raw) for row in InboundEmail.objects.order_by("uid")] == [
        b"one",
        b"two" * 500,
    ]
    assert told == [account.pk]


def test_a_uid_that_the_ledger_has_is_left_out() -> None:
    account = make_account()
    fetched(account, Arrival(b"one", 1))
    assert [row.uid for row in fetched(account, Arrival(b"one", 1), Arrival(b"two", 2))] == [2]


def test_the_same_bytes_under_another_uid_are_a_duplicate_and_written_once(
    told, django_capture_on_commit_callbacks
) -> None:
    account = make_account()
    (first,) = fetched(account, Arrival(b"one", 1))
    with django_capture_on_commit_callbacks(execute=True):
        (again,) = fetched(account, Arrival(b"one", 9), uidvalidity=6)
    assert (again.status, again.duplicate_of, again.raw_id) == ("duplicate", first, first.raw_id)
    assert Blob.objects.count() == 1
    assert told == []


def test_what_is_held_is_not_held_twice() -> None:
    account = make_account()
    fetched(account, Arrival(b"odd", 1))
    InboundEmail.objects.update(status="quarantined")
    fetched(account, Arrival(b"odd", 2), uidvalidity=6)
    assert InboundEmail.objects.filter(status="quarantined").count() == 1


def test_the_same_bytes_in_another_account_are_another_mail() -> None:
    fetched(make_account(), Arrival(b"one", 1))
    assert fetched(make_account(), Arrival(b"one", 1))[0].status == "received"


def test_equal_bytes_within_a_batch_get_a_row_each() -> None:
    rows = fetched(make_account(), Arrival(b"one", 1), Arrival(b"one", 2))
    assert [row.uid for row in rows] == [1, 2]


def test_a_mail_over_the_limit_is_held_with_its_source() -> None:
    (row,) = fetched(make_account(), Arrival(b"x" * (MAX_MAIL_BYTES + 1), 1))
    assert (row.status, row.code) == ("quarantined", "too-big")
    assert row.raw.size == MAX_MAIL_BYTES + 1
    assert "50 MB" in row.reason


def test_one_mail_is_kept_once_for_its_mailbox() -> None:
    mailbox, other = make_mailbox(), make_mailbox()
    first, new = receive_one(b"mail", mailbox=mailbox, source="api")
    assert (new, first.status, first.mailbox, first.source) == (True, "received", mailbox, "api")
    assert receive_one(b"mail", mailbox=mailbox, source="pipe") == (first, False)
    assert receive_one(b"mail", mailbox=other, source="api")[1]


@pytest.mark.contract("1.1.c")
def test_no_mail_is_taken_while_the_channel_is_off() -> None:
    ChannelSettings.objects.update(enabled=False)
    with pytest.raises(Unavailable) as caught:
        receive_one(b"mail", mailbox=make_mailbox(), source="api")
    assert caught.value.code == "channel-off"
    assert not InboundEmail.objects.exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_takes_nothing_and_promises_nothing(monkeypatch, code: int) -> None:
    def full(*_given: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(blobs, "write", full)
    with pytest.raises(Unavailable) as caught:
        receive_one(b"mail", mailbox=make_mailbox(), source="api")
    assert caught.value.code == "disk-full"
    assert not InboundEmail.objects.exists()
