"""An SMTP server that keeps every mail, and can be told to misbehave at any step."""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass(frozen=True, slots=True)
class Mail:
    sender: str
    recipients: list[str]
    raw: bytes


@dataclass
class SmtpSink:
    """`answers` maps a verb (MAIL, RCPT, DATA) to what is said instead of yes; `drop` names where
    the line is cut: before_dot is simulated by the verb DATA, after_dot keeps the mail and hangs up."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    drop_after_dot: bool = False
    pause: float = 0.0

    def behave(self) -> None:
        self.answers.clear()
        self.drop_after_dot = False
        self.pause = 0.0

    def wait_for(self, count: int, *, within: float = 20) -> list[Mail]:
        deadline = time.monotonic() + within
        while len(self.mails) < count:
            assert time.monotonic() < deadline, f"{len(self.mails)} of {count} mails came"
            time.sleep(0.05)
        return self.mails

    # ---- what aiosmtpd calls ---------------------------------------------------------------

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if said := self.answers.get("MAIL"):
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.answers.get(f"RCPT {address}") or self.answers.get("RCPT")
        if said:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.pause)
        if said := self.answers.get("DATA"):
            return said
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self.mails.append(Mail(envelope.mail_from or "", list(envelope.rcpt_tos), raw))
        if self.drop_after_dot:
            server.transport.abort()
        return "250 kept"


def _log_in(server: SMTP, session: Session, envelope: Envelope, kind: str, data: Any) -> AuthResult:
    """Everybody whose password is `pass-word`."""
    return AuthResult(success=getattr(data, "password", b"") == b"pass-word")


@contextmanager
def running_smtp_sink(
    *, tls: bool = False, size_limit: int = 64 * 2**20, auth: bool = False
) -> Iterator[SmtpSink]:
    sink = SmtpSink()
    options: dict[str, Any] = {"data_size_limit": size_limit}
    if tls:
        options["tls_context"] = _server_context()
    if auth:
        options |= {"authenticator": _log_in, "auth_required": True, "auth_require_tls": tls}
    controller = Controller(sink, hostname="127.0.0.1", port=0, **options)
    controller.port = _free_port()
    sink.port = controller.port
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


AUTHORITY = trustme.CA()
_lock = threading.Lock()


def _server_context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with _lock:
        AUTHORITY.issue_cert("localhost").configure_cert(context)
    return context


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    with running_smtp_sink() as sink:
        yield sink
