"""The words of a mail that Outlook keeps as RTF: unpacked, and read as HTML or as text.

Packed by MS-OXRTFCP; HTML or plain text may be wrapped in it by MS-OXRTFEX. Only what a reader of
words needs is understood. Capped, linear, and never raises.
"""

import re
import struct
from dataclasses import dataclass, field

from apps.core.mime.charset_names import codec_of

MOST_BYTES = 2 * 2**20  # of unpacked RTF; what stands behind is left out
MOST_TOKENS = 400_000
DEEPEST = 200

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_WINDOW = 4096
_PACKED, _PLAIN = b"LZFu", b"MELA"

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?[0-9]{1,9})?[ ]?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])"
    rb"|([{}])|([\r\n]+)|([^\\{}\r\n]+)",
    re.DOTALL,
)
_FROM = re.compile(rb"\\from(html|text)[0-9]?\b")
_SIGNS = {
    b"par": "\n", b"line": "\n", b"tab": "\t", b"lquote": "\u2018", b"rquote": "\u2019",
    b"ldblquote": "\u201c", b"rdblquote": "\u201d", b"bullet": "\u2022", b"endash": "\u2013",
    b"emdash": "\u2014", b"enspace": "\u2002", b"emspace": "\u2003", b"cell": "\t", b"row": "\n",
    b"sect": "\n", b"page": "\n", b"zwj": "\u200d", b"zwnj": "\u200c",
}  # fmt: skip
_CHARACTERS = {b"~": "\u00a0", b"_": "\u2011", b"\n": "\n", b"\r": "\n"}
# Groups that hold no words of the mail.
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr"
    b" listtable listoverridetable revtbl rsidtbl generator themedata datastore xmlnstbl".split()
)
_CODE_PAGES = {
    77: 10000, 128: 932, 129: 949, 130: 1361, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258,
    177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250, 255: 437, 0: 1252,
}  # fmt: skip
_CODECS = {10000: "mac_roman", 1361: "johab", 65001: "utf-8", 20127: "ascii", 28591: "latin-1"}


@dataclass(frozen=True, slots=True)
class RtfWords:
    text: str | None = None
    html: str | None = None


def unpack(packed: bytes, most: int = MOST_BYTES) -> bytes:
    """What is damaged gives what stands before the damage."""
    if len(packed) < 16:
        return b""
    kind, (size,) = packed[8:12], struct.unpack_from("<I", packed, 4)
    most = min(most, size)
    if kind == _PLAIN:
        return packed[16 : 16 + most]
    return _unpacked(packed, most) if kind == _PACKED else b""


