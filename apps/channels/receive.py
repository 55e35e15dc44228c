"""The ledger: every mail that a server or a caller gives us becomes a row with its raw bytes.

Bytes reach the disk first, then one transaction writes the rows; only then may anybody flag,
move or delete a mail, or answer 2xx (GUARANTEES G2).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels import canary, probe
from apps.channels.answerable import is_junk_folder
from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    InboundEmail,
    Mailbox,
    ProviderEvent,
)
from apps.channels.parse import glance
from apps.channels.signals import mail_received
from apps.core import blobs
from apps.core.announce import announce
from apps.core.db.locks import lock_until_commit
from apps.core.db.rows import add_all, update_each
from apps.core.errors import Unavailable
from apps.core.faults import crashpoint
from apps.core.models import Blob

log = logging.getLogger(__name__)

MAX_MAIL_BYTES = 50 * 2**20

Status = InboundEmail.Status
WHEN_BROUGHT_IN = (
    *("raw", "sha256", "size", "received_at", "answers_nobody", "sender", "subject", "mailbox"),
    *("status", "code", "reason", "duplicate_of", "settled_at", "tries", "from_junk"),
)


Uid = int | str  # of POP3 it is a name, the UIDL


@dataclass(frozen=True)
class Arrival:
    """One mail as it came, with the UID that its server gave it."""

    raw: bytes
    uid: Uid | None = None
    old: bool = False  # from before the start: nothing automatic answers it

    @cached_property
    def sha256(self) -> str:
        return blobs.digest_of(self.raw)


@dataclass(frozen=True, slots=True)
class _Where:
    """Where mails came from: the same for all of one batch."""

    source: str
    account: EmailAccount | None = None
    mailbox: Mailbox | None = None
    folder: str = ""
    uidvalidity: int | None = None
    rebuilt: bool = False  # not the original bytes
    noted: Mapping[Uid, InboundEmail] = field(default_factory=dict)  # by UID, from before the start

    def lock(self) -> None:
        lock_until_commit(f"ledger:{self.account.pk if self.account else 0}")

    def row(self, uid: Uid | None, size: int, *, old: bool = False) -> InboundEmail:
        """A new one, or the one that was noted when the folder was read for the first time."""
        row = self.noted.get(uid or 0)
        if row is not None:
            row.status, row.received_at, row.tries = Status.RECEIVED, timezone.now(), 0
        else:
            row = InboundEmail(
                source=self.source,
                account=self.account,
                mailbox=self.mailbox,
                folder=self.folder,
                uidvalidity=self.uidvalidity if uid is not None else None,
                uid=uid if isinstance(uid, int) else None,
                uidl=uid if isinstance(uid, str) else "",
            )
        row.size, row.answers_nobody, row.rebuilt = size, old, self.rebuilt
        row.from_junk = self.is_junk
        return row

    @property
    def is_junk(self) -> bool:
        watched = self.account.junk if self.account else ""
        return bool(self.folder) and (self.folder == watched or is_junk_folder(self.folder))

    def rows_of(self, uids: Sequence[Uid]) -> QuerySet[InboundEmail]:
        """Under the numbers that the folder has now; of POP3, of what the server still has."""
        rows = InboundEmail.objects.filter(account=self.account)
        if self.uidvalidity is None:
            return rows.filter(uidl__in=uids, gone_at=None)
        return rows.filter(folder=self.folder, uidvalidity=self.uidvalidity, uid__in=uids)


def receive(
    arrivals: Sequence[Arrival],
    *,
    source: str,
    account: EmailAccount | None = None,
    mailbox: Mailbox | None = None,
    folder: str = "",
    uidvalidity: int | None = None,
) -> list[InboundEmail]:
    """Commits rows and bytes; a UID that the ledger already has is left out, but for one that was
    only noted, *before-start*: its row becomes the mail's.

    Bytes that this account gave us before, under another UID, are a duplicate at once: so a
    folder that is read again doubles nothing, neither on the disk nor in the quarantine.
    """
    if not arrivals:
        return []
    crashpoint("fetch.before_raw")
    where = _Where(source, account, mailbox, folder, uidvalidity)
    digests = [arrival.sha256 for arrival in arrivals]
    before = _same_bytes_before(digests, where)
    new = [one for one, digest in zip(arrivals, digests, strict=True) if digest not in before]
    written = {one.sha256: one for one in _on_disk(new)}
    with transaction.atomic():
        where.lock()
        known, where = _known_uids([arrival.uid for arrival in arrivals], where)
        fresh = [
            pair
            for pair in zip(arrivals, digests, strict=True)
            if pair[0].uid is None or pair[0].uid not in known
        ]
        return _enter(fresh, written, before, where)


def receive_one(raw: bytes, *, mailbox: Mailbox, source: str) -> tuple[InboundEmail, bool]:
    """A mail from the pipe or the API. The same bytes again: the first row, and False.

    Raises Unavailable when the channel is off or the disk is full: the sender keeps the mail.
    """
    if not ChannelSettings.load().enabled:
        raise Unavailable("channel-off", _("The email channel is switched off; try again later."))
    arrival = Arrival(raw)
    if before := _same_bytes(arrival.sha256, mailbox):
        return before, False
    written = {one.sha256: one for one in _on_disk([arrival])}
    where = _Where(source, mailbox.account, mailbox)
    with transaction.atomic():
        where.lock()
        if before := _same_bytes(arrival.sha256, mailbox):
            return before, False
        return _enter([(arrival, arrival.sha256)], written, {}, where)[0], True


def receive_told(
    raw: bytes, *, account: EmailAccount, mailbox: Mailbox | None, event_id: str, rebuilt: bool
) -> tuple[InboundEmail | None, bool]:
    """A mail that a provider told of: once for each event, however often it is told.

    The second is False for what is here already, also for the same bytes under another event.
    Raises Unavailable as `receive_one`.
    """
    arrival = Arrival(raw)
    event = ProviderEvent(account=account, kind=ProviderEvent.Kind.MAIL, event_id=event_id)
    if before := _told_before(event):
        return before.inbound, False
    where = _Where(InboundEmail.Source.WEBHOOK, account, mailbox, rebuilt=rebuilt)
    written = {one.sha256: one for one in _on_disk([arrival])}
    with transaction.atomic():
        where.lock()
        if before := _told_before(event):
            return before.inbound, False
        first = _told_in_other_words(arrival.sha256, where)
        row = first or _enter([(arrival, arrival.sha256)], written, {}, where)[0]
        event.inbound, event.outcome = row, ProviderEvent.Outcome.TAKEN
        event.code = "same-bytes" if first else ""
        event.save(force_insert=True)
        return row, first is None


def note_huge(
    mails: Iterable[tuple[Uid, int]],
    *,
    account: EmailAccount,
    folder: str,
    uidvalidity: int | None = None,
) -> list[InboundEmail]:
    """Mails that are too large even to be fetched, (UID, size): held, and left on the server."""
    sizes = dict(mails)
    if not sizes:
        return []
    where = _Where(InboundEmail.Source.FETCH, account, None, folder, uidvalidity)
    reason = _("Too large to be fetched; it stays on the server, in the folder %(folder)s.")
    with transaction.atomic():
        where.lock()
        known, where = _known_uids(list(sizes), where)
        rows = [where.row(uid, size) for uid, size in sizes.items() if uid not in known]
        for row in rows:
            _hold(row, reason % {"folder": folder})
        return _save(rows)


def _enter(
    fresh: Sequence[tuple[Arrival, str]],
    written: dict[str, blobs.Written],
    before: dict[str, InboundEmail],
    where: _Where,
) -> list[InboundEmail]:
    new = sorted({digest for _arrival, digest in fresh if digest not in before})
    stored = zip(new, blobs.record([written[digest] for digest in new]), strict=True)
    raws = dict(stored)
    rows = [
        _duplicate(arrival, before[digest], where)
        if digest in before
        else _row(arrival, raws[digest], where)
        for arrival, digest in fresh
    ]
    canary.came_back(where.account, _test_mails(rows))
    if any(row.status == Status.RECEIVED for row in rows):
        announce(mail_received, account_id=where.account.pk if where.account else None)
    return _save(rows)


def _save(rows: list[InboundEmail]) -> list[InboundEmail]:
    known = [row for row in rows if row.pk is not None]
    add_all(row for row in rows if row.pk is None)
    update_each(known, *WHEN_BROUGHT_IN)
    return rows


def _row(arrival: Arrival, raw: Blob, where: _Where) -> InboundEmail:
    row = where.row(arrival.uid, raw.size, old=arrival.old)
    row.raw, row.sha256 = raw, raw.sha256
    settle_unread(row, arrival.raw)
    return row


def settle_unread(row: InboundEmail, raw: bytes) -> None:
    """What needs no reading: a test mail of ours, and one that is too big."""
    if token := probe.token_in(raw):
        _ignore(row, token)
    if row.size > MAX_MAIL_BYTES:
        limit = MAX_MAIL_BYTES // 2**20
        seen = glance(raw)
        row.sender, row.subject = seen.from_.email[:320] if seen.from_ else "", seen.subject
        _hold(row, _("Larger than %(limit)s MB; its source is kept.") % {"limit": limit})


def _duplicate(arrival: Arrival, first: InboundEmail, where: _Where) -> InboundEmail:
    row = where.row(arrival.uid, first.size, old=arrival.old)
    row.raw_id, row.sha256, row.mailbox_id = first.raw_id, first.sha256, first.mailbox_id
    row.sender, row.subject = first.sender, first.subject
    row.status, row.duplicate_of, row.code = Status.DUPLICATE, first, _tombstone(first)
    row.reason = _("The same bytes as mail %(number)s.") % {"number": first.pk}
    row.settled_at = timezone.now()
    return row


def _tombstone(first: InboundEmail) -> str:
    return first.code if first.code == InboundEmail.DELETED else ""


def _ignore(row: InboundEmail, token: str) -> None:
    """A test mail of ours proves that mail comes; it is nobody's work."""
    row.status, row.code, row.subject = Status.REJECTED, probe.CODE, probe.subject_of(token)
    row.reason = _("A test mail of ours: nothing to answer.")
    row.settled_at = timezone.now()


