"""Fetching from a real Dovecot: everything once, nothing old, and the flag after the commit."""

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.channels.diagnose import test_receive as diagnose_receive
from apps.channels.fetch import due_accounts, fetch
from apps.channels.folders import FolderReader
from apps.channels.models import ChannelSettings, EmailAccount, FolderCursor, InboundEmail
from apps.core.leases import held
from tests.channels.mailboxes import account_at, fetched_again, inbox_of, mails, switch_on, unseen
from tests.people import make_account
from tests.servers.dovecot import ODD_PASSWORD, Dovecot, running_dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.servers]


@pytest.fixture(autouse=True)
def channel(db) -> ChannelSettings:
    return switch_on()


@pytest.mark.contract("1.1.a")
def test_every_mail_becomes_one_row_and_is_marked_seen(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(120))
    account = account_at(dovecot, user)
    assert fetch(account) == 120
    assert unseen(dovecot, user) == 0
    assert fetched_again(account) == 0
    assert InboundEmail.objects.filter(account=account).count() == 120
    account.refresh_from_db()
    assert account.status == EmailAccount.Status.OK


@pytest.mark.parametrize(("start", "expected"), [("now", 3), ("unseen", 8), ("all", 208)])
def test_old_mail_is_left_alone_unless_asked_for(
    dovecot: Dovecot, start: str, expected: int
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(200), seen=True)
    dovecot.deliver(user, *mails(5, 200))
    account = account_at(dovecot, user, start=start)
    first = fetch(account)
    dovecot.deliver(user, *mails(3, 300))
    assert first + fetched_again(account) == expected
    assert unseen(dovecot, user) == (5 if start == "now" else 0)


