"""The clamd that we start ourselves: its settings, and what it does with them."""

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from apps.attachments.clamd_line import ask
from apps.attachments.scan import answers, scan
from apps.attachments.scanner import diagnose
from config.launch import scanner


@pytest.mark.parametrize(
    ("said", "version"),
    [("ClamAV 1.4.6/27800/Mon", (1, 4)), ("ClamAV 0.103.12", (0, 103)), ("no", (0, 0))],
)
def test_an_old_clamd_is_not_given_an_option_that_it_would_refuse(
    tmp_path: Path, said: str, version: tuple[int, int]
) -> None:
    program = tmp_path / "clamd"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    assert scanner.version_of(str(program)) == version
    settings = scanner.configuration("unix:/x", tmp_path, tmp_path, version=version).splitlines()
    assert ("ScanImageFuzzyHash no" in settings) == (version >= (0, 105))


@pytest.mark.parametrize(("line", "advised"), [("ScanImageFuzzyHash no", False), ("", True)])
def test_a_system_clamd_that_draws_pictures_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, advised: bool
) -> None:
    (tmp_path / "clamd.conf").write_text(f"User clamav\n{line}\n")
    places = (tmp_path / "none", tmp_path / "clamd.conf")
    monkeypatch.delenv("CLAMD_ADDRESS", raising=False)
    monkeypatch.delenv("CARTERIA_TEST_SIGNATURES", raising=False)
    monkeypatch.setattr(scanner, "SYSTEM_SETTINGS", places)
    monkeypatch.setattr(scanner, "running_system_clamd", lambda: "/run/clamav/clamd.ctl")
    assert ("ScanImageFuzzyHash no" in scanner.choose(tmp_path).sentence) == advised


# ---- the private clamd, for real ------------------------------------------------------------------


@contextmanager
def own_clamd(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    program = scanner.program("clamd")
    assert program
    address = f"unix:{folder / 'clamd.sock'}"
    signatures = scanner.write_test_signatures(folder / "signatures")
    version = scanner.version_of(program)
    settings = folder / "clamd.conf"
    settings.write_text(scanner.configuration(address, signatures, folder, version=version))
    process = subprocess.Popen([program, f"--config-file={settings}"], stdout=subprocess.DEVNULL)
    try:
        while not answers(address):
            assert process.poll() is None, "clamd refused its settings"
        yield address, process
    finally:
        process.kill()
        process.wait(10)


def picture(kind: str, side: int = 12_000) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (side, side)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.servers("clamd")
def test_our_clamd_accepts_its_settings_and_has_the_options_that_we_require(tmp_path: Path) -> None:
    with own_clamd(tmp_path) as (address, _process):
        found = diagnose(address, test_signatures=True)
        assert (found.state, found.code) == ("degraded", "test-signatures")


@pytest.mark.servers("clamd")
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_huge_picture_takes_no_memory_of_our_clamd(tmp_path: Path, kind: str) -> None:
    with own_clamd(tmp_path) as (address, process):
        content = picture(kind)
        assert scan(address, content, limit=50 * 2**20).outcome == "clean"
        status = Path(f"/proc/{process.pid}/status").read_text()
        (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        assert int(peak) < 100 * 1024


@pytest.mark.servers("clamd")
def test_new_signatures_do_not_make_our_clamd_silent(tmp_path: Path) -> None:
    """It waits for its idle threads before it loads; they go after a second, not after 30."""
    with own_clamd(tmp_path) as (address, _process):
        for _round in range(3):
            ask(address, b"RELOAD", seconds=15)
            assert scan(address, b"hello", limit=100).outcome == "clean"
