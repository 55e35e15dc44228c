"""Reading one folder: new mail into the ledger, then the flag on the server, then the cursor.

The cursor moves last. Whatever a crash interrupts is asked for again; the ledger knows what it
has by (account, folder, UIDVALIDITY, UID), and the same bytes in the same account are a duplicate.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.channels import copied_mail, cursors, old_mail
from apps.channels.lane import Lane
from apps.channels.models import EmailAccount, FolderCursor, InboundEmail
from apps.channels.receive import Arrival, note_huge, receive
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.imap import BATCH, Batch, ImapInbox
from apps.core.faults import crashpoint

LOST = {"timeout", "protocol", "refused"}  # codes of a connection that broke while we asked

After = EmailAccount.After


@dataclass(slots=True)
class FolderReader:
    """One folder of one account, for as long as one fetch lasts."""

    lane: Lane
    inbox: ImapInbox
    account: EmailAccount
    gained: int = 0
    trouble: TransportError | None = None  # mail was stored, something else did not work
    after: str = After.KEEP  # what happens there to a mail that is stored

    def read(self, name: str) -> None:
        """1. What is wanted 2. flag what a crash left 3. take in 4. try again what failed 5. note
        the old mail that nobody wants."""
        self.after = self.account.after_in(name)
        folder = self.lane.call(self.inbox.select, name, writable=self.after != After.KEEP)
        cursor = cursors.cursor_of(self.lane, self.inbox, self.account, folder)
        if cursors.is_quiet(cursor, folder):
            return
        uids = cursors.wanted(self.lane, self.inbox, cursor)
        known = self._in_ledger(cursor, uids)
        self._finish(cursor, known)
        for batch in self._batches(cursor, [uid for uid in uids if uid not in known]):
            self._take(cursor, batch)
        self._try_again(cursor)
        old_mail.note(self.lane, self.inbox, cursor)
        if missed := copied_mail.missed_meanwhile(self.lane, self.inbox, self.account, cursor):
            cursors.want(cursor, missed)
        if self.trouble is None:
            cursors.remember(cursor, folder)

    def _batches(self, cursor: FolderCursor, uids: Sequence[int]) -> Iterator[Batch]:
        """After a broken connection the first mails are asked for singly, to find the culprit."""
        broke = bool(self.account.failures) and self.account.status_code in LOST
        alone = uids[:BATCH] if broke else []
        for uid in alone:
            yield self._alone(cursor, uid)
        yield from self.lane.each(self.inbox.new_messages(uids[len(alone) :]))

    def _alone(self, cursor: FolderCursor, uid: int) -> Batch:
        try:
            return self.lane.call(self.inbox.messages, [uid])
        except TransportError as error:
            if error.code in LOST:
                cursors.settle(cursor, [], missing=[uid])
            raise

    def _take(self, cursor: FolderCursor, batch: Batch) -> None:
        old = cursors.old_among(self.lane, self.inbox, cursor, batch.uids)
        arrived = copied_mail.arrivals(
            self.lane, self.inbox, self.account, cursor.folder, batch.uids
        )
        with self.lane.storing(batch.size):
            rows, left = self._stored(cursor, batch.mails, old, arrived)
        rows += note_huge(
            batch.huge,
            account=self.account,
            folder=cursor.folder,
            uidvalidity=cursor.uidvalidity,
        )
        self.gained += len(rows)
        crashpoint("fetch.after_commit")
        stored = [uid for uid in batch.uids if uid not in left]
        self._finish(cursor, stored, batch, left)

    def _stored(
        self,
        cursor: FolderCursor,
        mails: Sequence[tuple[int, bytes]],
        old: set[int],
        arrived: dict[int, datetime],
    ) -> tuple[list[InboundEmail], set[int]]:
        """The rows, and the UIDs of mails from before a move, which are only noted."""
        new = [(uid, raw) for uid, raw in mails if uid not in old]
        left = copied_mail.leave_alone(cursor, self.account, new, arrived)
        rows = receive(
            [Arrival(raw, uid, old=uid in old) for uid, raw in mails if uid not in left],
            source=InboundEmail.Source.FETCH,
            account=self.account,
            folder=cursor.folder,
            uidvalidity=cursor.uidvalidity,
        )
        return rows, left

    def _finish(
        self,
        cursor: FolderCursor,
        stored: Sequence[int],
        batch: Batch | None = None,
        left: Collection[int] = (),
    ) -> None:
        """Flags what is committed, then moves on; without the flag it is met again next time."""
        if stored and not self._flagged(stored):
            return
        crashpoint("fetch.after_flag")
        if self.trouble is None:
            huge = [uid for uid, _size in batch.huge] if batch else []
            cursors.settle(cursor, [*stored, *left, *huge], missing=batch.missing if batch else ())

    def _flagged(self, uids: Sequence[int]) -> bool:
        try:
            self.lane.call(self._flag, uids)
        except Refused as refused:
            if refused.code == "throttled":
                raise
            self.trouble = refused
            return False
        return True

    def _flag(self, uids: Sequence[int]) -> None:
        match self.after:
            case After.SEEN:
                self.inbox.mark_seen(uids)
            case After.MOVE:
                self.inbox.move(uids, self.account.after_folder)
            case After.DELETE:
                self.inbox.delete(uids)

    def _try_again(self, cursor: FolderCursor) -> None:
        """One mail that cannot be had neither stops the others nor makes the account fail."""
        for uid in cursors.second_chances(self.lane, self.inbox, cursor):
            try:
                self._take(cursor, self.lane.call(self.inbox.messages, [uid]))
            except TransportError:
                cursors.settle(cursor, [], missing=[uid])
                break
        if cursor.held_back and self.trouble is None:
            self.trouble = cursors.still_held_back(cursor)

    def _in_ledger(self, cursor: FolderCursor, uids: Sequence[int]) -> list[int]:
        """Committed before a crash, perhaps not flagged yet."""
        rows = InboundEmail.objects.filter(
            account=self.account, folder=cursor.folder, uidvalidity=cursor.uidvalidity
        ).exclude(status=InboundEmail.Status.BEFORE_START)
        found: set[int] = set()
        for start in range(0, len(uids), 500):
            some = rows.filter(uid__in=uids[start : start + 500])
            found.update(uid for uid in some.values_list("uid", flat=True) if uid is not None)
        return sorted(found)
