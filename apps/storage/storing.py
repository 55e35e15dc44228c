"""Puts what is planned where it belongs: once, checked, and again after whatever broke off.

A file that fails waits 30 s, doubled with each try, an hour at most. What the whole place is to
blame for never uses up a file's tries: everything for that place waits, other places go on.
Two workers at most put files in one place, so that a slow storage never holds up the mail.
"""

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import zstandard
from django.db import Error as DatabaseTrouble
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.core import blobs
from apps.core.announce import announce
from apps.core.errors import Problem
from apps.core.faults import crashpoint
from apps.core.leases import Hold, expired, held, in_seconds
from apps.core.models import Blob
from apps.core.sentences import gettext_noop as _
from apps.storage import registry
from apps.storage.backends import once
from apps.storage.backends.base import Backend, Content, Occupied, StorageError
from apps.storage.models import OPEN, StorageTarget, StoredObject
from apps.storage.placing import bring_along, give_next
from apps.storage.signals import objects_planned
from apps.storage.words import words_of

log = logging.getLogger(__name__)

AT_ONE_PLACE = 2  # workers
AT_ONCE = 20  # rows
LARGE = 8 * 2**20  # such a file goes alone
TICK = 5  # seconds after which what is done no longer waits for the others to be recorded
LEASE = 120  # seconds: of a row, counted anew when its turn comes and while its bytes go out
PLACE_LEASE = int(registry.WHOLE) + LEASE  # as long as one file may take
LONGEST = 60.0  # seconds that one worker goes on; then others have their turn
FIRST_WAIT, LONGEST_WAIT = 30, 3600
LONGEST_WAIT_FOR_PLACE = 600
MAX_TRIES = 12
TRIES_OF_PLACE = 6  # counted at most for its trouble: the longest wait, and half are left
OTHER_PATHS = 20  # tried at once when something stands at ours

Status = StoredObject.Status


def targets_due() -> list[int]:
    """Places for which something may be done now."""
    rows = _due().filter(target__isnull=False)
    return list(rows.order_by("target").values_list("target", flat=True).distinct())


def _due() -> "QuerySet[StoredObject]":
    rows = StoredObject.objects.open().filter(not_before__lte=Now())
    return rows.filter(expired("held_until"))


def put_due(target_id: int) -> bool:
    """Until nothing is due there, or for a minute: True, there is more."""
    target = StorageTarget.objects.filter(pk=target_id).first()
    if target is None:
        return False
    with _one_of_the_workers(target_id) as hold:
        return hold is not None and _go_on(target, hold)


@contextmanager
def _one_of_the_workers(target_id: int) -> Iterator[Hold | None]:
    for number in range(AT_ONE_PLACE):
        with held(f"storage:{target_id}:{number}", seconds=PLACE_LEASE) as hold:
            if hold is not None:
                yield hold
                return
    yield None


def _go_on(target: StorageTarget, hold: Hold) -> bool:
    end = time.monotonic() + LONGEST
    try:
        with registry.opened(target) as backend:
            while time.monotonic() < end and hold.keep():
                if not _batch(target, backend, hold):
                    return False
    except Problem as problem:  # a secret that cannot be read
        _postpone_all(target, StorageError(problem.sentence, code="settings"), tries=1)
        return False
    return True


def _batch(target: StorageTarget, backend: Backend, hold: Hold) -> bool:
    """False: nothing was due, or the place has to be left alone for a while."""
    holder = uuid.uuid4().hex
    first = _due().filter(target=target).order_by("not_before", "pk")[:AT_ONCE]
    due = _due().filter(pk__in=first.values("pk"))
    if not due.update(holder=holder, held_until=in_seconds(LEASE)):
        return False
    mine = StoredObject.objects.filter(holder=holder)
    rows = list(mine.select_related("blob").order_by("not_before", "pk"))
    try:
        for row in rows:
            row.target = target
        went_well = all(hold.keep() and _put_together(some, backend) for some in _handfuls(rows))
    finally:
        if any(row.holder for row in rows):
            mine.update(holder="", held_until=None)
    if not went_well:
        bring_along(target)
    return went_well