def _unpacked(packed: bytes, most: int) -> bytes:
    """The window is the end of what was written; its place in the ring says how far back."""
    begin = len(_DICTIONARY)
    written, at, end = bytearray(_DICTIONARY), 16, len(packed)
    while at < end and len(written) - begin < most:
        control, at = packed[at], at + 1
        for bit in range(8):
            if not control >> bit & 1:
                written += packed[at : at + 1]
                at += 1
                continue
            pair = int.from_bytes(packed[at : at + 2], "big")
            back, length = (len(written) - (pair >> 4)) % _WINDOW, (pair & 15) + 2
            if at + 2 > end or not back or back > len(written):
                return bytes(written[begin : begin + most])
            piece = written[len(written) - back :][:length]
            written += (piece * (length // len(piece) + 1))[:length]
            at += 2
    return bytes(written[begin : begin + most])


def words_of_rtf(rtf: bytes) -> RtfWords:
    if not rtf.lstrip().startswith(b"{\\rtf"):
        return RtfWords()
    found = _FROM.search(rtf, 0, 1024)
    is_html = found is not None and found[1] == b"html"
    words = _Reader(is_html).read(rtf[:MOST_BYTES])
    return RtfWords(html=words) if is_html else RtfWords(text=words)


@dataclass(slots=True)
class _Group:
    """What an opening brace remembers, and the closing one brings back."""

    silent: bool = False
    hidden: bool = False  # RTF that stands for an HTML tag
    is_tag: bool = False
    fonts: bool = False
    codec: str = "cp1252"
    skip: int = 1  # bytes that follow \u for readers without Unicode
    fresh: bool = True  # nothing but its opening brace was read
    starred: bool = False


@dataclass(slots=True)
class _Reader:
    is_html: bool
    pieces: list[str] = field(default_factory=list)
    waiting: bytearray = field(default_factory=bytearray)  # of one codec, not yet decoded
    codecs: dict[int, str] = field(default_factory=dict)  # of fonts
    default: str = "cp1252"
    font: int = 0
    to_skip: int = 0
    group: _Group = field(default_factory=_Group)
    around: list[_Group] = field(default_factory=list)

    def read(self, rtf: bytes) -> str:
        at = 0
        for _token in range(MOST_TOKENS):
            found = _TOKEN.match(rtf, at)
            if found is None:
                break
            at = found.end()
            word, number, code, sign, brace, _line, text = found.groups()
            if brace:
                self._brace(brace)
            elif word == b"bin":
                at += max(int(number or 0), 0)
            elif word:
                self._word(word, int(number) if number else None)
            elif code:
                self._bytes(bytes.fromhex(code.decode()))
            elif sign:
                self._sign(sign)
            elif text:
                self._bytes(text)
        self._flush()
        return _paired("".join(self.pieces))

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self.to_skip = 0
        if brace == b"{":
            self.around.append(self.group)
            one = self.group
            deep = len(self.around) > DEEPEST
            self.group = _Group(
                one.silent or deep, one.hidden, one.is_tag, one.fonts, one.codec, one.skip
            )
        elif self.around:
            self.group = self.around.pop()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self.group.starred = True
        elif sign in b"{}\\":
            self._bytes(sign)
        else:
            self._say(_CHARACTERS.get(sign, ""))

    def _word(self, word: bytes, number: int | None) -> None:
        one = self.group
        if one.starred and one.fresh:
            self._destination(word)
        elif one.fresh and word in _SILENT:
            one.silent, one.fonts = True, word == b"fonttbl"
        one.fresh = False
        if word in _SIGNS:
            self._say(_SIGNS[word])
        elif word == b"u" and number is not None:
            self._say(_letter(number))
            self.to_skip = one.skip
        elif word == b"htmlrtf":
            self._flush()
            one.hidden = number != 0
        else:
            self._setting(word, number or 0)

    def _destination(self, word: bytes) -> None:
        """Of those that not every reader knows, only the tags of HTML are for us."""
        self._flush()
        if word == b"htmltag" and self.is_html:
            self.group.is_tag, self.group.hidden = True, False
        else:
            self.group.silent = True

    def _setting(self, word: bytes, number: int) -> None:
        one = self.group
        if word == b"uc":
            one.skip = max(min(number, 8), 0)
        elif word == b"ansicpg":
            self.default = one.codec = _codec(number)
        elif word == b"f" and one.fonts:
            self.font = number
        elif word == b"fcharset" and one.fonts:
            self.codecs[self.font] = _codec(_CODE_PAGES[number]) if number in _CODE_PAGES else ""
        elif word in (b"f", b"plain"):
            self._flush()
            one.codec = (word == b"f" and self.codecs.get(number)) or self.default

    def _is_silent(self) -> bool:
        return self.group.silent or self.group.hidden

    def _bytes(self, content: bytes) -> None:
        if self.group.fresh and not self.group.starred:
            self.group.fresh = False
        if skipped := min(self.to_skip, len(content)):
            self.to_skip -= skipped
            content = content[skipped:]
        if not self._is_silent():
            self.waiting += content

    def _say(self, words: str) -> None:
        self._flush()
        self.to_skip = 0
        if not self._is_silent():
            self.pieces.append(words)

    def _flush(self) -> None:
        if self.waiting:
            self.pieces.append(self.waiting.decode(self.group.codec, "replace"))
            self.waiting.clear()


def _codec(page: int) -> str:
    return codec_of(_CODECS.get(page, f"cp{page}")) or "cp1252"


def _letter(number: int) -> str:
    """Signed 16 bits: of what lies beyond, one half."""
    return chr(number & 0xFFFF)


def _paired(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
