"""Hands one mail to the account's server, SMTP verb by verb, and says honestly what became of it.
A provider that takes mail over its own interface is spoken to in `provider_api`.

smtplib's `sendmail` does not tell on which side of the final dot it failed; these steps do:
before the dot nothing was accepted and a retry is safe, after it silence means *unknown*.
"""

import re
import select
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from apps.channels.compose import clean_line, wire_address
from apps.channels.models import EmailAccount
from apps.channels.outcome import Envelope, Heard, Outcome, Settled
from apps.channels.provider_api import sending
from apps.channels.smtp_line import allow, announced_size, leave, line, socket_of
from apps.channels.transports.errors import TransportError
from apps.core.errors import Invalid
from apps.core.faults import crashpoint

__all__ = ["ANSWER_SECONDS", "DOT_SECONDS", "Envelope", "Heard", "Outcome", "send"]

DOT_SECONDS, ANSWER_SECONDS = 5, 40  # for the dot to leave, and for what the server says to it
CHUNK = 64 * 1024

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)
_LATER = re.compile(r"\b4\.7\.\d")  # RFC 3463, 3.8: for now, for reasons of policy
_TOO_MUCH = re.compile(r"\brate\b|\blimit|throttl|too (?:many|much|fast)|slow down", re.I)


def send(
    account: EmailAccount,
    envelope: Envelope,
    raw: bytes,
    *,
    before_data: Callable[[], None],
    alive: Callable[[], None] = lambda: None,
    heard: Heard | None = None,
) -> Outcome:
    """`before_data` runs when the whole mail but its final dot is over; what it raises calls the
    mail off. `alive` runs at least every VERB_SECONDS until then. HEARD is filled with what the
    server says to each recipient's name: the outcome is of those that it accepted alone."""
    if not account.enabled or account.send_kind == EmailAccount.Send.NONE:
        return Outcome("retry", None, _("The account is not in use for sending."))
    if account.send_kind == EmailAccount.Send.ANYMAIL:
        return sending.send(
            account, envelope, raw, before_data=before_data, alive=alive, heard=heard
        )
    try:
        wire = _on_the_wire(envelope)
        crashpoint("deliver.before_connect")
        with line(account, alive) as smtp:
            _offer(smtp, wire, raw, alive, {} if heard is None else heard)
            _stop_if_server_spoke(smtp)
            crashpoint("deliver.before_dot")
            before_data()
            return _finish(smtp)
    except Settled as settled:
        return settled.outcome
    except TransportError as failure:  # of OAuth; an administrator may cure it meanwhile
        throttled = failure.code == "throttled"
        return Outcome("retry", None, _(failure.template) % failure.facts, throttled)
    except (OSError, smtplib.SMTPException, Invalid) as failure:
        return _interrupted(failure)


@dataclass(frozen=True, slots=True)
class _Wire:
    """The envelope as the server reads it; each recipient with the name that the caller knows."""

    sender: str
    recipients: tuple[tuple[str, str], ...]

    @property
    def not_ascii(self) -> list[str]:
        named = (self.sender, *(wire for _known, wire in self.recipients))
        return [one for one in named if not one.isascii()]


def _on_the_wire(envelope: Envelope) -> _Wire:
    try:
        recipients = tuple((one, wire_address(one, utf8=True)) for one in envelope.recipients)
        return _Wire(wire_address(envelope.sender), recipients)
    except Invalid as invalid:
        raise Settled(Outcome("failed", None, invalid.sentence)) from None


# ---- the mail, up to its final dot --------------------------------------------------------


def _offer(
    smtp: smtplib.SMTP, wire: _Wire, raw: bytes, alive: Callable[[], None], heard: Heard
) -> None:
    data = _FIRST_DOT.sub(b"..", _LINE_END.sub(b"\r\n", raw.removesuffix(b"\r\n") + b"\r\n"))
    _refuse_too_big(smtp, len(data))
    _name_sender(smtp, wire.sender, [*_size_of(smtp, data), *_letters_of(smtp, wire, data)])
    _name_recipients(smtp, wire, alive, heard)
    alive()
    code, answer = smtp.docmd("DATA")
    if code != 354:
        raise Settled(_refusal(code, answer))
    for start in range(0, len(data), CHUNK):
        alive()
        smtp.send(data[start : start + CHUNK])


def _refuse_too_big(smtp: smtplib.SMTP, size: int) -> None:
    limit = announced_size(smtp)
    if 0 < limit < size:
        sentence = _(
            "The mail is too large for the server: %(size)s MB, it takes %(limit)s MB."
        ) % {
            "size": _megabytes(size),
            "limit": _megabytes(limit),
        }
        raise Settled(Outcome("failed", None, sentence))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}" if size >= 100_000 else f"{size / 1_000_000:.4f}"


def _size_of(smtp: smtplib.SMTP, data: bytes) -> list[str]:
    return [f"SIZE={len(data)}"] if smtp.has_extn("size") else []


