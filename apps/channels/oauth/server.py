"""One question to a token server (RFC 6749, 5), and what its refusals mean for whoever reads them.

Only the codes of an answer are ever shown; its words could repeat what we sent.
"""

import logging
import math
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from apps.channels.fetch_threads import resting
from apps.channels.models import OAuthProfile
from apps.channels.transports.errors import TransportError, connection_error, tls_context
from apps.core.outside import Refused, guarded_client, within
from apps.core.retry_after import retry_after
from apps.core.secrets import unseal
from apps.core.sentences import gettext_noop

log = logging.getLogger(__name__)

SECONDS = 10.0  # for the whole question
MOST_BYTES = 256 * 1024
THROTTLED_PAUSE = 60.0  # seconds, where the server names none

_CODE = re.compile(r"[A-Za-z_]{1,40}")
_MICROSOFTS = re.compile(r"\bAADSTS[0-9]{4,9}\b")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token server granted; `lasts` in seconds as it says it, None: it does not."""

    access: str = field(repr=False)
    refresh: str = field(repr=False, default="")  # empty: the old one goes on
    lasts: float | None = None
    scopes: str = ""
    identity: str = field(repr=False, default="")  # id_token, of OpenID Connect


class AskLater(TransportError):
    """The token server is busy; `seconds` is how long it wants to be left alone."""

    seconds = THROTTLED_PAUSE


def ask(profile: OAuthProfile, address: str, **words: str) -> Tokens:
    """WORDS make the body, without the client's own. Never inside a transaction: the thread keeps
    no connection to the database meanwhile. Raises TransportError."""
    body = {**words, "client_id": profile.client_id}
    if secret := unseal(profile.client_secret):
        body["client_secret"] = secret
    with _plain_words(address), resting():
        status, headers, answer = _post(address, body)
    if status != 200 or "access_token" not in answer:
        raise _refusal(address, status, headers, answer)
    return _granted(answer)


def _post(address: str, body: Mapping[str, str]) -> tuple[int, httpx.Headers, dict[str, Any]]:
    with within(SECONDS), _client() as client:
        accept = {"Accept": "application/json", "Accept-Encoding": "identity"}
        with client.stream("POST", address, data=body, headers=accept) as response:
            return response.status_code, response.headers, _read(response)


def _client() -> httpx.Client:
    """The authorities of the world are read once, not for each question."""
    return guarded_client(seconds=SECONDS, verify=tls_context(""))


def _read(response: httpx.Response) -> dict[str, Any]:
    """Empty where it is no JSON object: then the address is not one of a token server."""
    read = bytearray()
    for chunk in response.iter_raw():
        read += chunk
        if len(read) > MOST_BYTES:
            return {}
    try:
        answer = httpx.Response(200, content=bytes(read)).json()
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _granted(answer: Mapping[str, Any]) -> Tokens:
    return Tokens(
        access=_text(answer, "access_token"),
        refresh=_text(answer, "refresh_token"),
        lasts=_seconds(answer.get("expires_in")),
        scopes=_text(answer, "scope"),
        identity=_text(answer, "id_token"),
    )


def _text(answer: Mapping[str, Any], key: str) -> str:
    value = answer.get(key)
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    """Some write the number as text."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None


# ---- what went wrong --------------------------------------------------------------------


@contextmanager
def _plain_words(address: str) -> Iterator[None]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 443
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):
        raise _error("oauth-address", _NO_TOKEN_SERVER, address) from None
    except httpx.TimeoutException:
        raise connection_error(TimeoutError(), host, port) from None
    except httpx.HTTPError as error:
        raise _network_error(error, host, port) from None


def _network_error(error: Exception, host: str, port: int) -> TransportError:
    causes = list(_causes(error))
    if any(isinstance(one, Refused) for one in causes):
        return TransportError("oauth-address", _PRIVATE, host=host, again=False)
    told = (one for one in causes if isinstance(one, ssl.SSLError | OSError))
    return connection_error(next(told, ConnectionRefusedError()), host, port)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _refusal(
    address: str, status: int, headers: httpx.Headers, answer: Mapping[str, Any]
) -> TransportError:
    code = _text(answer, "error")
    if status in (429, 503) or code in ("slow_down", "temporarily_unavailable"):
        return _busy(address, headers)
    if status >= 500 or code == "server_error":
        return _error("oauth-server", _IN_TROUBLE, address, again=True)
    if code not in _REFUSALS:
        return _error("oauth-address", _NO_TOKEN_SERVER, address)
    name, template = _REFUSALS[code]
    return _error(name, template, address, reason=reason_of(answer))


def _busy(address: str, headers: httpx.Headers) -> AskLater:
    later = AskLater("throttled", _BUSY, host=urlsplit(address).hostname)
    asked_for = retry_after(headers.get("Retry-After"))
    later.seconds = THROTTLED_PAUSE if asked_for is None else max(1.0, asked_for)
    return later


def reason_of(answer: Mapping[str, Any]) -> str:
    """The error's own name, with the number of Microsoft's: what a search engine finds."""
    code = _text(answer, "error")
    numbers = _MICROSOFTS.findall(_text(answer, "error_description"))[:1]
    return " ".join([code if _CODE.fullmatch(code) else "error", *numbers])


def _error(
    code: str, template: str, address: str, *, again: bool = False, **facts: str
) -> TransportError:
    log.info("a token server refused", extra={"code": code})
    host = address.partition("://")[2].partition("/")[0] or address
    return TransportError(code, template, again=again, host=host, **facts)


_PRIVATE = gettext_noop(
    "%(host)s is not an address out in the public network. If the token server stands in your own,"
    " permit its range in CARTERIA_PRIVATE_HOSTS."
)
_NO_TOKEN_SERVER = gettext_noop(
    "%(host)s does not answer like a token server; check its address in the OAuth profile."
)
_IN_TROUBLE = gettext_noop("The token server %(host)s is in trouble; it is asked again by itself.")
_BUSY = gettext_noop(
    "The token server %(host)s asks us to slow down; it is asked again later by itself."
)
_REVOKED = (
    "oauth-revoked",
    gettext_noop(
        "The permission for this account has ended or was taken back (%(reason)s); press"
        " Reconnect. No mail is lost: fetching goes on where it stopped."
    ),
)
_SECRET = (
    "oauth-secret",
    gettext_noop(
        "%(host)s refuses the client ID or the client secret (%(reason)s); the secret may have"
        " ended. Make a new one at the provider and put it into the OAuth profile."
    ),
)
_FLOW = (
    "oauth-flow",
    gettext_noop(
        "%(host)s does not let the application sign in like this (%(reason)s); check “who signs"
        " in” in the OAuth profile, and the kind of application at the provider."
    ),
)
_SCOPE = (
    "oauth-scope",
    gettext_noop(
        "%(host)s does not know or not allow the scopes that mail needs (%(reason)s); add them to"
        " the application at the provider, then press Reconnect."
    ),
)
_CONSENT = (
    "oauth-consent",
    gettext_noop(
        "%(host)s wants somebody to allow it (%(reason)s); press Reconnect, or have an"
        " administrator of the provider allow the application."
    ),
)
_REFUSALS = {
    "invalid_grant": _REVOKED,
    "invalid_client": _SECRET,
    "unauthorized_client": _FLOW,
    "unsupported_grant_type": _FLOW,
    "invalid_scope": _SCOPE,
    "invalid_request": _FLOW,
    "access_denied": _CONSENT,
    "consent_required": _CONSENT,
    "interaction_required": _CONSENT,
    "login_required": _CONSENT,
}
