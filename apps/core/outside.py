"""The guarded way out: HTTP to hosts that strangers or settings name, never into our own network.

A name is resolved once, every address is checked, and the connection goes to a checked address:
a name that answers differently the second time gains nothing. Each redirect is a new connection.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from apps.core.hosts import METADATA_NAMES, Address, is_permitted, is_public

WEB_PORTS = frozenset({80, 443})
SECONDS = 10.0
REDIRECTS = 3
AGENT = "Mozilla/5.0 (compatible)"

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
# Resolving cannot be interrupted: it waits in threads of its own, few of them.
_resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")


class Refused(httpcore.ConnectError):
    """The host is one that may not be asked; httpx makes a ConnectError of it."""


class NotFetched(Exception):
    """`code`: not-an-address, refused, unreachable, too-slow, too-big, or a status as http-404."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All requests inside end by then, also against a server that sends one byte at a time."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def guarded_client(
    *,
    ports: frozenset[int] | None = None,
    redirects: int = 0,
    seconds: float = SECONDS,
    verify: ssl.SSLContext | bool = True,
) -> httpx.Client:
    """A client that reaches public hosts only, and those that CARTERIA_PRIVATE_HOSTS permits.

    PORTS binds public hosts only. No proxy of the environment, no cookies, no redirects unless
    asked for. SECONDS is the limit of one step; `within` limits the whole.
    """
    client = httpx.Client(
        transport=_GuardedTransport(ports, verify),
        timeout=seconds,
        follow_redirects=redirects > 0,
        max_redirects=redirects,
        trust_env=False,
        headers={"User-Agent": AGENT},
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


def guarded_socket(host: str, port: int, *, seconds: float = SECONDS) -> socket.socket:
    """Connected under the same rules, for what speaks no HTTP; httpcore's errors say why not."""
    stream = _GuardedBackend(None).connect_tcp(host, port, seconds)
    plug: socket.socket = stream.get_extra_info("socket")
    return plug


def fetch(address: str, *, most_bytes: int, accept: str = "*/*") -> bytes:
    """What a stranger's address answers, within limits of time and size; NotFetched says why not.

    Unpacked only by the sender: a compressed answer could be a bomb.
    """
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    try:
        url = httpx.URL(address).copy_with(username=None, password=None, fragment=None)
        with (
            within(SECONDS),
            guarded_client(ports=WEB_PORTS, redirects=REDIRECTS) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            return _body(response, most_bytes)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError) as error:
        raise NotFetched("not-an-address") from error
    except httpx.TimeoutException as error:
        raise NotFetched("too-slow") from error
    except httpx.HTTPError as error:
        refused = isinstance(error.__cause__, Refused)
        raise NotFetched("refused" if refused else "unreachable") from error


def _body(response: httpx.Response, most_bytes: int) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise NotFetched(f"http-{response.status_code}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NotFetched("unreachable")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > most_bytes:
            raise NotFetched("too-big")
    return bytes(body)


# ---- connections ----------------------------------------------------------------------------


def _left(timeout: float | None) -> float | None:
    """What is left of the time for one step."""
    deadline = _deadline.get()
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left if timeout is None else min(left, timeout)


@cache
def _public() -> ssl.SSLContext:
    """Of all public authorities, which take 20 ms to read: a client is made for each picture."""
    return httpx.create_ssl_context(trust_env=False)


class _GuardedTransport(httpx.HTTPTransport):
    def __init__(self, ports: frozenset[int] | None, verify: ssl.SSLContext | bool) -> None:
        super().__init__(verify=_public() if verify is True else verify, trust_env=False)
        self._pool._network_backend = _GuardedBackend(ports)


class _GuardedBackend(httpcore.SyncBackend):
    def __init__(self, ports: frozenset[int] | None) -> None:
        self._ports = ports

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in self._checked(host, port, timeout)[:4]:
            try:
                stream = super().connect_tcp(
                    str(address), port, _left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _TimedStream(stream)
        raise failed or httpcore.ConnectError("no address")

    def connect_unix_socket(self, *_args: Any, **_kwargs: Any) -> httpcore.NetworkStream:
        raise Refused("no socket of this machine")

    def _checked(self, host: str, port: int, timeout: float | None) -> list[Address]:
        """One forbidden address among many is enough: nobody honest has such a name."""
        if host.lower().rstrip(".").endswith(METADATA_NAMES):
            raise Refused("a service of the cloud")
        addresses = _resolved(host, port, timeout)
        for address in addresses:
            if is_permitted(address):
                continue
            if not is_public(address) or (self._ports and port not in self._ports):
                raise Refused("not a public address, or not a port of the web")
        return addresses


def _resolved(host: str, port: int, timeout: float | None) -> list[Address]:
    asked = _resolvers.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        answers = asked.result(_left(timeout))
    except TooSlow as error:
        raise httpcore.ConnectTimeout("the name was not resolved in time") from error
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the name cannot be resolved") from error
    named = (str(answer[4][0]).partition("%")[0] for answer in answers)
    return list(dict.fromkeys(ip_address(one) for one in named))


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every step keeps the time of the whole."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
