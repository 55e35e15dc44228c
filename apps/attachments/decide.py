"""The verdict on one file; runs in a thread and touches no database."""

import hashlib
import logging
import threading
from dataclasses import dataclass, field

import zstandard

from apps.attachments import clean_before, policy, scanner, seen
from apps.attachments.locked import is_locked
from apps.attachments.models import Attachment, Verdict
from apps.attachments.room import room
from apps.attachments.scan import FileFailed, Finding, ScannerDown, ScannerFull, scan
from apps.attachments.unlock_pdf import LOCKED, UNREADABLE, is_encrypted_pdf, unlocked
from apps.core import blobs
from apps.core.mime.cms import is_signed, signed_content

log = logging.getLogger(__name__)

TRIES = 3

SCANNER_DOWN = "scanner-down"
SCANNER_OPTIONS = "scanner-options"  # an option that this file needs is off
TOO_BIG = "too-big"
UNSCANNABLE = "unscannable"
ENCRYPTED = "encrypted"

# What a scanner reads as it stands: nothing to unpack, nothing to open with a password.
_PLAIN = ("text/", "image/", "audio/", "video/")
_PLAIN_TYPES = frozenset({"application/json", "application/x-empty"})
_MAIL_INSIDE = (b"content-transfer-encoding:", b"\nbegin ", b"base64")


class Changed(OSError):
    """The bytes on disk are not those that came."""


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
        try:
            return scanner.fit_engine(self.address, test_signatures=self.test_signatures)
        except ScannerFull:  # others may fit
            raise
        except ScannerDown:
            self.found_down()
            raise

    def lacks_option(self) -> bool:
        """Of a scanner that went down meanwhile nobody can say."""
        if self.down.is_set():
            raise ScannerDown("found down a moment ago")
        return bool(scanner.lacks(self.address))

    def found_down(self) -> None:
        scanner.forget()
        self.down.set()

    def is_down(self) -> bool:
        try:
            self.fit_engine()
        except ScannerDown:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    reason: str = ""
    type: str = ""
    engine: str = ""
    signature_version: str = ""
    counts: bool = False  # as one of the file's three tries
    lacks_room: bool = False  # at the scanner, beside the files that were there with it


def decide(file: Attachment, batch: Batch) -> Decision:
    """Never raises: one bad file must not stop the others."""
    try:
        return _still_waiting(file, batch) or _decided(file, batch)
    except ScannerDown:
        return Decision(Verdict.WAITING, SCANNER_DOWN)
    except Exception as error:  # the worker's rim: hostile bytes may break any reader
        return _failed(file, error)


def _still_waiting(file: Attachment, batch: Batch) -> Decision | None:
    """The scanner is as it was last time, or whoever looked died of it: it is not even read."""
    if file.tries >= TRIES:
        return Decision(Verdict.WITHHELD, UNSCANNABLE)
    if file.reason == SCANNER_DOWN and batch.is_down():
        return Decision(Verdict.WAITING, SCANNER_DOWN)
    if file.reason == SCANNER_OPTIONS and (batch.is_down() or batch.lacks_option()):
        return Decision(Verdict.WAITING, SCANNER_OPTIONS)
    return None


def _decided(file: Attachment, batch: Batch) -> Decision:
    with room.holding(file.size):
        return verdict_on(file, content_of(file), batch)


def content_of(file: Attachment) -> bytes:
    """Read once: what is judged is what is scanned, and what came with the mail."""
    content = blobs.read(file.blob)
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        raise Changed("the stored bytes are not those of the mail")
    return content


