"""The guarded way out asks public hosts only, whatever a name says, and never waits for ever."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from ipaddress import ip_address, ip_network
from typing import Any

import httpx
import pytest

from apps.core import outside
from apps.core.hosts import is_public
from apps.core.outside import NotFetched, fetch, guarded_client
from tests.servers.smtp_sink import Certificates

Answer = Callable[[str], bytes]
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nhello"

PRIVATE = """127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255
192.168.1.1 169.254.169.254 169.254.0.1 100.64.0.1 100.100.100.200 192.0.0.1 192.0.2.1 198.18.0.1
198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 fe80::1 fc00::1
fd00:ec2::254 fec0::1 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
::127.0.0.1 ::7f00:1 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1
2002:7f00:1:: 2002:a00:1:: 2001:0:4136:e378:8000:63bf:3fff:fdd2 100::1 192.88.99.1 3fff::1 fe80::5efe:7f00:1
::ffff:0:7f00:1 168.63.129.16 169.254.170.2 192.0.0.170 ff0e::1 4000::1 ::ffff:168.63.129.16""".split()
PUBLIC = "8.8.8.8 93.184.216.34 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], tuple[int, list[str]]]]:
    """A server on loopback that answers each request; gives its port and what it was asked."""
    listeners: list[socket.socket] = []

    def start(answer: Answer) -> tuple[int, list[str]]:
        asked: list[str] = []
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=run, args=(listener, answer, asked), daemon=True).start()
        return listener.getsockname()[1], asked

    def run(listener: socket.socket, answer: Answer, asked: list[str]) -> None:
        while True:
            try:
                connection, _peer = listener.accept()
            except OSError:
                return
            with closing(connection):
                asked.append(connection.recv(65536).decode())
                connection.sendall(answer(asked[-1]))

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)  # else its thread waits on, and for the next listener
        listener.close()


@pytest.fixture
def permitted(settings: Any) -> None:
    settings.PRIVATE_HOSTS = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Answers of the resolver, one list for each time it is asked; the last one stays."""
    table: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host not in table:
            return real(host, port, *args, **kwargs)
        answers = table[host]
        now = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in now]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return table


def refused(address: str) -> str:
    with pytest.raises(NotFetched) as caught:
        fetch(address, most_bytes=1000)
    return caught.value.code


def test_a_permitted_host_is_fetched_without_telling_anything(serve: Any, permitted: None) -> None:
    port, asked = serve(lambda _request: OK)

    assert fetch(f"http://user:secret@127.0.0.1:{port}/a?b=c#d", most_bytes=1000) == b"hello"

    lines = asked[0].lower().split("\r\n")
    assert lines[0] == "get /a?b=c http/1.1"
    names = {line.partition(":")[0] for line in lines[1:] if line}
    assert names == {"host", "accept", "accept-encoding", "connection", "user-agent"}


@pytest.mark.parametrize(
    "host",
    "127.0.0.1 localhost 0x7f.1 2130706433 017700000001 127.1 [::1] [::ffff:127.0.0.1] 0 0.0.0.0"
    " 127.0.0.1. localhost. ①②⑦.0.0.1".split(),
)
def test_loopback_is_refused_however_it_is_spelled(host: str, serve: Any) -> None:
    port, asked = serve(lambda _request: OK)
    assert refused(f"http://{host}:{port}/") in ("refused", "unreachable", "not-an-address")
    assert asked == []


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "http://10.0.0.1/",
        "http://93.184.216.34:22/",
        "https://93.184.216.34:6379/",
    ],
)
def test_inner_hosts_and_odd_ports_are_refused(address: str) -> None:
    assert refused(address) == "refused"


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://8.8.8.8/", "gopher://8.8.8.8/", "//8.8.8.8/", "", "x"]
)
def test_only_the_web_is_asked(address: str) -> None:
    assert refused(address) == "not-an-address"


def test_one_inner_address_among_public_ones_is_enough(names: Any) -> None:
    names["two.test"] = [["93.184.216.34", "127.0.0.1"]]
    assert refused("http://two.test/") == "refused"


def test_a_name_is_asked_once_and_its_checked_address_is_used(
    names: Any, serve: Any, permitted: None
) -> None:
    port, asked = serve(lambda _request: OK)
    names["rebind.test"] = [["127.0.0.1"], ["10.255.255.1"]]

    assert fetch(f"http://rebind.test:{port}/", most_bytes=1000) == b"hello"
    assert len(asked) == 1


