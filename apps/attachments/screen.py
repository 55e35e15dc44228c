"""Each waiting file gets its verdict here: policy first, then the scanner, then one row."""

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from apps.attachments import scanner
from apps.attachments.decide import Batch, Decision, decide
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.names import display_name
from apps.attachments.signals import attachments_screened
from apps.core.announce import announce
from apps.core.faults import crashpoint
from apps.core.health import Backlog, backlog
from apps.core.leases import expired, in_seconds
from apps.core.models import Blob

log = logging.getLogger(__name__)

CLAIMED_AT_ONCE = 16
CLAIMED_BYTES = 64 * 2**20
LARGE = 8 * 2**20  # such a file comes after the others, alone
DRAINED_FOR = 8  # seconds
POOL = 4  # on two cores 2 scan a third more than 1 does; 4 again 15 % more where files are small
LEASE = 60  # seconds; renewed while the work goes on, so a killed worker costs no more
TICK = 5  # seconds after which the ready ones no longer wait for a slow one

_Decided = tuple[Attachment, Decision]


def plan(*, blob: Blob, names: Sequence[str], declared_type: str) -> Attachment:
    """The unsaved row of a file that waits for its verdict."""
    kept = list(dict.fromkeys(_storable(name) for name in names if name))
    return Attachment(
        name=display_name(kept),
        names=kept,
        declared_type=_storable(declared_type)[:255],
        size=blob.size,
        sha256=blob.sha256,
        blob=blob,
    )


def due(limit: int) -> list[int]:
    """Waiting files that nobody works on and whose time has come, oldest first."""
    free = Attachment.objects.filter(expired("next_try_at"), verdict=Verdict.WAITING)
    return list(free.order_by("id").values_list("pk", flat=True)[:limit])


def scanner_status() -> tuple[scanner.Health, str]:
    """The scanner that the settings name, and one sentence about it."""
    return scanner.status(settings.CLAMD_ADDRESS, test_signatures=settings.TEST_SIGNATURES)


def scanner_diagnosis() -> scanner.Diagnosis:
    return scanner.diagnose(settings.CLAMD_ADDRESS, test_signatures=settings.TEST_SIGNATURES)


def files_waiting() -> Backlog:
    return backlog(Attachment.objects.filter(verdict=Verdict.WAITING), "created_at")


def last_verdict() -> datetime | None:
    """When a file was last decided: the newest sign that the scanner worked."""
    decided = Attachment.objects.exclude(verdict=Verdict.WAITING).order_by("-id")
    return decided.values_list("decided_at", flat=True).first()


def screen(attachment_ids: Sequence[int]) -> None:
    """Verdicts for those of the files that still wait; any number of workers may ask at once."""
    for lot in _lots(attachment_ids):
        claim = _claim(lot)
        if claim.files:
            _screen(claim)


_draining = threading.Lock()


def drain() -> None:
    """Goes on with whatever else waits, oldest first, for a while: in one thread of a process."""
    if not _draining.acquire(blocking=False):
        return
    try:
        until = time.monotonic() + DRAINED_FOR
        while time.monotonic() < until and (ids := due(CLAIMED_AT_ONCE)):
            screen(ids)
    finally:
        _draining.release()


def _lots(ids: Sequence[int]) -> Iterator[list[int]]:
    """Oldest first, bounded by count and bytes; a large file never stands before small ones."""
    waiting = Attachment.objects.filter(pk__in=set(ids), verdict=Verdict.WAITING)
    sizes = list(waiting.order_by("pk").values_list("pk", "size"))
    lot: list[int] = []
    held = 0
    for pk, size in (one for one in sizes if one[1] <= LARGE):
        if lot and (len(lot) >= CLAIMED_AT_ONCE or held + size > CLAIMED_BYTES):
            yield lot
            lot, held = [], 0
        lot.append(pk)
        held += size
    if lot:
        yield lot
    yield from ([pk] for pk, size in sizes if size > LARGE)


@dataclass(frozen=True, slots=True)
class _Claim:
    token: str
    files: list[Attachment]
    trying: list[int] = field(default_factory=list)  # the one whose try is counted already

    @property
    def rows(self) -> models.QuerySet[Attachment]:
        """Whatever of it is still ours."""
        return Attachment.objects.filter(claim=self.token, verdict=Verdict.WAITING)


def _claim(ids: Sequence[int]) -> _Claim:
    token = uuid.uuid4().hex
    free = Attachment.objects.filter(expired("next_try_at"), pk__in=ids, verdict=Verdict.WAITING)
    # A claim that nobody gave back: its worker died, maybe of this very file.
    tries = Case(When(claim="", then=F("tries")), default=Greatest(F("tries"), Value(1)))
    if not free.update(claim=token, tries=tries, next_try_at=in_seconds(LEASE)):
        return _Claim(token, [])
    claim = _Claim(token, [])
    claim.files.extend(claim.rows.select_related("blob").order_by("pk"))
    return claim


