"""The ledger counted against a maildrop: what is missing is named, and comes with the next fetch."""

import pytest

from apps.channels import ledger_check, maildrop_check
from apps.channels.fetch import fetch
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, LedgerCheck
from apps.core.leases import held
from tests.channels.mailboxes import fetched_again, switch_on
from tests.channels.test_maildrop import drop_at, named
from tests.servers.fake_pop3 import maildrop, running_fake_pop3

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def channel(db: None) -> ChannelSettings:
    return switch_on()


def checked(account: EmailAccount) -> LedgerCheck:
    [check] = ledger_check.check(account) or []
    return check


def test_a_deleted_row_is_an_alarm_and_its_mail_comes_again() -> None:
    there = named(*range(1, 9))
    with running_fake_pop3(maildrop(there)) as port:
        account = drop_at(port)
        fetch(account)
        InboundEmail.objects.filter(uidl__in=["name2", "name5"]).delete()
        del there["name3"]
        there |= named(9)
        check = checked(account)
        assert (check.without_row, check.is_alarm) == (["name2", "name5"], True)
        assert (check.on_server, check.in_ledger, check.waiting, check.gone) == (8, 6, 1, 1)
        assert fetched_again(account) == 3
        again = checked(account)
    assert (again.is_alarm, again.on_server, again.in_ledger, again.gone) == (False, 8, 8, 0)


def test_a_mail_whose_turn_has_not_come_is_no_alarm() -> None:
    drop = maildrop(named(1, 2, 3))

    def refuses(verb: bytes, rest: bytes) -> bytes | None:
        return b"-ERR damaged\r\n" if (verb, rest) == (b"RETR", b"1") else drop(verb, rest)

    with running_fake_pop3(refuses) as port:
        account = drop_at(port)
        assert fetch(account) == 2
        check = checked(account)
    assert (check.is_alarm, check.waiting) == (False, 1)


def test_a_row_without_its_bytes_is_an_alarm_and_old_mail_is_none() -> None:
    there = named(1, 2)
    with running_fake_pop3(maildrop(there)) as port:
        account = drop_at(port, start="now")
        fetch(account)
        there |= named(3)
        fetched_again(account)
        assert not checked(account).is_alarm
        InboundEmail.objects.filter(uidl="name3").update(raw=None)
        assert checked(account).missing_raws == 1


def test_what_cannot_be_counted_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_fake_pop3(maildrop({})) as port:
        account = drop_at(port)
        assert "not read yet" in checked(account).sentence
    assert "refuses connections" in checked(account).sentence
    monkeypatch.setattr(maildrop_check, "PATIENCE", 0.1)
    with held(f"fetch:{account.pk}", seconds=60):
        assert "being fetched" in checked(account).sentence


def test_it_is_counted_each_night_like_the_others() -> None:
    account = drop_at(9)
    EmailAccount.objects.update(created_at="2026-01-01T00:00:00Z")
    assert ledger_check.due_accounts() == [account.pk]
