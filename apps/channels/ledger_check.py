"""Counting the ledger against the server: each UID has its row, and each row its bytes.

Every UID up to where the cursor stands must have a row; what has none is an alarm, and is asked
for again by the next fetch. A row that has lost its bytes is an alarm that nobody can cure from
here. What has gone from the server since is only noted (`gone_at`): others may tidy up there.
"""

import logging
import random
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels import cursors, maildrop_check
from apps.channels.fetch import signed_in
from apps.channels.lane import Lane
from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    FolderCursor,
    InboundEmail,
    LedgerCheck,
)
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.imap import Folder, ImapInbox
from apps.core import blobs
from apps.core.errors import Problem
from apps.core.leases import held
from apps.core.zones import zone_named

log = logging.getLogger(__name__)

HOUR, MINUTE = 3, 30  # each night, in the channel's time zone
AGAIN_AFTER = timedelta(hours=1)  # a server that could not be asked
LEASE = 300  # seconds; two that count at once only do the work twice
FETCH_LEASE, PATIENCE = 45, 60
KEPT = 30  # checks of a folder
NAMED = 1000  # UIDs or rows that a check names; it counts all
ASKED_AGAIN = 10_000  # mails in one check; the next one asks for the others
SAMPLE = 20  # mails whose bytes are read, half of them the newest
AT_ONCE = 500
REJECTED_KEPT = timedelta(days=29)  # the bytes of what was rejected are kept for 30 days

Status = InboundEmail.Status


def check(account: EmailAccount) -> list[LedgerCheck] | None:
    """Counts every folder of the account; None while somebody else does it."""
    with held(f"ledger-check:{account.pk}", seconds=LEASE) as hold:
        return _check(account) if hold else None


def _check(account: EmailAccount) -> list[LedgerCheck]:
    checks = [*_against_server(account), *_given(account)]
    for one in checks:
        if not one.sentence:
            _look_for_bytes(one)
        one.at = timezone.now()
        one.save()
        _forget_old(one)
    log.info("ledger counted", extra={"account": account.pk, "alarms": _alarms(checks)})
    return checks


def _alarms(checks: Sequence[LedgerCheck]) -> int:
    return sum(one.is_alarm for one in checks)


def _forget_old(check: LedgerCheck) -> None:
    same = LedgerCheck.objects.filter(account=check.account_id, folder=check.folder)
    old = list(same.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + AT_ONCE])
    LedgerCheck.objects.filter(pk__in=old).delete()


# ---- when -----------------------------------------------------------------------------


def due_accounts() -> list[int]:
    """Those that were there last night at half past three and have not been counted since."""
    channel = ChannelSettings.load()
    if not channel.enabled:
        return []
    night, now = _last_night(channel.time_zone), timezone.now()
    counted = Q(at__gte=night, sentence="") | Q(at__gte=max(night, now - AGAIN_AFTER))
    since = LedgerCheck.objects.filter(counted, account=OuterRef("pk"))
    rows = EmailAccount.objects.fetching().filter(enabled=True, created_at__lt=night)
    return list(rows.filter(~Exists(since)).values_list("pk", flat=True))


def _last_night(zone: str) -> datetime:
    here = timezone.now().astimezone(zone_named(zone) or timezone.get_default_timezone())
    tonight = here.replace(hour=HOUR, minute=MINUTE, second=0, microsecond=0)
    return tonight if tonight <= here else tonight - timedelta(days=1)


# ---- the server's UIDs and ours -------------------------------------------------------


def _against_server(account: EmailAccount) -> list[LedgerCheck]:
    if not account.fetches:
        return []
    names = account.watched_folders
    if account.receive_kind == EmailAccount.Receive.POP3:
        return [maildrop_check.count(account, name) for name in names]
    try:
        with signed_in(account, ImapInbox) as inbox:
            return [_folder(inbox, account, name) for name in names]
    except (TransportError, Problem) as error:
        return [_not_counted(account, name, error.sentence) for name in names]


