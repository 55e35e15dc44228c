"""A second look at clean files of the last days, once the scanner knows more than it did then.

The rows are the work list: a clean file whose signatures are not today's is due. So the look can
stop anywhere, be killed or run twice, and goes on where the rows say.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.attachments import screen
from apps.attachments.decide import Batch, content_of, finding_on
from apps.attachments.models import Attachment, AttachmentSettings, Verdict, VerdictChange
from apps.attachments.room import room
from apps.attachments.scan import Finding, ScannerDown, ScannerFull
from apps.attachments.scanner import Engine
from apps.attachments.signals import attachments_screened, found_later
from apps.core.announce import announce
from apps.core.health import Backlog, backlog
from apps.core.leases import Hold, expired, held, in_seconds

log = logging.getLogger(__name__)

AT_ONCE = 16
FOR_SECONDS = 20  # then the next beat goes on
LEASE = 300  # longer than the longest scan
FAILED_FOR = 6 * 3600  # a file that cannot be scanned now is left alone for so long
TOLD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Look:
    """One run: with which scanner, and back to when."""

    batch: Batch
    engine: Engine
    since: datetime
    failed: list[int] = field(default_factory=list)  # the files' own fault, not yet recorded


def scan_again() -> int:
    """Newest first, while no file waits for its first verdict; answers how many were looked at."""
    with held("rescan", seconds=LEASE) as hold:
        look = _look() if hold else None
        return _scan_all(look, hold) if look and hold else 0


def found_infected_later() -> Backlog:
    """Of the last days: files that had been handed out as clean until then."""
    changes = VerdictChange.objects.filter(
        before=Verdict.CLEAN, after=Verdict.INFECTED, at__gte=timezone.now() - TOLD_FOR
    )
    return backlog(changes, "at")


def _look() -> Look | None:
    """None when there is no scanner, or nobody can say how old its signatures are."""
    days = AttachmentSettings.load().rescan_days
    batch = screen.batch_now()
    if not days or not batch.address or batch.is_down():
        return None
    engine = batch.fit_engine()
    since = timezone.now() - timedelta(days=days)
    return Look(batch, engine, since) if engine.signature_version else None


def _scan_all(look: Look, hold: Hold) -> int:
    until = time.monotonic() + FOR_SECONDS
    looked_at = 0
    newest: datetime | None = None
    while time.monotonic() < until and not screen.due(1):
        files = _next(look, newest)
        if not files or not _scan_some(files, look) or not hold.renew():
            break
        looked_at += len(files)
        newest = files[-1].decided_at
    return looked_at


def due(signature_version: str, since: datetime) -> "QuerySet[Attachment]":
    """Clean files that were scanned with other signatures, newest first."""
    stale = Q(signature_version__lt=signature_version) | Q(signature_version__gt=signature_version)
    clean = Attachment.objects.filter(stale, verdict=Verdict.CLEAN, decided_at__gte=since)
    return clean.filter(expired("next_try_at")).order_by("-decided_at")


def _next(look: Look, newest: datetime | None) -> list[Attachment]:
    """As many as fit; NEWEST saves reading over what this run has done."""
    files = due(look.engine.signature_version, look.since)
    if newest is not None:
        files = files.filter(decided_at__lte=newest)
    return list(_fitting(files.select_related("blob")[:AT_ONCE]))


def _fitting(files: "QuerySet[Attachment]") -> Iterator[Attachment]:
    size = 0
    for number, file in enumerate(files):
        size += file.size
        if number and size > screen.CLAIMED_BYTES:
            return
        yield file


def _scan_some(files: Sequence[Attachment], look: Look) -> bool:
    """False when the scanner went down: what it did not answer stays clean, and due."""
    with ThreadPoolExecutor(min(screen.POOL, len(files))) as pool:
        findings = list(pool.map(lambda file: _finding(file, look), files))
    answered = [
        (file, found) for file, found in zip(files, findings, strict=True) if found is not None
    ]
    _pass([file for file, found in answered if found.outcome != "infected"], look.engine)
    for file, found in answered:
        if found.outcome == "infected":
            _condemn(file, found, look.engine)
    _postpone(look.failed)
    return not look.batch.down.is_set()


def _finding(file: Attachment, look: Look) -> Finding | None:
    """None: no verdict, for whatever reason."""
    try:
        look.batch.fit_engine()
        with room.holding(file.size):
            return finding_on(file, content_of(file), look.batch)
    except ScannerFull as full:
        _say_failed(file, full)
        look.failed.append(file.pk)
        return None
    except ScannerDown:
        look.batch.found_down()
        return None
    except Exception as error:  # the worker's rim: hostile bytes may break any reader
        _say_failed(file, error)
        look.failed.append(file.pk)
        return None


def _say_failed(file: Attachment, error: Exception) -> None:
    log.warning(
        "a clean file could not be scanned again",
        extra={"attachment": file.pk, "error": type(error).__name__},
    )


def _postpone(failed: list[int]) -> None:
    """Also when the scanner went down: it may be they who killed it."""
    _clean(failed).update(next_try_at=in_seconds(FAILED_FOR))
    failed.clear()


def _pass(files: Sequence[Attachment], engine: Engine) -> None:
    """Still clean, a released one too; since when stays as it was."""
    _clean([file.pk for file in files]).update(
        engine=engine.name, signature_version=engine.signature_version, next_try_at=None
    )


def _condemn(file: Attachment, found: Finding, engine: Engine) -> None:
    reason = f"infected:{found.name}"
    with transaction.atomic():
        condemned = _clean([file.pk]).update(
            verdict=Verdict.INFECTED,
            reason=reason,
            engine=engine.name,
            signature_version=engine.signature_version,
            decided_at=Now(),
        )
        if not condemned:
            return
        VerdictChange.objects.create(
            attachment=file,
            before=Verdict.CLEAN,
            before_reason=file.reason,
            after=Verdict.INFECTED,
            reason=reason,
            engine=engine.name,
            signature_version=engine.signature_version,
            since=file.decided_at,
        )
        announce(found_later, attachment_ids=[file.pk])
        announce(attachments_screened, attachment_ids=[file.pk])
    log.error("a file that was called clean is infected", extra={"attachment": file.pk})


def _clean(ids: Sequence[int]) -> "QuerySet[Attachment]":
    return Attachment.objects.filter(pk__in=ids, verdict=Verdict.CLEAN)
