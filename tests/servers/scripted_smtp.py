"""An SMTP server of bare sockets that does what its script says at each step, and writes a history.

It can break the protocol where aiosmtpd would not: half lines, answers byte by byte, silence, a
dropped line before or after the mail was kept.
"""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

GOOD = {
    "CONNECT": b"220 scripted\r\n",
    "EHLO": b"250-scripted\r\n250 SIZE 50000000\r\n",
    "DATA": b"354 go ahead\r\n",
    "QUIT": b"221 bye\r\n",
}
OK = b"250 2.0.0 ok\r\n"


@dataclass(frozen=True, slots=True)
class Do:
    """At one step: what is said, byte by byte if `every` says so, and what follows."""

    say: bytes = b""
    every: float = 0  # seconds between bytes
    then: str = "go on"  # or drop, or silence
    keeps: bool = False  # at DOT: the mail counts as taken, whatever is said


DROP, SILENCE = Do(then="drop"), Do(then="silence")


@dataclass(frozen=True, slots=True)
class Event:
    at: float  # monotonic
    step: str
    said: str  # by us


@dataclass(slots=True)
class ScriptedSmtp:
    """`scripts`: one for each line that is opened, in order; without one it is a good server."""

    port: int = 0
    scripts: list[dict[str, Do]] = field(default_factory=list)
    history: list[Event] = field(default_factory=list)
    copies: Counter[str] = field(default_factory=Counter)  # by recipient
    mails: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def serve(self, line: socket.socket) -> None:
        script = self.scripts.pop(0) if self.scripts else {}
        with suppress(OSError, _Over), line:
            _Conversation(self, line, script).hold()

    def steps(self) -> list[str]:
        return [one.step for one in self.history]


class _Over(Exception):
    """The line is cut, by them or by the script."""


class _Conversation:
    def __init__(self, server: ScriptedSmtp, line: socket.socket, script: dict[str, Do]) -> None:
        self.server, self.line, self.script = server, line, script
        self.words = line.makefile("rb")
        self.accepted: list[str] = []

    def hold(self) -> None:
        self._do("CONNECT", "")
        while words := self.words.readline():
            self._hear(words.decode("utf-8", "replace").strip())

    def _hear(self, words: str) -> None:
        verb = words[:4].upper()
        step = f"RCPT {_address(words)}" if verb == "RCPT" else verb
        said = self._do(step, words)
        if verb == "RCPT" and said.startswith(b"2"):
            self.accepted.append(_address(words))
        elif verb in ("MAIL", "RSET"):
            self.accepted.clear()
        elif verb == "DATA" and said.startswith(b"354"):
            self._take()
        elif verb == "QUIT":
            raise _Over

    def _take(self) -> None:
        mail = b""
        while (row := self.words.readline()) != b".\r\n":
            if not row:
                self._note("CUT", "")
                raise _Over
            mail += row
        todo = self.script.get("DOT", Do(OK, keeps=True))
        if todo.keeps:
            self.server.copies.update(self.accepted)
            self.server.mails.append(mail)
        self._do("DOT", ".")

    def _do(self, step: str, words: str) -> bytes:
        self._note(step, words)
        todo = self.script.get(step, Do(GOOD.get(step, OK)))
        step_size = 1 if todo.every else max(1, len(todo.say))
        for start in range(0, len(todo.say), step_size):
            time.sleep(todo.every)
            self.line.sendall(todo.say[start : start + step_size])
        if todo.then == "silence":
            self.server.over.wait(30)
        if todo.then != "go on":
            raise _Over
        return todo.say

    def _note(self, step: str, words: str) -> None:
        self.server.history.append(Event(time.monotonic(), step, words))


def _address(words: str) -> str:
    return words.partition("<")[2].partition(">")[0]


@contextmanager
def running_scripted_smtp() -> Iterator[ScriptedSmtp]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = ScriptedSmtp(port=door.getsockname()[1])
        threading.Thread(target=_answer, args=(door, server), daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            door.shutdown(socket.SHUT_RDWR)


def _answer(door: socket.socket, server: ScriptedSmtp) -> None:
    with suppress(OSError):
        while True:
            line, _where = door.accept()
            threading.Thread(target=server.serve, args=(line,), daemon=True).start()