def _not_counted(account: EmailAccount, folder: str, why: str) -> LedgerCheck:
    return LedgerCheck(account=account, folder=folder, sentence=why)


def _folder(inbox: ImapInbox, account: EmailAccount, name: str) -> LedgerCheck:
    """The cursor first: whatever it has passed was committed before the server is asked."""
    cursor = FolderCursor.objects.filter(account=account, folder=name).first()
    if cursor is None:
        return _not_counted(account, name, _("It was not read yet."))
    try:
        folder = inbox.select(name, writable=False)
    except Refused as refused:
        return _not_counted(account, name, refused.sentence)
    if folder.uidvalidity != cursor.uidvalidity:
        why = _("The server numbers its mails anew; the next fetch reads the folder again.")
        return _not_counted(account, name, why)
    return _counted(inbox, account, cursor, folder)


def _counted(
    inbox: ImapInbox, account: EmailAccount, cursor: FolderCursor, folder: Folder
) -> LedgerCheck:
    check = LedgerCheck(account=account, folder=folder.name, uidvalidity=folder.uidvalidity)
    expected = _Expected(cursor)
    missing: list[int] = []
    first = 1
    for last, uids in inbox.uid_slices(1, max(cursor.last_uid, folder.uidnext - 1)):
        without_row = _compare(check, cursor, range(first, last + 1), set(uids))
        missing += [uid for uid in without_row if uid in expected]
        check.waiting += sum(uid not in expected for uid in without_row)
        first = last + 1
    check.missing_rows, check.without_row = len(missing), missing[:NAMED]
    if missing:
        log.error("mails without a row", extra={"account": account.pk, "count": len(missing)})
        _ask_again(inbox, account, cursor, missing[:ASKED_AGAIN])
    return check


class _Expected:
    """The UIDs that must have a row by now: passed by the cursor, and neither wanted still nor
    old mail that is still being noted."""

    def __init__(self, cursor: FolderCursor) -> None:
        self._last = cursor.last_uid
        self._waiting = set(cursor.pending_uids)
        self._not_noted = range(cursor.noted_uid + 1, cursor.first_uid)

    def __contains__(self, uid: int) -> bool:
        return uid <= self._last and uid not in self._waiting and uid not in self._not_noted


def _compare(
    check: LedgerCheck, cursor: FolderCursor, span: range, on_server: set[int]
) -> list[int]:
    """Counts one slice; answers what the server has and we have not, in order."""
    rows = InboundEmail.objects.filter(
        account=cursor.account_id,
        folder=cursor.folder,
        uidvalidity=cursor.uidvalidity,
        uid__range=(span.start, span.stop - 1),
    )
    check.on_server += len(on_server)
    gone: list[int] = []
    back: list[int] = []
    for uid, gone_at in rows.values_list("uid", "gone_at").iterator():
        assert uid is not None  # it is in the span
        check.in_ledger += 1
        if uid in on_server:
            on_server.discard(uid)
            back += [uid] if gone_at else []
        elif gone_at is None and uid <= cursor.last_uid:
            gone.append(uid)
    check.gone += len(gone)
    _note(rows, gone, timezone.now())
    _note(rows, back, None)
    return sorted(on_server)


def _note(rows: QuerySet[InboundEmail], uids: Sequence[int], gone_at: datetime | None) -> None:
    for some in _lots(uids):
        rows.filter(uid__in=some).update(gone_at=gone_at)


def _lots(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), AT_ONCE):
        yield uids[start : start + AT_ONCE]


