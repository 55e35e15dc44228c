"""SFTP, over a socket that we opened: to a checked address, to a server with the known key, and
with nothing of the machine's own SSH settings, agents or keys.

django-storages (sftp_session.py) keeps the session, the paths and the folders. It would overwrite
what is there and believe any server: so the files are written and read here.
"""

import base64
import errno
import hashlib
import io
import posixpath
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apps.core.sentences import gettext_noop as _
from apps.storage.backends.base import (
    Content,
    Damaged,
    Missing,
    Occupied,
    StorageError,
    hashed,
)

if TYPE_CHECKING:  # it takes a quarter of a second to load, and most have no SFTP
    import paramiko

    from apps.storage.backends.sftp_session import Session

PIECE = 32 * 1024  # what every server takes at once
SECONDS = 20.0
KEPT_ALIVE = 30  # seconds

Connect = Callable[[str, int], socket.socket]


@dataclass(frozen=True, slots=True)
class SftpAccess:
    """HOST_KEY like `ssh-ed25519 AAAA…`; empty: nobody has looked at it yet, nothing is sent."""

    host: str
    port: int
    user: str
    folder: str = ""
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    host_key: str = ""


class SftpBackend:
    def __init__(self, connect: Connect, access: SftpAccess) -> None:
        self._connect = connect
        self._access = access
        self._session: Session | None = None

    def create(self, path: str, content: Content) -> None:
        """Beside its place first, read again there, then renamed in one step."""
        with self._connected() as session:
            sftp, place = session.sftp, session.place(path)
            folder, name = posixpath.split(place)
            part = posixpath.join(folder, f".{name}.part")
            if _exists(sftp, place):
                raise Occupied
            session.make_folder_of(place)
            try:
                self._write(sftp, part, content)
                if hashed(_pieces(sftp, part)) != content.sha256:
                    raise Damaged
                _rename(sftp, part, place)
            finally:
                with suppress(OSError):
                    sftp.remove(part)

    def sha256_of(self, path: str) -> str | None:
        try:
            return hashed(self.read(path))
        except Missing:
            return None

    def read(self, path: str) -> Iterator[bytes]:
        with self._connected() as session:
            yield from _pieces(session.sftp, session.place(path))

    def delete(self, path: str) -> None:
        try:
            with self._connected() as session:
                session.sftp.remove(session.place(path))
        except Missing:
            return

    def close(self) -> None:
        if self._session is not None:
            self._session.hang_up()
        self._session = None

    # ---- files ---------------------------------------------------------------------------------

    def _write(self, sftp: "paramiko.SFTPClient", part: str, content: Content) -> None:
        with sftp.open(part, "wb") as file:
            file.set_pipelined(True)
            for piece in content.checked():
                for start in range(0, len(piece), PIECE):
                    file.write(piece[start : start + PIECE])

    # ---- the connection --------------------------------------------------------------------------

    @contextmanager
    def _connected(self) -> "Iterator[Session]":
        import paramiko

        from apps.storage.backends.sftp_session import Session

        try:
            if self._session is None:
                self._session = Session(self._access.folder, self._signed_in)
            yield self._session
        except FileNotFoundError as error:
            raise Missing from error
        except TimeoutError as error:
            self.close()
            raise self._error(_("%(host)s did not answer in time."), "timeout") from error
        except (paramiko.SSHException, paramiko.SFTPError, EOFError) as error:
            self.close()
            raise self._error(_("%(host)s broke off the connection."), "unreachable") from error
        except OSError as error:
            raise self._file_error(error) from error

    def _signed_in(self) -> "paramiko.SFTPClient":
        import paramiko

        transport = self._open()
        try:
            self._check_key(transport)
            self._sign_in(transport)
            client = paramiko.SFTPClient.from_transport(transport)
        except BaseException:
            transport.close()
            raise
        if client is None:
            raise self._error(_("%(host)s has no SFTP."), "settings")
        client.get_channel().settimeout(SECONDS)  # type: ignore[union-attr]
        transport.set_keepalive(KEPT_ALIVE)
        return client

    def _open(self) -> "paramiko.Transport":
        import paramiko

        plug = self._connect(self._access.host, self._access.port)
        try:
            plug.settimeout(SECONDS)
            transport = paramiko.Transport(plug)
            transport.banner_timeout = transport.auth_timeout = SECONDS
            if kind := self._access.host_key.partition(" ")[0]:
                _prefer(transport, kind)
            transport.start_client(timeout=SECONDS)
        except (paramiko.SSHException, EOFError, OSError) as error:
            plug.close()
            words = _("What answers at %(host)s is no SSH server: check the port.")
            raise self._error(words, "settings") from error
        return transport

    def _check_key(self, transport: "paramiko.Transport") -> None:
        if not self._access.host_key:
            words = _("The key of %(host)s is not known yet: test the connection once.")
            raise self._error(words, "host-key")
        found = _written(transport.get_remote_server_key())
        if found != self._access.host_key:
            words = _(
                "%(host)s shows another key than before (%(found)s): is it the right server? If"
                " so, forget the old key on the page of the storage and test again."
            )
            raise self._error(words, "host-key", found=fingerprint(found))

    def _sign_in(self, transport: "paramiko.Transport") -> None:
        import paramiko

        try:
            if self._access.private_key:
                transport.auth_publickey(self._access.user, self._private_key())
            else:
                transport.auth_password(self._access.user, self._access.password)
        except paramiko.AuthenticationException as error:
            words = _("%(host)s does not accept the user, or the password or key: check them.")
            raise self._error(words, "key") from error

    def _private_key(self) -> "paramiko.PKey":
        """PASSWORD opens it, where it is locked."""
        import paramiko

        kinds = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
        for kind in kinds:
            text = io.StringIO(self._access.private_key.strip() + "\n")
            with suppress(paramiko.SSHException, ValueError, IndexError):
                return kind.from_private_key(text, self._access.password or None)
        words = _(
            "This private key cannot be read: paste it whole, and its passphrase as password."
        )
        raise self._error(words, "key")

    # ---- what went wrong -----------------------------------------------------------------------

    def _file_error(self, error: OSError) -> StorageError:
        if isinstance(error, PermissionError):
            words = _("%(host)s says that our user may not do this: give it the right.")
            return self._error(words, "forbidden")
        if error.errno in _BROKEN or not (self._session and self._session.is_alive()):
            self.close()
            return self._error(_("%(host)s broke off the connection."), "unreachable")
        reason = str(error)[:100] or type(error).__name__
        return self._error(_("%(host)s could not do it: %(reason)s."), "trouble", reason=reason)

    def _error(self, words: str, code: str, **facts: object) -> StorageError:
        return StorageError(words, {"host": self._access.host, **facts}, code=code)


