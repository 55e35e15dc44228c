"""yEnc, as news readers write files into a text: each byte moved by 42, some of them escaped."""

import re
from dataclasses import dataclass

_BLOCK = re.compile(rb"^=ybegin ([^\r\n]{1,400})\r?\n(?:=ypart [^\r\n]{0,200}\r?\n)?", re.MULTILINE)
_END = re.compile(rb"^=yend[^\r\n]{0,200}(?:\r?\n|\Z)", re.MULTILINE)
_NAME = re.compile(rb"\bname=(.{1,250})")
_ESCAPED = re.compile(rb"=(.)", re.DOTALL)
_MOVED = bytes((one - 42) % 256 for one in range(256))
_LINE_ENDS = b"\r\n"


@dataclass(frozen=True, slots=True)
class YencFile:
    name: bytes
    content: bytes
    start: int  # where its first line begins in the text
    end: int


def find_yenc(text: bytes, start: int = 0) -> YencFile | None:
    """The first whole file at or behind START."""
    begin = _BLOCK.search(text, start)
    end = _END.search(text, begin.end()) if begin else None
    if begin is None or end is None or b"size=" not in begin[1]:
        return None
    name = _NAME.search(begin[1])
    content = from_yenc(text[begin.end() : end.start()])
    return YencFile(name[1].strip(b' "') if name else b"", content, begin.start(), end.end())


def from_yenc(lines: bytes) -> bytes:
    plain = lines.translate(None, _LINE_ENDS)
    if b"=" in plain:
        plain = _ESCAPED.sub(lambda one: bytes([(one[1][0] - 64) % 256]), plain)
    return plain.translate(_MOVED)
