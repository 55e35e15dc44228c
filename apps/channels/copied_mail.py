"""Old mail at an account that a mailbox moved to: mostly copies of mail that is here.

Whoever goes to another provider has the old mail copied there, before the move, during it or weeks
later, and that server numbers it like new mail. `moved_until` of the account parts the two: a day
before the newest mail that came by the account before. Mail that is older is from before the move:
it gets a row *before-start* and is left alone on the server, whenever it was copied, and can be
brought in as old mail. Mail that is newer is taken, even if it lay there before the folder was
first read: nothing is lost in between, and what is here already is found out (same_mail.py).

How old a mail is, the server says (INTERNALDATE) and the newest server on its way (Received): both
have to call it old, since copying gives a new INTERNALDATE. Its own Date, which its sender's clock
may have got wrong, counts where no server wrote on it, and for mail that lay there from the start.
An account that wants all mail gets all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.channels.lane import Lane
from apps.channels.models import EmailAccount, FolderCursor, InboundEmail
from apps.channels.parsing.dates import read_date
from apps.channels.transports.imap import ImapInbox
from apps.core.db.rows import update_each
from apps.core.mime.headers import read_headers

CODE = "before-move"
PIECE = 500  # mails whose headers are in memory
MOST_HOPS = 50  # Received fields of a mail

Status = InboundEmail.Status


def parts_mail(account: EmailAccount, folder: str) -> bool:
    """Whether old mail of the folder is told from new mail by its age."""
    return account.moved_until is not None and account.start_in(folder) != EmailAccount.Start.ALL


def arrivals(
    lane: Lane, inbox: ImapInbox, account: EmailAccount, folder: str, uids: Sequence[int]
) -> dict[int, datetime]:
    """When the server took each of UIDS; nothing is asked where it does not matter."""
    return lane.call(inbox.dates, uids) if uids and parts_mail(account, folder) else {}


def leave_alone(
    cursor: FolderCursor,
    account: EmailAccount,
    mails: Iterable[tuple[int, bytes]],
    arrived: Mapping[int, datetime],
) -> set[int]:
    """Notes those of the new MAILS that are from before a move; answers their UIDs."""
    until = account.moved_until
    if until is None or not parts_mail(account, cursor.folder):
        return set()
    left = [
        _row(cursor, uid, len(raw), age)
        for uid, raw in mails
        if (age := came_at(raw, arrived.get(uid))) and age < until
    ]
    InboundEmail.objects.bulk_create(left, ignore_conflicts=True)
    return {row.uid for row in left if row.uid is not None}


def _row(cursor: FolderCursor, uid: int, size: int, age: datetime) -> InboundEmail:
    """Like that of any old mail; written twice, it is there once."""
    return InboundEmail(
        source=InboundEmail.Source.FETCH,
        account_id=cursor.account_id,
        folder=cursor.folder,
        uidvalidity=cursor.uidvalidity,
        uid=uid,
        size=size,
        server_date=age,
        status=Status.BEFORE_START,
        code=CODE,
        reason=_("Older than what came by the account before; left alone on the server."),
    )


def missed_meanwhile(
    lane: Lane, inbox: ImapInbox, account: EmailAccount, cursor: FolderCursor
) -> list[int]:
    """Old mails of the open folder that may have come in between. Of the others the row learns how
    old they are, so that nobody asks again."""
    until = account.moved_until
    if until is None or cursor.folder == account.junk:
        return []
    found: list[int] = []
    for rows in _pieces(cursor, until):
        _read_ages(rows, lane.call(inbox.headers, [row.uid or 0 for row in rows]))
        found += [row.uid or 0 for row in rows if not _is_older(row, until)]
        update_each([row for row in rows if _is_older(row, until)], "server_date")
    return found


def _read_ages(rows: Iterable[InboundEmail], headers: Mapping[int, bytes]) -> None:
    for row in rows:
        said = headers.get(row.uid or 0, b"")
        row.server_date = came_at(said, row.server_date, trusting_date=True)


def _is_older(row: InboundEmail, until: datetime) -> bool:
    return row.server_date is not None and row.server_date < until


def _pieces(cursor: FolderCursor, until: datetime) -> Iterator[list[InboundEmail]]:
    """Those that the server's own date does not call old, in the order of their UIDs."""
    young = Q(server_date__gte=until) | Q(server_date=None)
    rows = InboundEmail.objects.filter(
        young,
        account=cursor.account_id,
        folder=cursor.folder,
        uidvalidity=cursor.uidvalidity,
        status=Status.BEFORE_START,
        gone_at=None,
    ).only("uid", "server_date")
    wanted, last = set(cursor.pending_uids), 0
    while some := list(rows.filter(uid__gt=last).order_by("uid")[:PIECE]):
        last = some[-1].uid or 0
        if fresh := [row for row in some if row.uid not in wanted]:
            yield fresh


def is_looked_through(account: EmailAccount, cursors: Iterable[FolderCursor]) -> bool:
    """Whether nothing of what may have come in between is still wanted or not looked at."""
    until = account.moved_until
    return until is None or not any(
        _still_wanted(one) or next(_pieces(one, until), None)
        for one in cursors
        if one.folder != account.junk
    )


def _still_wanted(cursor: FolderCursor) -> bool:
    return any(str(uid) not in cursor.held_back for uid in cursor.pending_uids)


# ---- how old a mail is ----------------------------------------------------------------


def came_at(
    raw: bytes, arrived: datetime | None, *, trusting_date: bool = False
) -> datetime | None:
    """RAW: the mail or the beginning of it; ARRIVED: its INTERNALDATE. None: nobody says, so that
    it counts as new."""
    headers, _end = read_headers(raw, 0, len(raw))
    hops = [when for field in headers.all("received")[:MOST_HOPS] if (when := _hop(field))]
    written = read_date(headers.first("date"))
    signs: list[datetime | None] = [arrived, max(hops, default=written)]
    if trusting_date:
        signs.append(written)
    return min((one for one in signs if one), default=None)


def _hop(received: str) -> datetime | None:
    """RFC 5321, 4.4: the time stands behind the last semicolon."""
    return read_date(received.rpartition(";")[2])
