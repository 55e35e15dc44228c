"""A folder in which nothing happened costs one SELECT; servers that err are asked all the same."""

from collections.abc import Callable

import pytest

from apps.channels.fetch import fetch
from apps.channels.models import EmailAccount, FolderCursor, InboundEmail
from tests.channels.mailboxes import account_at, account_at_fake, fetched_again, mails, switch_on
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import Answer, noting, running_fake_imap, serving

pytestmark = pytest.mark.django_db

QUIET = [b"CAPABILITY", b"LOGIN", b"CAPABILITY", b"SELECT", b"LOGOUT"]


@pytest.fixture(autouse=True)
def channel(db) -> None:
    switch_on()


class Server:
    """Ten mails; as far as it counts changes, it does so with `changes`."""

    def __init__(self, *, counting: bool = False) -> None:
        self.mails = dict(enumerate(mails(10), start=1))
        self.changes = 100
        self.commands: list[bytes] = []
        capabilities = "CONDSTORE" if counting else "UIDPLUS"
        modseq = (lambda: self.changes) if counting else None
        self._answer = serving(self.mails, capabilities=capabilities, modseq=modseq)
        self.answer: Answer = noting(self._odd, self.commands)
        self.twist: Callable[[bytes, bytes], bytes] = lambda _command, said: said

    def _odd(self, tag: bytes, command: bytes) -> bytes:
        if command.upper().startswith(b"UID STORE"):
            self.changes += 1
        said = self._answer(tag, command)
        assert said is not None
        return self.twist(command, said)

    def commands_of(self, account: EmailAccount) -> list[bytes]:
        self.commands.clear()
        fetched_again(account)
        return list(self.commands)


@pytest.mark.parametrize("counting", [False, True])
def test_a_quiet_folder_is_not_searched(counting: bool) -> None:
    server = Server(counting=counting)
    with running_fake_imap(server.answer) as port:
        account = account_at_fake(port)
        assert fetch(account) == 10
        fetched_again(account)  # the flags that we set were a change, too
        assert server.commands_of(account) == QUIET
        server.mails[11] = b"Subject: new\r\n\r\n"
        server.changes += 1
        assert b"UID SEARCH" in server.commands_of(account)
    assert InboundEmail.objects.count() == 11


def test_a_counted_change_is_looked_into_even_if_no_uid_is_new() -> None:
    server = Server(counting=True)
    with running_fake_imap(server.answer) as port:
        account = account_at_fake(port)
        fetch(account)
        fetched_again(account)
        server.changes += 1
        assert b"UID SEARCH" in server.commands_of(account)
        assert server.commands_of(account) == QUIET


def _without_uidnext(_command: bytes, said: bytes) -> bytes:
    return b"\r\n".join(line for line in said.split(b"\r\n") if b"UIDNEXT" not in line)


def _always_the_same(_command: bytes, said: bytes) -> bytes:
    head, found, tail = said.partition(b"[UIDNEXT ")
    return head + found + b"1" + tail[tail.index(b"]") :] if found else said


def _one_behind(_command: bytes, said: bytes) -> bytes:
    head, found, tail = said.partition(b"[UIDNEXT ")
    number, _bracket, rest = tail.partition(b"]")
    return head + found + b"%d]" % (int(number) - 1) + rest if found else said


@pytest.mark.parametrize("twist", [_without_uidnext, _always_the_same, _one_behind])
def test_a_server_that_errs_about_uids_is_asked_each_time_and_loses_nothing(twist) -> None:
    server = Server()
    server.twist = twist
    with running_fake_imap(server.answer) as port:
        account = account_at_fake(port)
        assert fetch(account) == 10
        for uid in (11, 12, 13):
            server.mails[uid] = b"Subject: %d\r\n\r\n" % uid
            assert fetched_again(account) == 1
            assert fetched_again(account) == 0


def test_what_is_still_wanted_is_asked_for_however_quiet_the_folder_is() -> None:
    server = Server()
    with running_fake_imap(server.answer) as port:
        account = account_at_fake(port)
        fetch(account)
        fetched_again(account)
        InboundEmail.objects.filter(uid=4).delete()
        FolderCursor.objects.update(pending_uids=[4])
        assert fetched_again(account) == 1
    assert FolderCursor.objects.get().pending_uids == []


def test_a_server_that_knows_condstore_but_not_its_parameter_works() -> None:
    server = Server(counting=True)
    with running_fake_imap(_refusing_parameters(server.answer)) as port:
        account = account_at_fake(port)
        assert fetch(account) == 10
    account.refresh_from_db()
    assert account.status == "ok"


def _refusing_parameters(answer: Answer) -> Answer:
    return lambda tag, command: (
        tag + b" BAD no parameters here\r\n" if b"(CONDSTORE)" in command else answer(tag, command)
    )


@pytest.mark.servers
def test_dovecot_counts_changes_and_is_believed(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(3))
    account = account_at(dovecot, user)
    assert [fetch(account), fetched_again(account), fetched_again(account)] == [3, 0, 0]
    cursor = FolderCursor.objects.get()
    assert cursor.highest_modseq > 0
    assert (cursor.seen_uidnext, cursor.seen_exists) == (4, 3)
    dovecot.deliver(user, *mails(2, 10))
    assert fetched_again(account) == 2
