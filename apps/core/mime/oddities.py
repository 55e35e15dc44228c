"""Structure that two readers read as two different mails: what a scanner passed, a person opens.

Each code answers two questions with "yes, it can hide or change a file" and "no, honest mailers do
not write so". What honest but clumsy mailers do is no oddity: a footer behind the last delimiter,
a delimiter that never comes, a boundary that nobody declared, line ends of every kind.
"""

import re
from collections.abc import Callable, Iterator

from apps.core.mime.headers import (
    MOST_PARAMETER_BYTES,
    MOST_PARAMETERS,
    bare_value,
    value_and_parameters,
)
from apps.core.mime.structure import (
    LONGEST_BOUNDARY,
    MOST_NAMES,
    Part,
    boundaries_of,
    content_of,
    file_names,
    has_delimiter,
    is_file,
    read_structure,
)
from apps.core.mime.transfer import undo

MOST_INNER = 200  # forwarded mails that are looked into
DEEPEST_INNER = 5
MOST_LOOSE = 1000
MOST_SEARCHES = 50  # of a whole mail for a boundary that somebody might see
MOST_CODED = 5  # containers that are decoded

STRUCTURAL = ("content-type", "content-transfer-encoding", "content-disposition")

_FIELD = rb"content-(?:type|transfer-encoding|disposition)[ \t]*:"
_LINE = re.compile(rb"(?im)^" + _FIELD)
_BEHIND_CR = re.compile(rb"(?i)\r[ \t]*" + _FIELD)
# Raw ISO 2022 names switch their alphabets with ESC, SO and SI.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x10-\x1a\x1c-\x1f\x7f]|\r(?![\r\n]|$)")
_CONTROLS = bytes({*range(32), 127})
_BLANK_LINE = re.compile(rb"\n\r?\n")
_SECTION = re.compile(r";\s*([\w-]{1,40})\*(\d{0,4})\*?\s*=")
_PLAIN_TYPES = frozenset({"text/plain", "text/html", ""})
_AS_IT_STANDS = frozenset({"", "7bit", "8bit", "binary"})
_KNOWN = _AS_IT_STANDS | {
    *("base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue", "uue"),
}
# Words that clumsy mailers put there, a charset mostly; none of them says that bytes are coded.
_HARMLESS = re.compile(
    r"(?:x-)?(?:[78][ -]?bits?|none|text|text/plain|ascii|us-ascii|unicode|utf-?(?:7|8|16)|"
    r"(?:iso|windows|cp|koi)[\w-]{1,12}|bit|raw|plain|amazonses\.com)"
)
_SOFT_BREAK = re.compile(rb"=(\r?\n)")
_BASE64_LOOK = re.compile(rb"[A-Za-z0-9+/\s]{40,}={0,2}\s*")
_QUADS = re.compile(rb"[A-Za-z0-9+/]{2}")


def oddities_of(raw: bytes, parts: list[Part]) -> tuple[str, ...]:
    """The codes of everything odd, sorted; nothing for a mail that everybody reads alike."""
    found = odd_tree(raw, parts)
    found.update(_odd_inner_mails(raw, parts))
    return tuple(sorted(found))


def odd_tree(raw: bytes, parts: list[Part]) -> set[str]:
    """Of this mail alone, without those in it."""
    return set(_odd_tree(raw, parts))


def _odd_inner_mails(raw: bytes, parts: list[Part]) -> Iterator[str]:
    """Forwarded mails are opened by the same readers."""
    waiting = [(raw, part, 1) for part in parts if _is_mail(part)]
    for _number in range(MOST_INNER):
        if not waiting:
            return
        outer, part, depth = waiting.pop(0)
        inner = content_of(outer, part)
        tree = read_structure(inner)
        yield from _odd_tree(inner, tree)
        if depth < DEEPEST_INNER:
            waiting += [(inner, one, depth + 1) for one in tree if _is_mail(one)]


def _is_mail(part: Part) -> bool:
    return part.content_type in ("message/rfc822", "message/global") and not part.unread


def _odd_tree(raw: bytes, parts: list[Part]) -> Iterator[str]:
    if _has_too_many_faces(parts):
        yield "two-boundaries"
        return
    for part in parts:
        yield from _odd_headers(raw, part)
        if part.boundary:
            yield from _odd_container(raw, part, parts)
        if not part.is_container and not part.unread:
            yield from _odd_leaf(raw, part)


def _has_too_many_faces(parts: list[Part]) -> bool:
    """More than anybody needs, and more than we look through."""
    coded = sum(bool(part.boundary and _encodings(part) - _AS_IT_STANDS) for part in parts)
    suspects = (len(_other_boundaries(part)) for part in parts if "multipart" in _types(part))
    return coded > MOST_CODED or sum(suspects) > MOST_SEARCHES


