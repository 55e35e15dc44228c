"""Fetching one account: new mail into the ledger, then the flag on the server, then the cursor.

The cursor moves last. Whatever a crash interrupts is asked for again; the ledger knows what it
has by (account, folder, UIDVALIDITY, UID), and the same bytes in the same mailbox are a duplicate.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.db.models import F
from django.db.models.functions import Now

from apps.channels.models import ChannelSettings, EmailAccount, FolderCursor, InboundEmail
from apps.channels.receive import Arrival, receive
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import Batch, Folder, ImapInbox, ImapLogin
from apps.core.errors import Problem
from apps.core.faults import crashpoint
from apps.core.leases import Hold, expired, held, in_seconds
from apps.core.secrets import unseal

log = logging.getLogger(__name__)

LEASE = 180  # seconds, renewed with every batch
FIRST_PAUSE, LONGEST_PAUSE = 30, 900
CLOCK_SKEW = timedelta(hours=1)  # between the server's clock and ours

After, Start, Status = EmailAccount.After, EmailAccount.Start, EmailAccount.Status


def due_accounts() -> list[int]:
    """Claims the accounts whose time has come, each for one interval; two beats take turns."""
    if not ChannelSettings.load().enabled:
        return []
    receiving = EmailAccount.objects.filter(enabled=True, receive_kind=EmailAccount.Receive.IMAP)
    return [
        account.pk
        for account in receiving.filter(expired("next_fetch_at"))
        if EmailAccount.objects.filter(pk=account.pk, next_fetch_at=account.next_fetch_at).update(
            next_fetch_at=in_seconds(account.every_seconds)
        )
    ]


def fetch(account: EmailAccount) -> int:
    """Everything new in every watched folder; answers how many rows the ledger gained."""
    if not (account.enabled and ChannelSettings.load().enabled):
        return 0
    with held(f"fetch:{account.pk}", seconds=LEASE) as hold:
        if hold is None:
            return 0
        try:
            with ImapInbox(login_of(account)) as inbox:
                gained = sum(
                    _fetch_folder(inbox, account, f, hold) for f in account.watched_folders
                )
        except (TransportError, Problem) as error:
            _failed(account, error.code, error.sentence)
            return 0
    _worked(account)
    return gained


def login_of(account: EmailAccount) -> ImapLogin:
    return ImapLogin(
        host=account.receive_host,
        port=account.receive_port,
        tls=account.receive_tls,
        user=account.receive_user,
        password=unseal(account.receive_password),
        ca_file=account.receive_ca_file,
    )


def _fetch_folder(inbox: ImapInbox, account: EmailAccount, name: str, hold: Hold) -> int:
    folder = inbox.select(name)
    cursor = _cursor(inbox, account, folder)
    uids = _wanted(inbox, cursor)
    known = _in_ledger(account, cursor, uids)
    _finish(inbox, account, cursor, Batch(tuple(known), ()), flag=known)
    gained = 0
    for batch in inbox.new_messages([uid for uid in uids if uid not in known]):
        gained += _store(account, cursor, batch)
        _finish(inbox, account, cursor, batch, flag=[uid for uid, _raw in batch.mails])
        if not hold.renew():
            break
    return gained


def _cursor(inbox: ImapInbox, account: EmailAccount, folder: Folder) -> FolderCursor:
    cursor = FolderCursor.objects.filter(account=account, folder=folder.name).first()
    if cursor is None:
        return _first_cursor(inbox, account, folder)
    if cursor.uidvalidity != folder.uidvalidity:
        log.warning("UIDVALIDITY changed, the folder is read again", extra={"cursor": cursor.pk})
        _rescan(inbox, account, cursor, folder)
    return cursor


def _first_cursor(inbox: ImapInbox, account: EmailAccount, folder: Folder) -> FolderCursor:
    """Where to begin: old mail is left alone, never flagged, unless the account says otherwise."""
    first = 1 if account.start == Start.ALL else folder.uidnext
    pending: list[int] = []
    if account.start == Start.UNSEEN:
        pending = inbox.unseen()
    elif account.start == Start.DATE and account.start_date:
        pending = inbox.since(account.start_date)
    return FolderCursor.objects.create(
        account=account,
        folder=folder.name,
        uidvalidity=folder.uidvalidity,
        first_uid=first,
        last_uid=first - 1,
        pending_uids=[uid for uid in pending if uid < first],
    )


def _rescan(inbox: ImapInbox, account: EmailAccount, cursor: FolderCursor, folder: Folder) -> None:
    """New UIDs for the same mails: all since the start once more; equal bytes are duplicates."""
    uids = inbox.uids_from(1)
    if account.start != Start.ALL:
        begin = (cursor.started_at - CLOCK_SKEW).timestamp()
        if account.start == Start.DATE and account.start_date:
            begin = min(begin, datetime.combine(account.start_date, time.min).timestamp())
        dates = inbox.dates(uids)
        uids = [uid for uid in uids if dates.get(uid, begin) >= begin]
    cursor.uidvalidity = folder.uidvalidity
    cursor.pending_uids = uids
    cursor.last_uid = max(uids, default=folder.uidnext - 1)
    cursor.save(update_fields=["uidvalidity", "pending_uids", "last_uid"])


def _wanted(inbox: ImapInbox, cursor: FolderCursor) -> list[int]:
    pending = inbox.existing(cursor.pending_uids)
    return sorted({*pending, *inbox.uids_from(cursor.last_uid + 1)})


def _in_ledger(account: EmailAccount, cursor: FolderCursor, uids: Sequence[int]) -> list[int]:
    """Committed before a crash, perhaps not flagged yet."""
    rows = InboundEmail.objects.filter(
        account=account, folder=cursor.folder, uidvalidity=cursor.uidvalidity
    )
    found: set[int] = set()
    for start in range(0, len(uids), 500):
        some = rows.filter(uid__in=uids[start : start + 500])
        found.update(uid for uid in some.values_list("uid", flat=True) if uid is not None)
    return sorted(found)


def _store(account: EmailAccount, cursor: FolderCursor, batch: Batch) -> int:
    rows = receive(
        [Arrival(raw, uid) for uid, raw in batch.mails],
        source=InboundEmail.Source.FETCH,
        account=account,
        folder=cursor.folder,
        uidvalidity=cursor.uidvalidity,
    )
    crashpoint("fetch.after_commit")
    return len(rows)


def _finish(
    inbox: ImapInbox,
    account: EmailAccount,
    cursor: FolderCursor,
    batch: Batch,
    *,
    flag: Sequence[int],
) -> None:
    """Flags what is safe here, then remembers how far we are."""
    if not batch.asked:
        return
    if flag:
        _flag(inbox, account, flag)
        crashpoint("fetch.after_flag")
    cursor.last_uid = max(cursor.last_uid, *batch.asked)
    missing = batch.missing if batch.mails else set(batch.asked) - set(flag)
    pending = (set(cursor.pending_uids) - set(batch.asked)) | missing
    cursor.pending_uids = sorted(pending)
    cursor.save(update_fields=["last_uid", "pending_uids"])


def _flag(inbox: ImapInbox, account: EmailAccount, uids: Sequence[int]) -> None:
    if account.after == After.SEEN:
        inbox.mark_seen(uids)
    elif account.after == After.MOVE:
        inbox.move(uids, account.after_folder)
    elif account.after == After.DELETE:
        inbox.delete(uids)


def _worked(account: EmailAccount) -> None:
    EmailAccount.objects.filter(pk=account.pk).update(
        status=Status.OK, status_code="", status_sentence="", failures=0, last_fetched_at=Now()
    )


def _failed(account: EmailAccount, code: str, sentence: str) -> None:
    """Others go on; this one is tried again after a pause that doubles up to 15 minutes."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(account.failures, 10))
    status = Status.THROTTLED if code == "throttled" else Status.FAILING
    log.warning("fetch failed", extra={"account": account.pk, "code": code, "pause": pause})
    EmailAccount.objects.filter(pk=account.pk).update(
        status=status,
        status_code=code,
        status_sentence=sentence,
        failures=F("failures") + 1,
        next_fetch_at=in_seconds(pause),
    )
