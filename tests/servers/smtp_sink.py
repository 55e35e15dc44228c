"""An SMTP server that keeps every mail, and misbehaves wherever a test tells it to.

As its own process: `python -m tests.servers.smtp_sink --port N --out DIR [--answer RCPT="450 later"]`.
"""

import argparse
import asyncio
import json
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

VERBS = ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT", "DOT")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail whose final dot was seen."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    options: tuple[str, ...] = ()  # behind MAIL FROM


@dataclass(slots=True)
class SmtpSink:
    """What the server has and how it behaves; change the behaviour at any time."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # the verbs heard, in order
    answers: dict[str, str] = field(default_factory=dict)  # verb → "450 not now"; DOT: after it
    refused: dict[str, str] = field(default_factory=dict)  # recipient → answer
    drops: set[str] = field(default_factory=set)  # verbs at which the line is cut; DOT: mail kept
    silent: set[str] = field(default_factory=set)  # verbs that are never answered
    without: set[str] = field(default_factory=set)  # what EHLO does not offer, such as SIZE
    caught: Callable[[Mail], None] = lambda _mail: None
    in_data: threading.Event = field(default_factory=threading.Event)  # a mail has come so far
    may_go_on: threading.Event = field(default_factory=threading.Event)  # clear it: wait there
    knows: Callable[[str, str], bool] | None = None  # whose token it is

    def __post_init__(self) -> None:
        self.may_go_on.set()

    def wait_for(self, count: int, *, within: float = 20) -> list[Mail]:
        deadline = time.monotonic() + within
        while len(self.mails) < count:
            assert time.monotonic() < deadline, f"{len(self.mails)} of {count} mails came"
            time.sleep(0.05)
        return self.mails

    def behave(self) -> None:
        """As a good server again, with an empty memory."""
        for one in (self.mails, self.said, self.answers, self.refused, self.drops, self.silent):
            one.clear()
        self.without.clear()
        self.caught = lambda _mail: None
        self.in_data.clear()
        self.may_go_on.set()


class _Server(SMTP):
    """aiosmtpd, with a word of the script before each verb."""

    line_length_limit = 1001

    def __init__(self, sink: SmtpSink, **options: Any) -> None:
        super().__init__(_Keeper(sink), hostname="sink.test", **options)
        self.sink = sink

    async def _scripted(self, verb: str) -> bool:
        """True: the script has dealt with this verb."""
        self.sink.said.append(verb)
        if verb in self.sink.drops:
            self._cut()
            return True
        if verb in self.sink.silent:
            await asyncio.sleep(3600)
        if answer := self.sink.answers.get(verb):
            await self.push(answer)
            return True
        return False

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    async def _handle_client(self) -> None:
        if await self._scripted("CONNECT"):
            self._cut_softly()
        else:
            await super()._handle_client()

    def _cut_softly(self) -> None:
        if self.transport is not None:
            self.transport.close()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._scripted("EHLO"):
            await super().smtp_EHLO(hostname)

    async def push(self, status: Any) -> None:
        """Without what the script takes from the greeting."""
        word = str(status)[4:].split(" ")[0]
        if not (str(status).startswith("250-") and word in self.sink.without):
            await super().push(status)

    async def smtp_HELO(self, hostname: str) -> None:
        if not await self._scripted("EHLO"):
            await super().smtp_HELO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._scripted("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str) -> None:
        if not await self._scripted("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:
        named = next((said for who, said in self.sink.refused.items() if f"<{who}>" in arg), "")
        if named:
            self.sink.said.append("RCPT")
            await self.push(named)
        elif not await self._scripted("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self._scripted("DATA"):
            return
        if "CONTENT" in self.sink.drops:
            await self.push("354 go ahead, I shall not listen")
            self._cut()
            return
        if "CONTENT" in self.sink.answers:
            await self.push("354 go ahead")
            await self._reader.read(1)
            await self.push(self.sink.answers["CONTENT"])
            self._cut_softly()
            return
        await super().smtp_DATA(arg)


class _TokenServer(_Server):
    """Takes tokens, which need longer lines (RFC 4954, 4)."""

    line_length_limit = 12_288

    async def auth_XOAUTH2(self, _server: SMTP, _args: list[str]) -> AuthResult:
        shown = await self.challenge_auth("")
        user, _between, token = str(shown, "utf-8", "replace").partition("\1auth=Bearer ")
        if self.sink.knows and self.sink.knows(
            user.removeprefix("user="), token.removesuffix("\1\1")
        ):
            return AuthResult(success=True)
        await self.challenge_auth('{"status":"401","schemes":"bearer"}')
        return AuthResult(success=False, handled=False)


class _Keeper:
    """Keeps the mail, then says what the script wants after the dot."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:
        sink = self.sink
        sink.said.append("DOT")
        sink.in_data.set()
        await asyncio.get_running_loop().run_in_executor(None, sink.may_go_on.wait, 30)
        if answer := sink.answers.get("DOT"):
            return answer
        content = envelope.original_content or b""
        options = tuple(envelope.mail_options)
        mail = Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, options)
        sink.mails.append(mail)
        sink.caught(mail)
        if "DOT" in sink.drops:
            server._cut()
            await asyncio.sleep(0)
        if "DOT" in sink.silent:
            await asyncio.sleep(3600)
        return "250 2.0.0 kept"


