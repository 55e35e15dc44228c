"""Header blocks, encoded words and parameters (RFC 5322, 2047, 2231, 6532), within caps."""

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from apps.core.mime.charsets import clean_line, codec_of, decode

MOST_FIELDS = 2000
MOST_BYTES = 512 * 1024  # of one header block
MOST_FIELD_BYTES = 256 * 1024
MOST_PARAMETERS = 100
MOST_PARAMETER_BYTES = 16 * 1024

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_FIELD_END = re.compile(rb"\n(?![ \t])")
_BLOCK_END = re.compile(rb"\n\r?\n")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*+"?|[^;]*)', re.DOTALL)
_SECTION = re.compile(r"(.+?)\*(?:(\d{1,3})(\*)?)?", re.DOTALL)


class Headers:
    """The fields of one header block; each is decoded only when it is asked for."""

    __slots__ = ("_fields", "hint")

    def __init__(self, fields: dict[bytes, list[bytes]]) -> None:
        self._fields = fields
        self.hint = ""  # the charset of raw 8-bit bytes that are not UTF-8

    def __contains__(self, name: str) -> bool:
        return name.encode() in self._fields

    def __bool__(self) -> bool:
        return bool(self._fields)

    def names(self) -> set[str]:
        return {name.decode("ascii", "replace") for name in self._fields}

    def all(self, name: str) -> list[str]:
        """Unfolded, with encoded words as they stand."""
        return [self._unfolded(value) for value in self._fields.get(name.encode(), ())]

    def first(self, name: str) -> str:
        """The first one that is not empty, unfolded."""
        return next((value for value in self.all(name) if value), "")

    def text(self, name: str) -> str:
        return decode_words(self.first(name))

    def _unfolded(self, value: bytes) -> str:
        joined = value.replace(b"\r", b"").replace(b"\n", b"")
        return decode(joined, hint=self.hint).strip()


def read_headers(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The header block at START and where its body begins."""
    fields: dict[bytes, list[bytes]] = {}
    at, count = start, 0
    while at < end:
        if (blank := _blank(raw, at)) or count >= MOST_FIELDS or at - start > MOST_BYTES:
            return Headers(fields), at + blank if blank else _after_block(raw, at, end)
        found = _FIELD.match(raw, at, end)
        stop = _end_of_field(raw, at, end)
        if found:
            value = raw[found.end() : min(stop, found.end() + MOST_FIELD_BYTES)]
            fields.setdefault(found[1].lower(), []).append(value)
            count += 1
        elif not _is_slip(raw, stop, end, bool(fields)):
            return Headers(fields), at
        at = stop
    return Headers(fields), end


def _blank(raw: bytes, at: int) -> int:
    if raw.startswith(b"\n", at):
        return 1
    return 2 if raw.startswith(b"\r\n", at) else 0


def _end_of_field(raw: bytes, at: int, end: int) -> int:
    found = _FIELD_END.search(raw, at, end)
    return found.end() if found else end


def _after_block(raw: bytes, at: int, end: int) -> int:
    found = _BLOCK_END.search(raw, max(at - 1, 0), end)
    return found.end() if found else end


def _is_slip(raw: bytes, after: int, end: int, begun: bool) -> bool:
    """A line that is no field: junk within the headers, when the next line is one again."""
    return begun and (_FIELD.match(raw, after, end) is not None or _blank(raw, after) > 0)


def decode_words(value: str) -> str:
    """Encoded words (RFC 2047) wherever they stand, as mail readers do; one clean line."""
    if "=?" not in value:
        return clean_line(value)
    return clean_line("".join(_merged(_pieces(value))))


Piece = tuple[str, bytes | str]  # charset and bytes of a word; or nothing and text as it stands


def _pieces(value: str) -> Iterator[Piece]:
    at = plain = 0
    after_word = False
    while (start := value.find("=?", at)) >= 0:
        word = _word_at(value, start)
        if word is None:
            at = start + 2
            continue
        between = value[plain:start]
        if between and not (after_word and between.isspace()):
            yield "", between
        charset, content, at = word
        yield charset, content
        plain, after_word = at, True
    yield "", value[plain:]


_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?")


def _word_at(value: str, start: int) -> tuple[str, bytes, int] | None:
    opening = _WORD.match(value, start)
    if opening is None:
        return None
    stop = value.find("?=", opening.end())
    if stop < 0:
        return None
    encoded = value[opening.end() : stop].encode("utf-8", "replace")
    return opening[1], _word_bytes(opening[2], encoded), stop + 2


def _word_bytes(encoding: str, encoded: bytes) -> bytes:
    if encoding in "qQ":
        return binascii.a2b_qp(encoded.replace(b" ", b"_"), header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]+", b"", encoded)
    whole = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:whole] + b"=" * (-whole % 4))


def _merged(pieces: Iterator[Piece]) -> Iterator[str]:
    """Neighbours of one charset are decoded together: senders cut characters in two."""
    charset, waiting = "", bytearray()
    for next_charset, content in pieces:
        if waiting and next_charset.lower() != charset:
            yield decode(bytes(waiting), charset)
            waiting.clear()
        charset = next_charset.lower()
        if isinstance(content, str):
            yield content
        else:
            waiting += content
    if waiting:
        yield decode(bytes(waiting), charset)


def value_and_parameters(field: str) -> tuple[str, list[tuple[str, str]]]:
    """The value, and every parameter in order with all its names and doubles, decoded."""
    field = field[:MOST_PARAMETER_BYTES]
    found = _PARAMETER.findall(field)[:MOST_PARAMETERS] if ";" in field else []
    plain: list[tuple[str, str]] = []
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, quoted in found:
        name, text = name.lower(), _unquoted(quoted.strip())
        section = _SECTION.fullmatch(name)
        if section is None:
            plain.append((name, decode_words(text)))
        else:
            coded = section[2] is None or section[3] is not None
            sections.setdefault(section[1], {})[int(section[2] or 0)] = (coded, text)
    value = clean_line(field.partition(";")[0]).lower()
    return value, plain + [(name, _joined(parts)) for name, parts in sections.items()]


def _unquoted(text: str) -> str:
    """Only quotes and backslashes are escaped: C:\\temp is a path, not an escape."""
    if len(text) > 1 and text[0] == '"' == text[-1]:
        text = text[1:-1]
    return re.sub(r'\\(["\\])', r"\1", text.strip('"') if text.count('"') == 1 else text)


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
