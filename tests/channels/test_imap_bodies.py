"""Large mails come in pieces; a server that gives no pieces, or lies about them, loses nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from apps.channels.transports import imap_bodies, imap_wire, spool
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.login import Login
from tests.channels.mailboxes import mails
from tests.servers.fake_imap import Answer, noting, running_fake_imap, serving

LARGE = b"Subject: large\r\n\r\n" + bytes(range(256)) * 40
EVEN = LARGE[:1000]  # ends where a piece does
TEN = dict(enumerate(mails(10), start=1)) | {5: LARGE}
PIECES = -(-len(LARGE) // 1000)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_bodies, "IN_PIECES", 900)
    monkeypatch.setattr(imap_bodies, "PIECE", 1000)


@contextmanager
def inbox_at(answer: Answer) -> Iterator[ImapInbox]:
    with (
        running_fake_imap(answer) as port,
        ImapInbox(Login("127.0.0.1", port, "none", "x", "y")) as inbox,
    ):
        inbox.select("INBOX")
        yield inbox


def fetched(answer: Answer, uids: list[int]) -> dict[int, bytes]:
    with inbox_at(answer) as inbox:
        return dict(inbox.messages(uids).mails)


def test_a_large_mail_comes_in_pieces_and_the_others_together() -> None:
    commands: list[bytes] = []
    assert fetched(noting(serving(TEN), commands), list(TEN)) == TEN
    asked = commands.count(b"UID FETCH")
    assert asked == 1 + 1 + PIECES  # the sizes, the nine, the pieces


@pytest.mark.parametrize("raw", [LARGE, EVEN, EVEN + b"x", EVEN[:-1]])
def test_its_bytes_are_whole_wherever_it_ends(raw: bytes) -> None:
    assert fetched(serving({7: raw}), [7]) == {7: raw}


def _ignoring(tag: bytes, command: bytes) -> bytes:
    head, piece, _rest = command.partition(b"]<")
    return serving(TEN)(tag, head + b"])" if piece else command)


def _ignoring_the_count(tag: bytes, command: bytes) -> bytes:
    return serving(TEN)(tag, command.replace(b".1000>", b".999999>"))


def _refusing(tag: bytes, command: bytes) -> bytes:
    return tag + b" BAD no pieces here\r\n" if b"]<" in command else serving(TEN)(tag, command)


def _refusing_later_ones(tag: bytes, command: bytes) -> bytes:
    return tag + b" NO not this one\r\n" if b"]<3000." in command else serving(TEN)(tag, command)


def _always_the_first(tag: bytes, command: bytes) -> bytes:
    head, piece, _rest = command.partition(b"]<")
    return serving(TEN)(tag, head + b"]<0.1000>)" if piece else command)


def _ending_early(tag: bytes, command: bytes) -> bytes:
    if b"]<3000." in command:
        return b"* 1 FETCH (UID 5 BODY[]<3000> NIL)\r\n" + tag + b" OK done\r\n"
    return serving(TEN)(tag, command)


def _wrong_about_sizes(tag: bytes, command: bytes) -> bytes:
    said = serving(TEN)(tag, command)
    return said.replace(b"SIZE %d)" % len(LARGE), b"SIZE 12345)")


def _too_small_about_sizes(tag: bytes, command: bytes) -> bytes:
    said = serving(TEN)(tag, command)
    return said.replace(b"SIZE %d)" % len(LARGE), b"SIZE 2000)")


@pytest.mark.parametrize(
    "odd",
    [
        _ignoring,
        _ignoring_the_count,
        _refusing,
        _refusing_later_ones,
        _always_the_first,
        _ending_early,
        _wrong_about_sizes,
        _too_small_about_sizes,
    ],
    ids=lambda odd: odd.__name__,
)
def test_odd_servers_hand_over_the_whole_mail_all_the_same(odd: Callable[..., bytes]) -> None:
    assert fetched(odd, list(TEN)) == TEN


def test_a_mail_that_grows_while_it_is_read_is_read_again() -> None:
    there = dict(TEN)

    def grows(tag: bytes, command: bytes) -> bytes:
        if b"]<2000." in command:
            there[5] = LARGE + b"and more"
        return serving(there)(tag, command)

    assert fetched(grows, [5]) == {5: LARGE + b"and more"}


def test_silence_in_the_middle_of_a_large_mail_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(imap_wire, "READ_SECONDS", 0.3)

    def silent(tag: bytes, command: bytes) -> bytes | None:
        return None if b"]<2000." in command else serving(TEN)(tag, command)

    with inbox_at(silent) as inbox, pytest.raises(TransportError) as caught:
        inbox.messages([5])
    assert caught.value.code == "timeout"


def test_a_mail_that_is_gone_meanwhile_is_missing_and_the_others_are_there() -> None:
    batch_of: dict[int, bytes] = {uid: raw for uid, raw in TEN.items() if uid != 5}
    with inbox_at(serving(batch_of)) as inbox:
        batch = inbox.messages(list(TEN), {5: len(LARGE)})
    assert batch.missing == {5}
    assert dict(batch.mails) == batch_of


def test_a_full_disk_is_named_and_no_fault_of_the_server(monkeypatch) -> None:
    class Full:
        def seek(self, _place: int) -> None: ...

        def write(self, _piece: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    monkeypatch.setattr(spool.tempfile, "TemporaryFile", lambda **_how: Full())
    with inbox_at(serving(TEN)) as inbox, pytest.raises(TransportError) as caught:
        inbox.messages(list(TEN))
    assert caught.value.code == "disk-full"
