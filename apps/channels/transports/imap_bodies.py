"""The bytes of mails: many by one command, a large one in pieces (RFC 3501, 6.4.5)."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from apps.channels.transports import imap_text
from apps.channels.transports.batch import BATCH, BATCH_BYTES, LARGEST_FETCHED, Batch
from apps.channels.transports.errors import Refused
from apps.channels.transports.imap_session import ImapSession
from apps.channels.transports.spool import Kept, Spool

UNKNOWN_SIZE = 2**20
UIDS_PER_COMMAND = 500  # keeps a command line under 8 kB, the most that servers must take
IN_PIECES = 4 * 2**20  # a larger mail comes in pieces: silence is noticed in the middle of it
PIECE = 2 * 2**20


class ImapBodies(ImapSession):
    """Reads bodies and leaves their flags alone."""

    def new_messages(self, uids: Sequence[int]) -> Iterator[Batch]:
        """The mails in batches of at most 50 or 16 MB, in the order of UIDS."""
        for some in slices(uids):
            sizes = self.sizes(some)
            for batch in _batches(some, sizes):
                yield self.messages(batch, sizes)

    def messages(self, uids: Sequence[int], sizes: dict[int, int] | None = None) -> Batch:
        """One command for all but the large ones; where the server refuses that, one for each."""
        sizes = self.sizes(uids) if sizes is None else sizes
        huge = [(uid, sizes[uid]) for uid in uids if sizes.get(uid, 0) > LARGEST_FETCHED]
        wanted = [uid for uid in uids if sizes.get(uid, 0) <= LARGEST_FETCHED]
        small = [uid for uid in wanted if sizes.get(uid, 0) <= IN_PIECES]
        spool = Spool()
        found = self._bodies(small, spool) if len(small) > 1 else {}
        for uid in wanted:
            if uid not in found:
                found |= self._body(uid, sizes.get(uid, 0), spool)
        return Batch(tuple(uids), tuple(sorted(found.items())), tuple(huge))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for some in slices(uids):
            with contextlib.suppress(Refused):  # for the sake of one broken mail
                found |= imap_text.sizes(self._fetch(some, "(UID RFC822.SIZE)"))
        return found

    def _body(self, uid: int, size: int, spool: Spool) -> dict[int, Kept]:
        """Pieces count only if together they are what the server said; else it comes as a whole."""
        kept = self._pieces(uid, size, spool) if size > IN_PIECES else None
        if kept and kept.size == size:
            return {uid: kept}
        return self._bodies([uid], spool)

    def _pieces(self, uid: int, size: int, spool: Spool) -> Kept | None:
        """Up to the one that is shorter than asked for; None: the server gives no such pieces."""
        start = spool.end
        while (done := spool.end - start) <= size:
            length = self._piece(uid, done, spool)
            if length is None:
                return None
            if length < PIECE:
                return Kept(spool, start, done + length)
        return None

    def _piece(self, uid: int, offset: int, spool: Spool) -> int | None:
        try:
            data = self._spooled([uid], f"(UID BODY.PEEK[]<{offset}.{PIECE}>)", spool)
        except Refused as refused:
            if refused.code != "protocol":
                raise
            return None
        return imap_text.length_of_piece(data, offset)

    def _bodies(self, uids: Sequence[int], spool: Spool) -> dict[int, Kept]:
        if not uids:
            return {}
        try:
            data = self._spooled(uids, "(UID BODY.PEEK[])", spool)
        except Refused as refused:
            if refused.code != "protocol":
                raise
            return {}
        return {uid: kept for uid, kept in imap_text.bodies(data) if uid in set(uids)}

    def _spooled(self, uids: Sequence[int], what: str, spool: Spool) -> list[Any]:
        with self._client.literals_into(spool):
            return self._fetch(uids, what)

    def _fetch(self, uids: Sequence[int], what: str) -> list[Any]:
        return self._uid("FETCH", uids, what)

    def _uid(self, verb: str, uids: Sequence[int], *arguments: str) -> list[Any]:
        return self._ask(lambda: self._client.uid(verb, imap_text.uid_set(uids), *arguments))


def slices(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), UIDS_PER_COMMAND):
        yield uids[start : start + UIDS_PER_COMMAND]


def _batches(uids: Sequence[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    batch: list[int] = []
    total = 0
    for uid in uids:
        size = sizes.get(uid, UNKNOWN_SIZE)
        if batch and (len(batch) == BATCH or total + size > BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += size
    if batch:
        yield batch
