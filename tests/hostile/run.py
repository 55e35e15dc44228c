"""One `mailcheck` over a folder of cases, and what it cost."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile.cases import Case
from tests.hostile.judge import Line, read_lines

ROOT = Path(__file__).resolve().parents[2]
MEASURED = Path(__file__).with_name("measured.py")


@dataclass(frozen=True, slots=True)
class Run:
    lines: dict[str, Line] = field(repr=False)  # by name of the case
    errors: str = field(repr=False)
    peak_mb: int  # of mailcheck or the biggest of its children

    def line_of(self, case: Case) -> Line:
        return self.lines[case.name]


def run(cases: Sequence[Case], scanner: str = "") -> Run:
    with tempfile.TemporaryDirectory(prefix="carteria-hostile-") as folder:
        mails = Path(folder) / "mails"
        mails.mkdir()
        write(cases, mails)
        peak_mb = mailcheck(mails, Path(folder), scanner)
        lines = read_lines((Path(folder) / "out").read_text())
        errors = (Path(folder) / "errors").read_text(errors="replace")
    by_name = {case.name: lines[f"{number:04}"] for number, case in enumerate(cases)}
    return Run(by_name, errors, peak_mb)


def write(cases: Sequence[Case], folder: Path) -> None:
    """Numbered, so that names may have any letters and the order stays."""
    for number, case in enumerate(cases):
        (folder / f"{number:04}.eml").write_bytes(case.build())


def mailcheck(mails: Path, folder: Path, scanner: str) -> int:
    """Its answers into files, since a pipe would need a reader beside it; its peak in MB."""
    out, errors = folder / "out", folder / "errors"
    measured = [sys.executable, str(MEASURED), str(out), str(errors)]
    command = [sys.executable, "manage.py", "mailcheck", str(mails), "--jsonl"]
    told = _environment(folder, scanner)
    said = subprocess.run(
        [*measured, *command], cwd=ROOT, env=told, check=True, capture_output=True, text=True
    )
    code, peak_mb = map(int, said.stdout.split())
    assert code == 0, errors.read_text(errors="replace")[-2000:]
    return peak_mb


def _environment(folder: Path, scanner: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "CARTERIA_NO_BOOTSTRAP": "1",
        "CARTERIA_DATA": str(folder / "none"),
        "CLAMD_ADDRESS": scanner,
        "CARTERIA_TEST_SIGNATURES": "1" if scanner else "",
    }
