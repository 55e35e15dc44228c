"""HTTP to a CRM: every way in which it can fail becomes one CrmError with a sentence and a cure."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from apps.core.retry_after import retry_after
from apps.core.sentences import gettext_noop as _
from apps.crm.connectors.base import CrmError

MOST_BYTES = 8 * 2**20  # of an answer
WORDS_SHOWN = 300  # characters of the CRM's own explanation
SECONDS = 10.0  # for a whole answer, once it has begun
SLOWEST = 256 * 1024  # bytes a second that a file must go up with

Json = Any
# What only this CRM says in this way: status and answer; None leaves it to the rules below.
OwnWords = Callable[[int, Json], CrmError | None]


class Web:
    """Requests below one address; answers JSON, or nothing where the CRM says nothing.

    CLIENT is the guarded one: it knows no proxy, keeps no cookies and follows no redirect.
    """

    def __init__(
        self,
        client: httpx.Client,
        url: str,
        headers: Mapping[str, str] | None = None,
        own_words: OwnWords | None = None,
    ) -> None:
        self._client = client
        self._own_words = own_words
        self._url = url.rstrip("/")
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._host = urlsplit(url).hostname or url

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Json = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """BODY is sent as JSON, CONTENT as it is. A missing thing is CrmError with code `gone`."""
        told = self._headers | dict(headers or {})
        if content:
            told["Content-Length"] = str(len(content))
        request = self._client.build_request(
            method,
            f"{self._url}{path}",
            params=params,
            json=body,
            content=content and steadily(content),
            headers=told,
        )
        response = self._sent(request)
        if response.status_code >= 300:
            raise self._in_own_words(response) or self._refusal(response)
        return self._json(response)

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._client.send(request, stream=True)
            try:
                response._content = self._read(response)
            finally:
                response.close()
            return response
        except httpx.TimeoutException as error:
            raise self._error(_("%(host)s did not answer in time."), "unreachable") from error
        except httpx.ConnectError as error:
            raise self._not_connected(error) from error
        except httpx.HTTPError as error:
            raise self._error(_("%(host)s broke off the connection."), "unreachable") from error

    def _read(self, response: httpx.Response) -> bytes:
        read = bytearray()
        begun = time.monotonic()
        for piece in response.iter_bytes():
            read += piece
            if time.monotonic() - begun > SECONDS:  # byte by byte it would never time out
                raise httpx.ReadTimeout("the answer takes too long", request=response.request)
            if len(read) > MOST_BYTES:
                raise self._odd(_("%(host)s answers with far more than it was asked for."))
        return bytes(read)

    def _json(self, response: httpx.Response) -> Json:
        if not response.content.strip():
            return None
        if "json" not in response.headers.get("Content-Type", ""):
            raise self._odd(_("%(host)s answers with a page instead of data: check the address."))
        try:
            return json.loads(response.content)
        except ValueError as error:
            raise self._odd(_("%(host)s broke off in the middle of its answer.")) from error

    # ---- what went wrong ---------------------------------------------------------------------

    def _in_own_words(self, response: httpx.Response) -> CrmError | None:
        return self._own_words and self._own_words(response.status_code, said_by(response))

    def _refusal(self, response: httpx.Response) -> CrmError:
        status = response.status_code
        if status == 401:
            words = _("%(host)s does not accept the user or the token: enter a new one.")
            return self._error(words, "auth")
        if status == 403:
            words = _("%(host)s says that our user may not do this: give it the right.")
            return self._error(words, "auth")
        if status in (429, 503):
            wait = retry_after(response.headers.get("Retry-After"))
            return self._error(_("%(host)s asks us to wait."), "busy", retry_after=wait)
        if status >= 500 or status == 408:
            words = _("%(host)s has trouble of its own (HTTP %(status)s).")
            return self._error(words, "unreachable", status=status)
        if status < 400:
            return self._error(
                _("%(host)s sends us on to %(target)s: enter that address."),
                "odd-answer",
                target=urlsplit(response.headers.get("Location", "")).hostname or "?",
            )
        if status in (404, 410):
            return self._error(_("%(host)s does not know it."), "gone", permanent=True)
        return self._error(
            _("%(host)s refused it: %(reason)s"),
            "refused",
            permanent=True,
            reason=explanation(response) or f"HTTP {status}",
        )

    def _not_connected(self, error: httpx.ConnectError) -> CrmError:
        if type(error.__cause__).__name__ != "Refused":  # of the guarded client
            return self._error(_("%(host)s cannot be reached."), "unreachable")
        words = _(
            "%(host)s is not a public address, or not a port of the web; CARTERIA_PRIVATE_HOSTS"
            " permits ranges of your own network."
        )
        return self._error(words, "unreachable")

    def _odd(self, words: str) -> CrmError:
        return self._error(words, "odd-answer")

    def _error(
        self,
        words: str,
        code: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        **facts: object,
    ) -> CrmError:
        told = {"host": self._host, **facts}
        return CrmError(words, told, code=code, permanent=permanent, retry_after=retry_after)


def steadily(content: bytes) -> Iterator[bytes]:
    """In pieces, so that a line that hardly moves is given up while the thread is still ours."""
    until = time.monotonic() + SECONDS + len(content) / SLOWEST
    for start in range(0, len(content), 64 * 1024):
        if time.monotonic() > until:
            raise httpx.WriteTimeout("the file takes too long")
        yield content[start : start + 64 * 1024]


def explanation(response: httpx.Response) -> str:
    """The CRM's own words, short and on one line; nothing when they are a page."""
    words = "; ".join(_words(said_by(response)))
    line = "".join(letter for letter in " ".join(words.split()) if letter.isprintable())
    return line if len(line) <= WORDS_SHOWN else line[: WORDS_SHOWN - 1] + "…"


def said_by(response: httpx.Response) -> Json:
    """What a refusal says as data; None when it is a page, or broken off."""
    if "json" not in response.headers.get("Content-Type", ""):
        return None
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def _words(said: Any, depth: int = 0) -> list[str]:
    """The texts in an error, whatever shape the vendor gives it."""
    if depth > 4:
        return []
    if isinstance(said, str):
        return [said]
    if isinstance(said, dict):
        keys = ("message", "detail", "description", "error", "errors", "details", "title")
        return [word for key in keys if key in said for word in _words(said[key], depth + 1)] or [
            word for value in said.values() for word in _words(value, depth + 1)
        ]
    if isinstance(said, list):
        return [word for one in said for word in _words(one, depth + 1)]
    return []
