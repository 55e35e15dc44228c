"""Is the scanner fit to be believed? Its signatures, its options, and how much it really reads."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from mmap import mmap
from typing import Literal, TypeVar, cast

from apps.attachments import clean_before, probes
from apps.attachments.clamd_line import LineBroken, ask
from apps.attachments.scan import (
    SCANNER_SECONDS,
    FileFailed,
    NotScanned,
    ScannerDown,
    answers,
    scan,
)

Health = Literal["ok", "degraded", "down"]
Value = TypeVar("Value")

REMEMBERED = 60  # seconds that version and signatures are believed
PROOF_REMEMBERED = 600
LACK_REMEMBERED = 30  # an option that was just switched on counts soon
OLD_AFTER = timedelta(days=3)
WITHOUT_PROOF = 2**20  # every clamd reads files of a megabyte

NO_SIGNATURES = "no signatures"
REQUIRED: dict[str, Callable[[], bytes]] = {
    "AlertExceedsMax": probes.nested,
    "AlertEncrypted": probes.encrypted,
}


@dataclass(frozen=True, slots=True)
class Engine:
    name: str
    signature_version: str  # empty: none of ClamAV's own
    signed_at: datetime | None = None


class _Memory:
    """What was found out about an address, for a while; found out once, whoever asks."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, ...], tuple[float, object]] = {}
        self.lock = threading.Lock()

    def get(
        self,
        key: tuple[str, ...],
        seconds: float,
        find: Callable[[], Value],
        *,
        if_not: float | None = None,
    ) -> Value:
        """IF_NOT is how long a false answer is believed, when that is another time."""
        with self.lock:
            until, value = self.facts.get(key, (0.0, None))
            if until < time.monotonic():
                value = find()
                believed = seconds if value or if_not is None else if_not
                self.facts[key] = (time.monotonic() + believed, value)
        return cast(Value, value)

    def forget(self) -> None:
        with self.lock:
            self.facts.clear()


_memory = _Memory()


def forget() -> None:
    """Of a scanner that was down, nobody knows what it is when it is back."""
    _memory.forget()
    clean_before.forget()


def fit_engine(address: str, *, test_signatures: bool = False) -> Engine:
    """The engine, if it may call files clean; ScannerDown else.

    It must know the standard test virus, and have ClamAV's own signatures unless TEST_SIGNATURES
    permits a test database, which calls real viruses clean.
    """
    engine = _engine(address)
    key = ("knows", address, engine.signature_version)
    knows = _memory.get(key, REMEMBERED, lambda: _finds(address, probes.test_virus()))
    if not knows or not (engine.signature_version or test_signatures):
        raise ScannerDown(NO_SIGNATURES)
    return engine


def reads_whole(address: str, size: int, *, limit: int) -> bool:
    """Proved, not believed: a virus at the end of an archive of LIMIT bytes was found.

    clamd calls a file above its own MaxFileSize clean unless AlertExceedsMax is on.
    """
    if size <= WITHOUT_PROOF:
        return True
    return any(proof >= size and _proved(address, proof) for proof in (limit, size))


def lacks(address: str) -> str:
    """The first required option that is off, or nothing; found out with probes."""
    return next((option for option in REQUIRED if not _has(address, option)), "")


def _has(address: str, option: str) -> bool:
    finds = partial(_finds, address, REQUIRED[option]())
    return _memory.get((option, address), PROOF_REMEMBERED, finds, if_not=LACK_REMEMBERED)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How the scanner is: `code` is empty when nothing is wrong, else it names the trouble."""

    state: Health
    code: str
    sentence: str
    engine: Engine | None = None


def status(address: str, *, test_signatures: bool = False) -> tuple[Health, str]:
    found = diagnose(address, test_signatures=test_signatures)
    return found.state, found.sentence


def diagnose(address: str, *, test_signatures: bool = False) -> Diagnosis:
    """For the health page: never raises."""
    if not address:
        sentence = "No scanner is set: install ClamAV or set CLAMD_ADDRESS. Files wait."
        return Diagnosis("down", "not-set", sentence)
    if not answers(address):
        forget()
        return Diagnosis("down", "silent", "The scanner does not answer. Files wait.")
    try:
        engine = fit_engine(address, test_signatures=test_signatures)
        return _weaknesses(address, engine)
    except NotScanned as error:
        code = "no-signatures" if error.sentence == NO_SIGNATURES else "failed"
        return Diagnosis("down", code, f"{error.sentence}; files wait")


def _weaknesses(address: str, engine: Engine) -> Diagnosis:
    """What makes files wait is said first."""
    if option := lacks(address):
        sentence = f"Set `{option} yes` in clamd.conf: it is off, so archives and documents wait."
        return Diagnosis("degraded", option, sentence, engine)
    if not engine.signature_version:
        sentence = "Only test signatures: real viruses are called clean."
        return Diagnosis("degraded", "test-signatures", sentence, engine)
    if engine.signed_at is None or datetime.now(UTC) - engine.signed_at > OLD_AFTER:
        sentence = "The signatures are older than 3 days: check freshclam."
        return Diagnosis("degraded", "old-signatures", sentence, engine)
    return Diagnosis("ok", "", f"{engine.name}, signatures {engine.signature_version}", engine)


def _engine(address: str) -> Engine:
    return _memory.get(("engine", address), REMEMBERED, lambda: _ask_version(address))


def _ask_version(address: str) -> Engine:
    try:
        answer = ask(address, b"VERSION", seconds=SCANNER_SECONDS)
    except LineBroken as error:
        raise ScannerDown(error.sentence) from error
    text = answer.decode("ascii", errors="replace")
    if not text.startswith("ClamAV "):
        raise ScannerDown("What answers is not clamd")
    name, _, rest = text.partition("/")
    version, _, signed = rest.partition("/")
    return Engine(name.strip()[:100], version.strip()[:40], _moment(signed))


def _moment(text: str) -> datetime | None:
    """`Mon Nov 24 09:36:13 2025`; the zone is not told, and a day's error does not matter."""
    try:
        return datetime.strptime(text.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _finds(address: str, probe: bytes | mmap) -> bool:
    """Not scanning our own probe is the scanner's fault, never that of the file in hand."""
    try:
        return scan(address, probe, limit=len(probe)).outcome != "clean"
    except FileFailed as error:
        raise ScannerDown(error.sentence) from error


def _proved(address: str, size: int) -> bool:
    key = ("reads", address, str(size))
    return _memory.get(key, PROOF_REMEMBERED, lambda: _finds_virus_in(address, size))


def _finds_virus_in(address: str, size: int) -> bool:
    try:
        return scan(address, probes.archive(size), limit=size).outcome == "infected"
    except FileFailed as error:
        raise ScannerDown(error.sentence) from error
