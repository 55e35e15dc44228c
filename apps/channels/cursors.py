"""How far a folder has been read: where to begin, what is new, what to try again.

`last_uid` rises over what is settled; `pending_uids` are mails below it that are still wanted:
old ones that the account asks for, all of a folder whose UIDVALIDITY changed, and those that the
server did not hand over, which wait their turn in `held_back` (UID: tries, time of the next try).
"""

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.utils import timezone

from apps.channels.lane import Lane
from apps.channels.models import EmailAccount, FolderCursor
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import Folder, ImapInbox
from apps.core.sentences import gettext_noop

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 60, 3600  # seconds until a mail is asked for again
OLD_MAILS_LOOKED_AT = 1000

Start = EmailAccount.Start


def cursor_of(lane: Lane, inbox: ImapInbox, account: EmailAccount, folder: Folder) -> FolderCursor:
    """The cursor of the open folder, made or renewed where necessary."""
    cursor = FolderCursor.objects.filter(account=account, folder=folder.name).first()
    if cursor is None:
        return _begin(lane, inbox, account, folder)
    if cursor.uidvalidity != folder.uidvalidity:
        log.warning("UIDVALIDITY changed, the folder is read again", extra={"cursor": cursor.pk})
        _begin_again(lane, inbox, account, cursor, folder)
    return cursor


def _begin(lane: Lane, inbox: ImapInbox, account: EmailAccount, folder: Folder) -> FolderCursor:
    """Old mail is left alone, never flagged, unless the account says otherwise."""
    cursor = FolderCursor(account=account, folder=folder.name)
    _remember_the_newest(lane, inbox, cursor, folder)
    _place(cursor, folder, account, wanted=_asked_for(lane, inbox, account, cursor))
    cursor.save()
    return cursor


def _begin_again(
    lane: Lane, inbox: ImapInbox, account: EmailAccount, cursor: FolderCursor, folder: Folder
) -> None:
    """New UIDs for the same mails: all since the start once more; equal bytes are duplicates."""
    wanted: set[int] = set()
    if account.start_in(cursor.folder) != Start.ALL:
        wanted = _since_start(lane, inbox, cursor) | _asked_for(lane, inbox, account, cursor)
    _place(cursor, folder, account, wanted=wanted)
    cursor.save()


def _place(
    cursor: FolderCursor, folder: Folder, account: EmailAccount, *, wanted: Iterable[int]
) -> None:
    """With *all*, the whole folder is read like new mail; else what is not wanted is noted."""
    before = folder.uidnext - 1
    everything = account.start_in(cursor.folder) == Start.ALL
    cursor.uidvalidity = folder.uidvalidity
    cursor.first_uid = folder.uidnext
    cursor.last_uid = 0 if everything else before
    cursor.noted_uid = before if everything else 0
    cursor.pending_uids = sorted(uid for uid in wanted if uid <= before)
    cursor.held_back = {}
    cursor.seen_uidnext = 0


def _asked_for(
    lane: Lane, inbox: ImapInbox, account: EmailAccount, cursor: FolderCursor
) -> set[int]:
    """Mail from before the start that the account wants too."""
    start = account.start_in(cursor.folder)
    if start == Start.UNSEEN:
        return set(lane.call(inbox.unseen))
    if start == Start.DATE and account.start_date:
        return set(lane.call(inbox.since, account.start_date))
    return set()


def _remember_the_newest(
    lane: Lane, inbox: ImapInbox, cursor: FolderCursor, folder: Folder
) -> None:
    """By the server's own clock, so that old mail is known again when all UIDs have changed."""
    old = [uid for uid in lane.call(inbox.uids_from, 1) if uid < folder.uidnext]
    dates = lane.call(inbox.dates, old[-OLD_MAILS_LOOKED_AT:])
    if not old:
        return
    cursor.old_until = max(dates.values(), default=timezone.now())
    last_second = [uid for uid, date in dates.items() if date == cursor.old_until]
    cursor.old_sizes = sorted(lane.call(inbox.sizes, last_second).values())


def _since_start(lane: Lane, inbox: ImapInbox, cursor: FolderCursor) -> set[int]:
    """What came after the newest old mail; within its second, whatever has another size."""
    uids = lane.call(inbox.uids_from, 1)
    if cursor.old_until is None:
        return set(uids)
    dates = lane.call(inbox.dates, uids)
    later = {uid for uid in uids if dates.get(uid) is None or dates[uid] > cursor.old_until}
    doubtful = sorted(uid for uid, date in dates.items() if date == cursor.old_until)
    sizes = lane.call(inbox.sizes, doubtful)
    old = Counter(cursor.old_sizes)
    for uid in doubtful:
        if old[sizes.get(uid, -1)]:
            old[sizes[uid]] -= 1
        else:
            later.add(uid)
    return later


# ---- moving on ------------------------------------------------------------------------


def is_quiet(cursor: FolderCursor, folder: Folder) -> bool:
    """SELECT says what it said when all had been read: the number of mails, the next UID, and the
    count of changes (RFC 7162) where there is one. A server that names no UIDNEXT, or one that it
    has given away already, is asked each time."""
    if cursor.pending_uids or not folder.tells_uidnext or folder.uidnext <= cursor.last_uid:
        return False
    then = cursor.seen_uidnext, cursor.seen_exists, cursor.highest_modseq
    now = folder.uidnext, folder.exists, folder.modseq
    return then == now


