"""What mail readers open by themselves: forwarded mails, winmail.dat, Outlook messages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from apps.attachments import compound
from apps.core.mime import tnef
from apps.core.mime.headers import value_and_parameters
from apps.core.mime.structure import MOST_NAMES, Part, content_of, file_names, read_structure
from apps.core.mime.transfer import from_uuencode

DEEPEST = 20
MOST_FILES = 2_000  # in all, however deep
MOST_BYTES = 256 * 2**20
MOST_DELIMITERS = 50_000  # lines of one mail that may end a part
MOST_BLOCKS = 100  # uuencoded ones of one text

_MAIL = re.compile(rb"\s*+(?:\xef\xbb\xbf)?(?:>?From [^\n]*\n)?[!-9;-~]{1,200}[ \t]*:")
_UU = re.compile(rb"(?m)^begin [0-7]{3,4} ([^\r\n]{1,250})\r?\n(?=[!-`][ -`]{4,}\r?$)")
_PLAIN = frozenset({"", "7bit", "8bit", "binary"})


class TooDeep(Exception):
    """More mails inside one another, or more files, than anybody should look through."""


class TwoReadings(Exception):
    """A part that says two different things about itself."""


@dataclass(frozen=True, slots=True)
class Inner:
    names: tuple[str, ...]
    content: bytes = field(repr=False)


def all_inside(content: bytes) -> Iterator[Inner]:
    """Every file inside, at any depth; what holds others is dropped before they are opened."""
    waiting = [(inner, 1) for inner in files_inside(content)]
    count, size = 0, 0
    while waiting:
        inner, depth = waiting.pop()
        count, size = count + 1, size + len(inner.content)
        if count > MOST_FILES or size > MOST_BYTES:
            raise TooDeep
        yield inner
        within = files_inside(inner.content)
        if within and depth >= DEEPEST:
            raise TooDeep
        waiting += [(one, depth + 1) for one in within]


def files_inside(content: bytes) -> list[Inner]:
    """One level deep; empty when this is nothing that a mail reader opens."""
    if content.startswith(tnef.SIGNATURE):
        found = tnef.read_tnef(content)
        if not found.complete:
            raise TooDeep
        return [Inner(file.names, file.content) for file in found.files]
    if content.startswith(compound.SIGNATURE):
        try:
            return [Inner(*file) for file in compound.message_files(content) or ()]
        except compound.Overfull as error:
            raise TooDeep from error
    return list(_of_mail(content)) if _MAIL.match(content) else []


def _of_mail(raw: bytes) -> Iterator[Inner]:
    if raw.count(b"\n--") > MOST_DELIMITERS:
        raise TooDeep
    parts = read_structure(raw)
    if not parts[0].headers:
        return
    for part in parts:
        if part.unread:
            raise TooDeep
        if _says_two_things(part):
            raise TwoReadings
        if not part.is_container:
            yield from _of_part(raw, part)


def _of_part(raw: bytes, part: Part) -> Iterator[Inner]:
    names, content = _all_names(part), content_of(raw, part)
    if names or part.depth or not _is_text(part):
        yield Inner(names, content)
    if _is_text(part):
        yield from _uuencoded(content)


def _is_text(part: Part) -> bool:
    return part.content_type.startswith("text/")


def _says_two_things(part: Part) -> bool:
    """Mail readers differ in which of two fields they follow; two kinds of text do no harm."""
    types = {value.lower() for value in part.headers.all("content-type")}
    codings = {value.strip(" ;").lower() for value in part.headers.all("content-transfer-encoding")}
    boundaries = {value for key, value in part.parameters if key == "boundary"}
    return (
        (len(types) > 1 and not all(one.startswith("text/") for one in types))
        or len(codings - _PLAIN) + bool(codings & _PLAIN) > 1
        or len(boundaries) > 1
    )


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
    for count, begin in enumerate(_UU.finditer(text)):
        if count >= MOST_BLOCKS:
            raise TooDeep
        end = text.find(b"\nend", begin.end())
        block = text[begin.start() : end + 4 if end >= 0 else len(text)]
        yield Inner((begin[1].decode("utf-8", "replace").strip(),), from_uuencode(block))
