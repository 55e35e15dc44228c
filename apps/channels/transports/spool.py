"""Where mails are while they come: in a file without a name, so that a slow server fills no memory.

The file vanishes with its last user, also after kill -9.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from apps.channels.transports.errors import TransportError
from apps.core.sentences import gettext_noop

folder: Path | None = None  # of the data, once the product runs; a temporary one may be small


@dataclass(frozen=True, slots=True)
class Kept:
    """So many bytes of a spool."""

    spool: "Spool"
    start: int
    size: int

    def read(self) -> bytes:
        return self.spool.read(self.start, self.size)


class Spool:
    """Bytes in the order in which they came. Raises TransportError("disk-full")."""

    def __init__(self) -> None:
        self.end = 0
        try:
            # Closed by __del__: it lives as long as somebody has a `Kept` of it.
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _no_room() from error

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def keep(self, pieces: Iterable[bytes]) -> Kept:
        start = self.end
        for piece in pieces:
            self._write(piece)
            self.end += len(piece)
        return Kept(self, start, self.end - start)

    def read(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(size)

    def _write(self, piece: bytes) -> None:
        try:
            self._file.seek(self.end)
            if self._file.write(piece) != len(piece):
                raise _no_room()
        except OSError as error:
            raise _no_room() from error


def _no_room() -> TransportError:
    return TransportError(
        "disk-full",
        gettext_noop("The disk takes no more mail; make room, then it goes on by itself."),
    )
