"""The same bytes again, a moment later: heard once, and never longer than that word may count."""

import time
from collections.abc import Callable

import pytest

from apps.attachments import clean_before, scanner, screen
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from tests.attachments.conftest import MakeFile
from tests.servers.clamd import FOUND, FakeClamd, well

LOGO = b"the logo that comes with each of their mails"


def sent(clamd: FakeClamd, content: bytes = LOGO) -> int:
    return clamd.streams.count(content)


def screened(*files: Attachment) -> list[tuple[str, str, str]]:
    screen.screen([one.pk for one in files])
    for one in files:
        one.refresh_from_db()
    return [(one.verdict, one.engine, one.signature_version) for one in files]


def test_bytes_that_were_clean_a_moment_ago_are_not_sent_again(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    (first,) = screened(file(LOGO))
    (second,) = screened(file(LOGO, "other.txt"))
    assert first == second and first[0] == Verdict.CLEAN
    assert sent(fake_clamd) == 1
    screened(file(LOGO + b"."))
    assert sent(fake_clamd, LOGO + b".") == 1


def test_what_the_policy_refuses_is_refused_whatever_was_clean(
    fake_clamd: FakeClamd, file: MakeFile
) -> None:
    screened(file(LOGO))
    assert screened(file(LOGO, "logo.exe"))[0][0] == Verdict.REFUSED


def test_nothing_but_clean_is_kept(fake_clamd: FakeClamd, file: MakeFile) -> None:
    fake_clamd.script = _infects(LOGO)
    assert screened(file(LOGO))[0][0] == Verdict.INFECTED
    fake_clamd.script = _infects(b"-")
    assert screened(file(LOGO))[0][0] == Verdict.CLEAN
    assert sent(fake_clamd) == 2


def _infects(bad: bytes) -> Callable[[bytes], bytes | None]:
    return lambda content: FOUND if content == bad else well(content)


@pytest.mark.parametrize("change", ["signatures", "limit", "time", "down"])
def test_it_counts_no_longer_after(
    change: str, fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    screened(file(LOGO))
    fake_clamd.script = _infects(LOGO)
    if change == "signatures":
        fake_clamd.version = b"ClamAV 1.4.6/27801/Tue Nov 25 09:36:13 2025"
        monkeypatch.setattr(scanner, "REMEMBERED", -1)
        scanner._memory.forget()
    elif change == "limit":
        AttachmentSettings.objects.update_or_create(pk=1, defaults={"scan_limit_mb": 7})
    elif change == "time":
        monkeypatch.setattr(clean_before, "time", _Clock(time.monotonic() + 301))
    else:
        screen.batch_now().found_down()
    assert screened(file(LOGO))[0][0] == Verdict.INFECTED


def test_that_it_comes_again_makes_the_word_count_no_longer(
    fake_clamd: FakeClamd, file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for later in (0.0, clean_before.SECONDS * 0.6, clean_before.SECONDS * 1.2):
        monkeypatch.setattr(clean_before, "time", _Clock(later))
        screened(file(LOGO))
    assert sent(fake_clamd) == 2


class _Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    clean_before.forget()
    monkeypatch.setattr(clean_before, "MOST", 3)
    for number in range(5):
        clean_before.remember((str(number),))
    assert [clean_before.is_known((str(number),)) for number in range(5)] == [
        *(False, False, True, True, True)
    ]
