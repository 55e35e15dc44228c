"""One request to a provider's interface, piece by piece, like the verbs of SMTP.

Its last bytes are kept back until all else has left. Without them the request is incomplete, and
nobody may act on it (RFC 9112, 8): whatever breaks before is a retry. After them, only the
provider's own word says whether it has the mail.
"""

import http.client
import io
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import httpcore
from django.utils.translation import gettext as _

from apps.channels.outcome import Outcome, Settled
from apps.channels.smtp_line import cut_after
from apps.core.faults import crashpoint
from apps.core.outside import Refused, guarded_socket

CONNECT_SECONDS = 10
STEP_SECONDS = 20  # a lease of the caller must be longer
LAST_SECONDS, ANSWER_SECONDS = 5, 40  # for the last bytes to leave, and for what is said to them
CHUNK = 64 * 1024
KEPT_BACK = 1024  # a form's closing boundary stands in them, and the end of any JSON
MOST_ANSWER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]  # small letters
    body: bytes
    early: bool = False  # said before the request was over


def exchange(
    request: Request, *, alive: Callable[[], None], before_data: Callable[[], None]
) -> Answer:
    """Raises Settled where no whole answer comes. `before_data` runs when all but the last bytes
    is over; what it raises calls the mail off. `alive` runs between steps until then."""
    last = max(0, len(request.body) - KEPT_BACK)
    crashpoint("deliver.before_connect")
    with _line(request.url, alive) as line:
        answer = http.client.HTTPResponse(line, method="POST")
        answer.fp = _WholeLines(line.makefile("rb", buffering=0))
        if _offer(line, request, last, alive) or _has_spoken(line, answer):
            return _early(answer, line)
        crashpoint("deliver.before_dot")
        before_data()
        return _finish(line, request.body[last:], answer)


class _WholeLines(io.BufferedReader):
    """http.client would take a header that breaks off for a whole one."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        return line


@contextmanager
def _line(url: str, alive: Callable[[], None]) -> Iterator[socket.socket]:
    where = urlsplit(url)
    secure = where.scheme == "https"
    host, port = where.hostname or "", where.port or (443 if secure else 80)
    try:
        plug = guarded_socket(host, port, seconds=CONNECT_SECONDS)
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
        raise Settled(Outcome("retry", None, _unreachable(failure, host))) from None
    try:
        alive()
        if secure:
            with cut_after(plug, STEP_SECONDS):
                plug = _context().wrap_socket(plug, server_hostname=host)
        yield plug
    except (OSError, http.client.HTTPException) as failure:
        raise Settled(Outcome("retry", None, _cause(failure))) from None
    finally:
        plug.close()


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


# ---- the request, up to its last bytes --------------------------------------------------------


def _offer(line: socket.socket, request: Request, last: int, alive: Callable[[], None]) -> bool:
    """Whether they hung up on us: then there may be an answer that says why."""
    line.settimeout(STEP_SECONDS)
    try:
        line.sendall(_head(request))
        for start in range(0, last, CHUNK):
            alive()
            line.sendall(request.body[start : min(last, start + CHUNK)])
    except (BrokenPipeError, ConnectionResetError):
        return True
    alive()
    return False


def _head(request: Request) -> bytes:
    where = urlsplit(request.url)
    path = f"{where.path or '/'}?{where.query}" if where.query else where.path or "/"
    told = request.headers | {
        "Host": where.netloc.rpartition("@")[2],
        "Content-Length": str(len(request.body)),
        "Connection": "close",
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    if any(letter in one for one in lines for letter in "\r\n"):
        raise Settled(Outcome("failed", None, _("The key of the provider is not on one line.")))
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _has_spoken(line: socket.socket, answer: http.client.HTTPResponse) -> bool:
    """Before the end of the request there is nothing to say but no, or they have hung up. What
    TLS itself sends (RFC 8446, 4.6.1) is not a word of theirs."""
    if not select.select([line], [], [], 0)[0]:
        return isinstance(line, ssl.SSLSocket) and line.pending() > 0
    if not isinstance(line, ssl.SSLSocket):
        return True
    line.setblocking(False)
    try:
        answer.fp.peek(1)
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    finally:
        line.settimeout(STEP_SECONDS)
    return True


def _early(answer: http.client.HTTPResponse, line: socket.socket) -> Answer:
    try:
        return _read(answer, line, early=True)
    except (OSError, http.client.HTTPException, ValueError):
        sentence = _("The provider hung up before the mail was over.")
        raise Settled(Outcome("retry", None, sentence)) from None


# ---- the last bytes and what comes after them -------------------------------------------------


def _finish(line: socket.socket, last: bytes, answer: http.client.HTTPResponse) -> Answer:
    line.settimeout(LAST_SECONDS)
    try:
        line.sendall(last)
    except (BrokenPipeError, ConnectionResetError) as failure:
        raise Settled(Outcome("retry", None, _cause(failure))) from None  # none of them left
    except OSError:
        raise Settled(silence()) from None
    crashpoint("deliver.after_dot")
    try:
        return _read(answer, line)
    except (OSError, http.client.HTTPException, ValueError):
        raise Settled(silence()) from None


def _read(answer: http.client.HTTPResponse, line: socket.socket, *, early: bool = False) -> Answer:
    """The whole of it in ANSWER_SECONDS, however slowly it comes."""
    line.settimeout(ANSWER_SECONDS)
    with cut_after(line, ANSWER_SECONDS):
        answer.begin()
        body = answer.read(MOST_ANSWER)
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, headers, body, early)


# ---- in words ---------------------------------------------------------------------------------


def silence() -> Outcome:
    sentence = _("The provider had the whole mail and then fell silent: it may have it or not.")
    return Outcome("unknown", None, sentence)


def _unreachable(failure: Exception, host: str) -> str:
    if isinstance(failure, Refused):
        return _("%(host)s is not an address out in the public network.") % {"host": host}
    if isinstance(failure, httpcore.ConnectTimeout):
        return _("The provider did not answer in time.")
    return _("The provider cannot be reached at %(host)s.") % {"host": host}


def _cause(failure: Exception) -> str:
    if isinstance(failure, ssl.SSLCertVerificationError):
        return _("The provider's certificate is not valid for its name or not trusted.")
    if isinstance(failure, TimeoutError):
        return _("The provider did not answer in time.")
    return _("The line to the provider broke before the mail was over.")
