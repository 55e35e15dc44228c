"""Old mail since a date: in pieces that survive a crash, behind new mail, and answering nobody."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from apps.channels import imports
from apps.channels.fetch import fetch
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, MailImport
from apps.channels.transports.imap import ImapInbox
from apps.core.errors import Conflict
from apps.core.models import User
from tests.channels.mailboxes import account_at, fetched_again, inbox_of, mails, switch_on, unseen
from tests.people import make_user
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

TODAY = date(2026, 1, 1)


@pytest.fixture(autouse=True)
def channel(db) -> ChannelSettings:
    return switch_on()


@pytest.fixture
def admin(db) -> User:
    return make_user("ada", roles=["administrator"])


def connected(dovecot: Dovecot, count: int, **fields: object) -> tuple[EmailAccount, str]:
    """With COUNT old mails on the server, of which none is here."""
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(count))
    account = account_at(dovecot, user, start="now", **fields)
    fetch(account)
    return account, user


def status_counts() -> tuple[int, int]:
    rows = InboundEmail.objects.all()
    return rows.filter(status="received").count(), rows.filter(status="before-start").count()


def taken_in() -> None:
    InboundEmail.objects.filter(status="received").update(status="stored")


def aged(days: int, *uids: int) -> None:
    old = timezone.now() - timedelta(days=days)
    InboundEmail.objects.filter(uid__in=uids).update(server_date=old)


def test_old_mail_since_a_date_comes_in_and_answers_nobody(dovecot: Dovecot, admin: User) -> None:
    account, user = connected(dovecot, 12)
    aged(40, 1, 2, 3, 4)
    InboundEmail.objects.update(tries=2)
    since = timezone.localdate() - timedelta(days=30)
    assert imports.count(account, since) == 8
    job = imports.ask(account, since, by=admin)
    assert imports.bring_in() is False
    job.refresh_from_db()
    assert (job.state, job.wanted, job.done, job.asked_by) == ("done", 8, 8, admin)
    assert status_counts() == (8, 4)
    came = InboundEmail.objects.filter(status="received")
    assert all(row.answers_nobody and row.raw_id and row.sha256 for row in came)
    assert {row.tries for row in came} == {0}  # those of being fetched are no tries of reading it
    assert unseen(dovecot, user) == 12  # nothing changes on the server
    assert fetched_again(account) == 0


def test_a_crash_at_any_piece_loses_and_doubles_nothing(
    dovecot: Dovecot, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, _user = connected(dovecot, 12)
    job = imports.ask(account, date(2020, 1, 1), by=admin)
    monkeypatch.setattr(imports, "PIECE", 3)
    for crashes in range(3):
        _killed(monkeypatch, before_commit=bool(crashes % 2))
    imports.bring_in()
    job.refresh_from_db()
    assert (job.state, job.wanted, job.done) == ("done", 12, 12)
    assert status_counts() == (12, 0)
    assert InboundEmail.objects.values("uid").distinct().count() == 12


class Killed(BaseException):
    """As SIGKILL would: nobody catches it."""


def _killed(monkeypatch: pytest.MonkeyPatch, *, before_commit: bool) -> None:
    def killed(*arguments: object, **words: object) -> None:
        if not before_commit:
            real(*arguments, **words)
        raise Killed

    real: Callable[..., object] = imports.receive
    with monkeypatch.context() as patch:
        patch.setattr(imports, "receive", killed)
        with pytest.raises(Killed):
            imports.bring_in()


def test_new_mail_goes_first(
    dovecot: Dovecot, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piece is fetched only while hardly anything waits, so a new mail never waits for many."""
    account, user = connected(dovecot, 12)
    imports.ask(account, date(2020, 1, 1), by=admin)
    monkeypatch.setattr(imports, "PIECE", 2)
    monkeypatch.setattr(imports, "WAITING", 4)
    assert imports.bring_in() is True
    assert status_counts() == (4, 8)
    assert imports.bring_in() is True
    assert status_counts() == (4, 8)
    dovecot.deliver(user, *mails(1, 100))
    assert fetched_again(account) == 1  # the import holds nothing that a fetch needs
    taken_in()
    assert imports.bring_in() is True
    assert status_counts() == (4, 4)


