"""A mail provider's interface on bare sockets that does what its script says, and keeps what it
took: it can hang up in the middle, fall silent, or answer with halves and garbage.

    CONNECT   before a word was said       HEAD   when the header of the request is there
    HALF      amid the body                BODY   when the whole request is there
"""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HALF = 20_000  # bytes of a body: tests that stop there send more


@dataclass(frozen=True, slots=True)
class Do:
    say: bytes = b""
    every: float = 0  # seconds between bytes
    then: str = "drop"  # or silence
    keeps: bool = False  # at BODY: the mail counts as taken, whatever is said


DROP, SILENCE = Do(), Do(then="silence")


def says(status: int, told: object = None, **headers: str) -> bytes:
    body = b"" if told is None else json.dumps(told).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, object]:
        return json.loads(self.body)  # type: ignore[no-any-return]


@dataclass(slots=True)
class ScriptedProvider:
    """`scripts`: one for each request, in order; without one it says yes, like the real ones."""

    port: int = 0
    scripts: list[dict[str, Do]] = field(default_factory=list)
    lines: int = 0  # that were opened
    taken: list[Asked] = field(default_factory=list)
    acted: threading.Event = field(default_factory=threading.Event)  # a line is over
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, line: socket.socket) -> None:
        script = self.scripts.pop(0) if self.scripts else {}
        self.lines += 1
        with suppress(OSError), line:
            with suppress(_Over):
                self._hold(line, script)
            line.shutdown(socket.SHUT_RDWR)
        self.acted.set()

    def _hold(self, line: socket.socket, script: dict[str, Do]) -> None:
        words = line.makefile("rb")
        self._do(line, script, "CONNECT")
        path, headers = _head(words)
        self._do(line, script, "HEAD")
        left = int(headers["content-length"])
        body = b""
        if "HALF" in script:
            body = words.read(HALF)
            self._do(line, script, "HALF")
        body += words.read(left - len(body))
        if len(body) < left:
            raise _Over
        asked = Asked(path, headers, body)
        if "BODY" not in script or script["BODY"].keeps:
            self.taken.append(asked)
        self._do(line, script, "BODY")
        line.sendall(self._yes(asked))

    def _do(self, line: socket.socket, script: dict[str, Do], step: str) -> None:
        if step not in script:
            return
        todo = script[step]
        size = 1 if todo.every else max(1, len(todo.say))
        for start in range(0, len(todo.say), size):
            time.sleep(todo.every)
            line.sendall(todo.say[start : start + size])
        if todo.then == "silence":
            self.over.wait(30)
        raise _Over

    def _yes(self, asked: Asked) -> bytes:
        number = len(self.taken)
        if asked.path == "/v2/email/outbound-emails":
            return says(200, {"MessageId": f"0100-{number}"})
        if asked.path.endswith("/messages.mime"):
            return says(200, {"id": f"<{number}@mg.test>", "message": "Queued. Thank you."})
        if asked.path == "/email":
            told = {"To": asked.told["To"], "MessageID": f"uuid-{number}", "ErrorCode": 0}
            return says(200, told | {"Message": "OK"})
        if asked.path == "/mail/send":
            return says(202)
        assert asked.path == "/smtp/email", asked.path
        return says(201, {"messageId": f"<{number}@smtp-relay.mailin.fr>"})


class _Over(Exception):
    """The line is cut."""


def _head(words: object) -> tuple[str, dict[str, str]]:
    first = words.readline().decode("latin-1")  # type: ignore[attr-defined]
    if " HTTP/1.1" not in first:
        raise _Over
    headers = {}
    while (row := words.readline()) not in (b"\r\n", b""):  # type: ignore[attr-defined]
        name, _colon, value = row.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return first.split()[1], headers


@contextmanager
def running_scripted_provider() -> Iterator[ScriptedProvider]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        provider = ScriptedProvider(port=door.getsockname()[1])
        threading.Thread(target=_answer, args=(door, provider), daemon=True).start()
        try:
            yield provider
        finally:
            provider.over.set()
            door.shutdown(socket.SHUT_RDWR)


def _answer(door: socket.socket, provider: ScriptedProvider) -> None:
    with suppress(OSError):
        while True:
            line, _where = door.accept()
            threading.Thread(target=provider.serve, args=(line,), daemon=True).start()
