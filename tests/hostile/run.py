"""One `mailcheck` over a folder of cases, and what it cost."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.cases import Case
from tests.hostile.judge import Line, read_lines

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    lines: dict[str, Line]
    errors: str
    peak_mb: int  # of mailcheck or the biggest of its children


def write(cases: Sequence[Case], folder: Path) -> None:
    """Numbered, so that names may have any letters and the order stays."""
    for number, case in enumerate(cases):
        (folder / f"{number:04}.eml").write_bytes(case.build())


def run(cases: Sequence[Case], scanner: str = "") -> Run:
    with tempfile.TemporaryDirectory(prefix="carteria-hostile-") as folder:
        mails = Path(folder) / "mails"
        mails.mkdir()
        write(cases, mails)
        return mailcheck(mails, Path(folder), scanner)


def mailcheck(mails: Path, folder: Path, scanner: str) -> Run:
    """Its own answer in a file, since a pipe would need a reader beside it."""
    environment = {
        "PATH": os.environ["PATH"],
        "CARTERIA_NO_BOOTSTRAP": "1",
        "CARTERIA_DATA": str(folder / "none"),
        "CLAMD_ADDRESS": scanner,
        "CARTERIA_TEST_SIGNATURES": "1" if scanner else "",
    }
    command = [sys.executable, "manage.py", "mailcheck", str(mails), "--jsonl"]
    out, errors = folder / "out", folder / "errors"
    with out.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=stdout, stderr=stderr)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    said = errors.read_text(errors="replace")
    assert process.returncode == 0, said[-2000:]
    return Run(read_lines(out.read_text()), said, usage.ru_maxrss // 1024)
