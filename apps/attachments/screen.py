"""The lane of a file: judged by policy, scanned, decided. No byte leaves before *clean* (G7).

Rows that wait are the work: claimed by one query, decided by another; a claim that runs out is
somebody's death, and the file is taken up again.
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.attachments import policy, scanner
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.names import display_name
from apps.attachments.scan import FileFailed, Finding, NotScanned, ScannerDown, scan
from apps.attachments.signals import attachments_screened
from apps.core import blobs
from apps.core.announce import announce
from apps.core.faults import crashpoint
from apps.core.leases import expired, in_seconds
from apps.core.models import Blob

CLAIM = 300  # seconds; a scan ends within 130
SCANNER_BACK = 15  # when a scanner that is down is asked again
RETRY_FILE = 20
MAX_TRIES = 3
AT_ONCE = 2  # two cores: more threads only wait for each other


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is written on the row; `waiting` with a pause means: not decided."""

    verdict: str
    reason: str = ""
    detected_type: str = ""
    engine: str = ""
    signature_version: str = ""
    pause: int = 0
    counts: bool = False  # as one of three tries


def plan(*, blob: Blob, names: Sequence[str], declared_type: str) -> Attachment:
    """An unsaved row that waits; its name is safe in a header and on any disk."""
    unique = list(dict.fromkeys(name for name in names if name))
    return Attachment(
        name=display_name(unique),
        names=unique,
        declared_type=declared_type[:255],
        size=blob.size,
        sha256=blob.sha256,
        blob=blob,
    )


def due(limit: int) -> list[int]:
    """Files that wait and whose time has come."""
    waiting = Attachment.objects.filter(expired("next_try_at"), verdict=Verdict.WAITING)
    return list(waiting.order_by("id").values_list("pk", flat=True)[:limit])


def screen(attachment_ids: Sequence[int]) -> None:
    """Decides those of the files that wait and that nobody else has in hand."""
    files = _claimed(attachment_ids)
    if not files:
        return
    lane = _Lane.now()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lane.answer, files))
    crashpoint("screen.before_verdict")
    _record(files, answers)


def _claimed(attachment_ids: Sequence[int]) -> list[Attachment]:
    claim = uuid.uuid4().hex
    free = Attachment.objects.filter(
        expired("next_try_at"), pk__in=attachment_ids, verdict=Verdict.WAITING
    )
    if not free.update(claim=claim, next_try_at=in_seconds(CLAIM)):
        return []
    return list(Attachment.objects.filter(claim=claim).select_related("blob").order_by("id"))


@dataclass(frozen=True, slots=True)
class _Lane:
    """What holds for all files of a batch."""

    address: str
    limit: int
    also_block: tuple[str, ...]
    engine: scanner.Engine | None

    @classmethod
    def now(cls) -> "_Lane":
        limits = AttachmentSettings.load()
        address = settings.CLAMD_ADDRESS
        try:
            engine = scanner.fit_engine(address, test_signatures=settings.TEST_SIGNATURES)
        except NotScanned:
            engine = None
        return cls(address, limits.scan_limit_mb * 2**20, tuple(limits.also_block), engine)

    def answer(self, file: Attachment) -> _Answer:
        content = blobs.read(file.blob)
        judged = policy.judge(file.names or [file.name], content, self.also_block)
        return replace(self._verdict(file, content, judged), detected_type=judged.type[:255])

    def _verdict(self, file: Attachment, content: bytes, judged: policy.Judgement) -> _Answer:
        if not judged.allowed:
            return _Answer(Verdict.REFUSED, judged.reason or "type-denied")
        if len(content) > self.limit:
            return _Answer(Verdict.WITHHELD, "too-big")
        if self.engine is None:
            return _Answer(Verdict.WAITING, "scanner-down", pause=SCANNER_BACK)
        try:
            if not scanner.reads_whole(self.address, len(content), limit=self.limit):
                return _Answer(Verdict.WITHHELD, "too-big")
            found = scan(self.address, content, limit=self.limit)
        except ScannerDown:
            return _Answer(Verdict.WAITING, "scanner-down", pause=SCANNER_BACK)
        except FileFailed:
            return self._failed(file)
        return self._found(found)

    def _failed(self, file: Attachment) -> _Answer:
        if file.tries + 1 >= MAX_TRIES:
            return _Answer(Verdict.WITHHELD, "unscannable", counts=True)
        return _Answer(Verdict.WAITING, "scan-failed", pause=RETRY_FILE, counts=True)

    def _found(self, found: Finding) -> _Answer:
        outcomes: dict[str, tuple[str, str]] = {
            "clean": (Verdict.CLEAN, ""),
            "infected": (Verdict.INFECTED, f"infected:{found.name}"),
            "encrypted": (Verdict.WITHHELD, "encrypted"),
            "exceeds": (Verdict.WITHHELD, "too-big"),
        }
        verdict, reason = outcomes[found.outcome]
        assert self.engine is not None
        return _Answer(
            verdict,
            reason,
            engine=self.engine.name,
            signature_version=self.engine.signature_version,
        )


def _record(files: Sequence[Attachment], answers: Sequence[_Answer]) -> None:
    """One transaction; a row that lost its claim meanwhile keeps what the other one wrote."""
    decided: list[int] = []
    with transaction.atomic():
        for file, answer in zip(files, answers, strict=True):
            if _write(file, answer) and answer.verdict != Verdict.WAITING:
                decided.append(file.pk)
        if decided:
            announce(attachments_screened, attachment_ids=decided)


def _write(file: Attachment, answer: _Answer) -> bool:
    mine = Attachment.objects.filter(Q(verdict=Verdict.WAITING), pk=file.pk, claim=file.claim)
    waits = answer.verdict == Verdict.WAITING
    return bool(
        mine.update(
            verdict=answer.verdict,
            reason=answer.reason,
            detected_type=answer.detected_type,
            engine=answer.engine,
            signature_version=answer.signature_version,
            tries=F("tries") + int(answer.counts),
            claim="",
            next_try_at=in_seconds(answer.pause) if waits else None,
            decided_at=None if waits else timezone.now(),
        )
    )
