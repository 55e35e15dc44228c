"""The tree of a mail as a flat list of parts (RFC 2045, 2046): iterative, capped, over bytes.

A part is never copied here: it is a pair of offsets. Beyond the caps a part is marked `unread` and
reaches to the end of what encloses it, so that no byte of the mail silently disappears.
"""

import re
from dataclasses import dataclass, field

from apps.core.mime.headers import (
    MOST_BYTES,
    MOST_PARAMETER_BYTES,
    Headers,
    bare_value,
    is_misleading,
    loose_values,
    read_headers,
    value_and_parameters,
    without_comments,
)
from apps.core.mime.transfer import undo_within
from apps.core.mime.words import decode_words

MOST_PARTS = 500
DEEPEST = 50
LONGEST_BOUNDARY = 250
MOST_NAMES = 20
FAR = 64 * 1024  # a first delimiter is looked for as far as this before another is believed

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_WORD = re.compile(r"^[\"' ]*([\w-]*)")
_GUESS = re.compile(rb"\n--([^\r\n]{1,200}?)[ \t]*\r?\n(?=[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-)")
_LINE_END = re.compile(rb"[ \t]*\r?\n")
_MBOX = re.compile(rb"\s*(?:\xef\xbb\xbf)?(?:>?From (?![ \t]*:)[^\n]*\n)?")
_NAMES = ("name", "filename")
_NAMING_FIELDS = ("content-name", "x-sun-data-name")
_FAMILIAR = frozenset(
    "from to cc subject date received message-id mime-version content-type return-path sender "
    "delivered-to reply-to x-mailer content-transfer-encoding in-reply-to references bcc".split()
)


@dataclass(slots=True)
class Part:
    headers: Headers
    top: int  # where its headers begin
    start: int  # where its body begins
    end: int
    depth: int
    parent: "Part | None" = None
    content_type: str = "text/plain"
    parameters: list[tuple[str, str]] = field(default_factory=list)
    disposition: str = ""
    disposition_parameters: list[tuple[str, str]] = field(default_factory=list)
    is_container: bool = False
    boundary: bytes = b""  # of a container: what really parts it
    closed: int = 0  # where the line ends that closes a container
    reopened: bool = False  # parts stand behind that line
    is_rest: bool = False  # it holds all parts from here on
    unread: bool = False  # beyond the caps: its bytes are kept, not looked into

    def parameter(self, name: str) -> str:
        return next((value for key, value in self.parameters if key == name), "")


def read_structure(raw: bytes) -> list[Part]:
    """Every part in the order of the mail, containers before what they contain; never empty."""
    start = _mail_start(raw)
    headers, body = read_headers(raw, start, len(raw))
    if not headers.named(_FAMILIAR):
        headers, body = Headers(), start
    root = Part(headers, start, body, len(raw), 0)
    _describe(root)
    parts = [root]
    if root.is_container:
        _split(raw, parts)
        _demote_empty(parts)
    return parts


def with_line_ends(raw: bytes) -> bytes:
    """Some mails know only CR, or have been through a gateway that doubled it."""
    if b"\n" not in raw:
        return raw.replace(b"\r", b"\n")
    return raw.replace(b"\r\r\n", b"\r\n") if b"\r\r\n" in raw[:4096] else raw


def _mail_start(raw: bytes) -> int:
    """After blank lines, a byte order mark and the line that mbox files put first."""
    found = _MBOX.match(raw)
    return found.end() if found and found.end() < len(raw) else 0


def _describe(part: Part) -> None:
    default = "text/plain"
    if part.parent and part.parent.content_type == "multipart/digest":
        default = "message/rfc822"
    field = part.headers.first("content-type")
    declared, part.parameters = value_and_parameters(field)
    if not _TYPE.fullmatch(declared):
        declared = bare_value(field) or declared
    if not _TYPE.fullmatch(declared):
        declared = "multipart/mixed" if declared.startswith("multipart") else default
    part.content_type = declared
    field = part.headers.first("content-disposition")
    shown, part.disposition_parameters = value_and_parameters(field)
    part.disposition = _WORD.findall(shown)[0] if shown else ""
    part.is_container = part.content_type.startswith("multipart/")
    part.headers.hint = part.parameter("charset")


def _split(raw: bytes, parts: list[Part]) -> None:
    """One pass over the lines that begin with two hyphens, with the open containers on a stack."""
    parts[0].boundary = _boundary(raw, parts[0])
    stack = [parts[0]]
    current = parts[0]
    at = max(parts[0].start - 1, 0)
    while stack and (at := _next_delimiter(raw, at)) >= 0:
        stop = raw.find(b"\n", at + 1, at + LONGEST_BOUNDARY + 8)
        line = raw[at + 3 : stop if stop >= 0 else at + LONGEST_BOUNDARY + 8].rstrip()
        level, closes = _level(stack, line)
        if level < 0:
            current.reopened |= bool(current.closed) and line == current.boundary
            at += 3
            continue
        for ended in (current, *stack[level + 1 :]):
            if ended is not stack[level]:  # a container does not end with its preamble
                _end(raw, ended, at)
        del stack[level + 1 :]
        if closes:
            current = stack.pop()
            current.closed = stop if stop >= 0 else len(raw)
            at += 3
            continue
        current, at = _begin(raw, parts, stack, stop if stop >= 0 else len(raw) - 1)
        if current.unread and len(parts) > MOST_PARTS:
            return
    if parts[0].closed:
        parts[0].reopened = has_delimiter(raw, parts[0].boundary, parts[0].closed, len(raw))


