"""The lane of a file: no byte is clean before policy and scanner said so."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from apps.attachments import clamd_line, decide, probes, scanner, screen
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.signals import attachments_screened
from apps.core import blobs
from tests.attachments import samples as s
from tests.attachments.conftest import MakeFile
from tests.servers.clamd import HANG, OK, SIGNATURE, Answer, Clamd, FakeClamd, well


def fate(file: Attachment) -> tuple[str, str]:
    file.refresh_from_db()
    return file.verdict, file.reason


def again(*files: Attachment) -> None:
    """As if the pause were over."""
    Attachment.objects.filter(pk__in=[file.pk for file in files]).update(next_try_at=None)
    screen.screen([file.pk for file in files])


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
def test_a_harmless_file_becomes_clean_and_says_by_which_engine(
    clamd: Clamd, file: MakeFile
) -> None:
    letter = file(b"hello")
    screen.screen([letter.pk])
    assert fate(letter) == (Verdict.CLEAN, "")
    assert letter.engine.startswith("ClamAV ") and letter.detected_type == "text/plain"
    assert letter.decided_at and not letter.claim and not letter.next_try_at


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
@pytest.mark.parametrize(
    "content",
    [
        probes.test_virus(),
        s.tarred({"a.txt": probes.test_virus()}),
        s.opc(word__a__png=probes.test_virus()),
    ],
    ids=["plain", "in a TAR", "in a DOCX"],
)
def test_a_virus_is_infected(clamd: Clamd, file: MakeFile, content: bytes) -> None:
    letter = file(content, "letter.dat")
    screen.screen([letter.pk])
    assert fate(letter) == (Verdict.INFECTED, f"infected:{SIGNATURE}.UNOFFICIAL")


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
def test_an_encrypted_zip_inside_a_document_is_withheld(clamd: Clamd, file: MakeFile) -> None:
    letter = file(s.opc(word__object__dat=probes.encrypted()), "letter.docx")
    screen.screen([letter.pk])
    assert fate(letter) == (Verdict.WITHHELD, "encrypted")


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
def test_what_clamd_does_not_unpack_is_withheld(clamd: Clamd, file: MakeFile) -> None:
    letter = file(probes.nested(), "letter.gz")
    screen.screen([letter.pk])
    assert fate(letter) == (Verdict.WITHHELD, "too-big")


@pytest.mark.contract("1.5.a")
def test_a_file_over_the_limit_is_withheld_and_never_sent(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    AttachmentSettings.objects.update_or_create(pk=1, defaults={"scan_limit_mb": 1})
    large, just_right = file(bytes(2**20 + 1)), file(bytes(2**20))
    screen.screen([large.pk, just_right.pk])
    assert fate(large) == (Verdict.WITHHELD, "too-big")
    assert fate(just_right) == (Verdict.CLEAN, "")
    assert max(map(len, fake_clamd.streams)) <= 2**20


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
def test_files_wait_while_the_scanner_is_stopped(clamd: Clamd, file: MakeFile) -> None:
    letter, virus = file(b"hello"), file(probes.test_virus())
    clamd.stop()
    screen.screen([letter.pk, virus.pk])
    assert fate(letter) == fate(virus) == (Verdict.WAITING, "scanner-down")
    assert screen.due(10) == [] and letter.tries == 0
    clamd.start()
    again(letter, virus)
    assert fate(letter)[0] == Verdict.CLEAN and fate(virus)[0] == Verdict.INFECTED


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
def test_a_scanner_with_test_signatures_only_passes_nothing_unless_permitted(
    clamd: Clamd, file: MakeFile, settings: Settings
) -> None:
    settings.TEST_SIGNATURES = False
    letter = file(b"hello")
    screen.screen([letter.pk])
    assert fate(letter) == (Verdict.WAITING, "scanner-down")


@pytest.mark.contract("1.5.a")
@pytest.mark.parametrize("address", ["", "unix:/nowhere", "tcp:127.0.0.1:1", "nonsense"])
def test_without_a_scanner_files_wait_for_good(
    file: MakeFile, settings: Settings, address: str
) -> None:
    settings.CLAMD_ADDRESS = address
    letter = file(b"hello")
    for _round in range(5):
        again(letter)
    assert fate(letter) == (Verdict.WAITING, "scanner-down") and letter.tries == 0


@pytest.mark.contract("1.5.a")
@pytest.mark.parametrize("answer", [None, b"garbage\0", b"stream: OK", b"stream: x ERROR\0"])
def test_a_file_that_cannot_be_scanned_is_withheld_at_the_third_try(
    fake_clamd: FakeClamd, file: MakeFile, answer: Answer
) -> None:
    odd, fine = file(b"odd"), file(b"fine")
    fake_clamd.script = lambda content: answer if content == b"odd" else well(content)
    for tries in (1, 2):
        again(odd, fine)
        assert fate(odd) == (Verdict.WAITING, "unscannable") and odd.tries == tries
    again(odd)
    assert fate(odd) == (Verdict.WITHHELD, "unscannable")
    assert fate(fine) == (Verdict.CLEAN, "")


def test_a_scanner_that_fails_everybody_is_no_fault_of_the_file(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    letter = file(b"hello")
    fake_clamd.script = lambda _content: None
    for _round in range(5):
        again(letter)
    assert fate(letter) == (Verdict.WAITING, "scanner-down") and letter.tries == 0


def test_a_file_that_kills_the_scanner_is_blamed_in_the_end(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    """Else it would kill every scanner that is started, for ever."""

    def die(content: bytes) -> Answer:
        if content == b"deadly":
            fake_clamd.close()
            return None
        return well(content)

    fake_clamd.script = die
    deadly = file(b"deadly", tries=2)
    screen.screen([deadly.pk])
    assert fate(deadly) == (Verdict.WITHHELD, "unscannable")


def test_a_scanner_that_dies_after_its_check_makes_files_wait(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    scanner.fit_engine(fake_clamd.address)
    fake_clamd.close()
    letter = file(b"hello")
    screen.screen([letter.pk])
    assert fate(letter) == (Verdict.WAITING, "scanner-down")


@pytest.mark.contract("1.5.c")
def test_a_refused_file_needs_no_scanner(file: MakeFile, settings: Settings) -> None:
    settings.CLAMD_ADDRESS = ""
    by_name, by_content = file(b"x", "a.pdf", "b.exe"), file(s.ZIP, "a.pdf")
    screen.screen([by_name.pk, by_content.pk])
    assert fate(by_name) == (Verdict.REFUSED, "type-denied")
    assert fate(by_content) == (Verdict.REFUSED, "content-denied")


@pytest.mark.contract("1.5.g")
def test_the_administrators_list_is_obeyed(fake_clamd: FakeClamd, file: MakeFile) -> None:
    AttachmentSettings.objects.update_or_create(pk=1, defaults={"also_block": ["js"]})
    script = file(b"x", "a.js")
    screen.screen([script.pk])
    assert fate(script) == (Verdict.REFUSED, "type-denied")


def test_bytes_that_cannot_be_read_are_withheld_at_the_third_try(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    lost = file(b"hello")
    blobs._path(lost.blob.pack).unlink()
    for _round in range(3):
        again(lost)
    assert fate(lost) == (Verdict.WITHHELD, "unscannable")


def test_a_reader_that_breaks_on_one_file_stops_no_other(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = decide.policy.judge

    def judge(names: list[str], content: bytes, also: tuple[str, ...], **known: str) -> object:
        if content == b"odd":
            raise RecursionError
        return real(names, content, also)

    monkeypatch.setattr(decide.policy, "judge", judge)
    odd, fine = file(b"odd"), file(b"fine")
    screen.screen([odd.pk, fine.pk])
    assert fate(odd) == (Verdict.WAITING, "unscannable")
    assert fate(fine)[0] == Verdict.CLEAN


def test_a_slow_file_does_not_hold_up_the_verdict_of_the_others(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "TICK", 0.05)
    monkeypatch.setattr(clamd_line, "ALIVE_AFTER", 0.1)
    monkeypatch.setattr("apps.attachments.scan.MOST_SECONDS", 0.6)
    heard: list[list[int]] = []
    monkeypatch.setattr(
        screen, "announce", lambda _signal, attachment_ids: heard.append(attachment_ids)
    )
    fake_clamd.script = lambda content: HANG if content == b"slow" else well(content)
    slow, fast = file(b"slow"), file(b"fast")
    screen.screen([slow.pk, fast.pk])
    assert heard == [[fast.pk]] and fate(slow) == (Verdict.WAITING, "unscannable")


def test_a_lot_of_files_takes_few_statements(
    fake_clamd: FakeClamd, file: MakeFile, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    AttachmentSettings.load()
    files = [file(b"%d" % number) for number in range(16)]
    # sizes, claim, read, settings, savepoint pair, verdicts, the sessions and the mails they are of
    with django_assert_max_num_queries(9):
        screen.screen([one.pk for one in files])
    assert {fate(one) for one in files} == {(Verdict.CLEAN, "")}


def test_the_verdicts_are_announced_after_commit(
    fake_clamd: FakeClamd,
    file: MakeFile,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    heard: list[list[int]] = []

    def hear(attachment_ids: list[int], **_facts: object) -> None:
        heard.append(attachment_ids)

    attachments_screened.connect(hear, weak=False)
    letter = file(b"hello")
    try:
        with django_capture_on_commit_callbacks(execute=True):
            screen.screen([letter.pk])
    finally:
        attachments_screened.disconnect(hear)
    assert heard == [[letter.pk]]


def test_a_claimed_file_is_left_alone_until_the_claim_is_over(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    later = timezone.now() + timedelta(minutes=1)
    claimed = file(b"hello", claim="somebody", next_try_at=later)
    screen.screen([claimed.pk])
    assert fate(claimed)[0] == Verdict.WAITING and screen.due(10) == []
    Attachment.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    assert screen.due(10) == [claimed.pk]
    screen.screen([claimed.pk])
    assert fate(claimed)[0] == Verdict.CLEAN


def test_a_verdict_of_a_lost_claim_is_not_written(fake_clamd: FakeClamd, file: MakeFile) -> None:
    letter = file(b"hello")
    claim = screen._claim([letter.pk])
    Attachment.objects.update(claim="another", verdict=Verdict.INFECTED, reason="infected:x")
    screen._screen(claim)
    assert fate(letter) == (Verdict.INFECTED, "infected:x")


def test_a_final_verdict_is_never_asked_for_again(fake_clamd: FakeClamd, file: MakeFile) -> None:
    letter = file(b"hello", verdict=Verdict.INFECTED, reason="infected:x")
    screen.screen([letter.pk])
    assert fate(letter) == (Verdict.INFECTED, "infected:x") and fake_clamd.streams == []


@pytest.mark.parametrize(("waited", "pause"), [(0, 15), (120, 30), (3600, 60), (-3600, 15)])
def test_a_scanner_that_is_down_is_asked_again_within_a_minute(waited: int, pause: int) -> None:
    created = timezone.now() - timedelta(seconds=waited)
    assert screen._pause(Attachment(created_at=created)) == pytest.approx(pause, abs=0.5)


def test_a_planned_file_waits_under_a_clean_name(file: MakeFile) -> None:
    planned = file(b"hello", "../a\0b.pdf", "half \ud800 pair", "../a\0b.pdf")
    planned.refresh_from_db()
    assert (planned.name, planned.verdict, planned.size) == ("ab.pdf", Verdict.WAITING, 5)
    assert planned.names == ["../a\x01b.pdf", "half ? pair"]


def test_the_status_names_the_scanner_of_the_settings(fake_clamd: FakeClamd) -> None:
    fake_clamd.script = lambda _content: OK
    assert screen.scanner_status() == ("down", "no signatures; files wait")


# ---- killed by a file -----------------------------------------------------------------------------


def _lease_is_over() -> None:
    Attachment.objects.filter(verdict=Verdict.WAITING).update(next_try_at=timezone.now())


@pytest.mark.contract("1.5.a")
def test_a_file_that_kills_whoever_looks_is_withheld_after_three_and_keeps_back_no_other(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, killer, last = (file(word.encode(), f"{word}.txt") for word in ("a", "killer", "b"))
    look, kills = screen.decide, []

    def deadly(one: Attachment, batch: decide.Batch) -> decide.Decision:
        if one.pk == killer.pk and one.tries < decide.TRIES:
            kills.append(one.pk)
            raise KeyboardInterrupt
        return look(one, batch)

    monkeypatch.setattr(screen, "decide", deadly)
    for _round in range(3):
        with pytest.raises(KeyboardInterrupt):
            screen.screen([first.pk, killer.pk, last.pk])
        _lease_is_over()
    assert fate(first)[0] == fate(last)[0] == Verdict.CLEAN
    screen.screen([killer.pk])
    assert fate(killer) == (Verdict.WITHHELD, "unscannable") and len(kills) == 3


def test_what_the_house_could_not_record_is_no_try(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = file(b"fine", tries=1)

    def broken(*_words: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(screen, "_record", broken)
        for _round in range(5):
            with pytest.raises(OSError, match="no room"):
                screen.screen([one.pk])
            _lease_is_over()
    screen.screen([one.pk])
    assert fate(one)[0] == Verdict.CLEAN and one.tries == 1
