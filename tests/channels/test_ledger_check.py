"""The ledger counted against a real server: the report names exactly what is missing."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from apps.channels import ledger_check
from apps.channels.fetch import fetch
from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    FolderCursor,
    InboundEmail,
    LedgerCheck,
)
from apps.core.leases import held
from tests.channels.mailboxes import account_at, fetched_again, inbox_of, mails, switch_on
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.servers]


@pytest.fixture(autouse=True)
def channel(db) -> ChannelSettings:
    return switch_on()


def fetched(dovecot: Dovecot, count: int = 12, **fields: object) -> tuple[EmailAccount, str]:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(count))
    account = account_at(dovecot, user, **fields)
    fetch(account)
    return account, user


def checked(account: EmailAccount) -> LedgerCheck:
    [check] = ledger_check.check(account) or []
    return check


def expunge(dovecot: Dovecot, user: str, *uids: int) -> None:
    with inbox_of(dovecot, user) as inbox:
        inbox.select("INBOX")
        inbox.delete(uids)


def test_deleted_rows_and_expunged_mails_are_named_exactly(dovecot: Dovecot) -> None:
    account, user = fetched(dovecot, 30)
    InboundEmail.objects.filter(uid__in=[3, 4, 7, 9, 12]).delete()
    expunge(dovecot, user, 20, 21, 22)
    check = checked(account)
    assert check.without_row == [3, 4, 7, 9, 12]
    gone = InboundEmail.objects.filter(gone_at__isnull=False).order_by("uid")
    assert list(gone.values_list("uid", flat=True)) == [20, 21, 22]
    assert (check.on_server, check.in_ledger, check.gone) == (27, 25, 3)
    assert check.is_alarm
    assert fetched_again(account) == 5  # they were asked for again
    again = checked(account)
    assert (again.is_alarm, again.in_ledger, again.gone) == (False, 30, 0)


def test_mail_that_was_not_fetched_yet_is_no_alarm(dovecot: Dovecot) -> None:
    account, user = fetched(dovecot)
    dovecot.deliver(user, *mails(2, 50))
    check = checked(account)
    assert (check.is_alarm, check.waiting, check.on_server) == (False, 2, 14)


def test_old_mail_counts_too_and_its_rows_come_back_without_its_bytes(dovecot: Dovecot) -> None:
    account, _user = fetched(dovecot, start="now")
    assert not checked(account).is_alarm
    InboundEmail.objects.filter(uid__in=[2, 11]).delete()
    assert checked(account).without_row == [2, 11]
    assert fetched_again(account) == 0
    assert not checked(account).is_alarm
    assert InboundEmail.objects.filter(status="before-start", raw=None).count() == 12


def test_a_row_without_its_bytes_is_an_alarm(dovecot: Dovecot) -> None:
    account, _user = fetched(dovecot)
    row = InboundEmail.objects.get(uid=5)
    InboundEmail.objects.filter(pk=row.pk).update(raw=None)
    check = checked(account)
    assert (check.without_raw, check.missing_rows) == ([row.pk], 0)


def test_rows_that_have_no_bytes_by_right_are_none(dovecot: Dovecot) -> None:
    account, _user = fetched(dovecot, 5)
    long_ago = timezone.now() - timedelta(days=40)
    rows = InboundEmail.objects.all()
    rows.filter(uid=1).update(raw=None, code=InboundEmail.DELETED)
    rows.filter(uid=2).update(raw=None, status="rejected", settled_at=long_ago)
    rows.filter(uid=3).update(raw=None, sha256="", status="quarantined", code="too-big")
    assert not checked(account).is_alarm
    rows.filter(uid=4).update(raw=None, status="rejected", settled_at=timezone.now())
    assert checked(account).missing_raws == 1


@pytest.mark.parametrize("harm", ["gone", "cut off", "changed"])
def test_bytes_that_are_lost_on_the_disk_are_named(dovecot: Dovecot, harm: str) -> None:
    account, _user = fetched(dovecot, 3)
    row = InboundEmail.objects.select_related("raw").get(uid=3)
    assert row.raw is not None
    pack = Path(settings.DATA_DIR) / "blobs" / row.raw.pack[:2] / f"{row.raw.pack}.pack"
    whole = pack.read_bytes()
    if harm == "gone":
        pack.unlink()
    elif harm == "cut off":
        pack.write_bytes(whole[:-1])
    else:
        pack.write_bytes(whole[:-1] + b"?")
    named = checked(account).without_raw
    assert row.pk in named
    assert len(named) == (3 if harm == "gone" else 1)


def test_a_server_that_cannot_be_asked_is_no_alarm_but_not_well(dovecot: Dovecot) -> None:
    account, _user = fetched(dovecot, 1)
    EmailAccount.objects.update(receive_port=9)
    account.refresh_from_db()
    check = checked(account)
    assert (check.is_alarm, check.on_server) == (False, 0)
    assert "9" in check.sentence
    EmailAccount.objects.update(receive_port=dovecot.port, folders=["Gone"])
    account.refresh_from_db()
    assert "not read yet" in checked(account).sentence


def test_new_uids_are_left_to_the_next_fetch(dovecot: Dovecot) -> None:
    account, user = fetched(dovecot)
    dovecot.renumber(user)
    assert "anew" in checked(account).sentence
    fetched_again(account)
    assert not checked(account).is_alarm


def test_what_was_given_by_the_api_is_counted_too(dovecot: Dovecot) -> None:
    account, _user = fetched(dovecot, 1)
    row = InboundEmail.objects.create(account=account, source="api", sha256="x")
    checks = ledger_check.check(account) or []
    assert [(one.folder, one.without_raw) for one in checks] == [("INBOX", []), ("", [row.pk])]


def test_the_command_says_a_line_for_each_folder_and_exits_with_one_for_an_alarm(
    dovecot: Dovecot,
) -> None:
    account, _user = fetched(dovecot)
    assert said("check") == f"{account} / INBOX: All well. 12 on the server, 12 in the ledger.\n"
    InboundEmail.objects.filter(uid=3).delete()
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("ledger", "check", "--account", account.name, "--json", stdout=out)
    facts = json.loads(out.getvalue())
    assert (stopped.value.code, facts["state"], facts["without_row"]) == (1, "alarm", [3])


def said(*words: str) -> str:
    out = io.StringIO()
    call_command("ledger", *words, stdout=out)
    return out.getvalue()


def test_each_night_an_account_is_counted_once(dovecot: Dovecot, monkeypatch) -> None:
    account, _user = fetched(dovecot, 1)
    ChannelSettings.objects.update(time_zone="Europe/Madrid")
    noon = datetime(2026, 7, 10, 12, tzinfo=UTC)
    EmailAccount.objects.update(created_at=noon)

    def due_at(moment: datetime) -> list[int]:
        monkeypatch.setattr(ledger_check.timezone, "now", lambda: moment)
        return ledger_check.due_accounts()

    assert due_at(noon + timedelta(hours=1)) == []  # it was not there last night
    night = datetime(2026, 7, 11, 1, 30, tzinfo=UTC)  # half past three in Madrid
    assert due_at(night - timedelta(minutes=1)) == []
    assert due_at(night) == [account.pk]
    LedgerCheck.objects.create(account=account, folder="INBOX", at=night, sentence="away")
    assert due_at(night + timedelta(minutes=59)) == []
    assert due_at(night + timedelta(minutes=61)) == [account.pk]
    LedgerCheck.objects.create(account=account, folder="INBOX", at=night + timedelta(hours=1))
    assert due_at(night + timedelta(hours=20)) == []
    assert due_at(night + timedelta(days=1)) == [account.pk]


def test_two_that_count_do_it_once_and_thirty_checks_are_kept(dovecot: Dovecot) -> None:
    account, _user = fetched(dovecot, 1)
    with held(f"ledger-check:{account.pk}", seconds=60):
        assert ledger_check.check(account) is None
    rows = [LedgerCheck(account=account, folder="INBOX", on_server=n) for n in range(33)]
    LedgerCheck.objects.bulk_create(rows)
    last = checked(account)
    kept = LedgerCheck.objects.filter(folder="INBOX")
    assert (kept.count(), kept.first()) == (30, last)


def test_a_fetch_that_goes_on_is_waited_for(dovecot: Dovecot, monkeypatch) -> None:
    account, _user = fetched(dovecot)
    InboundEmail.objects.filter(uid=3).delete()
    monkeypatch.setattr(ledger_check, "PATIENCE", 0.2)
    with held(f"fetch:{account.pk}", seconds=60):
        assert checked(account).without_row == [3]
    assert FolderCursor.objects.get().pending_uids == []
    assert checked(account).without_row == [3]
    assert FolderCursor.objects.get().pending_uids == [3]
