"""Waiting in a mailbox: new mail is told at once, and the watchers follow the settings."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from apps.channels import idle
from apps.channels.idle import Watchers, places
from apps.channels.models import ChannelSettings, EmailAccount
from apps.channels.transports import imap_wire
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
    for thread in threading.enumerate():
        if thread.name.startswith("idle-"):
            thread.join(5)


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


class Idling:
    """A server that knows IDLE, with what it was asked; `answers` says to which DONEs it answers."""

    def __init__(self, *, answers: bool = True, says: bytes = b"") -> None:
        self.logins, self.idles, self.renewed = 0, 0, 0
        self._answers, self._says = answers, says
        self._tag = b""
        self._behaved = serving(ONE_MAIL, capabilities="IDLE")

    def __call__(self, tag: bytes, command: bytes) -> bytes | None:
        if tag == b"DONE":
            self.renewed += 1
            return self._tag + b" OK done\r\n" if self._answers else None
        if command.upper() == b"IDLE":
            self.idles += 1
            self._tag = tag
            return b"+ idling\r\n" + self._says
        self.logins += command.upper().startswith(b"LOGIN")
        return self._behaved(tag, command)


def test_waiting_is_renewed_on_the_same_connection(watchers: Watchers, told: Told, monkeypatch):
    monkeypatch.setattr(idle, "RENEW_IDLE", 0.05)
    switch_on()
    server = Idling()
    with running_fake_imap(server) as port:
        account_at_fake(port)
        watchers.follow(places())
        assert eventually(lambda: server.renewed >= 3)
    assert server.logins == 1
    assert len(told.accounts) == 1  # nothing new, nothing told


def test_a_connection_that_died_without_a_word_is_noticed_at_the_renewal(
    watchers: Watchers, told: Told, monkeypatch
) -> None:
    monkeypatch.setattr(idle, "RENEW_IDLE", 0.05)
    monkeypatch.setattr(imap_wire, "READ_SECONDS", 0.2)
    switch_on()
    server = Idling(answers=False)
    with running_fake_imap(server) as port:
        account_at_fake(port)
        watchers.follow(places())
        assert told.wait_for(3)  # each new connection looks what came meanwhile
    assert server.logins >= 3


def test_a_server_that_says_goodbye_is_signed_in_to_again(watchers: Watchers, told: Told) -> None:
    switch_on()
    server = Idling(says=b"* BYE restarting\r\n")
    with running_fake_imap(server) as port:
        account_at_fake(port)
        watchers.follow(places())
        assert told.wait_for(3)
    assert server.logins >= 3


def test_a_server_that_is_away_for_a_while_is_waited_in_again(
    watchers: Watchers, told: Told
) -> None:
    switch_on()
    with running_fake_imap(Idling()) as port:
        account_at_fake(port)
        watchers.follow(places())
        assert told.wait_for(1)
    time.sleep(0.2)
    with running_fake_imap(Idling(), port=port):
        assert told.wait_for(2)


def test_a_hundred_mailboxes_are_waited_in_by_one_process(watchers: Watchers, told: Told) -> None:
    switch_on()
    server = Idling()
    with running_fake_imap(server) as port:
        for _number in range(100):
            account_at_fake(port)
        watchers.follow(places())
        assert told.wait_for(100)
        assert eventually(lambda: server.idles == 100)
    assert len(set(told.accounts)) == 100


def eventually(happened: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not happened() and time.monotonic() < until:
        time.sleep(0.01)
    return happened()


def test_watching_begins_anew_whatever_has_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the worker of `up` nobody would start its thread again."""
    stop, begun = threading.Event(), []

    def run(_watchers: Watchers, _renew: object, _stop: object) -> None:
        begun.append(True)
        if len(begun) == 2:
            stop.set()
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Watchers, "run", run)
    monkeypatch.setattr(idle, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(idle, "close_old_connections", lambda: None)  # the test's own
    monkeypatch.setattr(idle.connection, "close", lambda: None)
    idle.watch(stop)
    assert len(begun) == 2


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
