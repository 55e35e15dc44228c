"""Old mail gets a row for each UID, and nothing else: no bodies, no flags, few statements."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.channels import old_mail
from apps.channels.fetch import fetch
from apps.channels.models import FolderCursor, InboundEmail
from apps.channels.transports import imap
from tests.channels.mailboxes import account_at, fetched_again, inbox_of, mails, switch_on, unseen
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.servers]


@pytest.fixture(autouse=True)
def channel(db) -> None:
    switch_on()


def noted() -> list[int]:
    rows = InboundEmail.objects.filter(status="before-start").order_by("uid")
    return [uid for uid in rows.values_list("uid", flat=True) if uid is not None]


def test_old_mail_gets_rows_and_is_neither_read_nor_flagged(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(30))
    account = account_at(dovecot, user, start="now")
    monkeypatch.setattr(imap.ImapInbox, "messages", _never)
    assert fetch(account) == 0
    rows = InboundEmail.objects.all()
    assert {(row.status, row.sha256, row.raw_id) for row in rows} == {("before-start", "", None)}
    assert all(row.server_date and row.size for row in rows)
    assert (noted(), unseen(dovecot, user)) == (list(range(1, 31)), 30)
    assert (fetched_again(account), rows.count()) == (0, 30)


def _never(*_arguments: object) -> None:
    raise AssertionError("nobody asked for a body")


def test_what_a_crash_interrupts_goes_on_with_the_next_fetch(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(25))
    account = account_at(dovecot, user, start="now")
    monkeypatch.setattr(imap, "SLICE", 10)

    class Killed(BaseException):
        """As SIGKILL would: nobody catches it."""

    rows_of = old_mail._rows

    def until_the_second(cursor: FolderCursor, *rest: Any) -> Any:
        if cursor.noted_uid:
            raise Killed
        return rows_of(cursor, *rest)

    monkeypatch.setattr(old_mail, "_rows", until_the_second)
    with pytest.raises(Killed):
        fetch(account)
    monkeypatch.setattr(old_mail, "_rows", rows_of)
    assert noted() == list(range(1, 11))
    dovecot.deliver(user, *mails(2, 100))  # it came after the start, whatever was interrupted
    assert fetched_again(account) == 2
    assert noted() == list(range(1, 26))


def test_mail_that_is_wanted_is_fetched_and_answers_nobody(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(4), seen=True)
    dovecot.deliver(user, *mails(3, 10))
    account = account_at(dovecot, user, start="unseen")
    assert fetch(account) == 3
    dovecot.deliver(user, *mails(2, 20))
    assert fetched_again(account) == 2
    assert len(noted()) == 4
    came = InboundEmail.objects.exclude(status="before-start").order_by("id")
    assert list(came.values_list("answers_nobody", flat=True)) == [True] * 3 + [False] * 2


def test_new_uids_for_all_mails_note_the_old_ones_again_and_answer_the_new_ones(
    dovecot: Dovecot,
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(5))
    account = account_at(dovecot, user, start="all")
    assert fetch(account) == 5
    dovecot.renumber(user)
    dovecot.deliver(user, *mails(2, 10))
    fetched_again(account)
    new = InboundEmail.objects.filter(status="received", answers_nobody=False)
    assert (new.count(), InboundEmail.objects.filter(status="duplicate").count()) == (2, 5)


def test_a_folder_that_was_read_by_an_earlier_version_gets_its_rows(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(6))
    account = account_at(dovecot, user, start="now")
    fetch(account)
    InboundEmail.objects.filter(uid__gt=2).delete()
    FolderCursor.objects.update(noted_uid=0, seen_uidnext=0)
    assert fetched_again(account) == 0
    assert noted() == [1, 2, 3, 4, 5, 6]


def test_thousands_of_old_mails_cost_a_few_statements_for_each_thousand(dovecot: Dovecot) -> None:
    counted = []
    for count in (20, 1020):
        user = dovecot.new_user()
        dovecot.deliver(user, *mails(count))
        account = account_at(dovecot, user, start="now")
        cache.clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            fetch(account)
        counted.append(sum(not one["sql"].startswith("INSERT") for one in queries))
    assert len(noted()) == 1040
    # Rows go in by hundreds, as the database takes them.
    assert counted[1] - counted[0] <= 8


def test_slices_widen_where_uids_lie_far_apart(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(30))
    monkeypatch.setattr(imap, "SLICE", 8)
    with inbox_of(dovecot, user) as inbox:
        inbox.select("INBOX")
        slices = list(inbox.uid_slices(1, 2_000_000_000))
    assert [uid for _end, uids in slices for uid in uids] == list(range(1, 31))
    assert slices[-1][0] == 2_000_000_000
    assert len(slices) < 16