_BROKEN = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN, errno.EBADF})


def key_shown_by(connect: Connect, access: SftpAccess) -> str:
    """The key that the server shows, before anything is told to it."""
    backend = SftpBackend(connect, access)
    transport = backend._open()
    try:
        return _written(transport.get_remote_server_key())
    finally:
        transport.close()


def fingerprint(key: str) -> str:
    """As `ssh-keygen -l` shows it."""
    digest = hashlib.sha256(base64.b64decode(key.partition(" ")[2])).digest()
    return "SHA256:" + base64.b64encode(digest).rstrip(b"=").decode()


def _written(key: "paramiko.PKey") -> str:
    return f"{key.get_name()} {key.get_base64()}"


def _prefer(transport: "paramiko.Transport", kind: str) -> None:
    """A server with keys of several kinds shows the one that we know."""
    options = transport.get_security_options()
    wanted = ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)
    known = [one for one in wanted if one in options.key_types]
    if known:
        options.key_types = known


def _exists(sftp: "paramiko.SFTPClient", path: str) -> bool:
    try:
        sftp.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _rename(sftp: "paramiko.SFTPClient", part: str, place: str) -> None:
    """Servers refuse when something stands there already, most of them without saying why."""
    try:
        sftp.rename(part, place)
    except OSError:
        if _exists(sftp, place):
            raise Occupied from None
        raise


def _pieces(sftp: "paramiko.SFTPClient", path: str) -> Iterator[bytes]:
    with sftp.open(path, "rb") as file:
        size = file.stat().st_size or 0
        file.prefetch(size, max_concurrent_requests=64)
        while piece := file.read(8 * PIECE):
            yield piece