def _handfuls(rows: Sequence[StoredObject]) -> Iterator[list[StoredObject]]:
    """What is small and was never tried goes together; the rest alone, so that the file that broke
    a handful off is known the next time. What was tried before comes first: if the place is still
    down, each time the same file meets that, and waits longer."""
    tried = [row for row in rows if row.tries]
    small = [row for row in rows if not row.tries and row.size <= LARGE]
    yield from ([row] for row in tried)
    for status in OPEN:
        if some := [row for row in small if row.status == status]:
            yield some
    yield from ([row] for row in rows if not row.tries and row.size > LARGE)


def _put_together(rows: list[StoredObject], backend: Backend) -> bool:
    """Recorded in one step, or in several if they take long. False: enough here."""
    while rows := _begun(rows):
        done: list[StoredObject] = []
        try:
            error = _put_some(rows, backend, done)
        finally:
            _record(done)
        rows = rows[len(done) :]
        if error is not None:
            _keep_error(rows.pop(0), error)
            if error.is_of_target:
                _take_back(rows)
                return False
    return True


def _begun(rows: list[StoredObject]) -> list[StoredObject]:
    """Those that are still ours, with a new lease; their try is counted before, so that a crash
    leaves a trace."""
    if not rows:
        return []
    mine = _unchanged(rows)
    if mine.update(tries=rows[0].tries + 1, held_until=in_seconds(LEASE)) == len(rows):
        return rows
    kept = set(mine.values_list("pk", flat=True))  # our lease ran out, or one was withdrawn
    return [row for row in rows if row.pk in kept]


def _take_back(rows: Sequence[StoredObject]) -> None:
    """It never came to their try."""
    if rows:
        _unchanged(rows).update(tries=rows[0].tries)


def _unchanged(rows: Sequence[StoredObject]) -> "QuerySet[StoredObject]":
    """ROWS, of one holder and one status, as far as nobody else has changed them."""
    pks = [row.pk for row in rows]
    return StoredObject.objects.filter(pk__in=pks, holder=rows[0].holder, status=rows[0].status)


def _put_some(
    rows: Sequence[StoredObject], backend: Backend, done: list[StoredObject]
) -> StorageError | None:
    """For some seconds, or until something goes wrong; DONE grows, whatever happens."""
    until = time.monotonic() + TICK
    for row in rows:
        if done and time.monotonic() > until:
            break
        try:
            with registry.in_time(registry.WHOLE):
                _do(row, backend)
        except StorageError as error:
            return error
        except DatabaseTrouble:
            raise
        except Exception as error:  # the worker's rim: a storage may answer anything
            log.exception("nobody foresaw what a storage did", extra={"object": row.pk})
            facts = {"host": str(row.target), "reason": type(error).__name__}
            return StorageError(_UNFORESEEN, facts, code="refused")
        done.append(row)
    return None


def _do(row: StoredObject, backend: Backend) -> None:
    if row.status == Status.LEAVING:
        once.remove(backend, row.path, row.sha256)
        return
    _put(row, backend)
    crashpoint("store.after_upload")


def _put(row: StoredObject, backend: Backend) -> None:
    content = _content(row)
    for _number in range(OTHER_PATHS):
        try:
            once.put(backend, row.path, content, doubtful=row.tries > 0)
        except Occupied:
            give_next(row)
        else:
            return
    raise Occupied


def _content(row: StoredObject) -> Content:
    blob = row.blob
    if blob is None:
        raise StorageError(_LOST, code="refused", permanent=True)
    return Content(row.size, row.sha256, lambda: _keeping(row, _pieces(blob)))


