"""A private clamd that knows the test virus alone, and a scripted one that misbehaves."""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from apps.attachments import scanner
from apps.attachments.probes import encrypted, nested
from apps.attachments.probes import test_virus as virus
from apps.attachments.scan import answers

SIGNATURE = "Carteria.Test"
MARKED = b"carteria-finds-this-anywhere"  # harmless, and known wherever it stands


class Clamd:
    """Stopped and started by a test as it likes; the address stays."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder = folder
        self.address = f"unix:{folder / 's'}"
        self.process: subprocess.Popen[bytes] | None = None
        self._write_signatures()
        self._write_configuration(options)

    def start(self) -> None:
        program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")
        assert program, "clamd is not installed (apt-get install clamav-daemon)"
        command = [program, "--foreground", f"--config-file={self.folder / 'clamd.conf'}"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while not answers(self.address):
            assert self.process.poll() is None, "clamd did not start"
            assert time.monotonic() < deadline, "clamd did not start in time"
            time.sleep(0.05)
        scanner.forget()

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None
        (self.folder / "s").unlink(missing_ok=True)
        scanner.forget()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _write_signatures(self) -> None:
        database = self.folder / "db"
        database.mkdir()
        lines = [f"{SIGNATURE}:0:0:{virus().hex()}", f"Carteria.Marked:0:*:{MARKED.hex()}"]
        (database / "test.ndb").write_text("\n".join(lines) + "\n")

    def _write_configuration(self, options: dict[str, str]) -> None:
        settings = {
            "LocalSocket": str(self.folder / "s"),
            "DatabaseDirectory": str(self.folder / "db"),
            "TemporaryDirectory": str(self.folder),
            "LogFile": str(self.folder / "log"),
            "AlertExceedsMax": "yes",
            "AlertEncrypted": "yes",
            "StreamMaxLength": "100M",
            "MaxFileSize": "100M",
            "MaxScanSize": "400M",
            "ConcurrentDatabaseReload": "no",
            "IdleTimeout": "1",  # a reload waits in silence for idle threads to go
            "ScanImageFuzzyHash": "no",  # a small picture of 12,000 x 12,000 would take 1 GB
            **options,
        }
        lines = [f"{name} {value}" for name, value in settings.items()]
        (self.folder / "clamd.conf").write_text("\n".join(lines) + "\n")


@contextmanager
def running_clamd(**options: str) -> Iterator[Clamd]:
    folder = Path(tempfile.mkdtemp(prefix="carteria-clamd-"))
    server = Clamd(folder, **options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def clamd_server() -> Iterator[Clamd]:
    with running_clamd() as server:
        yield server


@pytest.fixture
def clamd(clamd_server: Clamd, settings: Settings) -> Clamd:
    """Running at the start of each test, named by the settings, its test signatures permitted."""
    if clamd_server.process is None:
        clamd_server.start()
    settings.CLAMD_ADDRESS = clamd_server.address
    settings.TEST_SIGNATURES = True
    scanner.forget()
    return clamd_server


NO_ROOM = b"stream: Error writing to temporary file. ERROR\0"
Answer = bytes | None  # None hangs up without a word
OK, FOUND, HANG = b"stream: OK\0", f"stream: {SIGNATURE} FOUND\0".encode(), b"hang"


def well(content: bytes) -> Answer:
    """As a healthy clamd answers, with both options that we require."""
    if content == nested():
        return b"stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\0"
    if content == encrypted():
        return b"stream: Heuristics.Encrypted.Zip FOUND\0"
    return FOUND if virus() in content else OK


def forgetful(content: bytes) -> Answer:
    """As a clamd answers that has both options off."""
    return FOUND if virus() in content else OK


class FakeClamd:
    """Speaks clamd's protocol on TCP; `script` answers a stream, `greets` says if commands work."""

    def __init__(self) -> None:
        self.script: Callable[[bytes], Answer] = well
        self.version = b"ClamAV 1.4.6/27800/Mon Nov 24 09:36:13 2025"
        self.greets = True
        self.cuts_at: int | None = None  # says that a stream of more bytes is too long
        self.dies_at: int | None = None  # hangs up without a word after so many bytes of a stream
        self.pause = 0.0  # between the bytes of a verdict
        self.streams: list[bytes] = []
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp:127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as lines:
            command = b""
            while not command.endswith(b"\0"):
                if not (letter := lines.read(1)):
                    return
                command += letter
            if command == b"zINSTREAM\0":
                self._answer(connection, self._stream(lines))
            elif self.greets:
                self._answer(connection, {b"zPING\0": b"PONG"}.get(command, self.version) + b"\0")
            else:
                self.over.wait(60)

    def _answer(self, connection: socket.socket, answer: Answer) -> None:
        if answer == HANG:
            self.over.wait(60)
        elif answer is not None and self.pause:
            self._trickle(connection, answer)
        elif answer is not None:
            connection.sendall(answer)

    def _trickle(self, connection: socket.socket, answer: bytes) -> None:
        for number in range(len(answer)):
            connection.sendall(answer[number : number + 1])
            if self.over.wait(self.pause):
                return

    def _stream(self, lines: object) -> Answer:
        content = b""
        while size := int.from_bytes(lines.read(4), "big"):  # type: ignore[attr-defined]
            content += lines.read(size)  # type: ignore[attr-defined]
            if self.dies_at is not None and len(content) >= self.dies_at:
                return None
            if self.cuts_at is not None and len(content) > self.cuts_at:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.streams.append(content)
        return self.script(content)


@pytest.fixture
def fake_clamd(settings: Settings) -> Iterator[FakeClamd]:
    server = FakeClamd()
    settings.CLAMD_ADDRESS = server.address
    settings.TEST_SIGNATURES = False
    scanner.forget()
    yield server
    server.close()