def test_it_can_be_stopped_and_asked_again(
    dovecot: Dovecot, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, _user = connected(dovecot, 6)
    monkeypatch.setattr(imports, "PIECE", 2)
    monkeypatch.setattr(imports, "PIECES", 1)
    job = imports.ask(account, date(2020, 1, 1), by=admin)
    with pytest.raises(Conflict):
        imports.ask(account, TODAY, by=admin)
    assert imports.bring_in() is True
    imports.stop(job, by=admin)
    assert imports.bring_in() is False
    assert status_counts() == (2, 4)
    with pytest.raises(Conflict):
        imports.stop(job, by=admin)
    again = imports.ask(account, date(2020, 1, 1), by=admin)
    assert again.wanted == 4


def test_it_waits_while_the_channel_is_off_or_the_account_fails(
    dovecot: Dovecot, admin: User
) -> None:
    account, _user = connected(dovecot, 2)
    imports.ask(account, date(2020, 1, 1), by=admin)
    ChannelSettings.objects.update(enabled=False)
    assert imports.bring_in() is False
    ChannelSettings.objects.update(enabled=True)
    EmailAccount.objects.update(failures=1)
    imports.bring_in()
    assert status_counts() == (0, 2)
    EmailAccount.objects.update(failures=0)
    imports.bring_in()
    assert status_counts() == (2, 0)


def test_what_is_gone_is_not_waited_for_and_what_is_refused_is_said(
    dovecot: Dovecot, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, user = connected(dovecot, 6)
    with inbox_of(dovecot, user) as inbox:
        inbox.select("INBOX")
        inbox.delete([2])
    bodies = ImapInbox._bodies

    def all_but_the_fifth(self: ImapInbox, uids: list[int], spool: object) -> object:
        found = bodies(self, uids, spool)  # type: ignore[arg-type]
        return {uid: kept for uid, kept in found.items() if uid != 5}

    monkeypatch.setattr(ImapInbox, "_bodies", all_but_the_fifth)
    job = imports.ask(account, date(2020, 1, 1), by=admin)
    imports.bring_in()
    job.refresh_from_db()
    assert (job.state, job.wanted, job.done) == ("done", 4, 4)
    assert job.sentence.startswith("1 mail is not handed over")


def test_new_numbers_in_between_double_nothing(
    dovecot: Dovecot, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, user = connected(dovecot, 6)
    monkeypatch.setattr(imports, "PIECE", 2)
    monkeypatch.setattr(imports, "PIECES", 1)
    job = imports.ask(account, date(2020, 1, 1), by=admin)
    imports.bring_in()
    dovecot.renumber(user)
    imports.bring_in()
    job.refresh_from_db()
    assert (job.state, "next fetch" in job.sentence) == ("running", True)
    fetched_again(account)
    monkeypatch.setattr(imports, "PIECES", 9)
    imports.bring_in()
    job.refresh_from_db()
    assert job.state == "done"
    came = InboundEmail.objects.exclude(sha256="").exclude(status="duplicate")
    assert came.count() == came.values("sha256").distinct().count() == 6


def test_one_import_at_a_time_and_trouble_stands_behind(dovecot: Dovecot, admin: User) -> None:
    first, _user = connected(dovecot, 2)
    second, _user = connected(dovecot, 3)
    one, two = (imports.ask(account, date(2020, 1, 1), by=admin) for account in (first, second))
    MailImport.objects.filter(pk=one.pk).update(sentence="in trouble")
    imports.bring_in()
    two.refresh_from_db()
    assert (two.state, two.done) == ("done", 3)
    imports.bring_in()
    one.refresh_from_db()
    assert (one.state, one.sentence) == ("done", "")
