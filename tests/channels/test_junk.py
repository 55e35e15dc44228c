"""The folder of junk mail by choice: marked, from now on alone, and nothing is moved or deleted."""

import pytest

from apps.channels import diagnose, ledger_check
from apps.channels.fetch import fetch
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail
from tests.channels.mailboxes import (
    account_at,
    account_at_fake,
    fetched_again,
    inbox_of,
    mails,
    switch_on,
    unseen,
)
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import ONE_MAIL, running_fake_imap, serving

pytestmark = [pytest.mark.django_db, pytest.mark.servers]


@pytest.fixture(autouse=True)
def channel(db: None) -> ChannelSettings:
    return switch_on()


def watching(dovecot: Dovecot, **fields: object) -> tuple[EmailAccount, str]:
    """Five old mails in junk; the folder was read once."""
    user = dovecot.new_user()
    for name in ("Junk", "Done"):
        dovecot.make_folder(user, name)
    dovecot.deliver(user, *mails(5), folder="Junk")
    account = account_at(dovecot, user, watch_junk=True, **fields)
    fetch(account)
    return account, user


def in_folder(dovecot: Dovecot, user: str, name: str) -> int:
    with inbox_of(dovecot, user) as inbox:
        return inbox.select(name, writable=False).exists


@pytest.mark.parametrize(("after", "left_unseen"), [("seen", 5), ("move", 7), ("delete", 7)])
def test_junk_comes_in_marked_and_stays_where_it_is(
    dovecot: Dovecot, after: str, left_unseen: int
) -> None:
    account, user = watching(dovecot, after=after, after_folder="Done")
    assert not InboundEmail.objects.exclude(status="before-start").exists()  # though start is all
    dovecot.deliver(user, *mails(2, 50), folder="Junk")
    dovecot.deliver(user, *mails(1, 90))
    assert fetched_again(account) == 3
    rows = InboundEmail.objects.exclude(status="before-start")
    assert rows.filter(folder="Junk", from_junk=True).count() == 2
    assert rows.filter(folder="INBOX", from_junk=False).count() == 1
    assert in_folder(dovecot, user, "Junk") == 7
    assert unseen(dovecot, user, "Junk") == left_unseen
    assert in_folder(dovecot, user, "INBOX") == (1 if after == "seen" else 0)


def test_the_folder_is_found_by_the_servers_word_and_counted_too(dovecot: Dovecot) -> None:
    account, _user = watching(dovecot)
    account.refresh_from_db()
    assert account.watched_folders == ["INBOX", "Junk"]
    assert "Junk (5)" in diagnose.test_receive(account).sentence
    assert [one.folder for one in ledger_check.check(account) or []] == ["INBOX", "Junk"]


def test_a_folder_that_was_renamed_is_found_again(dovecot: Dovecot) -> None:
    account, user = watching(dovecot)
    home = dovecot.folder / "mail" / user
    (home / ".Junk").rename(home / ".Spam")
    fetched_again(account)
    account.refresh_from_db()
    assert account.status_code == "folder-missing"
    fetched_again(account)
    account.refresh_from_db()
    assert (account.junk_found, account.status) == ("Spam", "ok")


def test_a_server_without_such_a_folder_is_named_and_stops_no_mail() -> None:
    with running_fake_imap(serving(ONE_MAIL)) as port:
        account = account_at_fake(port, watch_junk=True)
        assert fetch(account) == 1
        assert diagnose.test_receive(account).code == "folder-missing"
    account.refresh_from_db()
    assert (account.status_code, account.failures) == ("folder-missing", 0)
    assert "folder of junk mail" in account.status_sentence


def test_a_folder_named_by_hand_is_the_one(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.make_folder(user, "Basura")
    account = account_at(dovecot, user, watch_junk=True, junk_folder="Basura")
    fetch(account)
    dovecot.deliver(user, *mails(1), folder="Basura")
    assert fetched_again(account) == 1
    assert InboundEmail.objects.get().from_junk


def test_without_the_choice_nothing_of_junk_is_read(dovecot: Dovecot) -> None:
    account, user = watching(dovecot)
    EmailAccount.objects.update(watch_junk=False)
    dovecot.deliver(user, *mails(1, 50), folder="Junk")
    assert fetched_again(account) == 0