class _Controller(Controller):
    def __init__(self, sink: SmtpSink, server_options: dict[str, Any], **options: Any) -> None:
        self.sink, self.options = sink, server_options
        super().__init__(_Keeper(sink), hostname=sink.host, **options)

    def factory(self) -> _Server:
        kind = _TokenServer if self.sink.knows else _Server
        return kind(self.sink, loop=self.loop, **self.options)

    def _trigger_server(self) -> None:
        """aiosmtpd waits until a first line was opened; this one is no part of any test."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
        self.sink.said.clear()


@contextmanager
def running_smtp_sink(
    *,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    users: dict[str, str] | None = None,
    knows: Callable[[str, str], bool] | None = None,
    size_limit: int = 64 * 2**20,
    utf8: bool = False,
) -> Iterator[SmtpSink]:
    """Runs in a thread of its own until the block ends. USERS sign in by password, or those whose
    token it KNOWS by XOAUTH2."""
    sink = SmtpSink(port=port, knows=knows)
    options: dict[str, Any] = {"data_size_limit": size_limit, "enable_SMTPUTF8": utf8}
    if tls and not implicit:
        options |= {"tls_context": tls, "require_starttls": True}
    if users is not None:
        options |= {"auth_require_tls": False, "auth_required": True}
        options |= {"authenticator": _authenticator(users)}
    elif knows is not None:
        options |= {"auth_require_tls": False, "auth_required": True}
    controller = _Controller(sink, options, port=port, ssl_context=tls if implicit else None)
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        sink.may_go_on.set()
        controller.stop(no_assert=True)


def _authenticator(users: dict[str, str]) -> Callable[..., AuthResult]:
    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        good = users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False)

    return check


@dataclass(frozen=True, slots=True)
class Certificates:
    ca_file: str
    good: ssl.SSLContext  # for 127.0.0.1
    other_name: ssl.SSLContext


def make_certificates(folder: Path) -> Certificates:
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return Certificates(
        str(ca_file), _context(authority, "127.0.0.1"), _context(authority, "elsewhere.test")
    )


def _context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("smtp-ca"))


@pytest.fixture(scope="session")
def _one_sink() -> Iterator[SmtpSink]:
    with running_smtp_sink() as sink:
        yield sink


@pytest.fixture
def smtp_sink(_one_sink: SmtpSink) -> Iterator[SmtpSink]:
    """A plain server that behaves, until the test says otherwise."""
    _one_sink.behave()
    yield _one_sink
    _one_sink.behave()


# ---- as a process -------------------------------------------------------------------------


def main() -> None:
    """Writes NNNN.eml and NNNN.json (the envelope) into the folder; says `ready PORT` on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--answer", action="append", default=[], metavar="VERB=CODE TEXT")
    parser.add_argument("--drop", action="append", default=[], choices=VERBS)
    parser.add_argument("--size-limit", type=int, default=64 * 2**20)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with running_smtp_sink(port=options.port, size_limit=options.size_limit) as sink:
        sink.answers.update(answer.split("=", 1) for answer in options.answer)
        sink.drops.update(options.drop)
        sink.caught = _writer(options.out)
        print(f"ready {sink.port}", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


def _writer(folder: Path) -> Callable[[Mail], None]:
    """The mail appears under its name at once and whole."""

    def write(mail: Mail) -> None:
        number = len(list(folder.glob("*.eml"))) + 1
        envelope = {"sender": mail.sender, "recipients": mail.recipients}
        (folder / f"{number:04}.json").write_text(json.dumps(envelope))
        half = folder / f"{number:04}.part"
        half.write_bytes(mail.raw)
        half.replace(folder / f"{number:04}.eml")

    return write


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    sys.exit(main())
