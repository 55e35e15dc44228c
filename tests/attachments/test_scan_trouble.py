"""A scanner in trouble: killed, full, half blind. Whatever happens, nothing unread is clean."""

import gzip
import os
import signal
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from apps.attachments import decide, probes, scanner, screen
from apps.attachments.models import Attachment, Verdict
from apps.attachments.scan import NotScanned, ScannerFull, scan
from apps.attachments.signals import attachments_screened
from apps.core import blobs
from tests.attachments import locked_samples as locked
from tests.attachments import samples as s
from tests.attachments.conftest import MakeFile
from tests.attachments.test_screen import again, fate
from tests.hostile.feared import signed_around
from tests.servers.clamd import (
    MARKED,
    NO_ROOM,
    Clamd,
    FakeClamd,
    forgetful,
    running_clamd,
    well,
)

MEGABYTE = 2**20
LIMIT = 50 * MEGABYTE
TOO_DEEP = b"stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\0"


def mail_with(content: bytes) -> bytes:
    return (
        b"From: a@b.test\r\nSubject: inside\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: application/octet-stream; name=a.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(content)
    )


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("letter.txt", probes.test_virus()),
        ("photo.jpg", probes.test_virus()),
        ("a.tar.gz", gzip.compress(s.tarred({"b.tar": s.tarred({"c": probes.test_virus()})}))),
        ("forwarded.eml", mail_with(probes.test_virus())),
        ("marked.pdf", locked.pdf(text=MARKED)),
        ("smime.p7m", signed_around(mail_with(probes.test_virus()))),
    ],
    ids=["plain", "renamed", "nested tar.gz", "in .eml", "in a PDF that seems locked", "signed"],
)
def test_a_virus_is_found_wherever_it_lies(
    clamd: Clamd, file: MakeFile, name: str, content: bytes
) -> None:
    bad = file(content, name)
    screen.screen([bad.pk])
    assert fate(bad)[0] == Verdict.INFECTED


@pytest.mark.contract("1.5.e")
@pytest.mark.servers
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", locked.office()),
        ("a.odt", locked.odt(locked=True)),
        ("a.pdf", locked.pdf(user=b"secret")),
        ("a.tar", s.tarred({"a.dat": probes.encrypted()})),
    ],
)
def test_a_locked_file_is_withheld_and_says_by_which_engine(
    clamd: Clamd, file: MakeFile, name: str, content: bytes
) -> None:
    secret = file(content, name)
    screen.screen([secret.pk])
    assert fate(secret) == (Verdict.WITHHELD, "encrypted")
    assert secret.engine.startswith("ClamAV ")


@pytest.mark.contract("1.5.e")
@pytest.mark.servers
def test_a_pdf_that_opens_for_everybody_is_not_withheld(clamd: Clamd, file: MakeFile) -> None:
    letter = file(locked.pdf(), "statement.pdf")
    screen.screen([letter.pk])
    assert fate(letter) == (Verdict.CLEAN, "")


# ---- options --------------------------------------------------------------------------------------


@contextmanager
def half_blind(settings: Settings, **options: str) -> Iterator[Clamd]:
    with running_clamd(**options) as clamd:
        settings.CLAMD_ADDRESS, settings.TEST_SIGNATURES = clamd.address, True
        yield clamd


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
@pytest.mark.parametrize("option", ["AlertExceedsMax", "AlertEncrypted"])
def test_without_an_option_documents_wait_and_text_does_not(
    file: MakeFile, settings: Settings, option: str
) -> None:
    with half_blind(settings, **{option: "no"}) as clamd:
        text, picture, document = file(b"hi"), file(s.PNG, "a.png"), file(s.opc(), "a.docx")
        virus, secret = file(probes.test_virus(), "v.dat"), file(locked.office(), "s.docx")
        screen.screen([text.pk, picture.pk, document.pk, virus.pk, secret.pk])
        assert fate(text)[0] == fate(picture)[0] == Verdict.CLEAN
        assert fate(document) == (Verdict.WAITING, "scanner-options") and document.tries == 0
        assert fate(virus)[0] == Verdict.INFECTED
        assert fate(secret) == (Verdict.WITHHELD, "encrypted")
        assert scanner.diagnose(clamd.address, test_signatures=True).code == option


