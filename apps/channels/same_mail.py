"""Whether two mails are one, although servers have written on them on their way.

The rule. They have the same Message-ID (where there is none: the same sender and Date), and the
same content: From, Date, Subject, what is read as text and as HTML, and every file. Line ends,
spaces at the end of a line, the order of headers and how the bytes were parted and encoded do not
count, nor does any other header: Received, the results of checks, X-anything.

A mail of which not everything was read, or that two readers read in two ways, has no content that
could be compared, and is never the same as another one: in doubt there are two.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC

from apps.channels.parsed import ParsedEmail, ParsedFile


def content_of(mail: ParsedEmail) -> str:
    """A digest of what was read, before its files were put away; empty: nothing can be said."""
    if mail.is_cut or mail.oddities:
        return ""
    digest = hashlib.sha256()
    for word in _told(mail):
        digest.update(hashlib.sha256(word.encode("utf-8", "replace")).digest())
    return digest.hexdigest()


def _told(mail: ParsedEmail) -> Iterator[str]:
    yield mail.from_.key if mail.from_ else ""
    yield mail.date.astimezone(UTC).isoformat() if mail.date else ""
    yield " ".join(mail.subject.split())
    yield _lines(mail.text)
    yield _lines(mail.html)
    yield from sorted(map(_file, mail.files))


def _lines(text: str | None) -> str:
    return "\n".join(line.rstrip() for line in (text or "").splitlines()).strip("\n")


def _file(file: ParsedFile) -> str:
    content = file.content.replace(b"\r\n", b"\n").rstrip(b"\n")
    return f"{hashlib.sha256(content).hexdigest()} {file.name}"
