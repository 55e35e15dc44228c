"""Bytes to text, whatever a mail claims about its charset: always an answer, never an exception."""

import codecs
import re
from functools import lru_cache

from apps.core.mime.charset_names import ISO_2022_CN, ISO_2022_JP, ISO_2022_KR, codec_of
from apps.core.mime.iso2022 import read_escaped, read_euc_jp

_WESTERN = frozenset({"cp1252", "iso8859-15"})
_SHIFTED = {ISO_2022_JP: b"(I", ISO_2022_KR: b"$)C", ISO_2022_CN: b"$)A"}
_JAPANESE = re.compile(rb"\x1b(?:\$[@B]|\([JI]|\$\([DOQ])")
_KOREAN = re.compile(rb"\x1b\$\)C")
_CHINESE = re.compile(rb"\x1b\$\)[AG]")
_TWO_BYTES = frozenset({"gb18030", "big5hkscs", "cp950", "cp949", "johab", "cp932", "euc_jp", "hz"})
_OTHER_WAYS = {  # where the declared codec does not fit
    "big5hkscs": ("gb18030",),
    "cp950": ("gb18030",),
    "gb18030": ("big5hkscs",),
    "cp932": ("euc_jp",),
    "euc_jp": ("cp932",),
    ISO_2022_JP: ("cp932", "euc_jp"),
}
_SISTERS = {"big5hkscs": "cp950", "cp950": "big5hkscs"}
_WINDOWS = {  # who says ISO on Windows and uses more than ISO has
    "iso8859-2": "cp1250",
    "iso8859-4": "cp1257",
    "iso8859-5": "cp1251",
    "iso8859-6": "cp1256",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-13": "cp1257",
}
_UNUSED = re.compile("[\x80-\x9f]")
_FEW = 2000  # more bad bytes than this are no slip of UTF-8
_ENOUGH = 5  # characters of UTF-8 that no other charset writes by chance

# Line ends stay, every other control goes; U+FEFF is a byte order mark gone astray.
_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_NOT_IN_TEXT = str.maketrans("", "", "".join(filter(_IN_TEXT.match, map(chr, range(128)))))
_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")


def clean_text(text: str) -> str:
    """A body: line ends become LF, other controls and lone surrogates go."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():  # in a fifth of the time of a pattern
        return text.translate(_NOT_IN_TEXT)
    return _IN_TEXT.sub("", text) if _IN_TEXT.search(text) else text


def clean_line(text: str) -> str:
    """A header's value: one line without a single control character."""
    if text.isprintable():
        return text.strip()
    return _IN_LINE.sub("", _BREAKS.sub(" ", text)).strip()


def decode(raw: bytes, charset: str = "", hint: str = "") -> str:
    """The declared charset, then UTF-8, then HINT, then Windows' Western one byte by byte."""
    plain = raw.isascii()
    if plain and not charset and b"\x1b" not in raw:
        return raw.decode("ascii")
    declared = _believable(raw, codec_of(charset) if charset else "", plain)
    text = _declared(raw, declared, plain) if declared else None
    if text is None:
        text = _strictly(raw, "utf-8")
    if text is None and hint and (codec := codec_of(hint)) and codec != declared:
        text = _declared(raw, codec, plain)
    if text is None and declared:
        text = _nearly(raw, declared)
    return _somehow(raw) if text is None else text


def fits(raw: bytes, charset: str) -> bool:
    """Whether the declared charset reads every byte."""
    codec = codec_of(charset)
    return bool(codec) and _strictly(raw, codec) is not None


def _believable(raw: bytes, codec: str, plain: bool) -> str:
    """The declared codec, or another that cannot be mistaken."""
    if b"\x1b" in raw and codec not in _SHIFTED and (plain or not codec):
        return _escaped(raw) or codec
    if codec.startswith(("utf-16", "utf-32")):
        return _right_way_round(raw, codec)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" in raw:
        return "utf-16"
    return codec


def _escaped(raw: bytes) -> str:
    if _JAPANESE.search(raw):
        return ISO_2022_JP
    if _KOREAN.search(raw):
        return ISO_2022_KR
    return ISO_2022_CN if _CHINESE.search(raw) else ""