@pytest.mark.contract("1.5.a")
def test_a_document_that_waits_for_an_option_is_not_read_again_until_it_is_on(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    fake_clamd.script = forgetful
    document = file(s.opc(), "a.docx")
    again(document)
    fake_clamd.streams.clear()
    again(document)
    assert fake_clamd.streams == [] and fate(document)[1] == "scanner-options"
    fake_clamd.script = well
    scanner.forget()
    again(document)
    assert fate(document) == (Verdict.CLEAN, "")


@pytest.mark.contract("1.5.a")
def test_what_was_clean_for_a_scanner_without_the_option_is_sent_again(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process need have seen it down: its answers are asked for anew when they are old."""
    monkeypatch.setattr(scanner, "LACK_REMEMBERED", -1)
    bad = s.opc()  # nested too deep, say
    fake_clamd.script = forgetful
    document = file(bad, "a.docx")
    again(document)
    assert fate(document) == (Verdict.WAITING, "scanner-options")
    fake_clamd.script = lambda content: TOO_DEEP if content == bad else well(content)
    again(document)
    assert fate(document) == (Verdict.WITHHELD, "too-big")


@pytest.mark.contract("1.5.a")
def test_a_scanner_found_down_meanwhile_frees_nothing_from_its_options(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    fake_clamd.script = forgetful
    batch = screen.batch_now()
    batch.fit_engine()
    document = file(s.opc(), "a.docx")

    def meanwhile(content: bytes) -> bytes | None:
        if content == s.opc():
            batch.down.set()  # by a file beside it
        return forgetful(content)

    fake_clamd.script = meanwhile
    assert decide.decide(document, batch).verdict == Verdict.WAITING


def test_text_that_carries_a_mail_needs_the_options_too() -> None:
    assert not decide.needs_options("text/plain", b"hello")
    assert decide.needs_options("text/plain", b"Content-Transfer-Encoding: base64\n\nAAAA")
    assert decide.needs_options("application/pdf", b"%PDF-")


# ---- killed, full, changed ------------------------------------------------------------------------


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
@pytest.mark.faults
def test_a_clamd_killed_while_it_reads_calls_nothing_clean(clamd: Clamd, file: MakeFile) -> None:
    large = [file(os.urandom(12 * MEGABYTE), f"{n}.txt") for n in range(2)]
    small = file(b"hello")
    assert clamd.process
    killer = threading.Timer(0.25, os.kill, (clamd.process.pid, signal.SIGKILL))
    killer.start()
    while clamd.process.poll() is None:
        again(*large, small)
        Attachment.objects.filter(verdict=Verdict.CLEAN).update(verdict=Verdict.WAITING)
    again(*large, small)
    assert {fate(one)[0] for one in (*large, small)} == {Verdict.WAITING}
    clamd.restart()
    again(*large, small)
    again(*large, small)
    assert {fate(one)[0] for one in (*large, small)} == {Verdict.CLEAN}


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
@pytest.mark.faults
def test_after_a_kill_in_the_middle_of_a_scan_the_file_becomes_clean_once(
    clamd: Clamd,
    file: MakeFile,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    scanner.fit_engine(clamd.address, test_signatures=True)
    letter = file(os.urandom(MEGABYTE))
    heard: list[list[int]] = []

    def hear(attachment_ids: list[int], **_facts: object) -> None:
        heard.append(attachment_ids)

    attachments_screened.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        kill_while(clamd, lambda: screen.screen([letter.pk]))
    assert fate(letter) == (Verdict.WAITING, "unscannable") and letter.tries == 1
    clamd.restart()
    with django_capture_on_commit_callbacks(execute=True):
        again(letter)
        again(letter)
    assert fate(letter) == (Verdict.CLEAN, "") and heard == [[letter.pk]]


def kill_while(clamd: Clamd, work: Callable[[], None]) -> None:
    """Stopped first, so that the work surely waits for its answer when it is killed."""
    assert clamd.process
    clamd.process.send_signal(signal.SIGSTOP)
    killer = threading.Timer(0.3, clamd.process.kill)
    killer.start()
    work()
    killer.join()


@pytest.mark.servers
@pytest.mark.faults
def test_a_clamd_without_room_makes_the_large_file_wait_and_no_other(
    file: MakeFile, settings: Settings, tmp_path: Path
) -> None:
    with half_blind(settings, TemporaryDirectory=str(tmp_path)) as clamd, small_disk(tmp_path):
        with pytest.raises(ScannerFull):
            scan(clamd.address, os.urandom(4 * MEGABYTE), limit=LIMIT)
        large, small = file(os.urandom(4 * MEGABYTE)), file(b"hello")
        screen.screen([large.pk, small.pk])
        assert fate(large) == (Verdict.WAITING, "scanner-down") and large.tries == 0
        assert fate(small)[0] == Verdict.CLEAN


def test_a_file_without_room_is_asked_about_again_when_the_large_one_beside_it_is_gone(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    squeezed = threading.Event()
    large, small = file(bytes(MEGABYTE)), file(b"hello")

    def beside(content: bytes) -> bytes | None:
        if len(content) == MEGABYTE:
            squeezed.wait(10)
            return NO_ROOM
        if content == b"hello" and not squeezed.is_set():
            squeezed.set()
            return NO_ROOM
        return well(content)

    fake_clamd.script = beside
    screen.screen([large.pk, small.pk])
    assert fate(small) == (Verdict.CLEAN, "")
    assert fate(large) == (Verdict.WAITING, "scanner-down") and large.tries == 0


@pytest.mark.parametrize("size", [MEGABYTE, 2 * MEGABYTE], ids=["itself", "its probe"])
def test_no_room_for_one_file_says_nothing_of_the_scanner(
    fake_clamd: FakeClamd, file: MakeFile, size: int
) -> None:
    fake_clamd.script = lambda content: NO_ROOM if len(content) >= MEGABYTE else well(content)
    batch = screen.batch_now()
    assert decide.decide(file(bytes(size)), batch).lacks_room
    assert not batch.is_down()
    assert decide.decide(file(b"hello"), batch).verdict == Verdict.CLEAN


def test_a_scanner_without_room_for_the_smallest_is_down_and_blames_no_file(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    fake_clamd.script = lambda _content: NO_ROOM
    letter = file(b"hello")
    for _round in range(4):
        again(letter)
    assert fate(letter) == (Verdict.WAITING, "scanner-down") and letter.tries == 0
    assert screen.scanner_diagnosis().state == "down"


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.contract("1.5.a")
def test_a_file_whose_bytes_changed_on_disk_is_never_clean(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    grown, other = file(b"hello " * 10), file(b"small")
    Attachment.objects.filter(pk=grown.pk).update(size=5)
    with blobs._path(other.blob.pack).open("r+b") as pack:
        pack.write(b"SMALL")
    for _round in range(3):
        again(grown, other)
    assert fate(grown) == fate(other) == (Verdict.WITHHELD, "unscannable")
    assert b"SMALL" not in fake_clamd.streams


@pytest.mark.parametrize("number", sorted(blobs.OUT_OF_ROOM))
def test_a_machine_out_of_room_is_no_fault_of_the_file(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(_blob: object) -> bytes:
        raise OSError(number, "no more")

    letter = file(b"hello")
    monkeypatch.setattr(blobs, "read", full)
    for _round in range(4):
        again(letter)
    assert fate(letter)[0] == Verdict.WAITING and letter.tries == 0


def test_a_scanner_that_sends_half_an_answer_and_hangs_up_is_not_believed(
    fake_clamd: FakeClamd,
) -> None:
    fake_clamd.script = lambda content: b"stream: OK" if content == b"file" else well(content)
    with pytest.raises(NotScanned):
        scan(fake_clamd.address, b"file", limit=LIMIT)


# ---- back-pressure --------------------------------------------------------------------------------


def test_a_process_holds_no_more_bytes_than_it_has_room(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = decide.room.__class__(3 * MEGABYTE)
    monkeypatch.setattr(decide, "room", narrow)
    files = [file(os.urandom(MEGABYTE)) for _number in range(12)]
    screen.screen([one.pk for one in files])
    assert {fate(one)[0] for one in files} == {Verdict.CLEAN}
    assert narrow.peak <= 3 * MEGABYTE and narrow.taken == 0


def test_a_file_larger_than_the_room_gets_all_of_it() -> None:
    narrow = decide.room.__class__(10)
    with narrow.holding(500):
        assert narrow.taken == 10
    assert narrow.taken == 0


def test_small_files_come_before_a_huge_one_and_lots_are_bounded(
    file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "LARGE", 100)
    monkeypatch.setattr(screen, "CLAIMED_BYTES", 150)
    huge, *small = [file(b"x" * size) for size in (1000, 60, 60, 60)]
    lots = list(screen._lots([huge.pk, *(one.pk for one in small)]))
    assert lots == [[small[0].pk, small[1].pk], [small[2].pk], [huge.pk]]


def test_while_the_scanner_is_down_waiting_files_are_not_even_read(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_clamd.close()
    files = [file(b"%d" % number) for number in range(5)]
    again(*files)
    read: list[object] = []
    monkeypatch.setattr(decide.blobs, "read", lambda blob: read.append(blob))
    again(*files)
    assert read == [] and {fate(one) for one in files} == {(Verdict.WAITING, "scanner-down")}


def test_a_backlog_is_drained_oldest_first_once_the_scanner_is_back(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    files = [file(b"waiting %d" % number) for number in range(40)]
    screen.drain()
    assert {fate(one)[0] for one in files} == {Verdict.CLEAN}
    order = [int(one.split()[1]) for one in fake_clamd.streams if one.startswith(b"waiting")]
    assert max(order[:16]) < 16 and max(order[:32]) < 32


def test_only_one_thread_of_a_process_drains(fake_clamd: FakeClamd, file: MakeFile) -> None:
    letter = file(b"hello")
    with screen._draining:
        screen.drain()
    assert fate(letter)[0] == Verdict.WAITING
