"""Hands one mail to the account's server, SMTP verb by verb, and says honestly what became of it.

smtplib's `sendmail` does not tell on which side of the final dot it failed; these steps do:
before the dot nothing was accepted and a retry is safe, after it silence means *unknown*.
"""

import base64
import re
import select
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from apps.channels.compose import clean_line, wire_address
from apps.channels.models import EmailAccount, Tls
from apps.core.errors import Invalid
from apps.core.faults import crashpoint
from apps.core.secrets import unseal

CONNECT_SECONDS = 10
VERB_SECONDS = 25  # a lease of the caller must be longer
ANSWER_SECONDS = 45  # how long the server may think after the dot
CHUNK = 64 * 1024

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)
_SIZE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who hears of bounces, and everybody who gets the mail, Bcc too."""

    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: Literal["sent", "failed", "retry", "unknown"]
    code: int | None
    sentence: str


class _Settled(Exception):
    """The conversation is over before the dot; carries what became of the mail."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.kind)
        self.outcome = outcome


def send(
    account: EmailAccount,
    envelope: Envelope,
    raw: bytes,
    *,
    before_data: Callable[[], None],
    alive: Callable[[], None] = lambda: None,
) -> Outcome:
    """`before_data` runs when the whole mail but its final dot is over; what it raises calls the
    mail off. `alive` runs at least every VERB_SECONDS while the server lets us wait."""
    if not account.enabled or account.send_kind != EmailAccount.Send.SMTP:
        return Outcome("retry", None, _("The account is not in use for sending."))
    try:
        wire = _on_the_wire(envelope)
        crashpoint("deliver.before_connect")
        with _line(account, alive) as smtp:
            _offer(smtp, wire, raw, alive)
            _stop_if_server_spoke(smtp)
            crashpoint("deliver.before_dot")
            before_data()
            return _finish(smtp, alive)
    except _Settled as settled:
        return settled.outcome
    except (OSError, smtplib.SMTPException, Invalid) as failure:
        return _interrupted(failure)


def sign_in_only(account: EmailAccount) -> None:
    """For *Test connection*: raises what smtplib, ssl or the network raise."""
    with _line(account, lambda: None) as smtp:
        _leave(smtp)


def _on_the_wire(envelope: Envelope) -> Envelope:
    try:
        recipients = tuple(wire_address(one) for one in envelope.recipients)
        return Envelope(wire_address(envelope.sender), recipients)
    except Invalid as invalid:
        raise _Settled(Outcome("failed", None, invalid.sentence)) from None


# ---- before the mail: connection, encryption, password ------------------------------------


@contextmanager
def _line(account: EmailAccount, alive: Callable[[], None]) -> Iterator[smtplib.SMTP]:
    """A line on which MAIL may be said; cut at the end, since amid a mail nobody reads a QUIT."""
    smtp = _connected(account)
    try:
        _say_hello(smtp)
        if account.send_tls == Tls.STARTTLS:
            alive()
            smtp.starttls(context=_context(account))
            _say_hello(smtp)
        if account.send_user:
            alive()
            _sign_in(smtp, account.send_user, unseal(account.send_password))
        _remember_size(account, _announced_size(smtp))
        alive()
        yield smtp
    finally:
        smtp.close()


def _connected(account: EmailAccount) -> smtplib.SMTP:
    where = (account.send_host, account.send_port)
    nobody = "[127.0.0.1]"  # or smtplib asks the DNS for our own name
    if account.send_tls == Tls.IMPLICIT:
        context = _context(account)
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            *where, local_hostname=nobody, timeout=CONNECT_SECONDS, context=context
        )
    else:
        smtp = smtplib.SMTP(*where, local_hostname=nobody, timeout=CONNECT_SECONDS)
    _socket(smtp).settimeout(VERB_SECONDS)
    smtp.local_hostname = _own_name(_socket(smtp))
    return smtp


def _own_name(line: socket.socket) -> str:
    """An address literal: true, quick, and tells nobody how our machines are called."""
    address = str(line.getsockname()[0])
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


def _announced_size(smtp: smtplib.SMTP) -> int:
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


# ---- the mail, up to its final dot --------------------------------------------------------


def _offer(smtp: smtplib.SMTP, envelope: Envelope, raw: bytes, alive: Callable[[], None]) -> None:
    data = _FIRST_DOT.sub(b"..", _LINE_END.sub(b"\r\n", raw.removesuffix(b"\r\n") + b"\r\n"))
    _refuse_too_big(smtp, len(data))
    _name_sender(smtp, envelope.sender, len(data))
    _name_recipients(smtp, envelope.recipients, alive)
    alive()
    code, answer = smtp.docmd("DATA")
    if code != 354:
        raise _Settled(_refusal(code, answer))
    for start in range(0, len(data), CHUNK):
        alive()
        smtp.send(data[start : start + CHUNK])


def _refuse_too_big(smtp: smtplib.SMTP, size: int) -> None:
    limit = _announced_size(smtp)
    if 0 < limit < size:
        sentence = _(
            "The mail is too large for the server: %(size)s MB, it takes %(limit)s MB."
        ) % {
            "size": _megabytes(size),
            "limit": _megabytes(limit),
        }
        raise _Settled(Outcome("failed", None, sentence))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}" if size >= 100_000 else f"{size / 1_000_000:.4f}"


def _name_sender(smtp: smtplib.SMTP, sender: str, size: int) -> None:
    options = [f"SIZE={size}"] if smtp.has_extn("size") else []
    code, answer = smtp.mail(sender, options)
    if not 200 <= code <= 299:
        raise _Settled(_refusal(code, answer))


