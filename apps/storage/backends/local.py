"""Files in a folder of this machine: whole and on disk, or not there; no link leads out of it."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apps.core.sentences import gettext_noop as _
from apps.storage.backends.base import (
    Content,
    Damaged,
    Missing,
    Occupied,
    Spoiled,
    StorageError,
    hashed,
)

PIECE = 256 * 1024
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# A link where a folder or a file should be: O_NOFOLLOW says so in one of these ways.
LINK = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class LocalBackend:
    def __init__(self, root: str) -> None:
        self._root = Path(root)

    def create(self, path: str, content: Content) -> None:
        with self._errors(), self._folder(path, make=True) as (folder, name):
            part = f".{name}.part"
            with suppress(FileNotFoundError):
                os.unlink(part, dir_fd=folder)  # a killed worker's
            try:
                _write(part, folder, content)
                _publish(part, name, folder)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(part, dir_fd=folder)
            os.fsync(folder)

    def sha256_of(self, path: str) -> str | None:
        try:
            return hashed(self.read(path))
        except Missing:
            return None

    def read(self, path: str) -> Iterator[bytes]:
        with self._errors(), self._folder(path) as (folder, name):
            yield from _pieces(name, folder)

    def delete(self, path: str) -> None:
        try:
            with self._errors(), self._folder(path) as (folder, name):
                os.unlink(name, dir_fd=folder)
                os.fsync(folder)
        except Missing:
            return

    def close(self) -> None:
        """Nothing stays open."""

    # ---- folders ------------------------------------------------------------------------------

    @contextmanager
    def _folder(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The open folder of PATH and the name in it; each step on the way is no link."""
        *folders, name = path.split("/")
        if make:
            self._root.mkdir(mode=0o750, parents=True, exist_ok=True)
        here = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for one in folders:
                inner = _step(here, one, make=make)
                os.close(here)
                here = inner
            yield here, name
        finally:
            os.close(here)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise Missing from error
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> StorageError:
        facts = {"folder": str(self._root), "reason": error.strerror or type(error).__name__}
        if error.errno in FULL:
            return StorageError(_("The disk of %(folder)s is full."), facts, code="full")
        if error.errno in (errno.EACCES, errno.EPERM):
            words = _("Carteria may not write to %(folder)s: give its user the right.")
            return StorageError(words, facts, code="forbidden")
        if error.errno in LINK:
            words = _("A link or a file stands in %(folder)s where a folder is needed.")
            return StorageError(words, facts, code="refused")
        if error.errno == errno.EROFS:
            return StorageError(_("%(folder)s can only be read."), facts, code="forbidden")
        return StorageError(_("%(folder)s: %(reason)s."), facts, code="trouble")


def _step(here: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=here)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):  # somebody made it meanwhile
        os.mkdir(name, 0o750, dir_fd=here)
        os.fsync(here)
    return os.open(name, FOLDER, dir_fd=here)


def _write(part: str, folder: int, content: Content) -> None:
    """On disk for good, and read again before anybody sees it: one sum for both ends of the way."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(part, flags, 0o640, dir_fd=folder), "wb") as file:
        for piece in content.pieces():
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if hashed(_pieces(part, folder)) != content.sha256:
        raise Spoiled if hashed(content.pieces()) != content.sha256 else Damaged


def _publish(part: str, name: str, folder: int) -> None:
    """Under its name in one step, unless that is taken."""
    try:
        os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError as error:
        raise Occupied from error
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        _publish_without_links(part, name, folder)


def _publish_without_links(part: str, name: str, folder: int) -> None:
    """On file systems that know no second name."""
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        raise Occupied
    os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)


def _pieces(name: str, folder: int) -> Iterator[bytes]:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Occupied
        while piece := file.read(PIECE):
            yield piece
