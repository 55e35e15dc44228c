"""A PostgreSQL and a Redis that a test stops, kills and starts again, on the same data."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.launch.broker import Address, server_binary
from tests.servers import postgres
from tests.servers.redis import _wait_for

# What was committed outlives the server's death; that of the machine is nobody's fault here.
DURABLE = ("fsync=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=60")


@dataclass(slots=True)
class Stoppable:
    url: str
    command: Sequence[str]
    wait: Callable[[], None]
    options: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self.command, stdout=quiet, stderr=quiet, **self.options)
        self.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None


def dump(server: Stoppable) -> bytes:
    """A backup as an operator makes it, while everything runs."""
    done = _speak(server, "pg_dump", "--format=custom", "-d", postgres.DATABASE)
    return done.stdout


def restore(server: Stoppable, backup: bytes) -> None:
    """Over the database as it is; nobody may be connected."""
    _speak(server, "dropdb", "--force", postgres.DATABASE)
    _speak(server, "createdb", postgres.DATABASE)
    _speak(server, "pg_restore", "-d", postgres.DATABASE, stdin=backup)


def _speak(
    server: Stoppable, program: str, *words: str, stdin: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    folder = server.command[list(server.command).index("-k") + 1]
    command = postgres._command(program, "-h", folder, "-U", "postgres", *words)
    return subprocess.run(command, input=stdin, check=True, stdout=subprocess.PIPE)


@contextmanager
def stoppable_redis() -> Iterator[Stoppable]:
    """Nothing on disk: what it held is gone with it."""
    folder = Path(tempfile.mkdtemp(prefix="carteria-redis-"))
    address = Address(socket=str(folder / "s"))
    binary = shutil.which("redis-server") or str(server_binary())
    nothing_kept = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    command = [binary, "--port", "0", "--unixsocket", address.socket, *nothing_kept]
    server = Stoppable(address.url, command, lambda: _wait_for(address))
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stoppable_postgres() -> Iterator[Stoppable]:
    """With all tables, and no rows."""
    folder = Path(tempfile.mkdtemp(prefix="carteria-pg-"))
    postgres.copy_cluster(folder, migrated=True)
    where = ["-D", folder / "data", "-k", folder, "-c", "listen_addresses="]
    options = [word for setting in DURABLE for word in ("-c", setting)]
    command = postgres._command("postgres", *where, *options)
    server = Stoppable(
        postgres.address_in(folder),
        command,
        lambda: postgres.wait_until_ready(folder),
        postgres._as_postgres(),
    )
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
