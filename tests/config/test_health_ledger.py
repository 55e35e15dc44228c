"""The health page tells what the last count of the ledger found."""

import pytest

from apps.channels.models import EmailAccount, LedgerCheck
from config.condition.ledger import ledger
from tests.people import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db) -> EmailAccount:
    return make_account("main", folders=["INBOX", "Sales"])


def counted(account: EmailAccount, folder: str = "INBOX", **fields: object) -> LedgerCheck:
    return LedgerCheck.objects.create(account=account, folder=folder, **fields)


def lines() -> list[tuple[str, str]]:
    return [(line.state, line.name) for line in ledger()]


def test_nothing_is_said_before_the_first_count(account: EmailAccount) -> None:
    assert lines() == []


def test_one_line_says_that_all_is_well(account: EmailAccount) -> None:
    counted(account, missing_rows=5, without_row=[1])
    counted(account)
    counted(account, "Sales")
    assert lines() == [("ok", "Ledger")]


def test_alarms_stand_first_and_name_what_is_missing(account: EmailAccount) -> None:
    counted(account, sentence="The server is away.")
    counted(account, "Sales", missing_rows=2, without_row=[4, 7], on_server=9, in_ledger=7)
    alarm, away = ledger()
    assert (alarm.state, alarm.name) == ("down", "Ledger of main / Sales")
    assert "UID 4, 7" in alarm.fact
    assert (away.state, "The server is away." in away.fact) == ("degraded", True)
    assert alarm.key != away.key
    assert len(alarm.key) <= 80


def test_what_is_not_read_any_more_is_not_told(account: EmailAccount) -> None:
    counted(account, "Gone", missing_raws=1, without_raw=[3])
    assert lines() == []
    counted(account, missing_raws=1, without_raw=[3])
    EmailAccount.objects.update(enabled=False)
    assert lines() == []


def test_lost_sources_ask_for_the_backup(account: EmailAccount) -> None:
    counted(account, missing_raws=1, without_raw=[3])
    [line] = ledger()
    assert "backup" in line.cures[0].sentence
