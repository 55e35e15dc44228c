"""Waiting in a mailbox: new mail is told at once, and the watchers follow the settings."""

import threading
import time
from collections.abc import Iterator

import pytest

from apps.channels import idle
from apps.channels.idle import Watchers, places
from apps.channels.models import ChannelSettings, EmailAccount
from tests.channels.mailboxes import account_at, account_at_fake, inbox_of, mails, switch_on
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import ONE_MAIL, running_fake_imap, serving

pytestmark = pytest.mark.django_db


class Told:
    """What the watchers told, without a database on their threads."""

    def __init__(self) -> None:
        self.accounts: list[int] = []
        self._changed = threading.Condition()

    def __call__(self, _signal: object, *, account_id: int) -> None:
        with self._changed:
            self.accounts.append(account_id)
            self._changed.notify_all()

    def wait_for(self, count: int, seconds: float = 10) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.accounts) >= count, seconds)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()
    monkeypatch.setattr(idle, "announce", told)
    monkeypatch.setattr(idle, "FIRST_PAUSE", 0.05)
    return told


@pytest.fixture
def watchers(told: Told) -> Iterator[Watchers]:
    watchers = Watchers()
    yield watchers
    watchers.follow(set())


def test_new_mail_is_told_within_a_second_or_so(
    dovecot: Dovecot, watchers: Watchers, told: Told
) -> None:
    switch_on()
    user = dovecot.new_user()
    account = account_at(dovecot, user)
    watchers.follow(places())
    assert told.wait_for(1)  # what came while nobody listened
    time.sleep(0.3)
    started = time.monotonic()
    dovecot.deliver(user, *mails(1))
    assert told.wait_for(2)
    assert time.monotonic() - started < 3
    assert set(told.accounts) == {account.pk}


def test_a_lost_connection_is_made_again(watchers: Watchers, told: Told) -> None:
    switch_on()
    with running_fake_imap(_hangs_up_in_idle) as port:
        account_at_fake(port)
        watchers.follow(places())
        assert told.wait_for(3)


def _hangs_up_in_idle(tag: bytes, command: bytes) -> bytes:
    if command.upper() == b"IDLE":
        return b""
    return serving(ONE_MAIL, capabilities="IDLE")(tag, command)


def test_only_accounts_that_want_it_are_watched() -> None:
    switch_on()
    wanted = account_at_fake(1)
    account_at_fake(2, idle=False)
    account_at_fake(3, enabled=False)
    account_at_fake(4, receive_kind="none")
    assert {place.account_id for place in places()} == {wanted.pk}


@pytest.mark.contract("1.1.c")
def test_nobody_waits_while_the_channel_is_off() -> None:
    account_at_fake(1)
    ChannelSettings.load()
    assert places() == set()


def test_a_changed_server_needs_another_watcher() -> None:
    switch_on()
    account = account_at_fake(1)
    before = places()
    EmailAccount.objects.filter(pk=account.pk).update(receive_host="elsewhere.test")
    assert places().isdisjoint(before)


def test_a_password_that_cannot_be_read_stops_no_other() -> None:
    switch_on()
    account_at_fake(1, receive_password="gAAAAA-not-sealed-here")
    good = account_at_fake(2)
    assert {place.account_id for place in places()} == {good.pk}


def test_waiting_ends_by_itself_and_when_asked(dovecot: Dovecot) -> None:
    with inbox_of(dovecot, dovecot.new_user()) as inbox:
        inbox.select("INBOX")
        started = time.monotonic()
        assert not inbox.idle(0.2, stop=lambda: False)
        assert not inbox.idle(60, stop=lambda: True)
        assert time.monotonic() - started < 5
        assert inbox.unseen() == []  # the connection is as good as before


def test_a_watcher_ends_soon_after_it_is_not_wanted(dovecot: Dovecot, told: Told) -> None:
    switch_on()
    account_at(dovecot, dovecot.new_user())
    watchers = Watchers()
    watchers.follow(places())
    assert told.wait_for(1)
    (thread,) = [one for one in threading.enumerate() if one.name.startswith("idle-")]
    watchers.follow(set())
    thread.join(5)
    assert not thread.is_alive()


def test_the_place_shows_no_password(dovecot: Dovecot) -> None:
    switch_on()
    account_at(dovecot, dovecot.new_user())
    (place,) = places()
    assert place.login.password not in repr(place)
