"""A mail's structure (RFC 5322, 2045, 2046) over bytes: iterative, capped, without copies of trees.

Preamble and epilogue are no part of a mail. Beyond the caps, what was found so far stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.channels.mime_headers import Headers, boundary_of, content_type_of

MAX_HEADER_BYTES = 256 * 1024
MAX_HEADER_LINES = 2000
MAX_PARTS = 500
MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that holds content."""

    headers: Headers
    content_type: str
    body: bytes  # still encoded for transfer
    parent: str  # the multipart it stands in, e.g. multipart/alternative


def split_mail(raw: bytes) -> tuple[Headers, list[Leaf], bool]:
    """The mail's own headers, its leaves in order, and whether a cap cut something off."""
    headers, body = split_headers(raw)
    leaves: list[Leaf] = []
    waiting = [(headers, body, "", 0)]
    seen, cut = 0, False
    while waiting:
        part_headers, part_body, parent, depth = waiting.pop()
        seen += 1
        if seen > MAX_PARTS:
            return headers, leaves, True
        kind = content_type_of(part_headers, parent)
        boundary = boundary_of(part_headers) if kind.startswith("multipart/") else b""
        if not boundary or depth >= MAX_DEPTH:
            cut = cut or bool(boundary)
            shown = "text/plain" if kind.startswith("multipart/") else kind
            leaves.append(Leaf(part_headers, shown, part_body, parent))
            continue
        parts = list(_parts(part_body, boundary))
        if not parts:
            leaves.append(Leaf(part_headers, "text/plain", part_body, parent))
        for part in reversed(parts):
            inner_headers, inner_body = split_headers(part)
            waiting.append((inner_headers, inner_body, kind, depth + 1))
    return headers, leaves, cut


def split_headers(raw: bytes) -> tuple[Headers, bytes]:
    """Header fields unfolded, and the body after the first empty line."""
    fields: list[tuple[str, bytes]] = []
    position = 0
    while position < len(raw) and len(fields) < MAX_HEADER_LINES:
        end = raw.find(b"\n", position)
        end = len(raw) if end < 0 else end
        line = raw[position:end].rstrip(b"\r")
        if not line:
            return Headers(fields), raw[end + 1 :]
        if position > MAX_HEADER_BYTES or not _take_line(fields, line, first=position == 0):
            return Headers(fields), raw[position:]
        position = end + 1
    return Headers(fields), raw[position:]


def _take_line(fields: list[tuple[str, bytes]], line: bytes, *, first: bool) -> bool:
    """False: the line is no header any more, so the body begins with it."""
    line = line[:MAX_HEADER_BYTES]
    if line[:1] in (b" ", b"\t"):
        if fields:
            name, value = fields[-1]
            fields[-1] = (name, (value + b" " + line.strip())[:MAX_HEADER_BYTES])
        return True
    label, colon, content = line.partition(b":")
    label = label.rstrip()
    if colon and label and label.isascii() and b" " not in label:
        fields.append((label.decode("ascii").lower(), content.strip()))
        return True
    return first and line.startswith((b"From ", b">From "))  # mbox


def _parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """The parts between the delimiter lines; a missing last one is forgiven."""
    delimiter = b"--" + boundary
    start = -1
    count = 0
    for begin, end, last in _delimiters(body, delimiter):
        if start >= 0:
            yield body[start : _without_line_end(body, begin)]
            count += 1
        if last or count > MAX_PARTS:
            return
        start = end
    if 0 <= start < len(body):
        yield body[start:]


def _delimiters(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    position = body.find(delimiter)
    while position >= 0:
        end = body.find(b"\n", position)
        end = len(body) if end < 0 else end + 1
        tail = body[position + len(delimiter) : end].strip()
        if (position == 0 or body[position - 1] in b"\r\n") and tail in (b"", b"--"):
            yield position, end, tail == b"--"
        position = body.find(delimiter, position + len(delimiter))


def _without_line_end(body: bytes, end: int) -> int:
    """The line end before a delimiter belongs to the delimiter (RFC 2046, 5.1.1)."""
    if body[end - 2 : end] == b"\r\n":
        return end - 2
    return end - 1 if body[end - 1 : end] == b"\n" else end
