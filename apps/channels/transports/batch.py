"""Mails on their way in: so many at once that neither memory nor a transaction grows too large."""

from dataclasses import dataclass

from apps.channels.transports.spool import Kept

BATCH = 50
BATCH_BYTES = 8 * 2**20
LARGEST_FETCHED = 256 * 2**20  # a larger mail stays on the server and is noted


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails that were asked for, and those that came, in a spool. A vanished one did not.

    By UID, or by the number that a mail has for as long as a connection of POP3 lasts.
    """

    asked: tuple[int, ...]
    kept: tuple[tuple[int, Kept], ...] = ()
    huge: tuple[tuple[int, int], ...] = ()  # (uid, size): too large to be fetched at all

    @property
    def uids(self) -> list[int]:
        return [uid for uid, _kept in self.kept]

    @property
    def size(self) -> int:
        return sum(kept.size for _uid, kept in self.kept)

    @property
    def missing(self) -> set[int]:
        return set(self.asked) - set(self.uids) - {uid for uid, _size in self.huge}

    @property
    def mails(self) -> list[tuple[int, bytes]]:
        """All of them in memory."""
        return [(uid, kept.read()) for uid, kept in self.kept]