def _keeping(row: StoredObject, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Whoever took it over meanwhile would write where we do."""
    until = time.monotonic() + TICK
    for piece in pieces:
        if time.monotonic() > until:
            _unchanged([row]).update(held_until=in_seconds(LEASE))
            until = time.monotonic() + TICK
        yield piece


def _pieces(blob: Blob) -> Iterator[bytes]:
    """A large file is never in memory as a whole."""
    try:
        yield from blobs.pieces(blob, range(blob.size))
    except (OSError, zstandard.ZstdError) as error:
        gone = isinstance(error, FileNotFoundError | zstandard.ZstdError)  # else: ask again later
        raise StorageError(_LOST, code="refused", permanent=gone) from error


_UNFORESEEN = _("%(host)s could not do it: %(reason)s.")
_LOST = _("Its bytes cannot be read from Carteria's own disk.")


# ---- what came of it ----------------------------------------------------------------------------


def _record(rows: Sequence[StoredObject]) -> None:
    """Unless somebody withdrew one meanwhile: then it goes on as it was left."""
    if not rows:
        return
    is_stored = rows[0].status == Status.PLANNED
    status = Status.STORED if is_stored else Status.REMOVED
    moment = {"stored_at": Now()} if is_stored else {}
    with transaction.atomic():
        changed = _unchanged(rows).update(
            status=status, error="", error_code="", blob=None, holder="", held_until=None, **moment
        )
        for row in rows if changed == len(rows) else _of_status(rows, status):
            row.holder = ""
            if row.is_own_blob and row.blob_id:
                blobs.discard(row.blob_id, recorded_whole=True)  # by outbox.plan
            if is_stored and row.replaces:
                _retire(row)


def _of_status(rows: Sequence[StoredObject], status: str) -> list[StoredObject]:
    there = StoredObject.objects.filter(pk__in=[row.pk for row in rows], status=status)
    pks = set(there.values_list("pk", flat=True))
    return [row for row in rows if row.pk in pks]


def _retire(row: StoredObject) -> None:
    """The older one goes, now that the newer one is there."""
    older = StoredObject.objects.filter(kind=row.kind, key=row.replaces)
    leaving = older.exclude(status__in=(Status.LEAVING, Status.REMOVED))
    if leaving.update(status=Status.LEAVING, tries=0, not_before=Now(), error=""):
        announce(objects_planned)


def _keep_error(row: StoredObject, error: StorageError) -> None:
    tries = row.tries + 1
    given_up = not error.is_of_target and (error.permanent or tries >= MAX_TRIES)
    given_up = given_up and row.status == Status.PLANNED
    mine = StoredObject.objects.filter(pk=row.pk, holder=row.holder, status=row.status)
    most = max(row.tries, TRIES_OF_PLACE) if error.is_of_target else MAX_TRIES
    mine.update(
        status=Status.FAILED if given_up else row.status,
        tries=min(tries, most),
        error=words_of(error),
        error_code=error.code,
        not_before=in_seconds(_wait(tries, error)),
    )
    if error.is_of_target and row.target is not None:
        _postpone_all(row.target, error, tries=tries)
    log.warning(
        "a file did not reach the storage",
        extra={"object": row.pk, "tries": tries, "code": error.code, "given_up": given_up},
    )


def _wait(tries: int, error: StorageError) -> float:
    longest = LONGEST_WAIT_FOR_PLACE if error.is_of_target else LONGEST_WAIT
    wait = min(FIRST_WAIT * 2 ** min(tries - 1, 20), longest)
    return max(float(wait), error.retry_after or 0)


def _postpone_all(target: StorageTarget, error: StorageError, *, tries: int) -> None:
    """They would meet the same, and a server asked too often with a wrong key locks us out."""
    rows = StoredObject.objects.open().filter(target=target, not_before__lte=Now())
    rows.update(
        not_before=in_seconds(_wait(tries, error)), error=words_of(error), error_code=error.code
    )


def wake(target: StorageTarget) -> None:
    """It works again, as a test has shown: whatever waits for it is put now."""
    rows = StoredObject.objects.open().filter(target=target, not_before__gt=Now())
    with transaction.atomic():
        if rows.update(not_before=Now()):
            announce(objects_planned)


# ---- reading ------------------------------------------------------------------------------------


def read(row: StoredObject) -> bytes:
    """Whole and checked, from the place where it was put; StorageError says why not."""
    if row.target is None:
        raise StorageError(_("It is not stored yet."), code="missing")
    with registry.opened(row.target) as backend, registry.in_time(registry.WHOLE):
        content = b"".join(backend.read(row.path))
    if Content.of(content).sha256 != row.sha256:
        raise StorageError(_("The storage holds something else at this path."), code="damaged")
    return content
