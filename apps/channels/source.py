"""The raw source of a held mail as a person may see it: text, without the bytes of its files.

Nothing in quarantine has been scanned, so files and encoded blocks are counted, not shown
(SPEC 1.5 f).
"""

import re
from collections.abc import Iterator

from apps.core.mime.structure import is_file, read_structure, with_line_ends

SHOWN_CHARACTERS = 200_000

# Base64, also in short lines when there are several; and uuencoded lines.
_ENCODED = re.compile(
    r"(?:^[A-Za-z0-9+/=]{40,}\r?\n)+(?:^[A-Za-z0-9+/=]+\r?$\n?)?"
    r"|(?:^(?=\S*[0-9A-Z+/])[A-Za-z0-9+/=]{12,39}\r?\n){3,}(?:^[A-Za-z0-9+/=]+\r?$\n?)?"
    r"|(?:^M[\x20-\x60]{60}\r?\n)+(?:^[\x20-\x60]{2,61}\r?$\n?)?",
    re.MULTILINE,
)


def shown_source(raw: bytes) -> str:
    """Headers and text as they came; `[… N bytes …]` in place of a file, of encoded lines too."""
    whole = b"".join(_without_files(with_line_ends(raw)))
    head = whole[: SHOWN_CHARACTERS * 4]
    text = head.decode("utf-8", "replace").replace("\r\n", "\n").replace("\x00", "\ufffd")
    folded = _ENCODED.sub(_count, text)
    cut = len(folded) > SHOWN_CHARACTERS or len(head) < len(whole)
    return folded[:SHOWN_CHARACTERS] + ("\n[…]" if cut else "")


def _without_files(raw: bytes) -> Iterator[bytes]:
    at = 0
    for part in read_structure(raw):
        if is_file(part) or part.unread:
            yield raw[at : part.start]
            yield f"[… a file of {part.end - part.start} bytes …]\n".encode()
            at = max(at, part.end)
    yield raw[at:]


def _count(block: re.Match[str]) -> str:
    return f"[… {block[0].count(chr(10))} encoded lines …]\n"