def verdict_on(file: Attachment, content: bytes, batch: Batch) -> Decision:
    names = file.names or [file.name]
    judgement = policy.judge(names, content, batch.also_block, digest=file.sha256)
    if judgement.reason:
        verdict = Verdict.WITHHELD if judgement.reason == TOO_BIG else Verdict.REFUSED
        return Decision(verdict, judgement.reason, judgement.type)
    if len(content) > batch.limit:
        return Decision(Verdict.WITHHELD, TOO_BIG, judgement.type)
    try:
        return _scanned(file, content, judgement.type, batch)
    except ScannerFull:
        return Decision(Verdict.WAITING, SCANNER_DOWN, judgement.type, lacks_room=True)
    except ScannerDown:
        batch.found_down()
        return Decision(Verdict.WAITING, SCANNER_DOWN, judgement.type)


def _scanned(file: Attachment, content: bytes, kind: str, batch: Batch) -> Decision:
    engine = batch.fit_engine()
    key = (file.sha256, batch.address, engine.name, engine.signature_version, str(batch.limit))
    known = clean_before.is_known(key)
    finding = Finding("clean") if known else finding_on(file, content, batch)
    verdict, reason = _meaning(finding)
    if verdict == Verdict.CLEAN and batch.lacks_option() and needs_options(kind, content):
        return Decision(Verdict.WAITING, SCANNER_OPTIONS, kind)
    if verdict == Verdict.CLEAN and not known:  # not before: the options are no part of the key
        clean_before.remember(key)
    return Decision(verdict, reason, kind, engine.name, engine.signature_version)


def finding_on(file: Attachment, content: bytes, batch: Batch) -> Finding:
    """The scanner's word, and ours on passwords where it has nothing worse to say."""
    if not scanner.reads_whole(batch.address, len(content), limit=batch.limit):
        return Finding("exceeds")
    found = scan(batch.address, content, limit=batch.limit)
    if found.outcome not in ("clean", "encrypted"):
        return found
    if seen.once(file.sha256, "encrypted-pdf", lambda: is_encrypted_pdf(content)):
        return _finding_on_pdf(content, found, batch)
    if is_signed(content) and (signed := signed_content(content)):
        return scan(batch.address, signed, limit=batch.limit)  # the scanner does not open it
    if seen.once(file.sha256, "locked", lambda: is_locked(content)):
        return Finding("encrypted", "ours")
    return found


def _finding_on_pdf(content: bytes, found: Finding, batch: Batch) -> Finding:
    """One with an owner's password only opens for everybody: its copy in the clear is scanned."""
    copy = unlocked(content)
    if copy == LOCKED:
        return Finding("encrypted", "ours")
    if copy == UNREADABLE:
        return found
    return scan(batch.address, copy, limit=batch.limit)


def needs_options(kind: str, content: bytes) -> bool:
    """Could there be layers that the scanner leaves unread, or locks that it cannot open?"""
    if not kind.startswith(_PLAIN) and kind not in _PLAIN_TYPES:
        return True
    return kind.startswith("text/") and any(mark in content.lower() for mark in _MAIL_INSIDE)


def _meaning(finding: Finding) -> tuple[Verdict, str]:
    match finding.outcome:
        case "clean":
            return Verdict.CLEAN, ""
        case "infected":
            return Verdict.INFECTED, f"infected:{finding.name}"
        case "encrypted":
            return Verdict.WITHHELD, ENCRYPTED
        case "exceeds":
            return Verdict.WITHHELD, TOO_BIG


def _failed(file: Attachment, error: Exception) -> Decision:
    """Tried again twice, then withheld for good."""
    if blobs.is_out_of_room(error):
        log.warning("out of room to read a file", extra={"attachment": file.pk})
        return Decision(Verdict.WAITING, UNSCANNABLE)
    expected = isinstance(error, FileFailed | OSError | zstandard.ZstdError)
    log.warning(
        "a file could not be scanned",
        extra={"attachment": file.pk, "try": file.tries + 1, "error": type(error).__name__},
        exc_info=not expected,
    )
    if file.tries + 1 >= TRIES:
        return Decision(Verdict.WITHHELD, UNSCANNABLE, counts=True)
    return Decision(Verdict.WAITING, UNSCANNABLE, counts=True)
