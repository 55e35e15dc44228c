"""Reading a maildrop by POP3: new mail into the ledger, then deletions, then the farewell.

Only the farewell (QUIT) lets the server delete, so a line that is lost before undoes deletions and
nothing else: the mails are known by their names, and deleted the next time. POP3 knows no folders,
no flags and no dates; what follows from that for settings is said in pop3_rules.py.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from apps.channels import cursors, uidls
from apps.channels.folders import LOST
from apps.channels.lane import Lane
from apps.channels.models import EmailAccount, InboundEmail
from apps.channels.parsing.dates import read_date
from apps.channels.receive import note_huge, receive
from apps.channels.transports.batch import Batch
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.pop3 import Listed, Pop3Inbox
from apps.channels.uidls import Drop
from apps.core.faults import crashpoint
from apps.core.sentences import gettext_noop

_RECEIVED = re.compile(rb"^Received:((?:.*\r?\n[ \t])*.*)", re.I | re.M)


@dataclass(slots=True)
class MaildropReader:
    """The one maildrop of an account, for as long as one fetch lasts."""

    lane: Lane
    inbox: Pop3Inbox
    account: EmailAccount
    gained: int = 0
    trouble: TransportError | None = None  # mail was stored, something else did not work
    _deleted: list[str] = field(default_factory=list)  # as soon as we have left

    def read(self, name: str) -> None:
        """1. What is there 2. what of it is old 3. what a lost line left undeleted 4. take in what
        is new 5. leave, and so delete 6. note what is gone."""
        drop = uidls.compare(self.account, name, self.lane.call(self.inbox.listing))
        self._set_old_aside(drop)
        self._delete(drop.to_delete_again())
        self._take_all(drop)
        drop.note_gone(self._leave())

    # ---- old mail -----------------------------------------------------------------------

    def _set_old_aside(self, drop: Drop) -> None:
        """Noted and not read. Where names say nothing, the servers that had a mail date it."""
        old: list[Listed] = []
        if drop.is_first and not self._wants_all:
            old = drop.new
            drop.cursor.old_until = timezone.now() if old else None
        elif limit := self._limit(drop):
            old = self._older(drop, drop.new, limit)
        if old or drop.is_first or drop.read_otherwise:
            drop.note_old(old)
        if self.account.moved_until and not self._wants_all:
            self._look_for_what_came_meanwhile(drop, self.account.moved_until)

    @property
    def _wants_all(self) -> bool:
        return self.account.start == EmailAccount.Start.ALL

    def _limit(self, drop: Drop) -> datetime | None:
        """Mail from before it is old: its name is a new one, or it was copied (copied_mail.py)."""
        moved = None if self._wants_all else self.account.moved_until
        start = drop.cursor.old_until if drop.is_doubtful else None
        return max((one for one in (moved, start) if one), default=None)

    def _older(self, drop: Drop, mails: Sequence[Listed], limit: datetime) -> list[Listed]:
        dates = {mail.uidl: arrival(self.lane.call(self.inbox.head, mail)) for mail in mails}
        drop.undated |= {name for name, date in dates.items() if date is None}
        return [drop.listed[name] for name, date in dates.items() if date and date <= limit]

    def _look_for_what_came_meanwhile(self, drop: Drop, moved_until: datetime) -> None:
        """Among the old mail of an account that a mailbox moved to: once for each."""
        unknown = drop.not_looked_at()
        drop.split_old(unknown, self._older(drop, unknown, moved_until), moved_until)

    # ---- new mail -----------------------------------------------------------------------

    def _take_all(self, drop: Drop) -> None:
        """A mail at which the line breaks is held back, or it would stop the others for ever."""
        mails = _in_turn(drop)
        done: set[int] = set()
        try:
            for batch in self.lane.each(self.inbox.new_messages(mails)):
                self._take(drop, batch)
                done.update(batch.asked)
        except TransportError as error:
            if error.code in LOST:
                culprit = [mail.uidl for mail in mails if mail.number not in done][:1]
                cursors.hold_back(drop.cursor, culprit)
            raise
        if drop.cursor.held_back and self.trouble is None:
            self.trouble = cursors.still_held_back(drop.cursor)

    def _take(self, drop: Drop, batch: Batch) -> None:
        names = {mail.number: name for name, mail in drop.listed.items()}
        with self.lane.storing(batch.size):
            arrivals = drop.arrivals([(names[number], raw) for number, raw in batch.mails])
            taken = [str(one.uid) for one in arrivals]
            if self._deletes:
                drop.mean_to_delete(taken)
            rows = receive(
                arrivals,
                source=InboundEmail.Source.FETCH,
                account=self.account,
                folder=drop.cursor.folder,
            )
        huge = [(names[number], size) for number, size in batch.huge]
        rows += note_huge(huge, account=self.account, folder=drop.cursor.folder)
        self.gained += len(rows)
        crashpoint("fetch.after_commit")
        cursors.release(drop.cursor, [names[number] for number in batch.asked])
        cursors.hold_back(drop.cursor, [names[number] for number in sorted(batch.missing)])
        self._delete([drop.listed[name] for name in taken])

    # ---- deletions ----------------------------------------------------------------------

    @property
    def _deletes(self) -> bool:
        return self.account.after == EmailAccount.After.DELETE

    def _delete(self, mails: Sequence[Listed]) -> None:
        """Marked only: it becomes true when we leave."""
        if not (self._deletes and mails):
            return
        try:
            self.lane.call(self.inbox.delete, mails)
        except Refused as refused:
            if refused.code == "throttled":
                raise
            self.trouble = refused
            return
        self._deleted += [mail.uidl for mail in mails]
        crashpoint("fetch.after_flag")

    def _leave(self) -> list[str]:
        """The names whose mails the server says it has deleted."""
        if self.lane.call(self.inbox.leave):
            return self._deleted
        if self._deleted:
            self.trouble = TransportError(
                "protocol",
                gettext_noop(
                    "%(host)s:%(port)s was gone before it had deleted the mails that are stored"
                    " (%(count)s); they are deleted the next time."
                ),
                host=self.account.receive_host,
                port=self.account.receive_port,
                count=len(self._deleted),
            )
        return []


def _in_turn(drop: Drop) -> list[Listed]:
    """New mail first; what the server did not hand over before comes last, when its time has."""
    cursors.release(drop.cursor, drop.cursor.held_back.keys() - drop.listed.keys())
    held, due = drop.cursor.held_back, cursors.due_again(drop.cursor)
    fresh = [mail for mail in drop.new if mail.uidl not in held]
    return fresh + [mail for mail in drop.new if mail.uidl in due]


def arrival(head: bytes) -> datetime | None:
    """When the last server that had the mail took it, by its own Received line (RFC 5321, 4.4)."""
    found = _RECEIVED.search(head)
    if not found:
        return None
    _way, semicolon, date = found[1].decode("latin-1").rpartition(";")
    return read_date(" ".join(date.split())) if semicolon else None
