"""An IMAP inbox (RFC 3501/9051): batches in, flags out, IDLE (RFC 2177)."""

import contextlib
import imaplib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.channels.transports import imap_text, imap_wire
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.imap_session import ImapLogin, ImapSession
from apps.core.sentences import gettext_noop

__all__ = ["Batch", "Folder", "ImapInbox", "ImapLogin"]

BATCH = 50
BATCH_BYTES = 16 * 2**20
LARGEST_FETCHED = 256 * 2**20  # a larger mail stays on the server and is noted
UNKNOWN_SIZE = 2**20
UIDS_PER_COMMAND = 500  # keeps a command line under 8 kB, the most that servers must take


@dataclass(frozen=True, slots=True)
class Folder:
    """What SELECT said."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails that were asked for, and those that came: (uid, raw). A vanished one did not."""

    asked: tuple[int, ...]
    mails: tuple[tuple[int, bytes], ...] = ()
    huge: tuple[tuple[int, int], ...] = ()  # (uid, size): too large to be fetched at all

    @property
    def missing(self) -> set[int]:
        came = {uid for uid, _raw in self.mails} | {uid for uid, _size in self.huge}
        return set(self.asked) - came


class ImapInbox(ImapSession):
    """Folders, mails and flags of one signed-in connection."""

    # ---- reading ----------------------------------------------------------------------

    def select(self, folder: str, *, writable: bool = True) -> Folder:
        """Opens a folder for reading, and for flagging if the server lets us."""
        try:
            data = self._ask(lambda: self._selected(folder, writable))
        except Refused as refused:
            raise self._no_folder(folder) if refused.code == "protocol" else refused from None
        exists = int(data[-1] or 0) if data else 0
        uidvalidity = self._number("UIDVALIDITY")
        if not uidvalidity:
            raise self._error(
                "protocol",
                gettext_noop("%(host)s names no UIDVALIDITY; its mail cannot be followed."),
            )
        return Folder(folder, uidvalidity, self._number("UIDNEXT") or self._last_uid() + 1, exists)

    def _selected(self, folder: str, writable: bool) -> tuple[str, list[Any]]:
        name = imap_text.quoted_folder(folder)
        try:
            return self._client.select(name, readonly=not writable)
        except imaplib.IMAP4.readonly:
            return self._client.select(name, readonly=True)  # reading goes on, flagging will not

    def _last_uid(self) -> int:
        return max(self._search("ALL"), default=0)

    def _no_folder(self, folder: str) -> TransportError:
        return self._error(
            "folder-missing",
            gettext_noop(
                "There is no folder %(folder)s at %(host)s:%(port)s; it has: %(folders)s."
            ),
            kind=Refused,
            folder=folder,
            folders=", ".join(self.folders()[:12]) or "-",
        )

    def folders(self) -> list[str]:
        """The names of the folders that can be opened."""
        return imap_text.folders_listed(self._ask(lambda: self._client.list()))

    def junk_folders(self) -> list[str]:
        """Where the server puts what it takes for spam, as far as it or the name says so."""
        return imap_text.junk_listed(self._ask(lambda: self._client.list()))

    def _number(self, name: str) -> int:
        _kind, data = self._client.response(name)
        return int(data[-1]) if data and data[-1] else 0

    def uids_from(self, first: int) -> list[int]:
        """All UIDs of the open folder that are not below FIRST, in order."""
        return [uid for uid in self._search(f"UID {first}:*") if uid >= first]

    def unseen(self) -> list[int]:
        return self._search("UNSEEN")

    def since(self, day: date) -> list[int]:
        return self._search(f"SINCE {imap_text.search_date(day)}")

    def with_subject(self, word: str) -> list[int]:
        """Mails whose subject holds WORD, which is of plain letters and digits."""
        return self._search(f"SUBJECT {word}")

    def existing(self, uids: Sequence[int]) -> set[int]:
        """Those of UIDS that the open folder still has."""
        found: set[int] = set()
        for some in _slices(uids):
            found.update(self._search(f"UID {imap_text.uid_set(some)}"))
        return found & set(uids)

    def dates(self, uids: Sequence[int]) -> dict[int, datetime]:
        """When the server took each mail (INTERNALDATE)."""
        found: dict[int, datetime] = {}
        for some in _slices(uids):
            found |= imap_text.dates(self._fetch(some, "(UID INTERNALDATE)"))
        return found

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for some in _slices(uids):
            with contextlib.suppress(Refused):  # for the sake of one broken mail
                found |= imap_text.sizes(self._fetch(some, "(UID RFC822.SIZE)"))
        return found

    def _search(self, criteria: str) -> list[int]:
        return imap_text.numbers(self._ask(lambda: self._client.uid("SEARCH", criteria)))

    def _fetch(self, uids: Sequence[int], what: str) -> list[Any]:
        return self._uid("FETCH", uids, what)

    def new_messages(self, uids: Sequence[int]) -> Iterator[Batch]:
        """The mails in batches of at most 50 or 16 MB, in the order of UIDS."""
        for some in _slices(uids):
            sizes = self.sizes(some)
            for batch in _batches(some, sizes):
                yield self.messages(batch, sizes)

    def messages(self, uids: Sequence[int], sizes: dict[int, int] | None = None) -> Batch:
        """One command for all; where the server refuses that, one for each."""
        sizes = self.sizes(uids) if sizes is None else sizes
        huge = [(uid, sizes[uid]) for uid in uids if sizes.get(uid, 0) > LARGEST_FETCHED]
        wanted = [uid for uid in uids if sizes.get(uid, 0) <= LARGEST_FETCHED]
        found = self._bodies(wanted)
        if len(wanted) > 1:
            for uid in [uid for uid in wanted if uid not in found]:
                found |= self._bodies([uid])
        return Batch(tuple(uids), tuple(sorted(found.items())), tuple(huge))

    def _bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        if not uids:
            return {}
        try:
            data = self._fetch(uids, "(UID BODY.PEEK[])")
        except Refused as refused:
            if refused.code != "protocol":
                raise
            return {}
        return {uid: raw for uid, raw in imap_text.bodies(data) if uid in set(uids)}

    # ---- flagging ---------------------------------------------------------------------

    def mark_seen(self, uids: Sequence[int]) -> None:
        self._store(uids, r"(\Seen)")

    def delete(self, uids: Sequence[int]) -> None:
        """Removes just these, where the server can (UIDPLUS); else they stay flagged deleted."""
        self._store(uids, r"(\Deleted)")
        if "UIDPLUS" in self._client.capabilities:
            for some in _slices(uids):
                self._uid("EXPUNGE", some)

    def move(self, uids: Sequence[int], folder: str) -> None:
        verb = "MOVE" if "MOVE" in self._client.capabilities else "COPY"
        for some in _slices(uids):
            try:
                self._uid(verb, some, imap_text.quoted_folder(folder))
            except Refused as refused:
                if refused.code == "protocol" and folder not in self.folders():
                    raise self._no_folder(folder) from None
                raise
        if verb == "COPY":
            self.delete(uids)

    def _store(self, uids: Sequence[int], flags: str) -> None:
        for some in _slices(uids):
            self._uid("STORE", some, "+FLAGS.SILENT", flags)

    def _uid(self, verb: str, uids: Sequence[int], *arguments: str) -> list[Any]:
        return self._ask(lambda: self._client.uid(verb, imap_text.uid_set(uids), *arguments))

    # ---- asking and waiting -----------------------------------------------------------

    def used_up(self) -> str:
        """What of the quota is used up, if the server says so, else nothing."""
        if "QUOTA" not in self._client.capabilities:
            return ""
        with contextlib.suppress(Refused):
            _roots, quotas = self._ask(lambda: self._client.getquotaroot("INBOX"))
            return imap_text.full(quotas)
        return ""

    @property
    def can_idle(self) -> bool:
        return "IDLE" in self._client.capabilities

    def idle(self, seconds: float, *, stop: Callable[[], bool]) -> bool:
        """Waits until the folder changes (True), SECONDS are over or STOP says so (False)."""
        with self._plain_words():
            client = self._client
            client.allow(seconds + imap_wire.READ_SECONDS)
            tag = client._new_tag()
            client.send(tag + b" IDLE\r\n")
            news = self._wait_for_news(tag, time.monotonic() + seconds, stop)
            client.send(b"DONE\r\n")
            while not (line := self._idle_line()).startswith(tag):
                news = news or _is_news(line)
            del client.tagged_commands[tag]
            return news

    def _wait_for_news(self, tag: bytes, until: float, stop: Callable[[], bool]) -> bool:
        while time.monotonic() < until and not stop():
            if not self._client.has_input(1.0):
                continue
            line = self._idle_line()
            if line.startswith(tag):
                raise self._no(line)
            if _is_news(line):
                return True
        return False

    def _idle_line(self) -> bytes:
        line = self._client.readline()
        if not line or line.startswith(b"* BYE"):
            raise imaplib.IMAP4.abort(line.decode("ascii", "replace"))
        return line


def _is_news(line: bytes) -> bool:
    return line.startswith(b"*") and line.split()[2:3] in ([b"EXISTS"], [b"RECENT"])


def _slices(uids: Sequence[int]) -> Iterator[Sequence[int]]:
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
