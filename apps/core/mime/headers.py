"""Header blocks and parameters (RFC 5322, 2231, 6532), within caps."""

import re
from collections.abc import Iterator, Set
from itertools import islice
from typing import Literal
from urllib.parse import unquote, unquote_to_bytes

from apps.core.mime.charset_names import codec_of
from apps.core.mime.charsets import clean_line, decode
from apps.core.mime.words import decode_words, tidy_words

MOST_FIELDS = 2000
MOST_BYTES = 512 * 1024  # of one header block
MOST_FIELD_BYTES = 256 * 1024
LONGEST_SLIP = 1000
MOST_PARAMETERS = 1000
MOST_PARAMETER_BYTES = 16 * 1024

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_FIELD_END = re.compile(rb"\n(?![ \t]|\\t)")  # some mailers fold with a backslash and a t
_ODD_FOLD = re.compile(rb"(?<=\n)[ \t]*(?:\\[trn])+")
_BLANK = re.compile(rb"\r?\n")
_BLOCK_END = re.compile(rb"\n\r?\n")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*+"?|[^;]*)', re.DOTALL)
# What almost every mailer writes, which nobody can read in two ways.
_PLAIN = re.compile(r"""[\w/.+-]*(?:;\s*[\w-]+=(?:"[^"\\=]*"|[^\s;"'\\=]+))*+\s*;?\s*""")
_COMMENTS = r"(?:\s|\([^()]*\))*"
_TOKEN = r"([\w!#$&^.+-]+)"
_BARE = re.compile(rf'{_COMMENTS}"?{_TOKEN}{_COMMENTS}/{_COMMENTS}{_TOKEN}', re.ASCII)
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*+"?)|\([^()]*\)', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_SECTION = re.compile(r"(.+?)\*(?:(\d{1,3})(\*)?)?", re.DOTALL)


class Headers:
    """The fields of one header block; each is decoded only when it is asked for."""

    __slots__ = ("_fields", "end", "hint", "order", "slips")

    def __init__(self) -> None:
        self._fields: dict[str, list[bytes]] = {}
        self.hint = ""  # the charset of raw 8-bit bytes that are not UTF-8
        self.order: list[str] = []  # the fields' names in lower case, from the top
        self.slips: list[bytes] = []  # lines among them that are no fields
        self.end: Literal["blank", "slip", "cap", "limit"] = "limit"

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __bool__(self) -> bool:
        return bool(self._fields)

    def add(self, name: str, value: bytes) -> None:
        self._fields.setdefault(name, []).append(value)
        self.order.append(name)

    def named(self, names: Set[str]) -> Set[str]:
        """Those of NAMES that are there, however many are asked for."""
        return self._fields.keys() & names

    def all(self, name: str) -> list[str]:
        """Unfolded, with encoded words as they stand."""
        values = self._fields.get(name)
        return [self._unfolded(value) for value in values] if values else []

    def raw(self, name: str) -> list[bytes]:
        """As they stand, with every fold and control character."""
        return self._fields.get(name, [])

    def above(self, name: str, other: str) -> int:
        """How many of NAME stand above the topmost OTHER."""
        stop = self.order.index(other) if other in self else len(self.order)
        return self.order[:stop].count(name)

    def first(self, name: str) -> str:
        """The first one that is not empty, unfolded."""
        for value in self._fields.get(name, ()):
            if text := self._unfolded(value):
                return text
        return ""

    def text(self, name: str) -> str:
        return decode_words(self.first(name))

    def _unfolded(self, value: bytes) -> str:
        value = value.strip()
        if b"\n" in value or b"\r" in value:
            value = _joined_lines(value)
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii").strip()
        if b"=?" in value:
            value = tidy_words(value)
        return decode(value, hint=self.hint).strip()


def _joined_lines(value: bytes) -> bytes:
    """A lone carriage return is a blank: it may part two words."""
    if b"\\" in value:
        value = _ODD_FOLD.sub(b" ", value)
    return value.replace(b"\r\n", b"").replace(b"\n", b"").replace(b"\r", b" ")


