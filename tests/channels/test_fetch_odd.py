"""Servers that hang, hang up, lie or slow us down: nothing is lost, and the others go on."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import DataError
from django.utils import timezone

from apps.channels import cursors
from apps.channels.fetch import fetch
from apps.channels.models import EmailAccount, FolderCursor, InboundEmail
from apps.channels.tasks import fetch_and_note
from apps.channels.transports import imap_bodies, imap_wire, line
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.login import Login
from apps.core.models import Lease
from tests.channels.mailboxes import account_at_fake, fetched_again, mails, switch_on
from tests.servers.fake_imap import asks_for, running_fake_imap, serving, well_behaved

pytestmark = [pytest.mark.django_db]

TEN = dict(enumerate(mails(10), start=1))


@pytest.fixture(autouse=True)
def channel(db) -> None:
    switch_on()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_wire, "READ_SECONDS", 0.5)


def settled(account: EmailAccount) -> EmailAccount:
    account.refresh_from_db()
    return account


def test_a_server_that_hangs_in_the_middle_is_given_up(impatient) -> None:
    def hangs(tag: bytes, command: bytes) -> bytes | None:
        return None if b"BODY.PEEK" in command else well_behaved(tag, command)

    with running_fake_imap(hangs) as port:
        account = account_at_fake(port)
        started = time.monotonic()
        assert fetch(account) == 0
        assert time.monotonic() - started < 5
    assert settled(account).status_code == "timeout"
    assert FolderCursor.objects.get().last_uid == 0  # asked for again
    assert Lease.objects.get(name=f"fetch:{account.pk}").holder == ""
    with running_fake_imap() as port:
        EmailAccount.objects.update(receive_port=port)
        assert fetched_again(account) == 1
    assert settled(account).status == "ok"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"* 1 FETCH (UID 7 BODY[] {900}\r\nhalf",
        b"* 1 FETCH (UID 7 BODY[] {99999999999999}\r\nhalf",
        b"\xff\xfe garbage\r\n",
        b"* 1 FETCH (UID 99999999999999999999 BODY[] {1}\r\nx)\r\n",
        b"* BYE shutting down\r\n",
    ],
)
def test_a_server_that_talks_nonsense_loses_nothing(impatient, said: bytes) -> None:
    def odd(tag: bytes, command: bytes) -> bytes:
        return said if b"BODY.PEEK" in command else well_behaved(tag, command)

    with running_fake_imap(odd) as port:
        account = account_at_fake(port)
        assert fetch(account) == 0
    assert settled(account).status == "failing"
    assert account.status_code in {"timeout", "protocol"}
    assert account.status_sentence
    with running_fake_imap() as port:
        EmailAccount.objects.update(receive_port=port)
        assert fetched_again(account) == 1


def test_one_mail_that_breaks_the_connection_delays_the_others_but_once() -> None:
    """Found in the second run, passed over from the third on, and had when the server is well."""

    def breaks(tag: bytes, command: bytes) -> bytes:
        return b"" if asks_for(command, 4) else serving(TEN)(tag, command)

    with running_fake_imap(breaks) as port:
        account = account_at_fake(port)
        gained = [fetched_again(account) for _run in range(4)]
        assert gained == [0, 3, 6, 0]
        assert settled(account).status_code == "protocol"
        assert account.failures == 0
        assert "UID 4" in account.status_sentence
    cursor = FolderCursor.objects.get()
    assert (cursor.last_uid, cursor.pending_uids) == (10, [4])
    with running_fake_imap(serving(TEN)) as port:
        cursor.held_back["4"][1] = 0
        cursor.save()
        EmailAccount.objects.update(receive_port=port)
        assert fetched_again(account) == 1
    assert settled(account).status == "ok"
    assert InboundEmail.objects.count() == 10
    assert FolderCursor.objects.get().held_back == {}


def test_a_mail_that_the_server_refuses_stops_no_other() -> None:
    def refuses(tag: bytes, command: bytes) -> bytes:
        if asks_for(command, 4):
            return tag + b" NO [SERVERBUG] internal error\r\n"
        return serving(TEN)(tag, command)

    with running_fake_imap(refuses) as port:
        account = account_at_fake(port)
        assert fetch(account) == 9
        assert settled(account).status == "failing"
        assert fetched_again(account) == 0
    with running_fake_imap(serving({uid: TEN[uid] for uid in (9, 10)})) as port:
        EmailAccount.objects.update(receive_port=port)
        fetched_again(account)  # somebody deleted it
    assert FolderCursor.objects.get().pending_uids == []
    assert settled(account).status == "ok"


def test_a_mail_held_back_by_a_clock_that_was_wrong_is_asked_for_again() -> None:
    now = int(time.time())
    held_back = {"1": [1, now], "2": [1, now + cursors.LONGEST_WAIT - 5], "3": [1, now + 10**8]}
    assert cursors.due_again(FolderCursor(held_back=held_back)) == ["1", "3"]


def test_a_mail_held_back_waits_longer_each_time() -> None:
    cursor = FolderCursor(account=account_at_fake(9), folder="INBOX", uidvalidity=1, first_uid=1)
    cursor.last_uid = 3
    cursor.save()
    for tries, wait in ((1, 60), (2, 120), (3, 240)):
        cursors.settle(cursor, [], missing=[2])
        assert cursor.held_back["2"][0] == tries
        assert abs(cursor.held_back["2"][1] - time.time() - wait) < 5


def test_a_flag_that_the_server_refuses_stops_no_mail() -> None:
    def read_only(tag: bytes, command: bytes) -> bytes:
        if b"STORE" in command:
            return tag + b" NO [NOPERM] read-only\r\n"
        return serving(TEN)(tag, command)

    with running_fake_imap(read_only) as port:
        account = account_at_fake(port)
        assert fetch(account) == 10
        assert fetched_again(account) == 0
    assert settled(account).status == "failing"
    assert "read-only" in account.status_sentence
    assert InboundEmail.objects.count() == 10


def test_a_mail_too_large_to_fetch_is_noted_and_left_there(monkeypatch) -> None:
    monkeypatch.setattr(imap_bodies, "LARGEST_FETCHED", 1000)
    huge = {**TEN, 5: b"x" * 2000}
    with running_fake_imap(serving(huge)) as port:
        account = account_at_fake(port)
        assert fetch(account) == 10
        assert fetched_again(account) == 0
    row = InboundEmail.objects.get(uid=5)
    assert (row.status, row.code, row.size, row.raw) == ("quarantined", "too-big", 2000, None)


@pytest.mark.parametrize(
    "answer",
    [
        b"NO [UNAVAILABLE] Temporary authentication failure",
        b"NO [LIMIT] Too many connections",
        b"NO [INUSE] locked",
        b"BAD User is authenticated but not connected.",
    ],
)
def test_a_server_that_slows_us_down_is_no_wrong_password(answer: bytes) -> None:
    def throttles(tag: bytes, command: bytes) -> bytes:
        return (
            tag + b" " + answer + b"\r\n"
            if command.upper().startswith(b"LOGIN")
            else (well_behaved(tag, command))
        )

    with running_fake_imap(throttles) as port:
        account = account_at_fake(port)
        fetch(account)
    assert (settled(account).status, account.status_code) == ("throttled", "throttled")


def test_a_greeting_that_sends_us_away_is_a_throttle() -> None:
    with running_fake_imap(greeting=b"* BYE [UNAVAILABLE] too many connections\r\n") as port:
        account = account_at_fake(port)
        fetch(account)
    assert settled(account).status_code == "throttled"


def test_pauses_double_up_to_a_quarter_of_an_hour_and_a_success_ends_them() -> None:
    account = account_at_fake(9)  # nobody listens there
    for pause in (30, 60, 120, 240, 480, 900, 900):
        assert fetched_again(account) == 0
        wait = settled(account).next_fetch_at - timezone.now()
        assert abs(wait - timedelta(seconds=pause)) < timedelta(seconds=5)
    assert (account.status_code, account.failures) == ("refused", 7)
    with running_fake_imap() as port:
        EmailAccount.objects.update(receive_port=port)
        assert fetched_again(account) == 1
    assert (settled(account).failures, account.status_code) == (0, "")


@pytest.mark.parametrize("error", [KeyError("surprise"), DataError("bigint out of range")])
def test_an_error_that_nobody_foresaw_is_shown_and_waits(monkeypatch, error: Exception) -> None:
    def surprise(_account: EmailAccount) -> int:
        raise error

    account = account_at_fake(9)
    monkeypatch.setattr("apps.channels.tasks.fetch", surprise)
    fetch_and_note(account.pk)
    assert (settled(account).status_code, account.failures) == ("internal", 1)


def test_the_password_is_in_no_sentence_and_no_representation() -> None:
    def echoes(tag: bytes, command: bytes) -> bytes:
        if command.upper().startswith(b"LOGIN"):
            return tag + b" BAD [UNAVAILABLE] not understood: " + command + b"\r\n"
        return well_behaved(tag, command)

    with running_fake_imap(echoes) as port:
        login = Login("127.0.0.1", port, "none", "x", "s3cr3t")
        with pytest.raises(TransportError) as caught:
            ImapInbox(login)
    assert "s3cr3t" not in caught.value.sentence + repr(login) + repr(caught.value.facts)


def test_bytes_before_the_encryption_are_no_answer() -> None:
    """What stands in the clear behind STARTTLS must not be taken for the encrypted answer."""

    def injects(tag: bytes, command: bytes) -> bytes:
        if command.upper() == b"STARTTLS":
            return tag + b" OK go\r\n* CAPABILITY IMAP4rev1\r\n"
        return serving({}, capabilities="STARTTLS")(tag, command)

    with running_fake_imap(injects) as port, pytest.raises(TransportError) as caught:
        ImapInbox(Login("127.0.0.1", port, "starttls", "x", "y"))
    assert caught.value.code == "protocol"


def test_a_server_that_dribbles_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(imap_wire, "COMMAND_SECONDS", -1)
    with running_fake_imap() as port:
        inbox = ImapInbox(Login("127.0.0.1", port, "none", "x", "y"))
        with pytest.raises(TransportError) as caught:
            inbox.folders()
    assert caught.value.code == "timeout"


def test_a_name_with_many_dead_addresses_costs_a_minute_at_most(monkeypatch) -> None:
    passed = [0.0]

    def dead(_address: tuple[str, int], seconds: float) -> None:
        passed[0] += seconds
        raise TimeoutError

    addresses = [(2, 1, 6, "", (f"192.0.2.{number}", 143)) for number in range(9)]
    network = SimpleNamespace(
        getaddrinfo=lambda *_name, **_kind: addresses, create_connection=dead, SOCK_STREAM=1
    )
    monkeypatch.setattr(line, "socket", network)
    monkeypatch.setattr(line, "time", SimpleNamespace(monotonic=lambda: passed[0]))
    with pytest.raises(TransportError) as caught:
        ImapInbox(Login("many.test", 143, "none", "x", "y"))
    assert caught.value.code == "timeout"
    assert passed[0] == 60
