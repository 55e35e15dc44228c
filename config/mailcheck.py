"""One mail read, cleaned and judged by the functions that intake uses, as plain JSON data."""

import hashlib
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.attachments import scan
from apps.attachments.decide import UNSCANNABLE, Batch, Decision, verdict_on
from apps.attachments.models import Attachment, Verdict
from apps.attachments.names import display_name
from apps.channels.parse import parse
from apps.channels.parsed import Address, Bounce, ParsedEmail, ParsedFile, Unreadable
from apps.channels.quotes import visible_reply
from apps.channels.receive import MAX_MAIL_BYTES
from apps.core.html import html_to_text, safe_html

SCAN_LIMIT = 50 * 2**20  # the settings' default; the dry run asks no database


def checked(path: Path) -> dict[str, Any]:
    """Never raises because of a mail: what is wrong with it stands in its line."""
    started = time.perf_counter()
    line: dict[str, Any] = {
        "id": path.stem,
        "ok": True,
        "seconds": 0.0,
        "error": None,
        "disposition": "stored",
        "reason": None,
        "decisions": None,
        "got": None,
    }
    try:
        line["got"] = _meaning(_parsed(path))
    except Unreadable as error:
        held = {"disposition": "quarantined", "reason": error.code}
        line |= held | {"ok": False, "error": error.sentence}
    except OSError as error:
        line |= {"ok": False, "error": f"The file cannot be read: {error.strerror}."}
    return line | {"seconds": round(time.perf_counter() - started, 6)}


def _parsed(path: Path) -> ParsedEmail:
    if path.stat().st_size > MAX_MAIL_BYTES:
        raise Unreadable("too-big", f"The mail is larger than {MAX_MAIL_BYTES // 2**20} MB.")
    return parse(path.read_bytes())


def _meaning(mail: ParsedEmail) -> dict[str, Any]:
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
        "attachments": [_file(file) for file in mail.files],
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "is_auto_reply": mail.is_auto_reply,
        "is_bounce": mail.is_bounce,
        "bounce": _bounce(mail.bounce),
        "feedback_type": mail.feedback_type,
        "visible_reply": visible_reply(_words(mail)),
        "tnef_files": [],
    }


def _emails(addresses: tuple[Address, ...]) -> list[str]:
    return [address.email for address in addresses]


def _words(mail: ParsedEmail) -> str:
    """As intake keeps them: a blank text part says nothing beside HTML."""
    if mail.text and mail.text.strip():
        return mail.text
    return html_to_text(mail.html or "")


def _safe(mail: ParsedEmail) -> str | None:
    """Inline images keep their Content-ID, as files that are not stored have no address."""
    if mail.html is None:
        return None
    carried = {file.content_id for file in mail.files if file.content_id}
    return safe_html(mail.html, cid_url=lambda one: f"cid:{one}" if one in carried else None)


def _file(file: ParsedFile) -> dict[str, Any]:
    decision = _decision(file)
    return {
        "name": display_name((file.name, *file.names)),
        "size": len(file.content),
        "content_type": file.content_type,
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "sha256_lf": hashlib.sha256(file.content.replace(b"\r\n", b"\n")).hexdigest(),
        "content_id": file.content_id,
        "inline": file.inline,
        "verdict": str(decision.verdict.value),
        "reason": decision.reason or None,
    }


def _decision(file: ParsedFile) -> Decision:
    """The verdict of intake, on a row that is never saved."""
    row = Attachment(name=file.name, names=[file.name, *file.names])
    try:
        return verdict_on(row, file.content, _batch())
    except scan.FileFailed:
        return Decision(Verdict.WAITING, UNSCANNABLE)


@cache
def _batch() -> Batch:
    return Batch(settings.CLAMD_ADDRESS, settings.TEST_SIGNATURES, (), SCAN_LIMIT)


def _bounce(bounce: Bounce | None) -> dict[str, Any] | None:
    """The id of the mail that came back is for threading, not part of this line."""
    if bounce is None:
        return None
    fields = asdict(bounce)
    del fields["original_message_id"]
    return fields | {"recipients": list(bounce.recipients), "delayed": list(bounce.delayed)}
