"""The line to an account's SMTP server: connected, encrypted, signed in, never waited on for ever.

Each answer as a whole has its time, so that a server that dribbles costs no more than a silent one.
"""

import base64
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from apps.channels.forecast import note_certificate
from apps.channels.models import EmailAccount, Tls
from apps.channels.oauth.tokens import granted_to, with_token
from apps.channels.transports import xoauth2
from apps.channels.transports.certificate import certificate_until
from apps.core.secrets import unseal

CONNECT_SECONDS = 10
VERB_SECONDS = 25  # a lease of the caller must be longer

_SIZE = re.compile(r"[0-9]{1,18}")


def sign_in_only(account: EmailAccount) -> None:
    """For *Test connection*: raises what smtplib, ssl or the network raise."""
    with line(account, lambda: None) as smtp:
        leave(smtp)


@contextmanager
def line(account: EmailAccount, alive: Callable[[], None]) -> Iterator[smtplib.SMTP]:
    """A line on which MAIL may be said; cut at the end, since amid a mail nobody reads a QUIT."""
    smtp = with_token(account, lambda token: _signed_in(account, token, alive))
    try:
        _remember_size(account, announced_size(smtp))
        note_certificate(account, "send", certificate_until(smtp.sock))
        alive()
        yield smtp
    finally:
        smtp.close()


def _signed_in(account: EmailAccount, token: str, alive: Callable[[], None]) -> smtplib.SMTP:
    """By TOKEN, or by password where it is empty."""
    alive()
    smtp = _connected(account)
    try:
        _say_hello(smtp)
        if account.send_tls == Tls.STARTTLS:
            alive()
            smtp.starttls(context=_context(account))
            _say_hello(smtp)
        alive()
        if token:
            _show_token(smtp, account, token)
        elif account.send_user:
            _sign_in(smtp, account.send_user, unseal(account.send_password))
    except BaseException:
        smtp.close()
        raise
    return smtp


class _Patient(smtplib.SMTP):
    """Each answer as a whole has its time, and counts when its last line has ended."""

    answer_seconds: float = CONNECT_SECONDS

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = _WholeLines(socket_of(self).makefile("rb"))
        with cut_after(socket_of(self), self.answer_seconds):
            return super().getreply()


class _WholeLines:
    """What smtplib reads answers from; it would take the half line of a broken one for a word."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readline(self, limit: int) -> bytes:
        line = self._file.readline(limit)
        return line if line.endswith(b"\n") or len(line) >= limit else b""

    def close(self) -> None:
        self._file.close()


class _PatientTls(_Patient, smtplib.SMTP_SSL):
    pass


@contextmanager
def cut_after(wire: socket.socket, seconds: float) -> Iterator[None]:
    """From another thread, so of the socket alone: TLS would not be safe to touch."""

    def cut() -> None:
        with suppress(OSError):
            socket.socket.shutdown(wire, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _connected(account: EmailAccount) -> smtplib.SMTP:
    where = (account.send_host, account.send_port)
    nobody = "[127.0.0.1]"  # or smtplib asks the DNS for our own name
    if account.send_tls == Tls.IMPLICIT:
        context = _context(account)
        smtp: _Patient = _PatientTls(
            *where, local_hostname=nobody, timeout=CONNECT_SECONDS, context=context
        )
    else:
        smtp = _Patient(*where, local_hostname=nobody, timeout=CONNECT_SECONDS)
    allow(smtp, VERB_SECONDS)
    smtp.local_hostname = _own_name(socket_of(smtp))
    return smtp


def allow(smtp: smtplib.SMTP, seconds: float) -> None:
    """For each answer from now on."""
    assert isinstance(smtp, _Patient)
    smtp.answer_seconds = seconds
    socket_of(smtp).settimeout(seconds)


def _own_name(wire: socket.socket) -> str:
    """An address literal: true, quick, and tells nobody how our machines are called."""
    address = str(wire.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _context(account: EmailAccount) -> ssl.SSLContext:
    """Checks the server's certificate and name; a private authority replaces the public ones."""
    return ssl.create_default_context(cafile=account.send_ca_file or None)


def _say_hello(smtp: smtplib.SMTP) -> None:
    code, answer = smtp.ehlo()
    if not 200 <= code <= 299:
        code, answer = smtp.helo()
    if not 200 <= code <= 299:
        raise smtplib.SMTPHeloError(code, answer)


def _sign_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    try:
        smtp.login(user, password)
    except UnicodeEncodeError:  # smtplib knows ASCII passwords only, AUTH PLAIN knows all
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        code, answer = smtp.docmd("AUTH", f"PLAIN {secret}")
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, answer) from None


def _show_token(smtp: smtplib.SMTP, account: EmailAccount, token: str) -> None:
    host, port = account.send_host, account.send_port
    user = account.send_user or account.receive_user
    mechanism = xoauth2.mechanism_of(smtp.esmtp_features.get("auth", "").upper().split())
    if not mechanism:
        raise xoauth2.no_mechanism(host, port)
    first = xoauth2.first_words(mechanism, user, token, host=host, port=port)
    code, answer = smtp.docmd("AUTH", mechanism)  # a token is too long for one line (RFC 4954, 4)
    if code == 334:
        code, answer = smtp.docmd(_in_base64(first))
    challenge = answer if code == 334 else b""
    if code == 334:
        code, answer = smtp.docmd(_in_base64(xoauth2.last_words(mechanism)))
    if code == 235:
        return
    if code == 421 or 400 <= code <= 499:
        raise smtplib.SMTPAuthenticationError(code, answer)
    raise xoauth2.refused(
        host, port, user=user, granted_to=granted_to(account), protocol="SMTP", challenge=challenge
    )


def _in_base64(words: bytes) -> str:
    return base64.b64encode(words).decode()


def announced_size(smtp: smtplib.SMTP) -> int:
    """The largest mail that the server takes (RFC 1870); 0 where it sets no limit."""
    announced = smtp.esmtp_features.get("size", "")
    return int(announced) if _SIZE.fullmatch(announced) else 0


def _remember_size(account: EmailAccount, size: int) -> None:
    """For the forms, which tell it before anybody writes. Of the server that was asked alone: an
    account under test may name one that is not saved."""
    if (account.announced_size, account.announced_by) == (size, account.sends_through):
        return
    account.announced_size, account.announced_by = size, account.sends_through
    if not account.pk:
        return
    same = EmailAccount.objects.filter(
        pk=account.pk, send_host=account.send_host, send_port=account.send_port
    )
    same.update(announced_size=size, announced_by=account.announced_by)


def leave(smtp: smtplib.SMTP) -> None:
    """A farewell that fails changes nothing: the mail is over there."""
    with suppress(OSError, smtplib.SMTPException):
        allow(smtp, 2)
        smtp.quit()


def socket_of(smtp: smtplib.SMTP) -> socket.socket:
    wire = smtp.sock
    if wire is None:
        raise smtplib.SMTPServerDisconnected("closed")
    return wire
