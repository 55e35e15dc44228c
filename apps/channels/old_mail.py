"""Mail from before the start: a row for each, so that the ledger knows every UID of a folder.

Nothing is read but dates and sizes, and nothing is changed on the server. The cursor's `noted_uid`
rises in the transaction of the rows, so whatever a crash interrupts goes on with the next fetch.
"""

from collections.abc import Iterator

from django.db import transaction

from apps.channels.lane import Lane
from apps.channels.models import FolderCursor, InboundEmail
from apps.channels.transports.imap import ImapInbox, OldMails


def note(lane: Lane, inbox: ImapInbox, cursor: FolderCursor) -> None:
    """The old mail of the open folder; what is wanted of it gets its rows by being fetched."""
    first, last = cursor.noted_uid + 1, cursor.first_uid - 1
    if first > last:
        return
    wanted = set(cursor.pending_uids)
    for mails in lane.each(inbox.old_mails(first, last)):
        with transaction.atomic():
            InboundEmail.objects.bulk_create(_rows(cursor, mails, wanted), ignore_conflicts=True)
            cursor.noted_uid = mails.until
            cursor.save(update_fields=["noted_uid"])


def _rows(cursor: FolderCursor, mails: OldMails, wanted: set[int]) -> Iterator[InboundEmail]:
    for uid in mails.uids:
        if uid not in wanted:
            yield InboundEmail(
                source=InboundEmail.Source.FETCH,
                account_id=cursor.account_id,
                folder=cursor.folder,
                uidvalidity=cursor.uidvalidity,
                uid=uid,
                size=mails.sizes.get(uid, 0),
                server_date=mails.dates.get(uid),
                status=InboundEmail.Status.BEFORE_START,
            )
