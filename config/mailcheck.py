"""One mail read, cleaned and judged by the functions that intake uses, as plain JSON data."""

import hashlib
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from apps.attachments import policy, screen
from apps.attachments.decide import SCANNER_DOWN, UNSCANNABLE, Batch, Decision, verdict_on
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.scan import ScannerDown
from apps.channels.parsed import Address, Bounce, ParsedEmail, ParsedFile
from apps.channels.parsing.pictures import placed
from apps.channels.parsing.quotes import visible_reply
from apps.channels.receive import MAX_MAIL_BYTES
from apps.core.db.read_only import reading_only
from apps.core.html import safe_html
from apps.core.models import Blob
from apps.tickets.dry_run import Decisions, Trial, try_out

SCANS_AT_ONCE = 4  # files of one mail


@dataclass(frozen=True, slots=True)
class MailCheck:
    """What the mails of one run have in common."""

    batch: Batch
    pool: ThreadPoolExecutor
    to: str  # a mailbox, or whom the headers name
    with_database: bool

    def checked(self, path: Path) -> dict[str, Any]:
        """Never raises because of a mail: what is wrong with it stands in its line."""
        started = time.perf_counter()
        trial, got = Trial(), None
        try:
            trial = try_out(_bytes_of(path), to=self.to, with_database=self.with_database)
            got = self._meaning(trial.mail) if trial.mail else None
        except OSError as error:
            sentence = f"The file cannot be read: {error.strerror or error}."
            trial = Trial("rejected", "not-readable", sentence)
        except Exception as error:  # the rim: one mail must not end the run for the others
            sentence = f"Reading it failed ({type(error).__name__})."
            trial = Trial("quarantined", "unreadable", sentence)
        return {
            "id": _utf8(path.stem),
            "ok": got is not None,
            "seconds": round(time.perf_counter() - started, 6),
            "error": None if got is not None else trial.sentence,
            "disposition": str(trial.disposition),
            "reason": trial.reason,
            "decisions": _decisions(trial.decisions),
            "got": got,
        }

    def _meaning(self, mail: ParsedEmail) -> dict[str, Any]:
        """The scanner reads the files while the HTML is cleaned."""
        embedded = placed(mail).files[len(mail.files) :]
        files = [self.pool.submit(self._file, file) for file in (*mail.files, *embedded)]
        got = _words(mail)
        got["attachments"] = [file.result() for file in files]
        return got

    def name_and_decision(self, file: ParsedFile) -> tuple[str, Decision]:
        """What the file would be called, and the verdict of intake's first try."""
        content = file.content
        row = screen.plan(
            blob=Blob(size=len(content), sha256=hashlib.sha256(content).hexdigest()),
            names=(file.name, *file.names),
            declared_type=file.content_type,
        )
        return row.name, self._decision(row, content)

    def _file(self, file: ParsedFile) -> dict[str, Any]:
        content = file.content
        name, decision = self.name_and_decision(file)
        return {
            "name": name,
            "size": len(content),
            "content_type": file.content_type,
            "sha256": hashlib.sha256(content).hexdigest(),
            "sha256_lf": hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest(),
            "content_id": file.content_id,
            "inline": file.inline,
            "verdict": str(decision.verdict.value),
            "reason": decision.reason or None,
        }

    def _decision(self, row: Attachment, content: bytes) -> Decision:
        """On a row that is never saved."""
        try:
            return verdict_on(row, content, self.batch)
        except ScannerDown:
            return Decision(Verdict.WAITING, SCANNER_DOWN)
        except Exception:  # the rim of screening: hostile bytes may break any reader
            return Decision(Verdict.WAITING, UNSCANNABLE)


@contextmanager
def mail_check(to: str = "") -> Iterator[MailCheck]:
    """All that takes time before the first mail happens here."""
    with ExitStack() as stack:
        there = stack.enter_context(reading_only())
        pool = stack.enter_context(ThreadPoolExecutor(SCANS_AT_ONCE))
        limits = _limits() if there else None
        batch = _batch(limits or AttachmentSettings())
        policy.judge(["warm.txt"], b"up")
        batch.is_down()
        yield MailCheck(batch, pool, to, with_database=limits is not None)


def _limits() -> AttachmentSettings | None:
    """Nothing while the tables are not there, or are of another version."""
    try:
        return AttachmentSettings.objects.filter(pk=1).first() or AttachmentSettings()
    except DatabaseError:
        return None


def _batch(limits: AttachmentSettings) -> Batch:
    return Batch(
        settings.CLAMD_ADDRESS,
        settings.TEST_SIGNATURES,
        tuple(limits.also_block),
        limits.scan_limit_mb * 2**20,
    )


def _bytes_of(path: Path) -> bytes:
    """As much as intake would look at; a pipe or a device would keep us waiting."""
    kind = path.stat().st_mode
    if not stat.S_ISREG(kind):
        raise OSError("it is a pipe or a device, not a file")
    with path.open("rb") as file:
        return file.read(MAX_MAIL_BYTES + 1)


def _utf8(name: str) -> str:
    """File names are bytes; what is no UTF-8 in them shows as such."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _decisions(decisions: Decisions | None) -> dict[str, Any] | None:
    return asdict(decisions) if decisions else None


def _words(mail: ParsedEmail) -> dict[str, Any]:
    return {
        "from_email": mail.from_.email if mail.from_ else "",
        "from_name": mail.from_.name if mail.from_ else "",
        "subject": mail.subject,
        "to": _emails(mail.to),
        "to_names": [address.name for address in mail.to],
        "cc": _emails(mail.cc),
        "reply_to": _emails(mail.reply_to),
        "date": mail.date.isoformat() if mail.date else None,
        "body_text": mail.text,
        "body_html": mail.html,
        "safe_html": _safe(mail),
        "attachments": [],
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "is_auto_reply": mail.is_auto_reply,
        "is_bounce": mail.is_bounce,
        "bounce": _bounce(mail.bounce),
        "feedback_type": mail.feedback_type,
        "visible_reply": visible_reply(mail.text, mail.html),
        "tnef_files": list(mail.tnef_files),
    }


def _emails(addresses: tuple[Address, ...]) -> list[str]:
    return [address.email for address in addresses]


def _safe(mail: ParsedEmail) -> str | None:
    """Inline images keep their Content-ID, as files that are not stored have no address."""
    if mail.html is None:
        return None
    shown = placed(mail)
    carried = {file.content_id for file in shown.files if file.content_id}
    return safe_html(
        shown.html or "",
        cid_url=lambda one: f"cid:{one}" if one in carried else None,
        text=mail.text,
    )


def _bounce(bounce: Bounce | None) -> dict[str, Any] | None:
    """The id of the mail that came back is for threading, not part of this line."""
    if bounce is None:
        return None
    fields = asdict(bounce)
    del fields["original_message_id"]
    return fields | {"recipients": list(bounce.recipients), "delayed": list(bounce.delayed)}
