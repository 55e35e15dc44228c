"""A PDF that opens for everybody, though encrypted (it has an owner's password only), in the clear.

Scanners cannot look into the newest kinds of it; what they are given is the copy made here.
"""

import io
import logging
from importlib import import_module

from apps.core.child import ChildFailed, run_limited

SECONDS = 20.0
MEGABYTES = 500
LOCKED = b"locked"
UNREADABLE = b"unreadable"

log = logging.getLogger(__name__)


def is_encrypted_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:1024] and b"/Encrypt" in content


def unlocked(content: bytes) -> bytes:
    """The copy; LOCKED when a password is needed, UNREADABLE when nobody knows. Never raises."""
    try:
        answer = run_limited(unlock, content, seconds=SECONDS, megabytes=MEGABYTES)
    except ChildFailed as error:
        log.info("an encrypted PDF could not be opened", extra={"error": error.code})
        return UNREADABLE
    return answer if isinstance(answer, bytes) else UNREADABLE


def unlock(content: bytes) -> bytes:
    """What the child runs."""
    pypdfium2 = import_module("pypdfium2")
    raw = import_module("pypdfium2.raw")

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        return LOCKED if error.err_code == raw.FPDF_ERR_PASSWORD else UNREADABLE
    copy = io.BytesIO()
    document.save(copy, flags=raw.FPDF_REMOVE_SECURITY)
    return copy.getvalue()
