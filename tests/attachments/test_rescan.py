"""A second look at clean files when the scanner has learnt something new."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.attachments import clamd_line, rescan, scanner
from apps.attachments.decide import Batch
from apps.attachments.models import Attachment, AttachmentSettings, Verdict, VerdictChange
from apps.attachments.scan import FileFailed, Finding, ScannerDown, _stream
from apps.attachments.signals import attachments_screened, found_later
from apps.core.leases import held
from tests.attachments.conftest import MakeFile
from tests.attachments.test_screen import fate
from tests.servers.clamd import FOUND, NO_ROOM, OK, Answer, Clamd, FakeClamd, well

MakeClean = Callable[..., Attachment]
BEFORE = "27700"  # what the fake scanner knew then; it says 27800 now


@pytest.fixture
def clean(file: MakeFile) -> MakeClean:
    """A file that was called clean before the scanner's last update."""

    def made(content: bytes = b"hello", *, days: float = 1, **fields: object) -> Attachment:
        when = timezone.now() - timedelta(days=days)
        known: dict[str, object] = {"verdict": Verdict.CLEAN, "decided_at": when}
        return file(content, **(known | {"signature_version": BEFORE} | fields))

    return made


def knows_now(bad: bytes) -> Callable[[bytes], Answer]:
    return lambda content: FOUND if content == bad else well(content)


