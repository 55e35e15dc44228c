"""One connection to clamd: its framing and its deadlines, nothing of what the words mean."""

import socket
import time
from collections.abc import Callable
from mmap import mmap
from types import TracebackType
from typing import Literal, Self

CONNECT_SECONDS = 3
ALIVE_AFTER = 10  # seconds of silence before we ask whether clamd still lives
CHUNK = 128 * 1024
LONGEST_REPLY = 4096

Kind = Literal["refused", "dropped", "silent", "garbage", "full"]


class LineBroken(Exception):
    """Nothing listens, it hung up, it said nothing in time, or it spoke nonsense."""

    def __init__(self, sentence: str, kind: Kind) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.kind: Kind = kind


class Line:
    def __init__(self, address: str, *, deadline: float) -> None:
        self.deadline = deadline
        self.is_torn = False  # it answered, and did not read what we said after that
        self.socket = _connected(address, min(CONNECT_SECONDS, self._left()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send_command(self, command: bytes) -> None:
        self._send(b"z" + command + b"\0")

    def send_stream(self, content: bytes | mmap) -> None:
        """INSTREAM in chunks. Where clamd hangs up on us, its reply says why: read that."""
        view = memoryview(content)
        try:
            self._send(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                chunk = view[start : start + CHUNK]
                self._send(len(chunk).to_bytes(4, "big"))
                self._send(chunk)
            self._send(bytes(4))
        except LineBroken as broken:
            if broken.kind != "dropped":
                raise

    def reply(self, *, still_alive: Callable[[], bool] = lambda: True) -> bytes:
        """All that clamd says until it hangs up; an answer that is cut off is no answer.

        Not only up to the first NUL: after a verdict nothing may follow, least of all another one.
        """
        reply = b""
        try:
            while piece := self._receive(still_alive):
                reply += piece
                if len(reply) > LONGEST_REPLY:
                    raise LineBroken("clamd does not stop talking", "garbage")
        except LineBroken as broken:
            if broken.kind != "dropped" or not reply:
                raise
            self.is_torn = True
        if not reply.endswith(b"\0"):
            raise LineBroken("clamd hung up without an answer", "dropped")
        return reply

    def _receive(self, still_alive: Callable[[], bool]) -> bytes:
        while True:
            self.socket.settimeout(min(ALIVE_AFTER, self._left()))
            try:
                return self.socket.recv(LONGEST_REPLY)
            except TimeoutError:
                if not still_alive():
                    raise LineBroken("clamd hangs", "silent") from None
            except OSError as error:
                raise LineBroken("clamd broke the connection", "dropped") from error

    def _send(self, piece: bytes | memoryview) -> None:
        self.socket.settimeout(min(2 * ALIVE_AFTER, self._left()))
        try:
            self.socket.sendall(piece)
        except TimeoutError:
            raise LineBroken("clamd stopped reading", "silent") from None
        except OSError as error:
            raise LineBroken("clamd broke the connection", "dropped") from error

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise LineBroken("clamd did not answer in time", "silent")
        return left


def ask(address: str, command: bytes, *, seconds: float) -> bytes:
    """A command with a one-line answer, without its NUL."""
    with Line(address, deadline=time.monotonic() + seconds) as line:
        line.send_command(command)
        return line.reply().removesuffix(b"\0")


def _connected(address: str, seconds: float) -> socket.socket:
    kind, _, place = address.partition(":")
    try:
        if kind == "unix" and place:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(seconds)
            try:
                connection.connect(place)
            except OSError:
                connection.close()
                raise
            return connection
        host, _, port = place.rpartition(":")
        if kind == "tcp" and host and port.isdecimal():
            return socket.create_connection((host.strip("[]"), int(port)), seconds)
    except (OSError, OverflowError) as error:
        raise LineBroken("clamd is not reachable", "refused") from error
    raise LineBroken("the address of clamd is not unix:/path or tcp:host:port", "refused")