def test_a_redirect_is_checked_anew(serve: Any, settings: Any) -> None:
    inner, reached = serve(lambda _request: OK)
    moved = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:{inner}/\r\n\r\n".encode()
    port, _asked = serve(lambda _request: moved)
    settings.PRIVATE_HOSTS = (ip_network("127.0.0.1/32"),)

    assert refused(f"http://127.0.0.1:{port}/") == "refused"
    assert reached == []


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "ftp://127.0.0.1/", "data:,x", "gopher://127.0.0.1:1/", "x:"]
)
def test_a_redirect_stays_on_the_web(serve: Any, permitted: None, place: str) -> None:
    moved = f"HTTP/1.1 302 Found\r\nLocation: {place}\r\n\r\n".encode()
    port, asked = serve(lambda _request: moved)
    assert refused(f"http://127.0.0.1:{port}/") in ("not-an-address", "unreachable")
    assert len(asked) == 1


def test_a_redirect_carries_no_name_and_password(serve: Any, permitted: None) -> None:
    inner, reached = serve(lambda _request: OK)
    moved = f"HTTP/1.1 302 Found\r\nLocation: http://u:p@127.0.0.1:{inner}/\r\n\r\n".encode()
    port, _asked = serve(lambda _request: moved)
    assert fetch(f"http://127.0.0.1:{port}/", most_bytes=1000) == b"hello"
    assert "authorization" not in reached[0].lower()
    assert "referer" not in reached[0].lower()


def test_redirects_end(serve: Any, permitted: None) -> None:
    port, asked = serve(lambda _request: b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n")
    assert refused(f"http://127.0.0.1:{port}/") == "unreachable"
    assert len(asked) == outside.REDIRECTS + 1


def test_cookies_are_never_sent_back(serve: Any, permitted: None) -> None:
    port, asked = serve(lambda _request: OK)
    with guarded_client() as client:
        client.get(f"http://127.0.0.1:{port}/")
        client.get(f"http://127.0.0.1:{port}/")
    assert "cookie:" not in asked[1].lower()


def test_a_client_of_a_setting_follows_no_redirect(serve: Any, permitted: None) -> None:
    port, asked = serve(lambda _request: b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n")
    with guarded_client() as client:
        assert client.get(f"http://127.0.0.1:{port}/").status_code == 302
    assert len(asked) == 1


def test_the_environment_names_no_way_around(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    port, asked = serve(lambda _request: OK)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    with guarded_client() as client, pytest.raises(httpx.ConnectError):
        client.get("http://10.0.0.1/")
    assert asked == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "too-big"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nx", "unreachable"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "http-404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"x" * 500_000, "unreachable"),
        (b"SSH-2.0-OpenSSH\r\n", "unreachable"),
        (b"", "unreachable"),
    ],
)
def test_bad_answers_have_names(serve: Any, permitted: None, answer: bytes, code: str) -> None:
    port, _asked = serve(lambda _request: answer)
    assert refused(f"http://127.0.0.1:{port}/") == code


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_one_byte_at_a_time_ends(
    permitted: None, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(outside, "SECONDS", 0.5)
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _peer = listener.accept()
        with closing(connection), suppress(OSError):
            connection.sendall(start)
            for _byte in range(200):
                time.sleep(0.05)
                connection.sendall(b"x")

    threading.Thread(target=drip, daemon=True).start()
    with closing(listener):
        assert refused(f"http://127.0.0.1:{listener.getsockname()[1]}/") == "too-slow"


def test_a_body_without_end_is_left_early(permitted: None) -> None:
    sent = 0
    listener = socket.create_server(("127.0.0.1", 0))

    def pour() -> None:
        nonlocal sent
        connection, _peer = listener.accept()
        with closing(connection), suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while sent < 2**30:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                sent += 0x10000

    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    with closing(listener):
        assert refused(f"http://127.0.0.1:{listener.getsockname()[1]}/") == "too-big"
    thread.join(5)
    assert sent < 64 * 2**20  # what the two ends hold in their buffers


def test_a_certificate_has_to_be_signed(permitted: None, certificates: Certificates) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"https://127.0.0.1:{listener.getsockname()[1]}/"
    asked: list[bytes] = []

    def answer() -> None:
        for _time in range(2):
            connection, _peer = listener.accept()
            with suppress(OSError), certificates.good.wrap_socket(connection, True) as secured:
                asked.append(secured.recv(1000))
                secured.sendall(OK)

    threading.Thread(target=answer, daemon=True).start()
    trusting = ssl.create_default_context(cafile=certificates.ca_file)
    with closing(listener):
        assert refused(address) == "unreachable"
        assert asked == []
        with guarded_client(verify=trusting) as client:
            assert client.get(address).text == "hello"


def test_a_resolver_that_sleeps_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asleep = threading.Event()
    monkeypatch.setattr(outside, "SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: asleep.wait(5) and [])
    assert refused("http://slow.test/") == "too-slow"
    asleep.set()