def _screen(claim: _Claim) -> None:
    batch = batch_now()
    try:
        for settled in _decided(claim, batch):
            _record(claim, settled)
    except Exception:  # the trouble of the house is no try of a file
        claim.rows.filter(pk__in=claim.trying).update(tries=F("tries") - 1)
        claim.rows.update(claim="")
        raise


def batch_now() -> Batch:
    """What the settings say at this moment."""
    rules = AttachmentSettings.load()
    return Batch(
        address=settings.CLAMD_ADDRESS,
        test_signatures=settings.TEST_SIGNATURES,
        also_block=tuple(map(str, rules.also_block)),
        limit=rules.scan_limit_mb * 2**20,
    )


def _decided(claim: _Claim, batch: Batch) -> Iterator[list[_Decided]]:
    """In lots, as they get ready; meanwhile the claim on the others is renewed.

    What finds no room at the scanner is asked about once more when the others have left it: it may
    be a small file that came beside a large one.

    A file that failed before is tried alone: if it kills the scanner, no other file is blamed. Its
    try is counted before, so that it counts even if it kills us, and who has failed most is last.
    """
    together = [file for file in claim.files if not file.tries]
    alone = sorted((file for file in claim.files if file.tries), key=lambda file: file.tries)
    squeezed: list[_Decided] = []
    if together:
        with ThreadPoolExecutor(min(POOL, len(together))) as pool:
            futures = {pool.submit(decide, file, batch): file for file in together}
            for ready in _collected(claim, futures):
                squeezed += [one for one in ready if one[1].lacks_room]
                yield [one for one in ready if not one[1].lacks_room]
    with ThreadPoolExecutor(1) as pool:
        for file, _decision in sorted(squeezed, key=lambda one: one[0].size):
            yield from _collected(claim, {pool.submit(decide, file, batch): file})
        for file in alone:
            claim.trying[:] = [file.pk]
            claim.rows.filter(pk=file.pk).update(tries=F("tries") + 1)
            yield from _collected(claim, {pool.submit(decide, file, batch): file})


def _collected(
    claim: _Claim, running: dict[Future[Decision], Attachment]
) -> Iterator[list[_Decided]]:
    while running:
        ready, _slow = wait(running, timeout=TICK)
        if ready:
            yield [(running.pop(future), future.result()) for future in ready]
        if running:
            claim.rows.update(next_try_at=in_seconds(LEASE))


def _record(claim: _Claim, decisions: Sequence[_Decided]) -> None:
    """Rows that somebody else has taken over meanwhile stay untouched."""
    final = [file.pk for file, decision in decisions if decision.verdict != Verdict.WAITING]
    crashpoint("screen.before_verdict")
    with transaction.atomic():
        written = sum(_write(claim, alike) for alike in _alike(decisions))
        if final:
            announce(attachments_screened, attachment_ids=final)
    if written < len(decisions):
        log.info("another worker was faster", extra={"files": len(decisions) - written})


def _alike(decisions: Sequence[_Decided]) -> Iterable[Sequence[_Decided]]:
    """Most files of a batch fare alike but for their type, and one plain statement tells all of
    them; each that waits does so for a time of its own."""
    together: dict[object, list[_Decided]] = {}
    for file, decision in decisions:
        own = file.pk if decision.verdict == Verdict.WAITING else None
        key = (replace(decision, type=""), own)
        together.setdefault(key, []).append((file, decision))
    return together.values()


def _write(claim: _Claim, alike: Sequence[_Decided]) -> int:
    file, decision = alike[0]
    waits = decision.verdict == Verdict.WAITING
    return claim.rows.filter(pk__in=[file.pk for file, _decision in alike]).update(
        verdict=decision.verdict,
        reason=decision.reason,
        detected_type=_types(alike),
        engine=decision.engine,
        signature_version=decision.signature_version,
        tries=F("tries") - int(file.tries > 0) + int(decision.counts),  # one was counted before
        claim="",
        next_try_at=in_seconds(_pause(file)) if waits else None,
        decided_at=None if waits else Now(),
    )


def _types(alike: Sequence[_Decided]) -> Case:
    """What was not looked at keeps the type that it had."""
    files: dict[str, list[int]] = {}
    for file, decision in alike:
        files.setdefault(decision.type[:255], []).append(file.pk)
    files.pop("", None)
    branches = (When(pk__in=pks, then=Value(kind)) for kind, pks in files.items())
    return Case(*branches, default=F("detected_type"))


def _pause(file: Attachment) -> float:
    """15 s at first, a minute at most."""
    waited = (timezone.now() - file.created_at).total_seconds()
    return min(60.0, max(15.0, waited / 4))


def _storable(text: str) -> str:
    """No database takes NUL or half a surrogate pair; for the policy any control is as bad."""
    text = text.replace("\0", "\x01").encode(errors="replace").decode()
    return text if len(text) <= 4000 else text[:2000] + text[-2000:]
