"""A held mail as a person may look at it: its words and the names of its files, never its HTML,
never a byte of a file. Read in a limited child: it may be held for stopping whoever reads it.
"""

from dataclasses import dataclass, replace

from apps.channels.parse import glance, read
from apps.channels.parsed import ParsedEmail, Unreadable
from apps.channels.source import shown_source
from apps.core.child import ChildFailed, run_limited
from apps.core.html_text import html_to_text
from apps.tickets.harmless import many_lines, one_line

SECONDS, MEGABYTES = 5.0, 300
MOST_CHARACTERS = 20_000
MOST_FILES = 50


@dataclass(frozen=True, slots=True)
class HeldFile:
    name: str
    size: int  # bytes, decoded
    content_type: str  # as declared


@dataclass(frozen=True, slots=True)
class Preview:
    sender: str = ""
    subject: str = ""
    text: str = ""
    is_cut: bool = False
    files: tuple[HeldFile, ...] = ()
    more_files: int = 0
    source: str = ""
    can_be_read: bool = True


def preview_of(raw: bytes) -> Preview:
    """Of a mail that cannot be read at least its source, if that can be had."""
    for work in (look, look_at_source):
        try:
            seen = run_limited(work, raw, seconds=SECONDS, megabytes=MEGABYTES)
        except ChildFailed:  # logged there
            continue
        if isinstance(seen, Preview):
            return seen
    return Preview(can_be_read=False)


def look(raw: bytes) -> Preview:
    """What the child runs."""
    try:
        mail = read(raw)
    except Unreadable:
        return look_at_source(raw)
    return replace(_shown(mail), source=shown_source(raw))


def look_at_source(raw: bytes) -> Preview:
    """The second child, where reading all of it was too much for the first."""
    return replace(_shown(glance(raw)), source=shown_source(raw), can_be_read=False)


def _shown(mail: ParsedEmail) -> Preview:
    written = (mail.text or "").strip()
    text = many_lines(written or html_to_text(mail.html or "") or mail.invite)
    files = [
        HeldFile(one_line(one.name), len(one.content), one_line(one.content_type))
        for one in mail.files[:MOST_FILES]
    ]
    return Preview(
        sender=mail.from_.email if mail.from_ else "",
        subject=one_line(mail.subject),
        text=text[:MOST_CHARACTERS],
        is_cut=len(text) > MOST_CHARACTERS,
        files=tuple(files),
        more_files=max(0, len(mail.files) - MOST_FILES),
    )
