"""HTTP to a storage service: every way in which it can fail becomes one StorageError."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from apps.core.retry_after import retry_after
from apps.core.sentences import gettext_noop as _
from apps.storage.backends.base import Missing, StorageError

MOST_WORDS = 64 * 1024  # bytes of an error that are looked at
SKEW = 300.0  # seconds that clocks may differ
CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")

Cause = Callable[[httpx.Response, str], StorageError | None]


class Web:
    """Requests to one service. CLIENT is the guarded one; CAUSE knows the service's own errors."""

    def __init__(self, client: httpx.Client, host: str, cause: Cause) -> None:
        self.client = client
        self._host = host
        self._cause = cause

    @contextmanager
    def answer(self, request: httpx.Request) -> Iterator[httpx.Response]:
        """The answer, its body not read yet; an error is raised with what it says."""
        with self._failures():
            response = self.client.send(request, stream=True)
            try:
                if not response.is_success:
                    raise self._refusal(response, _beginning(response))
                yield response
            finally:
                response.close()

    def ask(self, request: httpx.Request) -> httpx.Response:
        with self.answer(request) as response:
            response.read()
            return response

    def pieces(self, request: httpx.Request) -> Iterator[bytes]:
        """What it answers, a piece at a time."""
        with self.answer(request) as response:
            yield from response.iter_bytes()

    def delete(self, request: httpx.Request) -> None:
        """What is gone already is fine."""
        with suppress(Missing):
            self.ask(request)

    def close(self) -> None:
        self.client.close()

    # ---- what went wrong -----------------------------------------------------------------------

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise self.error(_("%(host)s did not answer in time."), "timeout") from error
        except httpx.ConnectError as error:
            raise self._not_connected(error) from error
        except httpx.HTTPError as error:
            words = _("%(host)s broke off the connection.")
            raise self.error(words, "unreachable") from error

    def _not_connected(self, error: Exception) -> StorageError:
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLError):
                return self.error(_tls_words(cause), "tls")
            if type(cause).__name__ == "Refused":  # by the guarded client
                return self.error(NOT_PUBLIC, "not-public")
            if isinstance(cause, socket.gaierror | UnicodeError):
                return self.error(_("There is no server called %(host)s."), "dns")
        return self.error(_("%(host)s cannot be reached: nobody answers there."), "unreachable")

    def _refusal(self, response: httpx.Response, said: str) -> StorageError:
        status = response.status_code
        if status in (401, 403) and _is_clock_wrong(response):
            words = _("The clock of this machine is wrong, so %(host)s trusts no request of it.")
            return self.error(words, "clock")
        if found := self._cause(response, said):
            return found
        if status in (429, 503):
            wait = retry_after(response.headers.get("Retry-After"))
            return self.error(_("%(host)s asks us to wait."), "busy", retry_after=wait)
        if status == 507:
            return self.error(_("%(host)s is full."), "full")
        if status >= 500 or status == 408:
            words = _("%(host)s has trouble of its own (HTTP %(status)s).")
            return self.error(words, "trouble", status=status)
        if status == 401:
            return self.error(_("%(host)s does not accept the key: enter a new one."), "key")
        if status == 403:
            return self.error(_("%(host)s says that our key may not do this."), "forbidden")
        if status in (404, 410):
            return Missing()
        if status < 400:
            return self.error(_("%(host)s sends us to another address: enter that."), "settings")
        words = _("%(host)s refused it (HTTP %(status)s %(reason)s).")
        return self.error(words, "refused", permanent=True, status=status, reason=code_of(said))

    def error(
        self,
        words: str,
        code: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        **facts: object,
    ) -> StorageError:
        told = {"host": self._host, **facts}
        return StorageError(words, told, code=code, permanent=permanent, retry_after=retry_after)


NOT_PUBLIC = _(
    "%(host)s is not out in the public network; CARTERIA_PRIVATE_HOSTS permits ranges of your own."
)


def code_of(said: str) -> str:
    """The service's own word for what happened, where it gives one in XML."""
    found = CODE.search(said)
    return found[1] if found else ""


def _beginning(response: httpx.Response) -> str:
    read = bytearray()
    for piece in response.iter_bytes():
        read += piece
        if len(read) > MOST_WORDS:
            break
    return bytes(read[:MOST_WORDS]).decode("utf-8", "replace")


def _is_clock_wrong(response: httpx.Response) -> bool:
    try:
        theirs = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return False
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return abs((datetime.now(UTC) - theirs).total_seconds()) > SKEW


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("The certificate of %(host)s is not valid for it, or nobody known signed it.")
    return _("%(host)s does not speak TLS here: check http or https, and the port.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from."""
    found: BaseException | None = error
    for _step in range(10):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): " ".join(value.split()) for name, value in headers.items()}
