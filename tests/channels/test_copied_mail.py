"""How old a mail is, by the servers that had it; what is left alone, in pieces however many."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.channels import copied_mail
from apps.channels.copied_mail import came_at, is_looked_through, leave_alone, missed_meanwhile
from apps.channels.lane import Lane
from apps.channels.models import EmailAccount, FolderCursor, InboundEmail
from tests.people import make_account

MOVED = datetime(2026, 3, 10, tzinfo=UTC)
OLD, NEW = "Mon, 2 Mar 2026 10:00:00 +0000", "Thu, 12 Mar 2026 10:00:00 +0000"
OLD_AT, NEW_AT = (datetime(2026, 3, day, 10, tzinfo=UTC) for day in (2, 12))


def mail(*, written: str = "", hops: Sequence[str] = ()) -> bytes:
    received = "".join(f"Received: from a by b\r\n with SMTP id 1; {hop}\r\n" for hop in hops)
    date = f"Date: {written}\r\n" if written else ""
    return f"{received}{date}Subject: x\r\n\r\nx".encode()


@pytest.mark.parametrize(
    ("raw", "arrived", "age"),
    [
        pytest.param(mail(written=OLD, hops=[OLD]), NEW_AT, OLD_AT, id="copied with a new date"),
        pytest.param(mail(written=OLD, hops=[OLD]), OLD_AT, OLD_AT, id="copied with its date"),
        pytest.param(mail(written=OLD, hops=[NEW, OLD]), NEW_AT, NEW_AT, id="late on its way"),
        pytest.param(mail(written=OLD, hops=[NEW]), None, NEW_AT, id="a clock that is wrong"),
        pytest.param(mail(written=OLD), NEW_AT, OLD_AT, id="no server wrote on it"),
        pytest.param(mail(hops=["nonsense"]), NEW_AT, NEW_AT, id="no date in it"),
        pytest.param(mail(), None, None, id="nobody says"),
        pytest.param(b"", None, None, id="nothing"),
    ],
)
def test_both_the_server_and_the_way_have_to_call_it_old(
    raw: bytes, arrived: datetime | None, age: datetime | None
) -> None:
    assert came_at(raw, arrived) == age


def test_of_what_lay_there_from_the_start_its_own_date_counts_too() -> None:
    assert came_at(mail(written=OLD, hops=[NEW]), NEW_AT, trusting_date=True) == OLD_AT


# ---- on the server --------------------------------------------------------------------


class Inbox:
    """A folder of which headers and dates are asked."""

    def __init__(self, mails: dict[int, bytes]) -> None:
        self.mails = mails
        self.most = 0

    def headers(self, uids: Sequence[int]) -> dict[int, bytes]:
        self.most = max(self.most, len(uids))
        return {uid: self.mails[uid] for uid in uids}


@pytest.fixture
def account(db: None) -> EmailAccount:
    return make_account(moved_until=MOVED, start="now")


@pytest.fixture
def cursor(account: EmailAccount) -> FolderCursor:
    return FolderCursor.objects.create(
        account=account, folder="INBOX", uidvalidity=1, first_uid=30_000, last_uid=29_999
    )


def noted(cursor: FolderCursor, uids: Sequence[int], at: datetime) -> None:
    InboundEmail.objects.bulk_create(
        InboundEmail(
            source="fetch",
            account_id=cursor.account_id,
            folder="INBOX",
            uidvalidity=1,
            uid=uid,
            server_date=at,
            status="before-start",
        )
        for uid in uids
    )


def missed(inbox: Inbox, account: EmailAccount, cursor: FolderCursor) -> list[int]:
    lane = Lane(lambda: None)
    try:
        return missed_meanwhile(lane, inbox, account, cursor)  # type: ignore[arg-type]
    finally:
        lane.end()


def test_what_came_in_between_is_found_among_the_copies(
    account: EmailAccount, cursor: FolderCursor
) -> None:
    inbox = Inbox({1: mail(written=OLD), 2: mail(written=NEW), 3: mail()})
    noted(cursor, [1, 2, 3], NEW_AT)
    noted(cursor, [4], OLD_AT)  # its own server calls it old: not even looked at
    assert not is_looked_through(account, [cursor])
    assert missed(inbox, account, cursor) == [2, 3]
    assert InboundEmail.objects.get(uid=1).server_date == OLD_AT  # so old mail since a day is right
    cursor.pending_uids = [2, 3]
    assert missed(inbox, account, cursor) == []
    assert not is_looked_through(account, [cursor])
    InboundEmail.objects.filter(uid__in=[2, 3]).update(status="received")
    cursor.pending_uids = []
    assert is_looked_through(account, [cursor])


def test_many_are_looked_at_in_pieces(
    account: EmailAccount, cursor: FolderCursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two statements for each piece, whatever lies there; memory holds the headers of one."""
    monkeypatch.setattr(copied_mail, "PIECE", 50)
    inbox = Inbox(dict.fromkeys(range(1, 1001), mail(written=OLD)))
    noted(cursor, range(1, 1001), NEW_AT)
    with CaptureQueriesContext(connection) as asked:
        assert missed(inbox, account, cursor) == []
    assert inbox.most == 50
    assert len(asked) <= 2 * 20 + 1 + 1000 * (connection.vendor == "sqlite")  # row by row there
    with CaptureQueriesContext(connection) as asked:
        assert missed(inbox, account, cursor) == []
    assert len(asked) == 1


def test_new_copies_of_old_mail_are_listed_and_left_alone(
    account: EmailAccount, cursor: FolderCursor
) -> None:
    mails = [(30_000, mail(written=OLD, hops=[OLD])), (30_001, mail(written=NEW, hops=[NEW]))]
    arrived = {30_000: NEW_AT, 30_001: NEW_AT}
    assert leave_alone(cursor, account, mails, arrived) == {30_000}
    assert leave_alone(cursor, account, mails, arrived) == {30_000}  # a crash in between
    row = InboundEmail.objects.get()
    assert (row.status, row.code, row.server_date) == ("before-start", "before-move", OLD_AT)


@pytest.mark.parametrize("how", [{"moved_until": None}, {"start": "all"}])
def test_nothing_is_left_alone_where_nobody_moved_or_all_is_wanted(
    account: EmailAccount, cursor: FolderCursor, how: dict[str, object]
) -> None:
    for name, value in how.items():
        setattr(account, name, value)
    mails = [(30_000, mail(written=OLD, hops=[OLD]))]
    assert leave_alone(cursor, account, mails, {}) == set()
    assert not InboundEmail.objects.exists()
