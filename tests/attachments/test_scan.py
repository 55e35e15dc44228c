"""The adapter to clamd: a verdict or NotScanned, nothing between."""

import io
import select
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from apps.attachments import clamd_line, probes, scanner
from apps.attachments.clamd_line import LineBroken
from apps.attachments.scan import FileFailed, NotScanned, ScannerDown, ScannerFull, _stream, scan
from tests.servers.clamd import (
    FOUND,
    HANG,
    NO_ROOM,
    OK,
    SIGNATURE,
    Clamd,
    FakeClamd,
    forgetful,
    running_clamd,
)

MEGABYTE = 2**20
LIMIT = 50 * MEGABYTE

Says = Callable[[bytes], None]


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.servers
def test_harmless_bytes_are_clean(clamd: Clamd) -> None:
    assert scan(clamd.address, b"hello", limit=LIMIT).outcome == "clean"


@pytest.mark.servers
def test_no_bytes_at_all_are_clean(clamd: Clamd) -> None:
    assert scan(clamd.address, b"", limit=LIMIT).outcome == "clean"


@pytest.mark.servers
def test_the_test_virus_is_found_and_named(clamd: Clamd) -> None:
    finding = scan(clamd.address, probes.test_virus(), limit=LIMIT)
    assert (finding.outcome, finding.name) == ("infected", f"{SIGNATURE}.UNOFFICIAL")


@pytest.mark.servers
def test_the_virus_is_found_inside_an_archive_of_many_chunks(clamd: Clamd) -> None:
    content = zipped(padding=bytes(3 * MEGABYTE), virus=probes.test_virus())
    assert scan(clamd.address, content, limit=LIMIT).outcome == "infected"


@pytest.mark.servers
def test_an_encrypted_zip_is_told_from_a_virus(clamd: Clamd) -> None:
    finding = scan(clamd.address, probes.encrypted(), limit=LIMIT)
    assert (finding.outcome, finding.name) == ("encrypted", "Heuristics.Encrypted.Zip")


@pytest.mark.servers
def test_more_layers_than_clamd_unpacks_are_not_clean(clamd: Clamd) -> None:
    assert scan(clamd.address, probes.nested(), limit=LIMIT).outcome == "exceeds"


@pytest.fixture
def torn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Says]:
    """A scanner that answers, hangs up, and leaves what was sent to it unread."""
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(clamd_line, "_connected", lambda *_asked: ours)
    hangs_up = threading.Thread(target=lambda: (select.select([theirs], [], []), theirs.close()))
    hangs_up.start()
    yield theirs.sendall
    hangs_up.join()


def test_an_answer_that_is_torn_off_is_believed_when_it_says_too_large(torn: Says) -> None:
    torn(b"INSTREAM size limit exceeded. ERROR\0")
    assert scan("unix:/x", b"file", limit=LIMIT).outcome == "exceeds"


def test_an_answer_that_is_torn_off_is_believed_when_it_says_there_is_no_room(torn: Says) -> None:
    torn(NO_ROOM)
    with pytest.raises(ScannerFull):
        scan("unix:/x", b"file", limit=LIMIT)


@pytest.mark.parametrize("reply", [OK, b"stream: No space left on device FOUND\0"])
def test_a_verdict_that_is_torn_off_is_not_believed(torn: Says, reply: bytes) -> None:
    torn(reply)
    with pytest.raises(LineBroken):
        _stream("unix:/x", b"file", seconds=5)


@pytest.mark.servers
def test_a_file_above_clamds_own_stream_limit_exceeds() -> None:
    with running_clamd(StreamMaxLength="2M") as clamd:
        assert scan(clamd.address, bytes(5 * MEGABYTE), limit=LIMIT).outcome == "exceeds"


@pytest.mark.servers
def test_a_silent_size_limit_of_clamd_is_found_out() -> None:
    """Without AlertExceedsMax clamd calls a large file clean that it did not read."""
    with running_clamd(MaxFileSize="4M", AlertExceedsMax="no") as clamd:
        unread = scan(clamd.address, probes.archive(8 * MEGABYTE), limit=LIMIT)
        assert unread.outcome == "clean"
        assert not scanner.reads_whole(clamd.address, 8 * MEGABYTE, limit=LIMIT)
        assert scanner.reads_whole(clamd.address, 3 * MEGABYTE, limit=LIMIT)


@pytest.mark.servers
def test_a_clamd_that_reads_up_to_the_limit_proves_it(clamd: Clamd) -> None:
    assert scanner.reads_whole(clamd.address, LIMIT, limit=LIMIT)


def test_a_file_over_the_limit_is_never_sent(fake_clamd: FakeClamd) -> None:
    assert scan(fake_clamd.address, b"12345", limit=4).outcome == "exceeds"
    assert fake_clamd.streams == []


def test_a_broken_pipe_over_the_size_limit_is_read_as_such(fake_clamd: FakeClamd) -> None:
    fake_clamd.cuts_at = MEGABYTE
    with suppress(FileFailed):  # TCP may throw the answer away with the connection
        assert scan(fake_clamd.address, bytes(20 * MEGABYTE), limit=LIMIT).outcome == "exceeds"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"stream: OK",
        b"stream: OK\n",
        b"OK\0",
        b"stream: ok\0",
        b"stream: OK\0stream: OK\0",
        b"stream: OK\0stream: Eicar FOUND\0",
        b"stream: OK\0\0",
        b"2: stream: OK\0",
        b"/tmp/another: OK\0",
        b"instream(127.0.0.1@40000): OK\0",
        b"PONG\0",
        b"stream: Can't allocate memory ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"\xff\xfe\0",
        b"x" * 10_000,
        b"stream:  FOUND\0",
    ],
)
def test_whatever_is_no_verdict_is_not_scanned(fake_clamd: FakeClamd, answer: bytes | None) -> None:
    fake_clamd.script = lambda content: answer if content == b"file" else OK
    with pytest.raises(FileFailed):
        scan(fake_clamd.address, b"file", limit=LIMIT)


