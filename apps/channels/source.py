"""The raw source of a held mail as a person may see it: text, without the bytes of its files.

Nothing in quarantine has been scanned, so encoded blocks are counted, not shown (SPEC 1.5 f).
"""

import re

SHOWN_CHARACTERS = 200_000

_ENCODED = re.compile(r"(?:^[A-Za-z0-9+/=]{40,}\r?\n)+(?:^[A-Za-z0-9+/=]+\r?$\n?)?", re.MULTILINE)


def shown_source(raw: bytes) -> str:
    """Headers and text as they came; `[… N encoded lines …]` in place of each encoded block."""
    head = raw[: SHOWN_CHARACTERS * 4]
    text = head.decode("utf-8", "replace").replace("\r\n", "\n").replace("\x00", "\ufffd")
    folded = _ENCODED.sub(_count, text)
    cut = len(folded) > SHOWN_CHARACTERS or len(head) < len(raw)
    return folded[:SHOWN_CHARACTERS] + ("\n[…]" if cut else "")


def _count(block: re.Match[str]) -> str:
    return f"[… {block[0].count(chr(10))} encoded lines …]\n"
