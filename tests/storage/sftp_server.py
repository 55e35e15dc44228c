"""A real SFTP server (asyncssh) on a free port, in a folder of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "carteria", "sftp-pw"


@dataclass(slots=True)
class SftpServer:
    folder: Path
    port: int = 0
    host_key: str = ""  # like `ssh-ed25519 AAAA…`
    user_key: str = ""  # a private key that is let in
    refusing: set[str] = field(default_factory=set)  # write, read, remove: permission denied


class _Door(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


def _files(told: SftpServer) -> Any:
    class Files(asyncssh.SFTPServer):
        def __init__(self, chan: Any) -> None:
            super().__init__(chan, chroot=str(told.folder).encode())

        def open(self, path: bytes, pflags: int, attrs: Any) -> object:
            _check(told, "write" if pflags & asyncssh.FXF_WRITE else "read")
            return super().open(path, pflags, attrs)

        def remove(self, path: bytes) -> Any:
            _check(told, "remove")
            return super().remove(path)

    return Files


def _check(told: SftpServer, verb: str) -> None:
    if verb in told.refusing:
        raise asyncssh.SFTPPermissionDenied("no")


@contextmanager
def sftp_server(folder: Path, *, port: int = 0) -> Iterator[SftpServer]:
    told = SftpServer(folder)
    folder.mkdir(exist_ok=True)
    host = asyncssh.generate_private_key("ssh-ed25519")
    user = asyncssh.generate_private_key("ssh-ed25519")
    told.host_key = " ".join(host.export_public_key().decode().split()[:2])
    told.user_key = user.export_private_key().decode()
    allowed = folder.with_suffix(".keys")
    allowed.write_bytes(user.export_public_key())
    loop = asyncio.new_event_loop()

    async def start() -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            port,
            server_host_keys=[host],
            server_factory=_Door,
            sftp_factory=_files(told),
            authorized_client_keys=str(allowed),
        )

    server = loop.run_until_complete(start())
    told.port = server.get_port()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