def _test_mails(rows: Iterable[InboundEmail]) -> list[str]:
    """The words of those that came now."""
    return [probe.token_of(row.subject) for row in rows if row.code == probe.CODE]


def _hold(row: InboundEmail, reason: str) -> None:
    """Too big to be read in bounded memory: a person decides."""
    row.status, row.code, row.reason = Status.QUARANTINED, "too-big", reason
    row.settled_at = timezone.now()


def _same_bytes(digest: str, mailbox: Mailbox) -> InboundEmail | None:
    return InboundEmail.objects.filter(mailbox=mailbox, sha256=digest).order_by("id").first()


def _told_before(event: ProviderEvent) -> ProviderEvent | None:
    rows = ProviderEvent.objects.filter(
        account=event.account, kind=event.kind, event_id=event.event_id
    )
    return rows.select_related("inbound").first()


def _told_in_other_words(digest: str, where: _Where) -> InboundEmail | None:
    """The same bytes for the same mailbox, under another event."""
    rows = InboundEmail.objects.filter(account=where.account, source=where.source, sha256=digest)
    rows = rows.filter(mailbox=where.mailbox) if where.mailbox else rows
    return rows.order_by("id").first()


def _same_bytes_before(digests: Sequence[str], where: _Where) -> dict[str, InboundEmail]:
    """The first row of each, among what the same account gave us under other UIDs."""
    if where.account is None or where.source != InboundEmail.Source.FETCH:
        return {}
    rows = InboundEmail.objects.filter(
        account=where.account, sha256__in=digests, source=where.source, duplicate_of=None
    )
    return {row.sha256: row for row in rows.order_by("-id")}


def _known_uids(uids: Sequence[Uid | None], where: _Where) -> tuple[set[Uid], _Where]:
    """Those that the ledger has; and where with the rows of those that it has only noted."""
    wanted = [uid for uid in uids if uid is not None]
    if where.account is None or not wanted:
        return set(), where
    named = ((row.uidl or row.uid, row) for row in where.rows_of(wanted))
    there = {uid: row for uid, row in named if uid is not None}
    noted = {uid: row for uid, row in there.items() if row.status == Status.BEFORE_START}
    return there.keys() - noted.keys(), replace(where, noted=noted)


def _on_disk(arrivals: Sequence[Arrival]) -> list[blobs.Written]:
    try:
        return blobs.write([one.raw for one in arrivals], [one.sha256 for one in arrivals])
    except OSError as error:
        log.error("bytes cannot be written", extra={"errno": error.errno})
        raise Unavailable(
            "disk-full", _("The disk takes no more mail; make room, then it goes on by itself.")
        ) from error
