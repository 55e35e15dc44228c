"""What the ledger knows of the mails in a maildrop, which POP3 tells by their names (UIDL) alone.

Each name that is listed has one living row; it stops living (`gone_at`) when the server is seen
without it. A name may come back: for the same mail after all, or for another one, which servers
may do with the names of mails that are gone (RFC 1939, 7). Then the bytes decide.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.channels.models import EmailAccount, FolderCursor, InboundEmail
from apps.channels.receive import Arrival
from apps.channels.transports.pop3 import Listed

BY_NAMES = 0  # in place of a UIDVALIDITY
AT_ONCE = 500

Status = InboundEmail.Status


@dataclass(slots=True)
class Drop:
    """A maildrop as it is listed now, beside its rows."""

    account: EmailAccount
    cursor: FolderCursor
    listed: dict[str, Listed]
    living: dict[str, str]  # the outcome of each living row, by name
    before: dict[str, InboundEmail] = field(default_factory=dict)  # the last row of a name
    undated: set[str] = field(default_factory=set)  # that may be old mail under a new name

    @property
    def new(self) -> list[Listed]:
        return [mail for name, mail in self.listed.items() if name not in self.living]

    @property
    def gone(self) -> set[str]:
        return self.living.keys() - self.listed.keys()

    @property
    def is_first(self) -> bool:
        return self.cursor.pk is None

    @property
    def read_otherwise(self) -> bool:
        """Until now by IMAP."""
        return self.cursor.uidvalidity != BY_NAMES

    @property
    def is_doubtful(self) -> bool:
        """Old mail may be among the new: it has lost its names, or never had any."""
        lost = any(self.living[name] == Status.BEFORE_START for name in self.gone)
        return self.cursor.old_until is not None and (lost or self.read_otherwise)

    # ---- old mail -----------------------------------------------------------------------

    def note_old(self, mails: Sequence[Listed]) -> None:
        """A row for each, and the cursor: after a crash, both or neither are there."""
        with transaction.atomic():
            InboundEmail.objects.bulk_create(
                (self._old(mail) for mail in mails), batch_size=AT_ONCE, ignore_conflicts=True
            )
            if self.read_otherwise:
                self.cursor.uidvalidity, self.cursor.pending_uids = BY_NAMES, []
                self.cursor.held_back, self.cursor.seen_uidnext = {}, 0
            self.cursor.save()
        self.living |= {mail.uidl: Status.BEFORE_START for mail in mails}

    def _old(self, mail: Listed) -> InboundEmail:
        return InboundEmail(
            source=InboundEmail.Source.FETCH,
            account=self.account,
            folder=self.cursor.folder,
            uidl=mail.uidl,
            size=mail.size,
            status=Status.BEFORE_START,
        )

    def not_looked_at(self) -> list[Listed]:
        """Old mail that is dated by nobody yet."""
        rows = _living(self.account).filter(status=Status.BEFORE_START, server_date=None)
        names = rows.values_list("uidl", flat=True)
        return [self.listed[name] for name in names if name in self.listed]

    def split_old(self, mails: Sequence[Listed], old: Sequence[Listed], before: datetime) -> None:
        """OLD of MAILS stay old, from BEFORE or earlier; the others are wanted like new mail."""
        for some in _lots([mail.uidl for mail in old]):
            _living(self.account).filter(uidl__in=some).update(server_date=before)
        for name in {mail.uidl for mail in mails} - {mail.uidl for mail in old}:
            self.living.pop(name, None)

    # ---- mails that are stored ----------------------------------------------------------

    def arrivals(self, mails: Sequence[tuple[str, bytes]]) -> list[Arrival]:
        """Without those that are back under their old names: their rows live again."""
        same = {name for name, raw in mails if self._is_back(name, raw)}
        self._live_again(same)
        return [
            Arrival(raw, name, old=name in self.undated) for name, raw in mails if name not in same
        ]

    def _is_back(self, name: str, raw: bytes) -> bool:
        before = self.before.get(name)
        return before is not None and before.sha256 == hashlib.sha256(raw).hexdigest()

    def _live_again(self, names: Collection[str]) -> None:
        ids = [self.before[name].pk for name in names]
        InboundEmail.objects.filter(pk__in=ids).update(gone_at=None)
        self.living |= {name: self.before[name].status for name in names}

    # ---- deletions ----------------------------------------------------------------------

    def mean_to_delete(self, names: Collection[str]) -> None:
        """Before they are stored, so that no crash can leave one on the server unknown."""
        self.cursor.to_delete |= {name: self.listed[name].size for name in names}
        self.cursor.save(update_fields=["to_delete"])

    def to_delete_again(self) -> list[Listed]:
        """Stored, but the line was lost before the server had deleted them."""
        wanted = self.cursor.to_delete.keys() & self.living.keys() & self.listed.keys()
        return [self.listed[name] for name in sorted(wanted)]

    def note_gone(self, deleted: Collection[str]) -> None:
        """DELETED: as the server has confirmed; and whatever it lists no more."""
        gone = {*self.gone, *deleted}
        for some in _lots(sorted(gone)):
            _living(self.account).filter(uidl__in=some).update(gone_at=timezone.now())
        left = self.cursor.to_delete.keys() & self.listed.keys() - gone
        if left != self.cursor.to_delete.keys():
            self.cursor.to_delete = {name: self.cursor.to_delete[name] for name in left}
            self.cursor.save(update_fields=["to_delete"])


def compare(account: EmailAccount, folder: str, listing: Sequence[Listed]) -> Drop:
    cursor = FolderCursor.objects.filter(account=account, folder=folder).first()
    cursor = cursor or FolderCursor(
        account=account, folder=folder, uidvalidity=BY_NAMES, first_uid=0, last_uid=0
    )
    living = dict(_living(account).values_list("uidl", "status"))
    drop = Drop(account, cursor, {mail.uidl: mail for mail in listing}, living)
    _doubt_other_sizes(drop)
    if not drop.is_first:
        _look_for_earlier(drop)
    return drop


def _living(account: EmailAccount) -> QuerySet[InboundEmail]:
    return InboundEmail.objects.filter(account=account, gone_at=None).exclude(uidl="")


def _doubt_other_sizes(drop: Drop) -> None:
    """Nothing is deleted unread: a mail of another size under the name of one that was to be
    deleted may be another mail."""
    meant = drop.cursor.to_delete
    doubted = [mail.uidl for mail in drop.to_delete_again() if mail.size != meant[mail.uidl]]
    if doubted:
        _living(drop.account).filter(uidl__in=doubted).update(gone_at=timezone.now())
        drop.cursor.to_delete = {name: meant[name] for name in meant.keys() - set(doubted)}
        drop.cursor.save(update_fields=["to_delete"])
        for name in doubted:
            del drop.living[name]


def _look_for_earlier(drop: Drop) -> None:
    """Rows of names that are back. What was never read is known by its size alone."""
    for some in _lots([mail.uidl for mail in drop.new]):
        rows = InboundEmail.objects.filter(account=drop.account, uidl__in=some)
        drop.before |= {row.uidl: row for row in rows.order_by("pk")}
    unread = {name for name, row in drop.before.items() if not row.sha256}
    drop._live_again({name for name in unread if drop.before[name].size == drop.listed[name].size})


def _lots(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]