def read_headers(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The header block at START and where its body begins."""
    headers = Headers()
    at = start
    while at < end:
        if blank := _BLANK.match(raw, at):
            headers.end = "blank"
            return headers, blank.end()
        if len(headers.order) >= MOST_FIELDS or at - start > MOST_BYTES:
            headers.end = "cap"
            return headers, _after_block(raw, at, end)
        stop = _end_of_field(raw, at, end)
        if found := _FIELD.match(raw, at, end):
            most = found.end() + MOST_FIELD_BYTES
            headers.add(found[1].decode("ascii").lower(), raw[found.end() : min(stop, most)])
        elif _is_slip(raw, at, stop, end, bool(headers)):
            headers.slips.append(raw[at : min(stop, at + LONGEST_SLIP)])
        else:
            headers.end = "slip"
            return headers, at
        at = stop
    return headers, end


def _end_of_field(raw: bytes, at: int, end: int) -> int:
    found = _FIELD_END.search(raw, at, end)
    return found.end() if found else end


def _after_block(raw: bytes, at: int, end: int) -> int:
    found = _BLOCK_END.search(raw, max(at - 1, 0), end)
    return found.end() if found else end


def _is_slip(raw: bytes, at: int, after: int, end: int, begun: bool) -> bool:
    """A line that is no field: junk within the headers, when the next line is one again.

    Two hyphens begin a part, where somebody forgot the blank line.
    """
    if not begun or raw.startswith(b"--", at):
        return False
    return _FIELD.match(raw, after, end) is not None or _BLANK.match(raw, after) is not None


def value_and_parameters(field: str) -> tuple[str, list[tuple[str, str]]]:
    """The value, and every parameter in order with all its names and doubles, decoded."""
    if not field:
        return "", []
    field = field[:MOST_PARAMETER_BYTES]
    found = _PARAMETER.findall(field)[:MOST_PARAMETERS] if ";" in field else []
    plain: list[tuple[str, str]] = []
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, quoted in found:
        name, text = name.lower(), _unquoted(quoted.strip())
        section = _SECTION.fullmatch(name) if "*" in name else None
        if section is None:
            plain.append((name, decode_words(text)))
        else:
            coded = section[2] is None or section[3] is not None
            sections.setdefault(section[1], {})[int(section[2] or 0)] = (coded, text)
    value = clean_line(field.partition(";")[0]).lower()
    return value, plain + [(name, _joined(parts)) for name, parts in sections.items()]


def bare_value(field: str) -> str:
    """A type as lenient readers see it: without comments, quotes, and what lacks its semicolon."""
    found = _BARE.match(field[:MOST_PARAMETER_BYTES])
    return f"{found[1]}/{found[2]}".lower() if found else ""


def is_misleading(field: str, names: str) -> bool:
    """A parameter without its semicolon, with quotes or escapes inside, or more behind them."""
    field = field[:MOST_PARAMETER_BYTES]
    if _PLAIN.fullmatch(field):
        return False
    wanted = re.compile(rf"(?i)(?:{names})[\d*]*")
    strict = [one for one in _PARAMETER.finditer(field) if wanted.fullmatch(one[1])]
    if any(_has_two_readings(field, one) for one in strict):
        return True
    return len(strict) < len(re.findall(rf"(?i)\b(?:{names})\s*[\d*]*\s*=", field))


def _has_two_readings(field: str, found: re.Match[str]) -> bool:
    text = found[2].strip()
    inside = text[1:-1] if len(text) > 1 and text[0] == '"' == text[-1] else text
    behind = field[found.end() :].lstrip()[:1]
    return "\\" in inside or '"' in inside or behind not in ("", ";")


def without_comments(field: str) -> str:
    return _COMMENT.sub(lambda found: found[1] or " ", field)


def loose_values(field: str, names: str) -> list[str]:
    """What careless readers take for the parameters that match NAMES, wherever they stand."""
    field = field[:MOST_PARAMETER_BYTES]
    found = re.finditer(rf"(?i)(?:{names})\s*(\*?)\d*(\*?)\s*=\s*", field)
    values: list[str] = []
    for one in islice(found, MOST_PARAMETERS):
        readings = _loose_readings(field[one.end() :][:2000])
        coded = one[2] or (one[1] and "''" in field)
        values += [unquote(value.rpartition("'")[2]) if coded else value for value in readings]
    return values


def _loose_readings(rest: str) -> Iterator[str]:
    """Up to the semicolon, up to a blank, up to the closing quote; with and without the quotes."""
    whole = rest.partition(";")[0].strip()
    yield whole.strip("\"'")
    if word := re.match(r"[^\s;(,]+", rest):
        yield word[0].strip("\"'")
    if rest[:1] in ("'", '"') and (stop := rest.find(rest[0], 1)) > 0:
        yield rest[1:stop]
    if "\\" in whole or '"' in whole.strip('"'):
        yield re.sub(r'[\\"]', "", whole)


def _unquoted(text: str) -> str:
    """Only quotes and backslashes are escaped: C:\\temp is a path, not an escape."""
    if len(text) > 1 and text[0] == '"' == text[-1]:
        text = text[1:-1]
    text = text.strip('"') if text.count('"') == 1 else text
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _joined(parts: dict[int, tuple[bool, str]]) -> str:
    """RFC 2231: charset'language'percent-coded, in numbered sections, coded or not."""
    charset, content = "", bytearray()
    for index, number in enumerate(sorted(parts)):
        coded, text = parts[number]
        if coded and index == 0 and text.count("'") >= 2:
            charset, _language, text = text.split("'", 2)
        content += unquote_to_bytes(text) if coded else text.encode("utf-8", "replace")
    plain = decode(bytes(content), charset if codec_of(charset) else "")
    return decode_words(plain)