@pytest.mark.contract("1.5.a")
def test_a_clean_file_that_newer_signatures_know_becomes_infected(
    fake_clamd: FakeClamd,
    clean: MakeClean,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    bad, good = clean(b"bad"), clean(b"good")
    fake_clamd.script = knows_now(b"bad")
    heard: list[object] = []

    def hear(signal: object, attachment_ids: list[int], **_facts: object) -> None:
        heard.append((signal, attachment_ids))

    for signal in (attachments_screened, found_later):
        signal.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        assert rescan.scan_again() == 2
    assert fate(bad) == (Verdict.INFECTED, "infected:Carteria.Test")
    assert fate(good) == (Verdict.CLEAN, "") and good.signature_version == "27800"
    assert heard == [(found_later, [bad.pk]), (attachments_screened, [bad.pk])]


@pytest.mark.contract("1.5.a")
def test_the_find_is_recorded_with_what_was_believed_before(
    fake_clamd: FakeClamd, clean: MakeClean
) -> None:
    bad = clean(b"bad", reason="released:irene")
    fake_clamd.script = knows_now(b"bad")
    rescan.scan_again()
    change = VerdictChange.objects.get()
    assert (change.attachment, change.before, change.after) == (bad, "clean", "infected")
    assert (change.before_reason, change.since) == ("released:irene", bad.decided_at)
    assert rescan.found_infected_later().count == 1


def test_a_release_is_not_undone_by_a_second_look(fake_clamd: FakeClamd, clean: MakeClean) -> None:
    released = clean(b"locked", reason="released:irene")
    fake_clamd.script = lambda content: (
        b"stream: Heuristics.Encrypted.Zip FOUND\0" if content == b"locked" else well(content)
    )
    rescan.scan_again()
    assert fate(released) == (Verdict.CLEAN, "released:irene")
    assert released.signature_version == "27800"


def test_nothing_is_looked_at_twice_with_the_same_signatures(
    fake_clamd: FakeClamd, clean: MakeClean
) -> None:
    once = clean()
    assert rescan.scan_again() == 1 and rescan.scan_again() == 0
    decided_at = once.decided_at
    fate(once)
    assert once.decided_at == decided_at  # else a file would stay recent for ever


def test_what_is_old_unknown_or_bad_already_is_left_alone(
    fake_clamd: FakeClamd, clean: MakeClean
) -> None:
    clean(b"old", days=8)
    clean(b"today's", signature_version="27800")
    clean(b"bad", verdict=Verdict.INFECTED)
    clean(b"locked", verdict=Verdict.WITHHELD, reason="encrypted")
    assert rescan.scan_again() == 0


def test_it_goes_from_the_newest_to_the_oldest_in_lots(
    fake_clamd: FakeClamd, clean: MakeClean, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescan, "AT_ONCE", 2)
    for days in (3, 1, 4, 2, 5):
        clean(b"age %d" % days, days=days)
    assert rescan.scan_again() == 5
    order = [one for one in fake_clamd.streams if one.startswith(b"age")]
    assert [set(order[:2]), set(order[2:4])] == [{b"age 1", b"age 2"}, {b"age 3", b"age 4"}]


def test_a_lot_is_bounded_by_bytes(
    fake_clamd: FakeClamd, clean: MakeClean, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.attachments.screen.CLAIMED_BYTES", 100)
    files = Attachment.objects.filter(pk__in=[clean(b"x" * 60).pk for _n in range(3)])
    assert len(list(rescan._fitting(files))) == 1


def test_it_waits_while_a_file_has_no_verdict_yet(
    fake_clamd: FakeClamd, clean: MakeClean, file: MakeFile
) -> None:
    clean()
    file(b"new")
    assert rescan.scan_again() == 0


def test_it_goes_on_after_a_kill_where_the_rows_say(
    fake_clamd: FakeClamd, clean: MakeClean, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescan, "AT_ONCE", 1)
    files = [clean(b"%d" % n, days=n) for n in (1, 2, 3)]
    monkeypatch.setattr(rescan, "FOR_SECONDS", 0)
    assert rescan.scan_again() == 0
    monkeypatch.setattr(rescan, "FOR_SECONDS", 20)
    Attachment.objects.filter(pk=files[0].pk).update(signature_version="27800")
    assert rescan.scan_again() == 2


def test_two_workers_do_not_look_at_the_same_time(fake_clamd: FakeClamd, clean: MakeClean) -> None:
    clean()
    with held("rescan", seconds=60):
        assert rescan.scan_again() == 0


@pytest.mark.contract("1.5.a")
def test_a_scanner_that_dies_meanwhile_leaves_clean_what_was_clean(
    fake_clamd: FakeClamd, clean: MakeClean
) -> None:
    scanner.fit_engine(fake_clamd.address)
    scanner.lacks(fake_clamd.address)
    files = [clean(b"%d" % number) for number in range(3)]
    fake_clamd.close()
    assert rescan.scan_again() == 0
    assert {fate(one) for one in files} == {(Verdict.CLEAN, "")}
    assert {one.signature_version for one in files} == {BEFORE}


@pytest.mark.parametrize("trouble", [b"x ERROR\0", NO_ROOM], ids=["error", "no room"])
def test_a_file_that_cannot_be_scanned_stays_clean_and_is_left_alone_for_hours(
    fake_clamd: FakeClamd, clean: MakeClean, trouble: bytes
) -> None:
    odd, fine = clean(b"odd"), clean(b"fine")
    fake_clamd.script = lambda content: trouble if content == b"odd" else well(content)
    assert rescan.scan_again() == 2 and rescan.scan_again() == 0
    assert fate(odd) == fate(fine) == (Verdict.CLEAN, "")
    assert (odd.signature_version, fine.signature_version) == (BEFORE, "27800")


@pytest.mark.parametrize("days", [0, 30])
def test_how_far_back_is_a_setting(fake_clamd: FakeClamd, clean: MakeClean, days: int) -> None:
    AttachmentSettings.objects.update_or_create(pk=1, defaults={"rescan_days": days})
    clean(days=20)
    assert rescan.scan_again() == (1 if days else 0)


def test_without_a_version_of_its_signatures_nothing_is_looked_at(
    fake_clamd: FakeClamd, clean: MakeClean
) -> None:
    fake_clamd.version = b"ClamAV 1.4.6"
    clean()
    assert rescan.scan_again() == 0


@pytest.mark.contract("1.5.a")
@pytest.mark.servers
def test_a_signature_that_a_real_clamd_reloads_finds_what_was_clean(
    clamd: Clamd, fake_clamd: FakeClamd, clean: MakeClean
) -> None:
    """The fake only says a version, which test signatures have none of; clamd does the rest."""

    def really(content: bytes) -> Answer:
        return _stream(clamd.address, content, seconds=20)

    fake_clamd.script = really
    letter = clean(b"tomorrow's news", signature_version="27799")
    other = clean(b"yesterday's news", signature_version="27799")
    signatures = clamd.folder / "db" / "later.ndb"
    signatures.write_text(f"Carteria.Later:0:0:{b'tomorrow'.hex()}\n")
    try:
        clamd_line.ask(clamd.address, b"RELOAD", seconds=20)
        while really(b"tomorrow's news") == OK:
            pass
        rescan.scan_again()
    finally:
        signatures.unlink()
        clamd_line.ask(clamd.address, b"RELOAD", seconds=20)
    assert fate(letter) == (Verdict.INFECTED, "infected:Carteria.Later.UNOFFICIAL")
    assert fate(other) == (Verdict.CLEAN, "")


def test_the_search_for_due_files_reads_an_index(db: None) -> None:
    since = timezone.now() - timedelta(days=7)
    plan = rescan.due("27800", since)[:16].explain()
    if connection.vendor == "sqlite":
        assert "USING INDEX attachment_clean_lately" in plan
    assert "SCAN attachments_attachment\n" not in plan


def test_a_file_that_kills_the_scanner_is_left_alone_for_hours_all_the_same(
    fake_clamd: FakeClamd, clean: MakeClean, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would kill it with each beat, and nothing else were ever looked at again."""
    killer, other = clean(b"killer", days=1), clean(b"other", days=2)
    tried: list[bytes] = []
    look = rescan.finding_on

    def finding_on(file: Attachment, content: bytes, batch: Batch) -> Finding:
        tried.append(content)
        if content == b"killer":
            raise FileFailed("clamd died")
        if killer_is_tried():
            raise ScannerDown("nobody there")
        return look(file, content, batch)

    def killer_is_tried() -> bool:
        return b"killer" in tried

    monkeypatch.setattr(rescan, "finding_on", finding_on)
    monkeypatch.setattr("apps.attachments.screen.POOL", 1)
    rescan.scan_again()
    tried.clear()
    assert rescan.scan_again() == 1 and tried == [b"other"]
    assert fate(killer) == fate(other) == (Verdict.CLEAN, "")