def _name_recipients(
    smtp: smtplib.SMTP, recipients: tuple[str, ...], alive: Callable[[], None]
) -> None:
    """All or nobody: else somebody would believe that it arrived everywhere."""
    refused: dict[str, tuple[int, bytes]] = {}
    for recipient in recipients:
        alive()
        code, answer = smtp.rcpt(recipient)
        if code == 421:
            raise _Settled(_refusal(code, answer))
        if not 200 <= code <= 299:
            refused[recipient] = (code, answer)
    if refused or not recipients:
        with suppress(OSError, smtplib.SMTPException):  # only a courtesy
            smtp.rset()
        raise _Settled(_refused_recipients(refused))


def _refused_recipients(refused: dict[str, tuple[int, bytes]]) -> Outcome:
    """A refusal for good outweighs one for now, since waiting cannot cure it."""
    for_good = {who: said for who, said in refused.items() if said[0] >= 500}
    named = for_good or refused
    if not named:
        return Outcome("failed", None, _("The mail has no recipient."))
    code, answer = next(iter(named.values()))
    sentence = _("Sent to nobody: the server does not take mail for %(who)s: %(said)s") % {
        "who": ", ".join(named),
        "said": _said(code, answer),
    }
    return Outcome("failed" if for_good else "retry", code, sentence)


def _stop_if_server_spoke(smtp: smtplib.SMTP) -> None:
    """Before the dot a server has nothing to say but no, or it has hung up."""
    if _has_bytes(_socket(smtp), seconds=0):
        raise _Settled(_refusal(*smtp.getreply()))


# ---- the dot and what comes after it ------------------------------------------------------


def _finish(smtp: smtplib.SMTP, alive: Callable[[], None]) -> Outcome:
    """From here on, only the server's own word says whether it has the mail."""
    try:
        _socket(smtp).sendall(b".\r\n")
    except (BrokenPipeError, ConnectionResetError) as failure:
        return _interrupted(failure)  # the line was dead before: the dot never left
    except (OSError, smtplib.SMTPException):
        return _silence()
    try:
        crashpoint("deliver.after_dot")
        _wait_for_answer(smtp, alive)
        code, answer = smtp.getreply()
    except (OSError, smtplib.SMTPException):
        return _silence()
    if not 200 <= code <= 299:
        return _refusal(code, answer) if 400 <= code <= 599 else _silence()
    _leave(smtp)
    return Outcome("sent", code, _said(code, answer))


def _wait_for_answer(smtp: smtplib.SMTP, alive: Callable[[], None]) -> None:
    """In short slices, so that the caller's lease lives as long as we wait."""
    end = time.monotonic() + ANSWER_SECONDS
    line = _socket(smtp)
    while not _has_bytes(line, seconds=min(5.0, max(0.0, end - time.monotonic()))):
        if time.monotonic() >= end:
            raise TimeoutError
        alive()


def _has_bytes(line: socket.socket, *, seconds: float) -> bool:
    if isinstance(line, ssl.SSLSocket) and line.pending():
        return True
    return bool(select.select([line], [], [], seconds)[0])


def _leave(smtp: smtplib.SMTP) -> None:
    """A farewell that fails changes nothing: the mail is over there."""
    with suppress(OSError, smtplib.SMTPException):
        _socket(smtp).settimeout(2)
        smtp.quit()


def _silence() -> Outcome:
    return Outcome(
        "unknown",
        None,
        _("The server had the whole mail and then fell silent: it may have arrived or not."),
    )


# ---- in words -----------------------------------------------------------------------------


def _refusal(code: int, answer: bytes) -> Outcome:
    """An answer before acceptance: 5xx is for good, all else is worth another try."""
    kind: Literal["failed", "retry"] = "failed" if 500 <= code <= 599 else "retry"
    sentence = _("The server refused the mail: %(said)s") % {"said": _said(code, answer)}
    return Outcome(kind, code if code > 0 else None, sentence)


def _interrupted(failure: Exception) -> Outcome:
    """Line, certificate or password: nothing was said about this mail, so it is kept and retried;
    an administrator may cure it meanwhile."""
    code = failure.smtp_code if isinstance(failure, smtplib.SMTPResponseException) else None
    return Outcome("retry", code if code and code > 0 else None, _cause(failure))


def _cause(failure: Exception) -> str:
    match failure:
        case Invalid():
            return failure.sentence
        case smtplib.SMTPAuthenticationError():
            return _("The server did not accept the account's user or password.")
        case smtplib.SMTPNotSupportedError():
            return _("The server does not offer the encryption or sign-in that the account needs.")
        case smtplib.SMTPResponseException():
            said = _said(failure.smtp_code, failure.smtp_error)
            return _("The server let nobody in: %(said)s") % {"said": said}
        case ssl.SSLCertVerificationError():
            return _("The server's certificate is not valid for its name or not trusted.")
        case socket.gaierror():
            return _("The server's name is not known to the DNS.")
        case TimeoutError():
            return _("The server did not answer in time.")
        case ConnectionRefusedError():
            return _("Nothing answers at the server's address and port.")
    return _("The line to the server broke before the mail was over.")


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return clean_line(f"{code} {text}" if code > 0 else text, 300)


def _socket(smtp: smtplib.SMTP) -> socket.socket:
    line = smtp.sock
    if line is None:
        raise smtplib.SMTPServerDisconnected("closed")
    return line
