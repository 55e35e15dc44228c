"""What mail readers open by themselves: forwarded mails, winmail.dat, Outlook messages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from apps.attachments import compound
from apps.core.mime import cms, tnef
from apps.core.mime.headers import value_and_parameters
from apps.core.mime.oddities import odd_tree
from apps.core.mime.structure import (
    MOST_NAMES,
    Part,
    content_of,
    file_names,
    read_structure,
    with_line_ends,
)
from apps.core.mime.transfer import from_uuencode

DEEPEST = 20
MOST_FILES = 2_000  # in all, however deep
MOST_BYTES = 256 * 2**20
MOST_DELIMITERS = 50_000  # lines of one mail that may end a part
MOST_BLOCKS = 100  # uuencoded ones of one text

HEAD = 4096
MOST_JUNK = 10  # lines above the first field that some mail readers overlook

_MAIL = re.compile(rb"\s*+(?:\xef\xbb\xbf)?(?:>?From [^\n]*\n)?[!-9;-~]{1,200}[ \t]*:")
_BELOW_JUNK = re.compile(
    rb"\s*+(?:[^\n]{1,998}\n){1,%d}?(?i:from|to|subject|date|received|mime-version|content-type)"
    rb"[ \t]*:" % MOST_JUNK
)
_UU = re.compile(rb"(?m)^begin [0-7]{3,6} ([^\r\n]{1,250})\r?\n(?=[!-`][ -`]{4,}\r?$)")


# More mails inside one another, or more files, than anybody should look through; and a mail that
# two readers read as two different mails.
Problem = Literal["too-big", "polyglot"]


@dataclass(frozen=True, slots=True)
class Inner:
    """A file, or what is wrong with all that is inside."""

    names: tuple[str, ...] = ()
    content: bytes = field(default=b"", repr=False)
    problem: Problem | None = None


TOO_MUCH = Inner(problem="too-big")
TWO_READINGS = Inner(problem="polyglot")


def all_inside(content: bytes) -> Iterator[Inner]:
    """Every file inside, at any depth; what holds others is dropped before they are opened."""
    waiting = [(inner, 1) for inner in files_inside(content)]
    count, size = 0, 0
    while waiting:
        inner, depth = waiting.pop()
        count, size = count + 1, size + len(inner.content)
        if count > MOST_FILES or size > MOST_BYTES:
            yield TOO_MUCH
            return
        yield inner
        within = files_inside(inner.content)
        if within and depth >= DEEPEST:
            yield TOO_MUCH
            return
        waiting += [(one, depth + 1) for one in within]


def files_inside(content: bytes) -> list[Inner]:
    """One level deep; empty when this is nothing that a mail reader opens."""
    if content.startswith(tnef.SIGNATURE):
        found = tnef.read_tnef(content)
        files = [Inner(file.names, file.content) for file in found.files]
        return files if found.complete else [*files, TOO_MUCH]
    if content.startswith(compound.SIGNATURE):
        try:
            return [Inner(*file) for file in compound.message_files(content) or ()]
        except compound.Overfull:
            return [TOO_MUCH]
    if cms.is_signed(content):
        return _of_signed(content)
    return list(_of_mail(content))


def _of_signed(content: bytes) -> list[Inner]:
    """A damaged signature is nothing that anybody opens, unless a mail is seen in it."""
    signed = cms.signed_content(content)
    if signed is None:
        return [TWO_READINGS] if b"content-type:" in content.lower() else []
    return [Inner(content=signed)] if signed else []


def _as_mail(content: bytes) -> bytes | None:
    """From the first field on, with line ends that everybody knows; None: this is no mail."""
    content = content.lstrip(b"\0")
    head = content[:HEAD]
    if b"\n" not in head:
        head = head.replace(b"\r", b"\n")
    if _MAIL.match(head):
        return with_line_ends(content)
    below = _BELOW_JUNK.match(head)
    if below is None or b"\0" in head:
        return None
    return with_line_ends(content[head.rindex(b"\n", 0, below.end()) + 1 :])


def _of_mail(content: bytes) -> Iterator[Inner]:
    raw = _as_mail(content)
    if raw is None:
        return
    if raw.count(b"\n--") > MOST_DELIMITERS:
        yield TOO_MUCH
        return
    parts = read_structure(raw)
    if not parts[0].headers:
        return
    if odd_tree(raw, parts):
        yield TWO_READINGS
    for part in parts:
        if part.unread:
            yield TOO_MUCH
        elif not part.is_container:
            yield from _of_part(raw, part)


def _of_part(raw: bytes, part: Part) -> Iterator[Inner]:
    names, content = _all_names(part), content_of(raw, part)
    if names or part.depth or not _is_text(part):
        yield Inner(names, content)
    if _is_text(part):
        yield from _uuencoded(content)


def _is_text(part: Part) -> bool:
    return part.content_type.startswith("text/")


def _all_names(part: Part) -> tuple[str, ...]:
    """Also those of fields that stand there twice."""
    names = [*file_names(part)]
    for field_name, keys in (("content-disposition", "filename"), ("content-type", "name")):
        for value in part.headers.all(field_name):
            names += [text for key, text in value_and_parameters(value)[1] if key == keys]
    return tuple(dict.fromkeys(filter(None, names)))[: 2 * MOST_NAMES]


def _uuencoded(text: bytes) -> Iterator[Inner]:
    """Files that old mail readers wrote, and Outlook still reads, within the text."""
    if b"begin " not in text:
        return
    begins = list(islice(_UU.finditer(text), MOST_BLOCKS + 1))
    ends = [one.start() for one in begins[1:]] + [len(text)]
    for begin, limit in zip(begins[:MOST_BLOCKS], ends, strict=False):
        end = text.find(b"\nend", begin.end(), limit)
        block = text[begin.start() : end + 4 if end >= 0 else limit]
        yield Inner((begin[1].decode("utf-8", "replace").strip(),), from_uuencode(block))
    if len(begins) > MOST_BLOCKS:
        yield TOO_MUCH
