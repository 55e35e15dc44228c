"""Files that old mailers write into the text itself: uuencode, base64 between marks, yEnc."""

import re
from dataclasses import dataclass, field

from apps.channels.parsed import ParsedFile
from apps.channels.parsing.names import invented_name, shown_name
from apps.core.mime.charsets import clean_line, decode
from apps.core.mime.transfer import from_base64, from_uuencode
from apps.core.mime.yenc import find_yenc

MOST_BLOCKS = 20  # files of one text

_UU = re.compile(rb"(?m)^begin [0-7]{3,6} ([^\r\n]{1,250})\r?\n(?=[!-`][ -`]{4,}\r?$)")
_UU_END = re.compile(rb"(?m)^end[ \t]*(?:\r?\n|\r?\Z)")
_BASE64 = re.compile(rb"(?m)^begin-base64 [0-7]{3,6} ([^\r\n]{1,250})\r?\n(?=[A-Za-z0-9+/])")
_BASE64_END = re.compile(rb"(?m)^====[ \t]*(?:\r?\n|\r?\Z)")


@dataclass(slots=True)
class Unpacked:
    words: bytes
    files: list[ParsedFile] = field(default_factory=list)


def unpack(text: bytes) -> Unpacked:
    """The files, and the words around them; a file that never ends stays in the words too."""
    found = Unpacked(text)
    if b"begin" not in text:
        return found
    _take_encoded(found, _UU, _UU_END)
    _take_encoded(found, _BASE64, _BASE64_END)
    _take_yenc(found)
    return found


def _take_encoded(found: Unpacked, begins: re.Pattern[bytes], ends: re.Pattern[bytes]) -> None:
    text, words, at = found.words, [], 0
    while len(found.files) < MOST_BLOCKS and (begin := begins.search(text, at)):
        following = begins.search(text, begin.end())
        limit = following.start() if following else len(text)
        end = ends.search(text, begin.end(), limit)
        block = text[begin.start() : end.start() if end else limit]
        if begins is _UU:
            content = from_uuencode(block)
        else:
            content = from_base64(block.partition(b"\n")[2])
        found.files.append(_file(begin[1], content, len(found.files) + 1))
        words.append(text[at : begin.start() if end else limit])
        at = end.end() if end else limit
    found.words = b"".join(words) + text[at:]


def _take_yenc(found: Unpacked) -> None:
    text, words, at = found.words, [], 0
    while len(found.files) < MOST_BLOCKS and (one := find_yenc(text, at)):
        found.files.append(_file(one.name, one.content, len(found.files) + 1))
        words.append(text[at : one.start])
        at = one.end
    found.words = b"".join(words) + text[at:]


def _file(name: bytes, content: bytes, number: int) -> ParsedFile:
    names, kind = (clean_line(decode(name)),), "application/octet-stream"
    shown = shown_name(names) or invented_name(kind, content, number)
    return ParsedFile(shown, names, kind, content)