def remember(cursor: FolderCursor, folder: Folder) -> None:
    """All is read and noted, unless something is pending still."""
    noted = cursor.noted_uid >= cursor.first_uid - 1
    cursor.seen_uidnext = folder.uidnext if noted and not cursor.pending_uids else 0
    cursor.seen_exists, cursor.highest_modseq = folder.exists, folder.modseq
    cursor.save(update_fields=["seen_uidnext", "seen_exists", "highest_modseq"])


def wanted(lane: Lane, inbox: ImapInbox, cursor: FolderCursor) -> list[int]:
    """New ones first, then the old ones; those held back are not among them."""
    pending = [uid for uid in cursor.pending_uids if str(uid) not in cursor.held_back]
    return lane.call(inbox.uids_from, cursor.last_uid + 1) + pending


def old_among(lane: Lane, inbox: ImapInbox, cursor: FolderCursor, uids: Iterable[int]) -> set[int]:
    """Those from before the start. UIDs that a folder gave anew say nothing: dates do."""
    below = [uid for uid in uids if uid < cursor.first_uid]
    if cursor.old_until is None or not below:
        return set()
    dates = lane.call(inbox.dates, below)
    return {uid for uid in below if uid not in dates or dates[uid] <= cursor.old_until}


def second_chances(lane: Lane, inbox: ImapInbox, cursor: FolderCursor) -> list[int]:
    """Those held back whose time has come; the ones that are gone are forgotten."""
    if not cursor.held_back:
        return []
    there = lane.call(inbox.existing, [int(uid) for uid in cursor.held_back])
    settle(cursor, {int(uid) for uid in cursor.held_back} - there)
    return [int(uid) for uid in due_again(cursor)]


def due_again(cursor: FolderCursor) -> list[str]:
    """UIDs, or names of POP3, that are held back and whose time has come; a time further away than
    any wait is of a clock that was wrong."""
    now = time.time()
    waiting = range(int(now) + 1, int(now) + LONGEST_WAIT + 1)
    return [uid for uid, (_tries, at) in cursor.held_back.items() if at not in waiting]


def settle(cursor: FolderCursor, done: Collection[int], *, missing: Collection[int] = ()) -> None:
    """Moves over what is done; what the server did not hand over is held back."""
    if not (done or missing):
        return
    cursor.last_uid = max(cursor.last_uid, *done, *missing)
    cursor.pending_uids = sorted((set(cursor.pending_uids) - set(done)) | set(missing))
    for uid in done:
        cursor.held_back.pop(str(uid), None)
    for uid in missing:
        _delay(cursor, str(uid))
    cursor.save(update_fields=["last_uid", "pending_uids", "held_back"])


def want(cursor: FolderCursor, uids: Collection[int]) -> None:
    """Old mail that the next fetch takes."""
    cursor.pending_uids = sorted({*cursor.pending_uids, *uids})
    cursor.save(update_fields=["pending_uids"])


def hold_back(cursor: FolderCursor, names: Collection[str]) -> None:
    """Mails of POP3 that the server did not hand over."""
    for name in names:
        _delay(cursor, name)
    if names:
        cursor.save(update_fields=["held_back"])


def release(cursor: FolderCursor, names: Collection[str]) -> None:
    if cursor.held_back.keys() & set(names):
        for name in names:
            cursor.held_back.pop(name, None)
        cursor.save(update_fields=["held_back"])


def _delay(cursor: FolderCursor, uid: str) -> None:
    tries = cursor.held_back.get(uid, [0])[0]
    pause = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 10))
    cursor.held_back[uid] = [tries + 1, int(time.time() + pause)]


def still_held_back(cursor: FolderCursor) -> TransportError:
    return TransportError(
        "protocol",
        gettext_noop(
            "%(count)s mails of the folder %(folder)s are not handed over by the"
            " server (UID %(uids)s); they are asked for again, all others are here."
        ),
        count=len(cursor.held_back),
        folder=cursor.folder,
        uids=", ".join(sorted(cursor.held_back)[:5]),
    )


# ---- what the ledger check misses -----------------------------------------------------


def worth_fetching(
    lane: Lane, inbox: ImapInbox, account: EmailAccount, cursor: FolderCursor, uids: Sequence[int]
) -> set[int]:
    """Of mails without a row: those from after the start, and old ones that the account wants."""
    if account.start_in(cursor.folder) == Start.ALL:
        return set(uids)
    old = old_among(lane, inbox, cursor, uids)
    return set(uids) - old | old & _asked_for(lane, inbox, account, cursor)


def ask_again(cursor: FolderCursor, wanted: Collection[int], *, old: Collection[int]) -> None:
    """Held by whoever may fetch: the next fetch takes what is WANTED, and notes what is OLD."""
    numbered = cursor.uidvalidity
    cursor.refresh_from_db()
    if cursor.uidvalidity != numbered:
        return  # the folder is read anew anyway
    cursor.pending_uids = sorted({*cursor.pending_uids, *wanted})
    cursor.noted_uid = min([cursor.noted_uid, *(uid - 1 for uid in old)])
    cursor.seen_uidnext = 0
    cursor.save(update_fields=["pending_uids", "noted_uid", "seen_uidnext"])
