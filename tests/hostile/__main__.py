"""`python -m tests.hostile FOLDER` writes both corpora as *.eml; without a folder it runs them."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import django

import tests.environment  # noqa: F401  (what the settings need)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from tests.hostile.cases import Case  # noqa: E402
from tests.hostile.judge import faults, is_slow  # noqa: E402
from tests.hostile.mails import HONEST, HOSTILE  # noqa: E402
from tests.hostile.run import Run, run, write  # noqa: E402
from tests.servers.clamd import running_clamd  # noqa: E402

SLOWEST = 20


def main() -> None:
    cases = [*HOSTILE, *HONEST]
    words = [one for one in sys.argv[1:] if not one.startswith("-")]
    if words:
        _write(cases, Path(words[0]))
    else:
        _report(cases, scanned="--no-scanner" not in sys.argv)


def _write(cases: Sequence[Case], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write(cases, folder)
    names = (f"{number:04} {case.attack}: {case.name}\n" for number, case in enumerate(cases))
    (folder / "names.txt").write_text("".join(names))


def _report(cases: Sequence[Case], *, scanned: bool) -> None:
    with running_clamd() if scanned else nullcontext() as server:
        done = run(cases, server.address if server else "")
    found = {case.name: faults(case, done.line_of(case), scanned=scanned) for case in cases}
    for attack, count in Counter(case.attack for case in cases).items():
        bad = [case for case in cases if case.attack == attack and found[case.name]]
        print(f"{attack:24} {count:4} held {count - len(bad):4}")
        for case in bad:
            print(f"    {case.name}: {'; '.join(found[case.name])[:300]}")
    _report_cost(cases, done)


def _report_cost(cases: Sequence[Case], done: Run) -> None:
    slowest = sorted(cases, key=lambda case: -done.line_of(case)["seconds"])[:SLOWEST]
    for case in slowest:
        line = done.line_of(case)
        slow = "  TOO SLOW" if is_slow(line) else ""
        print(f"{line['seconds']:7.2f} s  {case.name}  {line['disposition']}{slow}")
    seconds = sum(line["seconds"] for line in done.lines.values())
    print(f"{seconds:.1f} s in all, peak {done.peak_mb} MB")
    print(done.errors[-3000:])


if __name__ == "__main__":
    main()
