"""A PDF that opens for everybody, though encrypted (it has an owner's password only), in the clear.

Scanners cannot look into the newest kinds of it; what they are given is the copy made here.
"""

import io
from importlib import import_module

from apps.attachments.scan import FileFailed
from apps.core.child import ChildFailed, run_limited

SECONDS = 5.0
MEGABYTES = 300
LOCKED = b"locked"
UNREADABLE = b"unreadable"


def is_encrypted_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:1024] and b"/Encrypt" in content


def unlocked(content: bytes) -> bytes:
    """The copy; LOCKED when a password is needed, UNREADABLE when it is no PDF after all.

    Raises FileFailed when opening it took more than it may: nobody has seen what is inside.
    """
    try:
        answer = run_limited(unlock, content, seconds=SECONDS, megabytes=MEGABYTES)
    except ChildFailed as error:
        raise FileFailed("The encrypted PDF could not be opened.") from error
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