def test_nothing_is_flagged_before_it_is_committed(dovecot: Dovecot, monkeypatch) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(3))
    account = account_at(dovecot, user)

    def full_disk(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("apps.channels.receive.blobs.write", full_disk)
    assert fetch(account) == 0
    assert unseen(dovecot, user) == 3
    account.refresh_from_db()
    assert account.status_code == "disk-full"
    monkeypatch.undo()
    assert fetched_again(account) == 3


def test_a_lost_flag_is_set_the_next_time_and_nothing_is_doubled(
    dovecot: Dovecot, monkeypatch
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(4))
    account = account_at(dovecot, user)

    class Killed(BaseException):
        """As SIGKILL would: nobody catches it."""

    def killed(*_arguments: object) -> None:
        raise Killed

    monkeypatch.setattr(FolderReader, "_flag", killed)
    with pytest.raises(Killed):
        fetch(account)
    monkeypatch.undo()
    assert unseen(dovecot, user) == 4
    assert fetched_again(account) == 0
    assert unseen(dovecot, user) == 0
    assert InboundEmail.objects.count() == 4


def test_a_changed_uidvalidity_loses_nothing_and_doubles_nothing(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(30))
    account = account_at(dovecot, user, start="now")
    fetch(account)
    dovecot.deliver(user, *mails(10, 30))
    assert fetched_again(account) == 10
    before = FolderCursor.objects.get().uidvalidity
    FolderCursor.objects.update(uidvalidity=before - 1)
    dovecot.deliver(user, *mails(2, 50))
    fetched_again(account)
    came = InboundEmail.objects.exclude(status="before-start")
    assert FolderCursor.objects.get().uidvalidity == before
    assert came.values("sha256").distinct().count() == 12  # the 30 old ones are left alone
    assert came.exclude(status="duplicate").count() == 12
    assert unseen(dovecot, user) == 30
    assert fetched_again(account) == 0


def test_mail_is_moved_or_deleted_once_it_is_stored(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.make_folder(user, "Done")
    dovecot.deliver(user, *mails(5))
    fetch(account_at(dovecot, user, after="move", after_folder="Done"))
    with inbox_of(dovecot, user) as inbox:
        assert inbox.select("INBOX").exists == 0
        assert inbox.select("Done").exists == 5
    dovecot.deliver(user, *mails(5, 10))
    fetch(account_at(dovecot, user, after="delete"))
    with inbox_of(dovecot, user) as inbox:
        assert inbox.select("INBOX").exists == 0


def test_a_mail_of_60_mb_is_held_with_its_source_and_delays_nobody(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    big = b"Subject: big\r\n\r\n" + b"x" * 78 * 16 + b"\r\n" * 30 * 2**20
    dovecot.deliver(user, *mails(2), big, *mails(2, 10))
    assert fetch(account_at(dovecot, user)) == 5
    held = InboundEmail.objects.get(status=InboundEmail.Status.QUARANTINED)
    assert held.code == "too-big"
    assert held.raw is not None
    assert held.raw.size == held.size == len(big)


@pytest.mark.parametrize(
    ("wrong", "code", "word"),
    [
        ({"receive_host": "no.such.host.invalid"}, "dns", "not known"),
        ({"password": "wrong"}, "password", "password"),
        ({"folders": ["Nowhere"]}, "folder-missing", "INBOX"),
        ({"receive_tls": "starttls"}, "tls", "not trusted"),
        ({"receive_tls": "implicit"}, "tls", "encryption"),
    ],
)
def test_a_wrong_setting_is_named_and_other_accounts_go_on(
    dovecot: Dovecot, wrong: dict[str, Any], code: str, word: str
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(2))
    broken = account_at(dovecot, user, name="broken", **wrong)
    good = account_at(dovecot, user, name="good")
    assert fetch(broken) == 0
    assert fetch(good) == 2
    broken.refresh_from_db()
    assert (broken.status, broken.status_code, broken.failures) == ("failing", code, 1)
    assert word in broken.status_sentence
    assert diagnose_receive(broken).code == code


def test_a_refused_port_is_named(dovecot: Dovecot) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        account = account_at(dovecot, dovecot.new_user(), receive_port=nobody.getsockname()[1])
        assert diagnose_receive(account).code == "refused"


def test_a_certificate_for_another_name_is_named() -> None:
    with running_dovecot(certificate_name="elsewhere.test") as server:
        account = account_at(
            server,
            server.new_user(),
            receive_host="localhost",
            receive_tls="starttls",
            receive_ca_file=server.ca_file,
        )
        assert diagnose_receive(account).code == "tls-name"


def test_starttls_and_implicit_tls_work_with_a_private_authority(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(1))
    for tls, port in (("starttls", dovecot.port), ("implicit", dovecot.tls_port)):
        account = account_at(
            dovecot,
            user,
            receive_host="localhost",
            receive_port=port,
            receive_tls=tls,
            receive_ca_file=dovecot.ca_file,
        )
        assert diagnose_receive(account).ok
        assert fetch(account) == 1


@pytest.mark.contract("1.1.c")
def test_nothing_is_fetched_while_the_channel_is_off(dovecot: Dovecot, channel) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(2))
    account = account_at(dovecot, user)
    ChannelSettings.objects.update(enabled=False)
    assert due_accounts() == []
    assert fetch(account) == 0
    assert unseen(dovecot, user) == 2


@pytest.mark.contract("1.1.d")
def test_an_account_is_due_once_per_interval_and_later_after_failures() -> None:
    account = make_account(every_seconds=30, receive_port=9, receive_user="x")
    assert due_accounts() == [account.pk]
    assert due_accounts() == []
    fetch(account)
    account.refresh_from_db()
    assert account.failures == 1
    assert due_accounts() == []


def test_new_uids_after_a_lost_index_double_nothing_and_leave_old_mail_alone(
    dovecot: Dovecot,
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(200))
    account = account_at(dovecot, user, start="now")
    fetch(account)
    dovecot.deliver(user, *mails(20, 500))
    assert fetched_again(account) == 20
    before = FolderCursor.objects.get().uidvalidity
    dovecot.renumber(user)
    dovecot.deliver(user, *mails(4, 900))
    fetched_again(account)
    assert FolderCursor.objects.get().uidvalidity != before
    assert InboundEmail.objects.exclude(status__in=["duplicate", "before-start"]).count() == 24
    assert unseen(dovecot, user) == 200


def test_a_missing_target_folder_is_named_and_stops_no_mail(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(60))
    account = account_at(dovecot, user, after="move", after_folder="Nowhere")
    assert fetch(account) == 60
    dovecot.deliver(user, *mails(2, 100))
    assert fetched_again(account) == 2
    account.refresh_from_db()
    assert (account.status, account.status_code) == ("failing", "folder-missing")
    assert "Nowhere" in account.status_sentence
    dovecot.make_folder(user, "Nowhere")
    assert fetched_again(account) == 0
    with inbox_of(dovecot, user) as inbox:
        assert inbox.select("INBOX").exists == 0
        assert inbox.select("Nowhere").exists == 62
    account.refresh_from_db()
    assert account.status == "ok"


def test_a_missing_folder_does_not_stop_the_others(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.make_folder(user, "Ventas &AOk-")  # "é", as it is written in a Maildir
    dovecot.deliver(user, *mails(2))
    dovecot.deliver(user, *mails(3, 10), folder="Ventas &AOk-")
    account = account_at(dovecot, user, folders=["Gone", "INBOX", "Ventas é"])
    assert fetch(account) == 5
    account.refresh_from_db()
    assert (account.status_code, account.failures) == ("folder-missing", 0)
    assert "Gone" in account.status_sentence


def test_mail_since_a_date_is_wanted_too(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(5))
    today = timezone.localdate()
    assert fetch(account_at(dovecot, user, start="date", start_date=today)) == 5
    tomorrow = today + timedelta(days=2)
    other = dovecot.new_user()
    dovecot.deliver(other, *mails(5))
    assert fetch(account_at(dovecot, other, start="date", start_date=tomorrow)) == 0


def test_mail_that_comes_while_fetching_is_off_is_all_there_afterwards(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    account = account_at(dovecot, user, start="now")
    fetch(account)
    ChannelSettings.objects.update(enabled=False)
    dovecot.deliver(user, *mails(1200))
    assert fetched_again(account) == 0
    ChannelSettings.objects.update(enabled=True)
    assert fetched_again(account) == 1200
    uids = list(InboundEmail.objects.order_by("id").values_list("uid", flat=True))
    assert uids == sorted(uids)  # oldest first
    assert InboundEmail.objects.values("sha256").distinct().count() == 1200


def test_keeping_mail_as_it_is_changes_nothing_on_the_server(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(3))
    assert fetch(account_at(dovecot, user, after="keep")) == 3
    assert unseen(dovecot, user) == 3


def test_whoever_finds_somebody_fetching_looks_again_soon(dovecot: Dovecot) -> None:
    account = account_at(dovecot, dovecot.new_user(), every_seconds=3600)
    assert due_accounts() == [account.pk]
    with held(f"fetch:{account.pk}", seconds=60):
        assert fetch(account) == 0
    account.refresh_from_db()
    assert account.next_fetch_at < timezone.now() + timedelta(seconds=10)


def test_a_password_in_any_alphabet_signs_in(dovecot: Dovecot) -> None:
    user = dovecot.new_user(odd=True)
    dovecot.deliver(user, *mails(1))
    account = account_at(dovecot, user, password=ODD_PASSWORD)
    assert fetch(account) == 1
