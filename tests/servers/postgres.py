"""A private PostgreSQL: own folder, UNIX socket, no fsync. As root it runs as user `postgres`."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.servers.migrated import made_once, migrate

DATABASE = "carteria"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB")
# Tests take back what they write: to a vacuum meanwhile a table looks empty, and what the next test
# asks of thousands of rows would be planned for one.
FOR_TESTS = (*FAST, "autovacuum=off")


def programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps it off the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _version(initdb: Path) -> float:
    return float(initdb.parts[-3])


@contextmanager
def running_postgres(*, migrated: bool = False, settings: tuple[str, ...] = FAST) -> Iterator[str]:
    """Yields the DATABASE_URL of an empty database, MIGRATED with all tables."""
    folder = Path(tempfile.mkdtemp(prefix="carteria-pg-"))
    try:
        copy_cluster(folder, migrated=migrated)
        with _serving(folder, settings):
            yield address_in(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def address_in(folder: Path) -> str:
    return f"postgres://postgres@{quote(str(folder), safe='')}/{DATABASE}"


def copy_cluster(folder: Path, *, migrated: bool) -> None:
    """FOLDER gets `data`, and belongs to whoever may run PostgreSQL."""
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    kept = made_once("migrated", _make_migrated) if migrated else made_once("postgres", _make_empty)
    subprocess.run(["cp", "-a", kept / "data", folder / "data"], check=True)


def _make_empty(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    _run("initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8")
    with _serving(folder, FAST, end=signal.SIGINT):
        _create_database(folder)


def _make_migrated(folder: Path) -> None:
    copy_cluster(folder, migrated=False)
    with _serving(folder, FAST, end=signal.SIGINT):
        migrate(DATABASE_URL=address_in(folder))


@contextmanager
def _serving(
    folder: Path, settings: tuple[str, ...], *, end: signal.Signals = signal.SIGQUIT
) -> Iterator[None]:
    """Ends at once, since nothing is worth keeping, or in order by SIGINT."""
    options = [word for setting in settings for word in ("-c", setting)]
    where = ["-D", folder / "data", "-k", folder, "-c", "listen_addresses="]
    server = subprocess.Popen(
        _command("postgres", *where, *options),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **_as_postgres(),
    )
    try:
        wait_until_ready(folder)
        yield
    finally:
        server.send_signal(end)
        server.wait(30)


def wait_until_ready(folder: Path, *, seconds: float = 60) -> None:
    ready = _command("pg_isready", "-q", "-h", folder, "-U", "postgres")
    deadline = time.monotonic() + seconds
    while subprocess.run(ready, check=False).returncode:
        assert time.monotonic() < deadline, "PostgreSQL did not start in time"
        time.sleep(0.05)


def _command(program: str, *arguments: str | Path) -> list[str]:
    folder = programs()
    assert folder is not None, "PostgreSQL is not installed: apt-get install postgresql"
    return [str(folder / program), *map(str, arguments)]


def _as_postgres() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {"cwd": "/"}
    group = pwd.getpwnam("postgres").pw_gid
    return {"user": "postgres", "group": group, "extra_groups": [], "cwd": "/"}


def _run(program: str, *arguments: str | Path) -> None:
    command = _command(program, *arguments, "--no-sync", "--locale=C.UTF-8")
    subprocess.run(command, check=True, capture_output=True, timeout=60, **_as_postgres())


def _create_database(folder: Path) -> None:
    command = _command("createdb", "-h", folder, "-U", "postgres", DATABASE)
    subprocess.run(command, check=True, capture_output=True, **_as_postgres())


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """DATABASE_URL of a server of this test session."""
    with running_postgres(settings=FOR_TESTS) as url:
        yield url


if __name__ == "__main__":  # python -m tests.servers.postgres COMMAND: runs it with DATABASE_URL
    with running_postgres(settings=FOR_TESTS) as address:
        told = {**os.environ, "DATABASE_URL": address}
        sys.exit(subprocess.run(sys.argv[1:], env=told, check=False).returncode)


def report_of(module: str, folder: Path, *, seconds: int = 300) -> Any:
    """What a program of ours says in its last line, run on a PostgreSQL of its own."""
    with running_postgres() as url:
        told = {"DATABASE_URL": url, "CARTERIA_DATA": str(folder)}
        told |= {"DJANGO_SETTINGS_MODULE": "config.settings"}
        done = subprocess.run(
            [sys.executable, "-m", module],
            env=os.environ | told,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=seconds,
        )
    return json.loads(done.stdout.splitlines()[-1])