def _types(part: Part) -> str:
    return "".join(part.headers.all("content-type")).lower()


# ---- header blocks ------------------------------------------------------------------------


def _odd_headers(raw: bytes, part: Part) -> Iterator[str]:
    if _hides_a_field(raw, part):
        yield "hidden-field"
    values = [value for name in STRUCTURAL for value in part.headers.raw(name)]
    if _is_too_long(raw, part, values):
        yield "over-long"
    if any(_CONTROL.search(value.rstrip()) for value in values):
        yield "control-characters"
    types, encodings, dispositions = map(part.headers.all, STRUCTURAL)
    if _differ(_type_meaning, types):
        yield "doubled-content-type"
    if _differ(_disposition_meaning, dispositions):
        yield "doubled-disposition"
    if any(map(_has_bad_sections, (*types, *encodings, *dispositions))):
        yield "broken-sections"


def _differ(meaning: Callable[[str], object], fields: list[str]) -> bool:
    return len(fields) > 1 and len(set(map(meaning, fields))) > 1


def _type_meaning(field: str) -> object:
    """Plain texts mean the same; what matters is where parts begin and what files are called."""
    value, parameters = value_and_parameters(field)
    kind = bare_value(field) or value
    named = {text for name, text in parameters if name in ("name", "filename", "boundary")}
    return ("" if kind in _PLAIN_TYPES and not named else kind, frozenset(named))


def _disposition_meaning(field: str) -> object:
    value, parameters = value_and_parameters(field)
    named = frozenset(text for name, text in parameters if name == "filename")
    return value == "attachment", named


def _has_bad_sections(field: str) -> bool:
    """RFC 2231 sections that are doubled or leave a gap: readers join them differently."""
    if "*" not in field:
        return False
    numbers: dict[str, list[int]] = {}
    for name, number in _SECTION.findall(field[:MOST_PARAMETER_BYTES]):
        numbers.setdefault(name.lower(), []).append(int(number or 0))
    return any(not _is_gapless(found) for found in numbers.values())


def _is_gapless(numbers: list[int]) -> bool:
    """From 0 as it should be, or from 1 as some count."""
    first = min(min(numbers), 1)
    return sorted(numbers) == list(range(first, first + len(numbers)))


def _hides_a_field(raw: bytes, part: Part) -> bool:
    """A field that some readers see and others take for junk, for a value or for the body."""
    headers = part.headers
    if any(_LINE.match(slip.translate(None, _CONTROLS)) for slip in headers.slips):
        return True
    block = raw[part.top : part.start]
    if b"\r" in block and _BEHIND_CR.search(block.replace(b"\r\n", b"\n")):
        return True
    if headers.end == "slip" and headers:
        blank = _BLANK_LINE.search(raw, part.start, part.end)
        rest = raw[part.start : blank.start() if blank else min(part.end, part.start + 4000)]
        return not rest.startswith(b"--") and _LINE.search(rest[:65536]) is not None
    return _ends_twice(raw, part, block)


def _ends_twice(raw: bytes, part: Part, block: bytes) -> bool:
    """A bare LF ends the headers of lines that end in CRLF; the fields go on behind it."""
    if not block.endswith((b"\n\n", b"\n\r\n")) or block.endswith(b"\r\n\r\n"):
        return False
    return b"\r\n" in block[:-2] and _LINE.match(raw, part.start) is not None


def _is_too_long(raw: bytes, part: Part, values: list[bytes]) -> bool:
    """Beyond our caps somebody else may go on reading."""
    if part.headers.end == "cap" and _LINE.search(raw[part.top : part.start]):
        return True
    if not any(len(one) > 1000 or one.count(b";") >= MOST_NAMES for one in values):
        return False
    too_long = any(
        len(one) > MOST_PARAMETER_BYTES or one.count(b";") > MOST_PARAMETERS for one in values
    )
    matters = is_file(part) or bool(part.boundary)
    return matters and (too_long or len(file_names(part)) >= MOST_NAMES)


# ---- containers ---------------------------------------------------------------------------


def _odd_container(raw: bytes, part: Part, parts: list[Part]) -> Iterator[str]:
    if part.reopened:
        yield "reopened"
    if _is_parted_otherwise(raw, part):
        yield "two-boundaries"
    if _is_coded(raw, part):
        yield "encoded-container"
    if _has_parts_outside(raw, part, parts):
        yield "parts-outside"
    known = {one.boundary for one in parts}
    unread = next((one.top for one in parts if one.unread), len(raw))
    yield from _odd_delimiters(raw, part, known, min(part.end, unread))


def _is_parted_otherwise(raw: bytes, part: Part) -> bool:
    """Another boundary that some reader takes from the same header parts the body too."""
    if any(len(value) > LONGEST_BOUNDARY for key, value in part.parameters if key == "boundary"):
        return True
    return any(_is_parted_by(raw, part, other) for other in _other_boundaries(part))


