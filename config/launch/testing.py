"""`test`: pytest on the embedded default, then once more on PostgreSQL; `--contract`: the table."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.launch.places import BASE_DIR
from config.launch.progress import Failure, say

PYTEST = (sys.executable, "-m", "pytest")
ON_POSTGRES = (sys.executable, "-m", "tests.servers.postgres")
NO_TESTS = 5
# Two at a time: each process has a database of its own.
ON_TWO = ("-n", "2", "--dist", "loadfile")
# These wait for servers and browsers more than for this machine's cores. The longest files come
# first (tests/plugins.py), not those of the most tests.
ON_THREE = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
TOGETHER = ("-m", "not alone and not long")
# Tests with a browser, then those with servers and databases of their own (tests/choice.py).
SLOWEST = "--durations=12"
BROWSER = ("-m", "browser and not long", SLOWEST)
ALONE = ("-m", "alone and not browser and not long", SLOWEST)
# Others would only say it again; what a connector does asks little of a database.
ON_DATABASE = ("-m", "database and not alone and not long and not connectors")


def main(arguments: list[str]) -> int:
    if importlib.util.find_spec("pytest") is None:
        raise Failure("The tests need requirements-dev.lock; it is not installed in here.")
    if "--contract" in arguments:
        return _contract([word for word in arguments if word != "--contract"])
    if arguments:
        first = _run([*PYTEST, *arguments])
    else:
        first = _on_the_embedded_default()
    if first or _names_tests(arguments):
        return first
    return _again_on_postgres(arguments)


def _on_the_embedded_default() -> int:
    together = _run([*PYTEST, *ON_TWO, *TOGETHER])
    return together or _run([*PYTEST, *ON_THREE, *BROWSER]) or _run([*PYTEST, *ON_THREE, *ALONE])


def _again_on_postgres(arguments: Sequence[str]) -> int:
    if not _postgres_is_there():
        say("not run here: the tests on PostgreSQL (install: apt-get install -y postgresql)")
        return 1 if os.environ.get("CI", "").lower() == "true" else 0
    say("the tests that ask the database, on PostgreSQL")
    code = _run([*ON_POSTGRES, *PYTEST, *ON_TWO, *ON_DATABASE, *arguments])
    return 0 if code == NO_TESTS else code


def _names_tests(arguments: Sequence[str]) -> bool:
    """Whoever names files wants these tests, once, quickly; faults have databases of their own."""
    return "faults" in arguments or any(
        (BASE_DIR / word.partition("::")[0]).exists() for word in arguments
    )


def _postgres_is_there() -> bool:
    question = "import sys; from tests.servers.postgres import programs; sys.exit(not programs())"
    return _run([sys.executable, "-c", question]) == 0


def _contract(arguments: Sequence[str]) -> int:
    """Only the table on stdout; what pytest says goes to stderr."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table"
        only = ["-m", "contract", "-q", f"--contract-table={table}"]
        code = _run([*PYTEST, *only, *arguments], stdout=sys.stderr.fileno())
        if table.exists():
            print(table.read_text(), end="")
    return code


def _run(command: Sequence[str], stdout: int | None = None) -> int:
    told = {**os.environ, "CARTERIA_NO_BOOTSTRAP": "1"}
    told.pop("DATABASE_URL", None)
    told.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes start; one compiles for all
    return subprocess.run(command, cwd=BASE_DIR, env=told, stdout=stdout, check=False).returncode
