"""`python -m tests.hostile FOLDER` writes both corpora as *.eml; without a folder it runs them."""

import os
import sys
from collections import Counter, defaultdict
from contextlib import nullcontext
from pathlib import Path

import django

import tests.environment  # noqa: F401  (what the settings need)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from tests.hostile import mails
    from tests.hostile.run import write

    cases = [*mails.CASES, *_legitimate()]
    words = [one for one in sys.argv[1:] if not one.startswith("-")]
    if words:
        folder = Path(words[0])
        folder.mkdir(parents=True, exist_ok=True)
        write(cases, folder)
        (folder / "names.txt").write_text(
            "".join(f"{n:04} {c.attack}: {c.name}\n" for n, c in enumerate(cases))
        )
        return
    _report(cases, scanned="--no-scanner" not in sys.argv)


def _legitimate() -> list:  # type: ignore[type-arg]
    from tests.hostile.legitimate import CASES

    return CASES


def _report(cases: list, *, scanned: bool) -> None:  # type: ignore[type-arg]
    from tests.hostile.judge import faults
    from tests.hostile.run import run
    from tests.servers.clamd import running_clamd

    with running_clamd() if scanned else nullcontext() as server:
        done = run(cases, server.address if server else "")
    held, not_held = Counter[str](), defaultdict(list)
    for number, case in enumerate(cases):
        line = done.lines.get(f"{number:04}")
        found = faults(case, line, scanned=scanned) if line else ["no line"]
        held[case.attack] += not found
        if found:
            not_held[case.attack].append(f"{number:04} {case.name}: {'; '.join(found)[:300]}")
    for attack, count in Counter(case.attack for case in cases).items():
        print(f"{attack:24} {count:4} held {held[attack]:4}")
        for one in not_held[attack]:
            print(f"    {one}")
    slowest = sorted(done.lines.values(), key=lambda line: -line["seconds"])[:40]
    for line in slowest:
        print(
            f"{line['seconds']:7.2f} s  {cases[int(line['id'])].name}  {line['disposition']} {line['reason']}"
        )
    print(
        f"{sum(line['seconds'] for line in done.lines.values()):.1f} s in all, peak {done.peak_mb} MB"
    )
    print(done.errors[-3000:])


if __name__ == "__main__":
    main()
