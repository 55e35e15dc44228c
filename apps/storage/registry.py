"""Which backend speaks to a place, with its secrets unsealed and a guarded way out.

Each connection goes to an address that was checked when it was opened (apps.core.outside):
public, or in a range of CARTERIA_PRIVATE_HOSTS. That holds for all backends alike, since none of
them opens a connection by itself.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpcore
from django.utils.translation import gettext_noop as _

from apps.core.outside import guarded_client, guarded_socket, within
from apps.core.secrets import unseal
from apps.storage.backends.azure import AzureAccess, AzureBackend
from apps.storage.backends.base import Backend, StorageError
from apps.storage.backends.google import GoogleAccess, GoogleBackend
from apps.storage.backends.local import LocalBackend
from apps.storage.backends.s3 import S3Access, S3Backend
from apps.storage.backends.sftp import SftpAccess, SftpBackend
from apps.storage.backends.web import NOT_PUBLIC
from apps.storage.models import StorageTarget

STEP = 30.0  # seconds of one step; a service checks a whole file before it answers
WHOLE = 600.0  # seconds of one file


@contextmanager
def opened(target: StorageTarget) -> Iterator[Backend]:
    """Connections are kept for the time of the block."""
    backend = _MAKERS[target.backend](target)
    try:
        yield backend
    finally:
        backend.close()


in_time = within


def _local(target: StorageTarget) -> Backend:
    return LocalBackend(target.folder)


def _s3(target: StorageTarget) -> Backend:
    access = S3Access(
        bucket=target.bucket,
        region=target.region,
        endpoint=target.endpoint,
        folder=target.root,
        key=unseal(target.key),
        secret=unseal(target.secret),
    )
    return S3Backend(guarded_client(seconds=STEP), access)


def _azure(target: StorageTarget) -> Backend:
    access = AzureAccess(
        account=target.user,
        container=target.bucket,
        endpoint=target.endpoint,
        folder=target.root,
        secret=unseal(target.secret or target.key),
    )
    return AzureBackend(guarded_client(seconds=STEP), access)


def _google(target: StorageTarget) -> Backend:
    access = GoogleAccess(
        bucket=target.bucket,
        endpoint=target.endpoint,
        folder=target.root,
        secret=unseal(target.secret or target.key),
    )
    return GoogleBackend(guarded_client(seconds=STEP), access)


def _sftp(target: StorageTarget) -> Backend:
    return SftpBackend(connect, sftp_access(target))


def sftp_access(target: StorageTarget) -> SftpAccess:
    return SftpAccess(
        host=target.host,
        port=target.port,
        user=target.user,
        folder=target.root,
        password=unseal(target.secret),
        private_key=unseal(target.key),
        host_key=target.host_key,
    )


def connect(host: str, port: int) -> socket.socket:
    try:
        return guarded_socket(host, port)
    except httpcore.ConnectTimeout as error:
        raise _not_connected(host, _("%(host)s did not answer in time."), "timeout") from error
    except httpcore.ConnectError as error:
        if type(error).__name__ == "Refused":
            raise _not_connected(host, NOT_PUBLIC, "not-public") from error
        if isinstance(error.__cause__, socket.gaierror | UnicodeError):
            words = _("There is no server called %(host)s.")
            raise _not_connected(host, words, "dns") from error
        words = _("%(host)s cannot be reached: nobody answers there.")
        raise _not_connected(host, words, "unreachable") from error


def _not_connected(host: str, words: str, code: str) -> StorageError:
    return StorageError(words, {"host": host}, code=code)


_MAKERS: dict[str, Callable[[StorageTarget], Backend]] = {
    StorageTarget.Backend.LOCAL: _local,
    StorageTarget.Backend.S3: _s3,
    StorageTarget.Backend.AZURE: _azure,
    StorageTarget.Backend.GOOGLE: _google,
    StorageTarget.Backend.SFTP: _sftp,
}
