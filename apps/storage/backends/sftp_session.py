"""django-storages' SFTP over a connection of ours: a checked address, a known host key.

Loaded where there is SFTP only: paramiko takes a quarter of a second.
"""

import posixpath
from collections.abc import Callable

import paramiko
from storages.backends.sftpstorage import SFTPStorage

FOLDER_MODE = 0o750
ATTEMPTS = 5  # to make the same folders as somebody else at the same moment

SignIn = Callable[[], paramiko.SFTPClient]


class Session(SFTPStorage):  # type: ignore[misc]  # it is not typed
    """Paths lie below FOLDER, which may be absolute; else below where the user arrives.

    `sftp` signs in again by itself when the connection is gone.
    """

    def __init__(self, folder: str, sign_in: SignIn) -> None:
        super().__init__(host="", root_path=folder.rstrip("/") or ".", dir_mode=FOLDER_MODE)
        self._sign_in = sign_in
        self._made: set[str] = set()

    def _connect(self) -> None:
        self._sftp = self._sign_in()
        self._ssh = self._sftp.get_channel()  # what it is asked for: transport and close

    def hang_up(self) -> None:
        if self._ssh is not None:
            self._ssh.get_transport().close()

    def is_alive(self) -> bool:
        return self._ssh is not None and self._ssh.get_transport().is_active()

    def place(self, path: str) -> str:
        return str(self._remote_path(path))

    def make_folder_of(self, place: str) -> None:
        folder = posixpath.dirname(place)
        if folder in self._made or folder in ("", ".", "/"):
            return
        for attempt in range(1, ATTEMPTS + 1):
            if self._path_exists(folder):
                break
            try:
                self._mkdir(folder)
            except OSError:
                if attempt == ATTEMPTS:
                    raise
        self._made.add(folder)