@pytest.mark.faults
@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 3 * MEGABYTE])
def test_a_clamd_that_dies_in_the_middle_of_a_stream_calls_nothing_clean(
    fake_clamd: FakeClamd, size: int
) -> None:
    fake_clamd.dies_at = size
    with pytest.raises(NotScanned):
        scan(fake_clamd.address, bytes(4 * MEGABYTE), limit=LIMIT)


@pytest.mark.faults
def test_a_second_verdict_that_comes_late_is_heard(fake_clamd: FakeClamd) -> None:
    fake_clamd.pause = 0.005
    fake_clamd.script = lambda content: OK + FOUND if content == b"file" else OK
    with pytest.raises(FileFailed):
        scan(fake_clamd.address, b"file", limit=LIMIT)


@pytest.mark.faults
def test_a_verdict_that_comes_byte_by_byte_counts_when_it_is_whole(fake_clamd: FakeClamd) -> None:
    fake_clamd.pause = 0.005
    assert scan(fake_clamd.address, b"file", limit=LIMIT).outcome == "clean"


@pytest.mark.faults
def test_a_verdict_that_drips_for_ever_is_given_up(
    fake_clamd: FakeClamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.attachments.scan.MOST_SECONDS", 0.2)
    monkeypatch.setattr("apps.attachments.scan.SCANNER_SECONDS", 0.2)
    fake_clamd.pause = 0.1
    with pytest.raises(ScannerDown):
        scan(fake_clamd.address, b"file", limit=LIMIT)


def test_a_scanner_that_answers_nobody_is_down(fake_clamd: FakeClamd) -> None:
    fake_clamd.script = lambda _content: None
    with pytest.raises(ScannerDown):
        scan(fake_clamd.address, b"file", limit=LIMIT)


def test_a_hanging_scanner_is_noticed_by_its_silence(
    fake_clamd: FakeClamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clamd_line, "ALIVE_AFTER", 0.1)
    monkeypatch.setattr("apps.attachments.scan.SCANNER_SECONDS", 0.2)
    fake_clamd.script, fake_clamd.greets = (lambda _content: HANG), False
    with pytest.raises(ScannerDown):
        scan(fake_clamd.address, b"file", limit=LIMIT)


def test_a_file_that_takes_for_ever_is_given_up(
    fake_clamd: FakeClamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clamd_line, "ALIVE_AFTER", 0.05)
    monkeypatch.setattr("apps.attachments.scan.MOST_SECONDS", 0.3)
    fake_clamd.script = lambda content: HANG if content == b"file" else OK
    with pytest.raises(FileFailed):
        scan(fake_clamd.address, b"file", limit=LIMIT)


@pytest.mark.parametrize(
    "address",
    ["", "unix:", "unix:/nowhere/at/all", "tcp:127.0.0.1", "tcp:127.0.0.1:1", "tcp::x", "/run/x",
     "tcp:127.0.0.1:99999", "unix:" + "x" * 200, "unix:a\0b"],
)  # fmt: skip
def test_a_wrong_address_means_down_not_an_exception_of_its_own(address: str) -> None:
    with pytest.raises(NotScanned):
        scan(address, b"file", limit=LIMIT)
    assert scanner.status(address)[0] == "down"


def test_a_scanner_with_fresh_signatures_is_ok(fake_clamd: FakeClamd) -> None:
    now = datetime.now(UTC).strftime("%a %b %d %H:%M:%S %Y")
    fake_clamd.version = f"ClamAV 1.4.6/27800/{now}".encode()
    assert scanner.status(fake_clamd.address) == ("ok", "ClamAV 1.4.6, signatures 27800")


def test_options_that_let_files_through_are_named(fake_clamd: FakeClamd) -> None:
    now = datetime.now(UTC).strftime("%a %b %d %H:%M:%S %Y")
    fake_clamd.version = f"ClamAV 1.4.6/27800/{now}".encode()
    fake_clamd.script = forgetful
    health, sentence = scanner.status(fake_clamd.address)
    assert health == "degraded" and "AlertExceedsMax yes" in sentence


def test_old_signatures_are_degraded(fake_clamd: FakeClamd) -> None:
    fake_clamd.version = b"ClamAV 1.4.6/20000/Mon Jan 06 09:36:13 2020"
    health, sentence = scanner.status(fake_clamd.address)
    assert health == "degraded" and "3 days" in sentence


def test_a_scanner_that_knows_no_virus_is_down(fake_clamd: FakeClamd) -> None:
    fake_clamd.script = lambda _content: OK
    assert scanner.status(fake_clamd.address) == ("down", "no signatures; files wait")
    with pytest.raises(ScannerDown):
        scanner.fit_engine(fake_clamd.address)


@pytest.mark.servers
def test_test_signatures_need_a_permit(clamd: Clamd) -> None:
    assert scanner.status(clamd.address) == ("down", "no signatures; files wait")
    health, sentence = scanner.status(clamd.address, test_signatures=True)
    assert health == "degraded" and sentence.startswith("Only test signatures")
    assert scanner.fit_engine(clamd.address, test_signatures=True).name.startswith("ClamAV ")


def test_another_server_on_the_port_is_not_believed(fake_clamd: FakeClamd) -> None:
    fake_clamd.version = b"220 mail.example ESMTP"
    with pytest.raises(ScannerDown):
        scanner.fit_engine(fake_clamd.address)