def _other_boundaries(part: Part) -> set[bytes]:
    """What some reader could take for the boundary, beside what we take."""
    is_empty = any(key == "boundary" and not value.strip() for key, value in part.parameters)
    return (boundaries_of(part) | ({b""} if is_empty else set())) - {part.boundary}


def _is_parted_by(raw: bytes, part: Part, boundary: bytes) -> bool:
    return has_delimiter(raw, boundary, max(part.start - 1, 0), part.end)


def _odd_delimiters(raw: bytes, part: Part, known: set[bytes], end: int) -> Iterator[str]:
    """The boundary where only some readers see a delimiter."""
    bound, at, loose = b"--" + part.boundary, part.start, 0
    announced: set[bytes] = set()
    while loose < MOST_LOOSE and (at := raw.find(bound, at, end)) >= 0:
        before, stop = raw[at - 1 : at], raw.find(b"\n", at, at + 2000)
        if before == b"\r":
            yield "bare-return"
            return
        line = raw[at + 2 : stop].rstrip() if stop >= 0 else b""
        if before == b"\n" and _is_loose(line, part.boundary, known):
            loose += 1
            if line not in announced and _LINE.match(raw, stop + 1):
                if len(announced) >= MOST_SEARCHES or not _is_announced(raw, line):
                    yield "loose-delimiter"
                    return
                announced.add(line)
        at += len(bound)
    if loose >= MOST_LOOSE:
        yield "loose-delimiter"


def _is_loose(line: bytes, boundary: bytes, known: set[bytes]) -> bool:
    """More stands behind it, and it is no delimiter of another container."""
    return line[len(boundary) :] not in (b"", b"--") and not (
        line in known or line.removesuffix(b"--") in known
    )


def _is_announced(raw: bytes, line: bytes) -> bool:
    """It belongs to a forwarded mail, which lies here as one file."""
    return b"boundary=" + line in raw or b'boundary="' + line in raw


def _is_coded(raw: bytes, part: Part) -> bool:
    """A transfer encoding that is forbidden here, under which other delimiters lie."""
    encodings = (_encodings(part) & _KNOWN) - _AS_IT_STANDS
    if not encodings:
        return False
    body = _SOFT_BREAK.sub(rb"=3D\1", raw[part.start : part.end])  # it would swallow a delimiter
    lines = [b"\n--" + bound for bound in boundaries_of(part) | {part.boundary} - {b"\n"}]
    plain = [b"\n" + undo(body, encoding) for encoding in encodings]
    return any(one.count(line) > (b"\n" + body).count(line) for one in plain for line in lines)


def _has_parts_outside(raw: bytes, part: Part, parts: list[Part]) -> bool:
    """Fields of a part before the first delimiter or behind the last one."""
    first = next((one for one in parts if one.parent is part), None)
    if first and _LINE.search(raw, max(part.start - 1, 0), first.top):
        return True
    return bool(part.closed) and _LINE.search(raw, part.closed, part.end) is not None


# ---- texts and files ----------------------------------------------------------------------


def _odd_leaf(raw: bytes, part: Part) -> Iterator[str]:
    if part.content_type == "message/partial":
        yield "fragment"
    encodings = _encodings(part)
    if len(encodings) > 1:
        body = raw[part.start : part.end]
        known = {one if one in _KNOWN else "" for one in encodings}
        if len({undo(body, one) for one in known}) > 1:
            yield "doubled-encoding"
    if any(_is_unknown(one, raw, part) for one in encodings):
        yield "unknown-encoding"
    if "base64" in encodings and is_file(part) and _goes_on_after_padding(raw, part):
        yield "data-after-padding"
    if _is_disguised(raw, part):
        yield "disguised-container"


def _encodings(part: Part) -> set[str]:
    fields = part.headers.all("content-transfer-encoding")
    return {field.strip(" \t\"';").lower() for field in fields}


def _is_unknown(encoding: str, raw: bytes, part: Part) -> bool:
    """Some readers decode what they guess from the word; we save it as it stands."""
    if encoding in _KNOWN or not is_file(part):
        return False
    return not _HARMLESS.fullmatch(encoding) or bool(
        _BASE64_LOOK.fullmatch(raw[part.start : part.end][:4096])
    )


def _goes_on_after_padding(raw: bytes, part: Part) -> bool:
    """Some readers stop at the padding, others go on: they save different files."""
    padding = raw.find(b"=", part.start, part.end)
    return padding >= 0 and _QUADS.search(raw, padding, part.end) is not None


def _is_disguised(raw: bytes, part: Part) -> bool:
    """A container whose type only some readers understand, and none of our parts in it."""
    if "multipart" not in _types(part):
        return False
    return any(_is_parted_by(raw, part, one) for one in boundaries_of(part))
