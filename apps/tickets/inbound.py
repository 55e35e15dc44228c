"""The story of a mail that came in: read, find its place, store, assign, plan for the CRM.

Rows of the ledger that are *received* are the work queue. One account's mails are taken in by one
worker at a time and in order, so that an answer never overtakes the mail it answers.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import inf

from django.db import DataError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.channels.models import ChannelSettings, InboundEmail
from apps.core import blobs
from apps.core.announce import announce
from apps.core.db.locks import lock_until_commit
from apps.core.db.patience import DATABASE_AWAY, patiently
from apps.core.faults import crashpoint
from apps.core.leases import Hold, held, longest_ago
from apps.tickets.moving import twins
from apps.tickets.reading import MAX_TRIES, Held, ReadMail, failure, read
from apps.tickets.signals import files_waiting
from apps.tickets.stages import stage_of
from apps.tickets.storing import store

log = logging.getLogger(__name__)

Status = InboundEmail.Status
BATCH = 100
BATCH_BYTES = 32 * 2**20
AWAY = 10  # seconds that a restart of the database may take
LEASE = 30  # seconds; renewed amid each batch, so that a killed worker blocks nobody for long


def take_in(
    limit: int = 10_000, *, seconds: float = inf, turn_over: Callable[[], None] = lambda: None
) -> int:
    """Takes in what the ledger holds, account by account; answers how many mails were settled.

    After so many SECONDS no batch is begun, and TURN_OVER is called if any mail was settled until
    then. One account that fails keeps no other waiting: what it raised is raised at the end.
    """
    end = time.monotonic() + seconds
    found = _received().order_by().values_list("account_id", flat=True).distinct()
    accounts = {_lease(account): account for account in found}
    settled = 0
    failed: Exception | None = None
    for lease in longest_ago([*accounts]):
        try:
            settled += _take_in_account(accounts[lease], limit, end)
        except Exception as error:  # the rim: a task logs one error, and here may be several
            log.exception("taking in stopped", extra={"account": accounts[lease]})
            failed = failed or error
        if time.monotonic() >= end:
            break
    if settled and time.monotonic() >= end:
        turn_over()
    if failed:
        raise failed
    return settled


def is_due() -> bool:
    return _received().exists()


def _lease(account: int | None) -> str:
    return f"take-in:{account}"


def _take_in_account(account: int | None, limit: int, end: float) -> int:
    settled = 0
    again: set[int] = set()  # failed in this round; the next one tries them once more
    with held(_lease(account), seconds=LEASE) as hold:
        while hold and settled < limit and hold.renew():
            rows = _next_batch(account, min(BATCH, limit - settled), again)
            if not rows:
                break
            known, taken = len(again), _take_in_batch(account, rows, again, hold)
            if not taken and len(again) == known:
                break
            settled += taken
            if time.monotonic() >= end:
                break
    return settled


def _next_batch(account: int | None, limit: int, again: set[int]) -> list[InboundEmail]:
    """Oldest first; a mail that broke its batch before is tried alone, at most three times."""
    waiting = _received().filter(account=account).exclude(pk__in=again)
    rows = list(waiting.select_related("raw").order_by("id")[:limit])
    if rows and rows[0].tries:
        rows = rows[:1]
    rows = _until_heavy([row for row in rows if not row.tries or row is rows[0]])
    InboundEmail.objects.filter(pk__in=[row.pk for row in rows]).update(tries=F("tries") + 1)
    return rows


def _until_heavy(rows: list[InboundEmail]) -> list[InboundEmail]:
    total = 0
    for number, row in enumerate(rows):
        total += row.size
        if total > BATCH_BYTES and number:
            return rows[:number]
    return rows


def _take_in_batch(
    account: int | None, rows: list[InboundEmail], again: set[int], hold: Hold
) -> int:
    worn_out = [row for row in rows if row.tries >= MAX_TRIES]
    try:
        good, bad = read([row for row in rows if row.tries < MAX_TRIES], alive=hold.keep)
        twins.look_up(good, alive=hold.keep)
        bad += [(row, _three_tries()) for row in worn_out]
        return _put_aside(bad, again) + _store_or_split(account, good, again)
    except OSError as error:
        if not blobs.is_out_of_room(error):
            raise
        return _wait_for_room(rows, error)
    except DATABASE_AWAY:
        patiently(partial(_forgive, rows), seconds=AWAY)
        raise  # the database is away or busy: the rows stay as they are and are tried again


def _wait_for_room(rows: Sequence[InboundEmail], error: OSError) -> int:
    """No fault of these mails: they stay received, say why, and are taken in once there is room."""
    log.error("mails wait for room on the disk", extra={"mails": len(rows), "errno": error.errno})
    _forgive(rows)
    still = _received().filter(pk__in=[row.pk for row in rows])
    still.update(reason=_("The disk is full; this mail is taken in by itself once there is room."))
    return 0


def _store_or_split(account: int | None, mails: list[ReadMail], again: set[int]) -> int:
    """One mail that cannot be stored fails the batch: halves, singles, quarantine."""
    if not mails:
        return 0
    try:
        return _store(account, mails)
    except DATABASE_AWAY:
        raise
    except Exception as error:  # the rim: whatever it is, it holds back only its own mail
        if blobs.is_out_of_room(error):
            raise
        kind = type(error).__name__
        log.warning("a batch could not be stored", extra={"mails": len(mails), "error": kind})
        if len(mails) == 1:
            return _put_aside([(mails[0].row, _refused(mails[0].row, error))], again)
    middle = len(mails) // 2
    return sum(_store_or_split(account, half, again) for half in (mails[:middle], mails[middle:]))


def _refused(row: InboundEmail, error: Exception) -> Held:
    """What the database says of a value, it says again; anything else may be over next time, as
    when two accounts brought the same bytes at once."""
    if isinstance(error, DataError | ValueError) and stage_of(error) == "store":
        return Held("not-storable", _("The database refused it."))
    return failure(row, error)


def _forgive(rows: Sequence[InboundEmail]) -> None:
    """Database or disk failed, not the mail: this try does not count towards its three."""
    tried = InboundEmail.objects.filter(pk__in=[row.pk for row in rows], tries__gt=0)
    tried.update(tries=F("tries") - 1)


def _store(account: int | None, mails: list[ReadMail]) -> int:
    """One short transaction: places, rows, assignment, comments; everything or nothing."""
    with transaction.atomic():
        lock_until_commit(f"take-in:{account}")
        still = set(
            _received().filter(pk__in=[mail.row.pk for mail in mails]).values_list("pk", flat=True)
        )
        file_ids = store([mail for mail in mails if mail.row.pk in still])
        if file_ids:
            announce(files_waiting, attachment_ids=file_ids)
        crashpoint("take_in.before_commit")
    crashpoint("take_in.after_commit")
    return len(still)


def _received() -> QuerySet[InboundEmail]:
    received = InboundEmail.objects.filter(status=Status.RECEIVED)
    return received if ChannelSettings.load().enabled else received.none()


def _put_aside(held_back: Sequence[tuple[InboundEmail, Held]], again: set[int]) -> int:
    """How many are settled by it; those that are tried once more are added to AGAIN."""
    for row, reason in held_back:
        tried_again = reason.status == Status.RECEIVED
        InboundEmail.objects.filter(pk=row.pk, status=Status.RECEIVED).update(
            status=reason.status,
            code=reason.code,
            reason=reason.sentence,
            mailbox=row.mailbox_id,
            sender=row.sender,
            subject=row.subject,
            settled_at=None if tried_again else Now(),
        )
        again.update({row.pk} if tried_again else ())
    return sum(reason.status != Status.RECEIVED for _row, reason in held_back)


def _three_tries() -> Held:
    return Held("three-tries", _("Taking it in failed three times; its source is kept."))