def _right_way_round(raw: bytes, codec: str) -> str:
    """Nothing for "unicode" said of bytes that are not; which byte comes first, by their zeros."""
    if b"\0" not in raw:
        return "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
    if codec.startswith("utf-32") or raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return codec
    first, second = raw[::2].count(0), raw[1::2].count(0)
    return codec if first == second else "utf-16-be" if first > second else "utf-16-le"


def _declared(raw: bytes, codec: str, plain: bool) -> str | None:
    """Most charsets accept anything, so UTF-8 under another name is taken for UTF-8."""
    if codec in _SHIFTED:
        is_known = codec != ISO_2022_JP or b"\x0e" not in raw  # Python lets shifts pass as text
        return (_strictly(raw, codec) if is_known else None) or _escaped_text(raw, codec)
    if plain or codec in ("utf-8", "ascii") or codec.startswith("utf-"):
        return _strictly(raw, codec)
    text = _strictly(raw, "utf-8")
    if text is not None and (codec in _WESTERN or _is_surely_utf8(text)):
        return text
    text = _strictly(raw, codec)
    if text is None and codec in _WESTERN:
        text = _western(raw)
    return _with_windows(text, codec) if text is not None and codec.startswith("iso") else text


def _is_surely_utf8(text: str) -> bool:
    """Two Cyrillic letters may be a Chinese one by chance; many, or longer characters, hardly."""
    if text[:1] == "\ufeff":
        return True
    longer = sum(character > "\u07ff" for character in text[:2000])
    return longer > 1 or sum(character > "\x7f" for character in text[:2000]) >= _ENOUGH


def _with_windows(text: str, codec: str) -> str:
    """No mail writes the controls of ISO 8859: they are quotes, dashes and letters of Windows."""
    return text.translate(_windows_letters(codec)) if _UNUSED.search(text) else text


@lru_cache
def _windows_letters(codec: str) -> dict[int, str]:
    wider = _WINDOWS.get(codec, "cp1252")
    return {one: bytes([one]).decode(wider, "ignore") for one in range(0x80, 0xA0)}


def _escaped_text(raw: bytes, codec: str) -> str | None:
    """With the additions of Windows; nothing when too much is left."""
    if b"\x1b" not in raw and b"\x0e" not in raw:
        return None
    text = read_escaped(raw, _SHIFTED[codec])
    return text if _is_nearly_whole(text) else None


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        return None


def _nearly(raw: bytes, codec: str) -> str | None:
    """The declared charset after all, when only a few of its characters are broken."""
    if codec in ("utf-8", "ascii"):
        return None
    if codec not in _TWO_BYTES and codec not in _SHIFTED and not codec.startswith("utf-"):
        return _strictly_but(raw, codec, "carteria.western")
    text = _strictly(raw, _SISTERS[codec]) if codec in _SISTERS else None
    if text is None:
        text = read_euc_jp(raw) if codec == "euc_jp" else _strictly_but(raw, codec, "replace")
    if text is not None and _is_nearly_whole(text):
        return text
    others = (_strictly(raw, other) for other in _OTHER_WAYS.get(codec, ()))
    return next((text for text in others if text is not None), None)


def _strictly_but(raw: bytes, codec: str, errors: str) -> str | None:
    try:
        return raw.decode(codec, errors)
    except (UnicodeError, ValueError, LookupError):
        return None


def _is_nearly_whole(text: str) -> bool:
    return text.count("\ufffd") * 20 <= len(text) - len(text.encode("ascii", "ignore"))


def _somehow(raw: bytes) -> str:
    """UTF-8 whose bad bytes are read as Western ones; all Western when there are many."""
    if b"\xed" in raw and (text := _paired(raw)) is not None:
        return text
    if raw.decode("utf-8", "replace").count("\ufffd") > _FEW:
        return _western(raw)
    return raw.decode("utf-8", "carteria.western")


def _paired(raw: bytes) -> str | None:
    """What Java and old databases write: a character beyond the first plane as two halves."""
    text = _strictly_but(raw, "utf-8", "surrogatepass")
    if text is None:
        return None
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _western(raw: bytes) -> str:
    return raw.decode("cp1252", "carteria.western")


def _as_western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    if error.encoding == "utf-8":
        return _western(bad), error.end
    if error.encoding != "cp1252" and bad >= b"\xa0":  # a letter of no alphabet
        return "\ufffd", error.end
    return bad.decode("latin-1"), error.end


codecs.register_error("carteria.western", _as_western)
