"""The ledger: every mail that a server or a caller gives us becomes a row with its raw bytes.

Bytes reach the disk first, then one transaction writes the rows; only then may anybody flag,
move or delete a mail, or answer 2xx (GUARANTEES G2).
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, Mailbox
from apps.channels.signals import mail_received
from apps.core import blobs
from apps.core.announce import announce
from apps.core.db.locks import lock_until_commit
from apps.core.errors import Unavailable
from apps.core.faults import crashpoint
from apps.core.models import Blob

log = logging.getLogger(__name__)

MAX_MAIL_BYTES = 50 * 2**20


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail as it came, with the UID that its server gave it."""

    raw: bytes
    uid: int | None = None


@dataclass(frozen=True, slots=True)
class _Where:
    """Where mails came from: the same for all of one batch."""

    source: str
    account: EmailAccount | None = None
    mailbox: Mailbox | None = None
    folder: str = ""
    uidvalidity: int | None = None


def receive(
    arrivals: Sequence[Arrival],
    *,
    source: str,
    account: EmailAccount | None = None,
    mailbox: Mailbox | None = None,
    folder: str = "",
    uidvalidity: int | None = None,
) -> list[InboundEmail]:
    """Commits rows and bytes; a UID that the ledger already has is left out."""
    crashpoint("fetch.before_raw")
    where = _Where(source, account, mailbox, folder, uidvalidity)
    written = _on_disk([arrival.raw for arrival in arrivals])
    with transaction.atomic():
        lock_until_commit(f"ledger:{account.pk if account else 0}")
        return _enter(arrivals, written, where)


def receive_one(raw: bytes, *, mailbox: Mailbox, source: str) -> tuple[InboundEmail, bool]:
    """A mail from the pipe or the API. The same bytes again: the first row, and False.

    Raises Unavailable when the channel is off or the disk is full: the sender keeps the mail.
    """
    if not ChannelSettings.load().enabled:
        raise Unavailable("channel-off", _("The email channel is switched off; try again later."))
    if before := _same_bytes(raw, mailbox):
        return before, False
    written = _on_disk([raw])
    with transaction.atomic():
        lock_until_commit(f"ledger:{mailbox.account_id}")
        if before := _same_bytes(raw, mailbox):
            return before, False
        where = _Where(source, mailbox.account, mailbox)
        return _enter([Arrival(raw)], written, where)[0], True


def _enter(
    arrivals: Sequence[Arrival], written: Sequence[blobs.Written], where: _Where
) -> list[InboundEmail]:
    known = _known_uids(arrivals, where)
    pairs = [
        pair
        for pair in zip(arrivals, written, strict=True)
        if pair[0].uid is None or pair[0].uid not in known
    ]
    stored = blobs.record([on_disk for _arrival, on_disk in pairs])
    rows = [
        _row(arrival, blob, where) for (arrival, _on_disk), blob in zip(pairs, stored, strict=True)
    ]
    InboundEmail.objects.bulk_create(rows)
    if rows:
        announce(mail_received, account_id=where.account.pk if where.account else None)
    return rows


def _row(arrival: Arrival, blob: Blob, where: _Where) -> InboundEmail:
    row = InboundEmail(
        source=where.source,
        account=where.account,
        mailbox=where.mailbox,
        folder=where.folder,
        uidvalidity=where.uidvalidity if arrival.uid is not None else None,
        uid=arrival.uid,
        raw=blob,
        size=blob.size,
        sha256=blob.sha256,
    )
    if row.size > MAX_MAIL_BYTES:
        _hold(row)
    return row


def _same_bytes(raw: bytes, mailbox: Mailbox) -> InboundEmail | None:
    digest = hashlib.sha256(raw).hexdigest()
    return InboundEmail.objects.filter(mailbox=mailbox, sha256=digest).order_by("id").first()


def _known_uids(arrivals: Sequence[Arrival], where: _Where) -> set[int]:
    uids = [arrival.uid for arrival in arrivals if arrival.uid is not None]
    if where.account is None or not uids:
        return set()
    rows = InboundEmail.objects.filter(
        account=where.account, folder=where.folder, uidvalidity=where.uidvalidity
    )
    return {uid for uid in rows.filter(uid__in=uids).values_list("uid", flat=True) if uid}


def _hold(row: InboundEmail) -> None:
    """Too big to be read in bounded memory: a person decides."""
    row.status = InboundEmail.Status.QUARANTINED
    row.code = "too-big"
    limit = MAX_MAIL_BYTES // 2**20
    row.reason = _("Larger than %(limit)s MB; its source is kept.") % {"limit": limit}
    row.settled_at = timezone.now()


def _on_disk(contents: list[bytes]) -> list[blobs.Written]:
    try:
        return blobs.write(contents)
    except OSError as error:
        log.error("bytes cannot be written", extra={"errno": error.errno})
        raise Unavailable(
            "disk-full", _("The disk takes no more mail; make room, then it goes on by itself.")
        ) from error
