"""An IMAP inbox (RFC 3501/9051): batches in, flags out, IDLE (RFC 2177)."""

import contextlib
import imaplib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from apps.channels.transports import imap_text, imap_wire
from apps.channels.transports.batch import BATCH, Batch
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.imap_bodies import ImapBodies, slices
from apps.core.sentences import gettext_noop

__all__ = ["BATCH", "Batch", "Folder", "ImapInbox", "OldMails"]

HEADERS = "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM DATE RECEIVED)])"
SLICE = 10_000  # UIDs that one SEARCH looks at, more where hardly any of them are there


@dataclass(frozen=True, slots=True)
class Folder:
    """What SELECT said."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int
    modseq: int = 0  # HIGHESTMODSEQ (RFC 7162); 0: not offered
    tells_uidnext: bool = True


@dataclass(frozen=True, slots=True)
class OldMails:
    """What lies in a folder up to the UID `until`: dates and sizes as far as the server says."""

    until: int
    uids: tuple[int, ...] = ()
    dates: Mapping[int, datetime] = field(default_factory=dict)
    sizes: Mapping[int, int] = field(default_factory=dict)


class ImapInbox(ImapBodies):
    """Folders, mails and flags of one signed-in connection."""

    # ---- reading ----------------------------------------------------------------------

    def select(self, folder: str, *, writable: bool = True) -> Folder:
        """Opens a folder for reading, and for flagging if the server lets us."""
        data = self._opened(folder, writable)
        exists = int(data[-1] or 0) if data else 0
        uidvalidity = self._number("UIDVALIDITY")
        if not uidvalidity:
            raise self._error(
                "protocol",
                gettext_noop("%(host)s names no UIDVALIDITY; its mail cannot be followed."),
            )
        said, modseq = self._number("UIDNEXT"), self._number("HIGHESTMODSEQ")
        following = said or self._last_uid() + 1
        return Folder(folder, uidvalidity, following, exists, modseq, tells_uidnext=bool(said))

    def _opened(self, folder: str, writable: bool) -> list[Any]:
        """imaplib knows no parameters of SELECT; CONDSTORE makes a server count its changes."""
        name = imap_text.quoted_folder(folder)
        if "CONDSTORE" in self._client.capabilities:
            with contextlib.suppress(Refused):
                return self._ask(lambda: self._selected(f"{name} (CONDSTORE)", writable))
        try:
            return self._ask(lambda: self._selected(name, writable))
        except Refused as refused:
            raise self._no_folder(folder) if refused.code == "protocol" else refused from None

    def _selected(self, name: str, writable: bool) -> tuple[str, list[Any]]:
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

    def uid_slices(self, first: int, last: int) -> Iterator[tuple[int, list[int]]]:
        """The UIDs from FIRST to LAST in slices (how far, the UIDs), however far they lie apart.

        By UID and not by number, since numbers shift when another program removes a mail.
        """
        width = SLICE
        while first <= last:
            end = min(last, first + width - 1)
            uids = [uid for uid in self._search(f"UID {first}:{end}") if first <= uid <= end]
            yield end, uids
            width = width * 8 if len(uids) * 8 < SLICE else SLICE
            first = end + 1

    def old_mails(self, first: int, last: int) -> Iterator[OldMails]:
        """Date and size of each mail from UID FIRST to LAST, in pieces; no bodies, no flags."""
        for end, uids in self.uid_slices(first, last):
            for some in slices(uids):
                yield self._old_mails(some[-1], some)
            if not uids or uids[-1] < end:
                yield OldMails(end)

    def _old_mails(self, until: int, uids: Sequence[int]) -> OldMails:
        with contextlib.suppress(Refused):  # one broken mail leaves the others without dates
            data = self._fetch(uids, "(UID INTERNALDATE RFC822.SIZE)")
            return OldMails(until, tuple(uids), imap_text.dates(data), imap_text.sizes(data))
        return OldMails(until, tuple(uids))

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
        for some in slices(uids):
            found.update(self._search(f"UID {imap_text.uid_set(some)}"))
        return found & set(uids)

    def dates(self, uids: Sequence[int]) -> dict[int, datetime]:
        """When the server took each mail (INTERNALDATE)."""
        found: dict[int, datetime] = {}
        for some in slices(uids):
            found |= imap_text.dates(self._fetch(some, "(UID INTERNALDATE)"))
        return found

    def headers(self, uids: Sequence[int]) -> dict[int, bytes]:
        """What tells a mail from others: Message-ID, From, Date, and who had it on its way."""
        found: dict[int, bytes] = {}
        for some in slices(uids):
            found |= imap_text.headers(self._fetch(some, HEADERS))
        return found

    def _search(self, criteria: str) -> list[int]:
        return imap_text.numbers(self._ask(lambda: self._client.uid("SEARCH", criteria)))

    # ---- flagging ---------------------------------------------------------------------

    def mark_seen(self, uids: Sequence[int]) -> None:
        self._store(uids, r"(\Seen)")

    def delete(self, uids: Sequence[int]) -> None:
        """Removes just these, where the server can (UIDPLUS); else they stay flagged deleted."""
        self._store(uids, r"(\Deleted)")
        if "UIDPLUS" in self._client.capabilities:
            for some in slices(uids):
                self._uid("EXPUNGE", some)

    def move(self, uids: Sequence[int], folder: str) -> None:
        verb = "MOVE" if "MOVE" in self._client.capabilities else "COPY"
        for some in slices(uids):
            try:
                self._uid(verb, some, imap_text.quoted_folder(folder))
            except Refused as refused:
                if refused.code == "protocol" and folder not in self.folders():
                    raise self._no_folder(folder) from None
                raise
        if verb == "COPY":
            self.delete(uids)

    def _store(self, uids: Sequence[int], flags: str) -> None:
        for some in slices(uids):
            self._uid("STORE", some, "+FLAGS.SILENT", flags)

    # ---- asking and waiting -----------------------------------------------------------

    def used_up(self) -> str:
        """What of the quota is used up, if the server says so, else nothing."""
        return imap_text.full(self._quotas())

    def storage(self) -> tuple[int, int] | None:
        """kB that are used and allowed (RFC 9208); None where the server does not say."""
        return imap_text.storage(self._quotas())

    def _quotas(self) -> list[Any]:
        if "QUOTA" in self._client.capabilities:
            with contextlib.suppress(Refused):
                _roots, quotas = self._ask(lambda: self._client.getquotaroot("INBOX"))
                return list(quotas)
        return []

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
            client.allow(imap_wire.READ_SECONDS)
            client.send(b"DONE\r\n")
            while not (line := self._idle_line()).startswith(tag):
                news = news or _is_news(line)
            del client.tagged_commands[tag]
            return news

    def _wait_for_news(self, tag: bytes, until: float, stop: Callable[[], bool]) -> bool:
        while (left := until - time.monotonic()) > 0 and not stop():
            if not self._client.has_input(min(1.0, left)):
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