def _next_delimiter(raw: bytes, at: int) -> int:
    """A large file in base64 has no hyphen, and one letter is found much faster than three."""
    hyphen = raw.find(b"-", at + 1)
    return raw.find(b"\n--", max(at, hyphen - 1)) if hyphen >= 0 else -1


def has_delimiter(raw: bytes, boundary: bytes, start: int, end: int) -> bool:
    """Looked for without a pattern, which would be made anew for each mail's boundary."""
    line = b"\n--" + boundary
    at = raw.find(line, start, end)
    while at >= 0 and not _LINE_END.match(raw, at + len(line), end):
        at = raw.find(line, at + 1, end)
    return at >= 0


def _level(stack: list[Part], line: bytes) -> tuple[int, bool]:
    closed = line[:-2] if line.endswith(b"--") else None
    for level in range(len(stack) - 1, -1, -1):
        boundary = stack[level].boundary
        if boundary in (line, closed):
            return level, boundary == closed
    return -1, False


def _end(raw: bytes, part: Part, at: int) -> None:
    """The line end before a delimiter belongs to the delimiter."""
    stop = at - 1 if raw.startswith(b"\r", at - 1) else at
    part.end = max(part.start, min(stop, part.end))


def _begin(raw: bytes, parts: list[Part], stack: list[Part], line_end: int) -> tuple[Part, int]:
    """The part after a delimiter line, and from where to look for the next delimiter."""
    top = line_end + 1
    parent = stack[-1]
    next_delimiter = raw.find(b"\n--" + parent.boundary, line_end, line_end + 2 * MOST_BYTES)
    limit = next_delimiter + 1 if next_delimiter >= 0 else len(raw)
    headers, body = read_headers(raw, top, limit)
    part = Part(headers, top, body, len(raw), parent.depth + 1, parent)
    _describe(part)
    parts.append(part)
    if len(parts) > MOST_PARTS or (part.is_container and part.depth > DEEPEST):
        part.unread, part.is_container = True, False
        part.is_rest = len(parts) > MOST_PARTS
    if part.is_container:
        part.boundary = _boundary(raw, part)
        stack.append(part)
    return part, max(body - 1, line_end)


def _boundary(raw: bytes, part: Part) -> bytes:
    """As declared; when the body does not have it, the first line that looks like one."""
    before = max(part.start - 1, 0)
    declared = _as_boundary(part.parameter("boundary"))
    if declared and raw.find(b"--" + declared, before, before + FAR) >= 0:
        return declared
    guess = _GUESS.search(raw, before, before + FAR)
    if guess is None or (declared and raw.find(b"--" + declared, before) >= 0):
        return declared or b"\n"
    return guess[1]


def boundaries_of(part: Part) -> set[bytes]:
    """Every boundary that some reader could take from the part's headers."""
    found = {value for name, value in part.parameters if name == "boundary"}
    for text in part.headers.all("content-type"):
        _value, parameters = value_and_parameters(text)
        found.update(value for name, value in parameters if name == "boundary")
        found.update(loose_values(text, "boundary"))
    return {bound for one in found if (bound := _as_boundary(one))}


def _as_boundary(value: str) -> bytes:
    return value.rstrip().encode("utf-8", "replace")[:LONGEST_BOUNDARY]


def _demote_empty(parts: list[Part]) -> None:
    """A container without a single part is text, as far as anybody can read it."""
    filled = {id(part.parent) for part in parts}
    for part in parts:
        if part.is_container and id(part) not in filled:
            part.is_container, part.content_type = False, "text/plain"


def content_of(raw: bytes, part: Part) -> bytes:
    """The part's bytes with their transfer encoding undone; of an unread part, as they stand."""
    if part.is_rest:
        return _rest_as_mail(raw, part)
    if part.unread:
        return raw[part.top : part.end]
    encoding = part.headers.first("content-transfer-encoding")
    return undo_within(raw, part.start, part.end, encoding)


def _rest_as_mail(raw: bytes, part: Part) -> bytes:
    """With the boundary announced again, so that whoever opens it finds every part."""
    bound = part.parent.boundary if part.parent else b""
    plain = bound.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    head = b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n--%s\r\n' % (plain, bound)
    return head + raw[part.top : part.end]


def is_file(part: Part) -> bool:
    """Not the tree itself, and nothing that readers show as text."""
    if part.is_container:
        return False
    shown = part.content_type in ("text/plain", "text/html") and part.disposition != "attachment"
    return not shown or bool(file_names(part))


def file_names(part: Part) -> tuple[str, ...]:
    """The best one first: RFC 2231 before plain, the disposition's before the type's.

    Then what doubled fields and careless readers make of it: each may name the file.
    """
    found = [
        value
        for wanted in ("filename", "name")
        for key, value in reversed(part.disposition_parameters)
        if key == wanted
    ]
    found += [value for key, value in reversed(part.parameters) if key in _NAMES]
    for name in ("content-disposition", "content-type"):
        for number, text in enumerate(part.headers.all(name)):
            found += _further_names(text, doubled=number > 0)
    found += [part.headers.text(name) for name in _NAMING_FIELDS if name in part.headers]
    return tuple(dict.fromkeys(filter(None, found)))[:MOST_NAMES]


def _further_names(text: str, *, doubled: bool) -> list[str]:
    found: list[str] = []
    if doubled:
        found += [value for key, value in value_and_parameters(text)[1] if key in _NAMES]
    if "(" in text:
        plain = without_comments(text[:MOST_PARAMETER_BYTES])
        found += [value for key, value in value_and_parameters(plain)[1] if key in _NAMES]
    if "name" in text.lower() and is_misleading(text, "filename|name"):
        found += [decode_words(value) for value in loose_values(text, "filename|name")]
    return found
