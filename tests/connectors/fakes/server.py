"""A real HTTP server on loopback around a fake CRM, and everything that can go wrong on the way."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from tests.connectors.fakes.mischief import Chooser, Mischief, never

PAGE = b"<!doctype html><title>Just a moment</title><p>We are checking your browser."
RECORD = "/__record"  # what the fake has got, for a test in another process


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def first(self, name: str) -> str:
        return self.query.get(name, [""])[0]


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json; charset=utf-8"


def as_json(said: Any, status: int = 200, **headers: str) -> Answered:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answered(status, json.dumps(said).encode(), named)


def as_page(status: int) -> Answered:
    return Answered(status, PAGE, kind="text/html; charset=utf-8")


class Fake(Protocol):
    def answer(self, asked: Asked) -> Answered:
        """One at a time: the server sees to it."""

    def record(self) -> Any: ...


class FakeServer:
    """`chooser` decides for each request; `seen` counts what it chose."""

    def __init__(
        self, fake: Fake, chooser: Chooser = never, *, latency: float = 0, patience: float = 0.6
    ) -> None:
        self.fake, self.chooser = fake, chooser
        self.latency, self.patience = latency, patience
        self.seen: Counter[str] = Counter()
        self.asked: list[Asked] = []
        self.stops = threading.Event()
        self._lock = threading.Lock()
        server = _Server(("127.0.0.1", 0), _Handler)
        server.its = self  # type: ignore[attr-defined]
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        self.stops.set()
        self._server.shutdown()
        self._server.server_close()

    def decide(self, asked: Asked) -> tuple[Mischief, Answered]:
        """In the order of arrival, as a CRM's own database would."""
        with self._lock:
            mischief = self.chooser()
            self.seen[mischief.value or "fine"] += 1
            self.asked.append(asked)
            return mischief, self.fake.answer(asked) if mischief.is_done else _instead(mischief)

    def told(self) -> Answered:
        with self._lock:
            return as_json({"record": self.fake.record(), "seen": self.seen})


@contextmanager
def running(server: FakeServer) -> Iterator[FakeServer]:
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)


def _instead(mischief: Mischief) -> Answered:
    later = datetime.now(UTC) + timedelta(seconds=2)
    match mischief:
        case Mischief.BAD_GATEWAY:
            return as_page(502)
        case Mischief.PAGE:
            return as_page(200)
        case Mischief.BUSY:
            return as_json({"error": "TooManyRequests"}, 429, Retry_After="1")
        case Mischief.BUSY_UNTIL:
            date = format_datetime(later, usegmt=True)
            return as_json({"error": "TooManyRequests"}, 429, Retry_After=date)
        case Mischief.UNAUTHORIZED:
            return as_json({"error": "Couldn't authenticate you"}, 401)
        case Mischief.MOVED:
            return Answered(302, headers={"Location": "https://elsewhere.example.com/login"})
    return as_json({"error": "InternalServerError"}, 500)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_arguments: Any) -> None:
        """The other side has given up or was killed: that is what we are here for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _any(self) -> None:
        its: FakeServer = self.server.its  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        if parts.path == RECORD:
            self._send(its.told())
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # cut off: no request
            self.close_connection = True
            return
        query = parse_qs(parts.query, keep_blank_values=True)
        asked = Asked(self.command, parts.path, query, dict(self.headers.items()), body)
        time.sleep(its.latency)
        self._misbehave(its, *its.decide(asked))

    do_GET = do_POST = do_PUT = do_DELETE = _any

    def _misbehave(self, its: FakeServer, mischief: Mischief, answer: Answered) -> None:
        match mischief:
            case Mischief.HANGS | Mischief.HANGS_AFTER:
                its.stops.wait(its.patience)
                self.close_connection = True
            case Mischief.DROPS | Mischief.DROPS_AFTER:
                self.close_connection = True
            case Mischief.ERROR_AFTER:
                self._send(as_json({"error": "InternalServerError"}, 500))
            case Mischief.HALF:
                whole = _as_bytes(answer)
                self.wfile.write(whole[: len(whole) - max(len(answer.body) // 2, 1)])
                self.close_connection = True
            case Mischief.DRIPS:
                self._drip(its, _as_bytes(answer))
            case _:
                self._send(answer)

    def _send(self, answer: Answered) -> None:
        self.wfile.write(_as_bytes(answer))

    def _drip(self, its: FakeServer, whole: bytes) -> None:
        """The head at once, so that the other side believes that the answer comes."""
        head, _blank, body = whole.partition(b"\r\n\r\n")
        self.close_connection = True
        try:
            self.wfile.write(head + b"\r\n\r\n")
            for place in range(len(body)):
                self.wfile.write(body[place : place + 1])
                if its.stops.wait(its.patience / 4):
                    return
        except OSError:  # the other side has given up, as it should
            return

    def log_message(self, *_arguments: Any) -> None:
        """Nobody reads it."""


def _as_bytes(answer: Answered) -> bytes:
    """In one piece: two would wait for each other (Nagle and delayed acknowledgements)."""
    reason = HTTPStatus(answer.status).phrase
    head = [f"HTTP/1.1 {answer.status} {reason}", f"Content-Length: {len(answer.body)}"]
    head += [f"Content-Type: {answer.kind}"] if answer.body else []
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + answer.body