def _ask_again(
    inbox: ImapInbox, account: EmailAccount, cursor: FolderCursor, missing: Sequence[int]
) -> None:
    """The next fetch takes them; of old mail that nobody wanted, it notes the rows again."""
    lane = Lane(lambda: None)
    wanted = cursors.worth_fetching(lane, inbox, account, cursor, missing)
    lane.end()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        # A fetch writes what is pending as it remembers it: we wait for its end.
        with held(f"fetch:{account.pk}", seconds=FETCH_LEASE) as hold:
            if hold is not None:
                cursors.ask_again(cursor, wanted, old=set(missing) - wanted)
                return
        time.sleep(0.5)
    log.warning("the fetch goes on; the next count asks again", extra={"account": account.pk})


# ---- rows and their bytes -------------------------------------------------------------


def _given(account: EmailAccount) -> Iterator[LedgerCheck]:
    """What came by the API or the command line has no server to be counted against."""
    count = InboundEmail.objects.filter(account=account, uid=None, uidl="").count()
    if count:
        yield LedgerCheck(account=account, folder="", in_ledger=count)


def _look_for_bytes(check: LedgerCheck) -> None:
    """All rows by where their bytes lie on the disk; of some, the bytes themselves."""
    rows = InboundEmail.objects.filter(account=check.account_id, folder=check.folder)
    lost = {*_without_bytes(rows), *_cut_off(rows), *_changed(rows)}
    check.missing_raws, check.without_raw = len(lost), sorted(lost)[:NAMED]
    if lost:
        facts = {"account": check.account_id, "count": len(lost)}
        log.error("mails without their source", extra=facts)


def _without_bytes(rows: QuerySet[InboundEmail]) -> Iterator[int]:
    """But for those that have none by right; what hangs on another's bytes is told of that one."""
    forgotten = Q(status=Status.REJECTED, settled_at__lt=timezone.now() - REJECTED_KEPT)
    never_fetched = Q(status=Status.BEFORE_START) | Q(code="too-big", sha256="")
    of_another = Q(status=Status.DUPLICATE, duplicate_of__raw=None)
    by_right = forgotten | never_fetched | of_another | Q(code=InboundEmail.DELETED)
    yield from rows.filter(raw=None).exclude(by_right).values_list("pk", flat=True).iterator()


def _cut_off(rows: QuerySet[InboundEmail]) -> Iterator[int]:
    """Their pack file is not there, or ends before they do."""
    ends = rows.filter(raw__isnull=False).order_by().values("raw__pack")
    ends = ends.annotate(end=Max(F("raw__offset") + F("raw__length")))
    packs = ends.values_list("raw__pack", "end").iterator()
    short = [pack for pack, end in packs if blobs.size_of(pack) < end]
    for pack in short:
        size = blobs.size_of(pack)
        beyond = rows.filter(raw__pack=pack).annotate(end=F("raw__offset") + F("raw__length"))
        yield from beyond.filter(end__gt=size).values_list("pk", flat=True)


def _changed(rows: QuerySet[InboundEmail]) -> Iterator[int]:
    """A sample, since reading everything each night would wear the disk."""
    for row in _sample(rows.filter(raw__isnull=False).select_related("raw")):
        if row.raw and not blobs.is_whole(row.raw):
            yield row.pk


def _sample(rows: QuerySet[InboundEmail]) -> Iterator[InboundEmail]:
    yield from rows.order_by("-pk")[: SAMPLE // 2]
    ends = rows.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is not None:
        for _number in range(SAMPLE // 2):
            start = random.randint(ends["first"], ends["last"])
            yield from rows.filter(pk__gte=start).order_by("pk")[:1]


def latest() -> QuerySet[LedgerCheck]:
    """The last check of every folder of the accounts in use."""
    newest = LedgerCheck.objects.order_by().values("account", "folder").annotate(last=Max("pk"))
    rows = LedgerCheck.objects.filter(pk__in=newest.values("last"), account__enabled=True)
    return rows.select_related("account").order_by("account__name", "folder")


def watched(checks: QuerySet[LedgerCheck]) -> list[LedgerCheck]:
    """Without folders that are not read any more."""
    return [one for one in checks if one.folder in ("", *one.account.watched_folders)]