def _letters_of(smtp: smtplib.SMTP, wire: _Wire, data: bytes) -> list[str]:
    """What MAIL says of letters outside ASCII (RFC 6152, 6531), where the server offers it."""
    named = wire.not_ascii
    if data.isascii() and not named:
        return []
    if named and not smtp.has_extn("smtputf8"):
        raise Settled(Outcome("failed", None, _no_such_letters(named)))
    if not smtp.has_extn("8bitmime"):
        sentence = _("The server takes no mail with letters outside ASCII (8BITMIME).")
        raise Settled(Outcome("failed", None, sentence))
    return ["BODY=8BITMIME", *(["SMTPUTF8"] if named else [])]


def _no_such_letters(addresses: list[str]) -> str:
    return _(
        "Sent to nobody: the server cannot send to %(who)s, which has letters outside a-z before"
        " the @. Ask for another address, or leave it out."
    ) % {"who": ", ".join(addresses)}


def _name_sender(smtp: smtplib.SMTP, sender: str, options: list[str]) -> None:
    code, answer = smtp.mail(sender, options)
    if not 200 <= code <= 299:
        raise Settled(_refusal(code, answer))


def _name_recipients(
    smtp: smtplib.SMTP, wire: _Wire, alive: Callable[[], None], heard: Heard
) -> None:
    """The mail goes to those whom the server accepts; what it says to the others is heard."""
    for known, recipient in wire.recipients:
        alive()
        code, answer = smtp.rcpt(recipient)
        if code == 421 or not (200 <= code <= 299 or 400 <= code <= 599):
            raise Settled(_refusal(code, answer))
        heard[known] = (code, _said(code, answer))
    if not any(code <= 299 for code, _words in heard.values()):
        with suppress(OSError, smtplib.SMTPException):  # only a courtesy
            smtp.rset()
        raise Settled(_refused_recipients(heard))


def _refused_recipients(heard: Heard) -> Outcome:
    """Whoever is refused for now is worth another try."""
    for_now = {who: said for who, said in heard.items() if said[0] < 500}
    named = for_now or heard
    if not named:
        return Outcome("failed", None, _("The mail has no recipient."))
    code, words = next(iter(named.values()))
    sentence = _("Sent to nobody: the server does not take mail for %(who)s: %(said)s") % {
        "who": ", ".join(named),
        "said": words,
    }
    too_much = any(_LATER.search(one) and _TOO_MUCH.search(one) for _code, one in named.values())
    return Outcome("retry" if for_now else "failed", code, sentence, bool(for_now) and too_much)


def _stop_if_server_spoke(smtp: smtplib.SMTP) -> None:
    """Before the dot a server has nothing to say but no, or it has hung up."""
    if _has_bytes(socket_of(smtp), seconds=0):
        raise Settled(_refusal(*smtp.getreply()))


# ---- the dot and what comes after it ------------------------------------------------------


def _finish(smtp: smtplib.SMTP) -> Outcome:
    """From here on, only the server's own word says whether it has the mail."""
    try:
        allow(smtp, DOT_SECONDS)
        socket_of(smtp).sendall(b".\r\n")
    except (BrokenPipeError, ConnectionResetError) as failure:
        return _interrupted(failure)  # the line was dead before: the dot never left
    except (OSError, smtplib.SMTPException):
        return _silence()
    try:
        crashpoint("deliver.after_dot")
        allow(smtp, ANSWER_SECONDS)
        code, answer = smtp.getreply()
    except (OSError, smtplib.SMTPException):
        return _silence()
    if not 200 <= code <= 299:
        return _refusal(code, answer) if 400 <= code <= 599 else _silence()
    leave(smtp)
    return Outcome("sent", code, _said(code, answer))


def _has_bytes(line: socket.socket, *, seconds: float) -> bool:
    if isinstance(line, ssl.SSLSocket) and line.pending():
        return True
    return bool(select.select([line], [], [], seconds)[0])


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
    return Outcome(kind, code if code > 0 else None, sentence, _is_throttle(code, answer))


def _is_throttle(code: int, answer: bytes | str) -> bool:
    """421 ends every conversation for now (RFC 5321, 3.8); 4.7.x is about us, not the mail."""
    return code == 421 or (400 <= code <= 499 and bool(_LATER.search(_said(code, answer))))


def _interrupted(failure: Exception) -> Outcome:
    """Line, certificate or password: nothing was said about this mail, so it is kept and retried;
    an administrator may cure it meanwhile."""
    if not isinstance(failure, smtplib.SMTPResponseException):
        return Outcome("retry", None, _cause(failure))
    code, answer = failure.smtp_code, failure.smtp_error
    return Outcome("retry", code if code > 0 else None, _cause(failure), _is_throttle(code, answer))


def _cause(failure: Exception) -> str:
    match failure:
        case Invalid():
            return failure.sentence
        case smtplib.SMTPAuthenticationError() if not 400 <= failure.smtp_code <= 499:
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
