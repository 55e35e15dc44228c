"""What can go wrong with a mail server, in plain words and with the cure."""

import socket
import ssl
import time
from functools import lru_cache
from pathlib import Path

from apps.core.sentences import gettext_noop


class TransportError(Exception):
    """`code` is for programs, `sentence` for people; `again`: trying later may help.

    Codes: dns refused timeout tls-name tls password method-disabled folder-missing throttled
    quota protocol. `template` and `facts` let the caller say the sentence in another language.
    """

    def __init__(self, code: str, template: str, *, again: bool = True, **facts: object) -> None:
        self.code = code
        self.template = template
        self.facts = facts
        self.again = again
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        return self.template % self.facts if self.facts else self.template


class Refused(TransportError):
    """The server understood the command and said no; the connection is still good."""


def connection_error(error: Exception, host: str, port: int) -> TransportError:
    """Names the cause of a connection that could not be made or was lost."""
    code, template = _network_cause(error)
    reason = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or ""
    return TransportError(code, template, host=host, port=port, reason=reason)


def _network_cause(error: Exception) -> tuple[str, str]:
    match error:
        case socket.gaierror() | UnicodeError():
            return "dns", gettext_noop(
                "The name %(host)s is not known; check the spelling of the server's name."
            )
        case ssl.SSLCertVerificationError():
            return _certificate_cause(error)
        case ssl.SSLError():
            return "tls", gettext_noop(
                "%(host)s:%(port)s does not speak TLS like this; check port and encryption."
            )
        case TimeoutError():
            return "timeout", gettext_noop(
                "%(host)s:%(port)s did not answer in time; check host, port, encryption and"
                " firewall."
            )
        case ConnectionRefusedError():
            return "refused", gettext_noop(
                "%(host)s:%(port)s refuses connections; check host and port."
            )
        case ConnectionError():
            return _LOST
        case OSError():
            return "refused", gettext_noop(
                "%(host)s:%(port)s cannot be reached (%(reason)s); check host, port and network."
            )
    return _LOST


_LOST = "protocol", gettext_noop("%(host)s:%(port)s closed the connection; it is tried again.")


def _certificate_cause(error: ssl.SSLCertVerificationError) -> tuple[str, str]:
    if "mismatch" in (error.verify_message or ""):
        return "tls-name", gettext_noop(
            "The certificate of %(host)s:%(port)s is for another name than %(host)s; enter the"
            " name that it bears as server."
        )
    return "tls", gettext_noop(
        "The certificate of %(host)s:%(port)s is not trusted (%(reason)s); name the CA file it"
        " was signed by, or have it renewed."
    )


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Checks name and chain; a private authority is trusted only for this account."""
    try:
        changed = Path(ca_file).stat().st_mtime if ca_file else time.monotonic() // 3600
        return _tls_context(ca_file, changed)
    except (OSError, ssl.SSLError):
        raise TransportError(
            "tls",
            gettext_noop("The CA file %(file)s cannot be read; check its path."),
            again=False,
            file=ca_file,
        ) from None


@lru_cache(maxsize=20)
def _tls_context(ca_file: str, _changed: float) -> ssl.SSLContext:
    """All authorities of the world take a megabyte and 20 ms: not for each connection."""
    return ssl.create_default_context(cafile=ca_file or None)


def readable(answer: bytes) -> str:
    """A server's own words, safe to show: one short printable line."""
    text = answer.decode("utf-8", "replace")
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= 160 else f"{line[:159]}…"
