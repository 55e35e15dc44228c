"""The verdict on one file; runs in a thread and touches no database."""

import logging
import threading
from dataclasses import dataclass, field

import zstandard

from apps.attachments import policy, scanner
from apps.attachments.models import Attachment, Verdict
from apps.attachments.scan import FileFailed, Finding, ScannerDown, scan
from apps.core import blobs

log = logging.getLogger(__name__)

TRIES = 3

SCANNER_DOWN = "scanner-down"
TOO_BIG = "too-big"
UNSCANNABLE = "unscannable"


@dataclass(slots=True)
class Batch:
    """What the files of one batch have in common."""

    address: str
    test_signatures: bool
    also_block: tuple[str, ...]
    limit: int
    down: threading.Event = field(default_factory=threading.Event)

    def fit_engine(self) -> scanner.Engine:
        """Once the scanner was found down, the rest of the batch does not ask again."""
        if self.down.is_set():
            raise ScannerDown("found down a moment ago")
        return scanner.fit_engine(self.address, test_signatures=self.test_signatures)


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    reason: str = ""
    type: str = ""
    engine: str = ""
    signature_version: str = ""
    counts: bool = False  # as one of the file's three tries


def decide(file: Attachment, batch: Batch) -> Decision:
    """Never raises: one bad file must not stop the others."""
    try:
        content = blobs.read(file.blob)
        return verdict_on(file, content, batch)
    except (OSError, zstandard.ZstdError) as error:
        return _failed(file, error)
    except Exception as error:  # the worker's rim: hostile bytes may break any reader
        return _failed(file, error)


def verdict_on(file: Attachment, content: bytes, batch: Batch) -> Decision:
    judgement = policy.judge(file.names or [file.name], content, batch.also_block)
    if judgement.reason:
        return Decision(Verdict.REFUSED, judgement.reason, judgement.type)
    if len(content) > batch.limit:
        return Decision(Verdict.WITHHELD, TOO_BIG, judgement.type)
    try:
        return _scanned(content, judgement.type, batch)
    except ScannerDown:
        scanner.forget()
        batch.down.set()
        return Decision(Verdict.WAITING, SCANNER_DOWN, judgement.type)


def _scanned(content: bytes, kind: str, batch: Batch) -> Decision:
    engine = batch.fit_engine()
    if not scanner.reads_whole(batch.address, len(content), limit=batch.limit):
        finding = Finding("exceeds")
    else:
        finding = scan(batch.address, content, limit=batch.limit)
    verdict, reason = _meaning(finding)
    return Decision(verdict, reason, kind, engine.name, engine.signature_version)


def _meaning(finding: Finding) -> tuple[Verdict, str]:
    match finding.outcome:
        case "clean":
            return Verdict.CLEAN, ""
        case "infected":
            return Verdict.INFECTED, f"infected:{finding.name}"
        case "encrypted":
            return Verdict.WITHHELD, "encrypted"
        case "exceeds":
            return Verdict.WITHHELD, TOO_BIG


def _failed(file: Attachment, error: Exception) -> Decision:
    """Tried again twice, then withheld for good."""
    expected = isinstance(error, FileFailed | OSError | zstandard.ZstdError)
    log.warning(
        "a file could not be scanned",
        extra={"attachment": file.pk, "try": file.tries + 1, "error": type(error).__name__},
        exc_info=not expected,
    )
    if file.tries + 1 >= TRIES:
        return Decision(Verdict.WITHHELD, UNSCANNABLE, counts=True)
    return Decision(Verdict.WAITING, UNSCANNABLE, counts=True)
