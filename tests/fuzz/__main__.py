"""Guided fuzzing of the mail parser: `python -m tests.fuzz FOLDER [-max_total_time=SECONDS]`.

Needs `pip install atheris`. FOLDER keeps the inputs that reached new code; the samples of
tests/emails and the mutants are put there first. Stops at the first promise that is not kept.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["apps.channels", "apps.core.mime"]):
    from apps.channels.parse import read  # noqa: F401  # instrumented before anybody else loads it
    from tests.fuzz.promises import keep

from tests.channels.odd_mails import NAMES, raw
from tests.mutants import STUFF, mutants

LONGEST = 64 * 1024


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / name).write_bytes(raw(name))
    for number, mail in enumerate(mutants(500)):
        (folder / f"mutant-{number}").write_bytes(mail)
    words = folder.parent / f"{folder.name}.words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in STUFF))
    atheris.Setup([*sys.argv, f"-dict={words}", f"-max_len={LONGEST}", "-timeout=20"], keep)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


main()
