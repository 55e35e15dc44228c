"""Bytes to text, whatever a mail claims about its charset: always an answer, never an exception."""

import codecs
import re
from functools import lru_cache

# Names that senders use and Python lacks, and names whose wider relative reads more real mail.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "windows-936": "gb18030",
    "euc-cn": "gb18030",
    "hz-gb-2312": "hz",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "windows-949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms_kanji": "cp932",
    "x-euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "iso8859_1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "x-ansi": "cp1252",
    "ansi": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "logical": "iso8859_8",
    "iso-8859-6-i": "iso8859_6",
    "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8-mac": "utf-8",
    "unicode": "utf-16",
    "koi8": "koi8_r",
    "dos-866": "cp866",
}
# Escape notations, quadratic or no charset at all; and names that say nothing.
_NO_CHARSET = frozenset(
    [
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
        "mbcs",
        "oem",
        "charmap",
        "palmos",
    ]
)
_WESTERN = frozenset({"cp1252", "iso8859-15"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,39}")
_JAPANESE = re.compile(rb"\x1b(?:\$[@B]|\([JI]|\$\([DOQ])")
_FEW = 2000  # more bad bytes than this are no slip of UTF-8

# Line ends stay, every other control goes; U+FEFF is a byte order mark gone astray.
_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")


def clean_text(text: str) -> str:
    """A body: line ends become LF, other controls and lone surrogates go."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _IN_TEXT.sub("", text) if _IN_TEXT.search(text) else text


def clean_line(text: str) -> str:
    """A header's value: one line without a single control character."""
    if text.isprintable():
        return text.strip()
    return _IN_LINE.sub("", _BREAKS.sub(" ", text)).strip()


def decode(raw: bytes, charset: str = "", hint: str = "") -> str:
    """The declared charset, then UTF-8, then HINT, then Windows' Western one byte by byte."""
    if raw.isascii() and not charset and b"\x1b" not in raw:
        return raw.decode("ascii")
    declared = codec_of(charset) or _unmistakable(raw)
    if declared.startswith(("utf-16", "utf-32")) and b"\0" not in raw:
        declared = ""  # "unicode", said of bytes that are not
    text = _declared(raw, declared) if declared else None
    if text is None:
        text = _strictly(raw, "utf-8")
    if text is None and hint and (codec := codec_of(hint)):
        text = _strictly(raw, codec)
    if text is None and declared:
        text = _nearly(raw, declared)
    return _somehow(raw) if text is None else text


@lru_cache(maxsize=512)
def codec_of(charset: str) -> str:
    """Python's name for CHARSET, or nothing when it is unknown or means nothing."""
    name = charset[:80].strip(" \t\"'").lower().partition("*")[0].removeprefix("charset=")
    name = _WIDER.get(name, name).removeprefix("x-")
    name = re.sub(r"^(?:cp-|windows[-_]?|win-?|ibm-?)(?=\d)", "cp", name)
    if not _NAME.fullmatch(name):
        return ""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    plain = found.name.replace("-", "_") not in _NO_CHARSET
    return found.name if plain and getattr(found, "_is_text_encoding", True) else ""


def _declared(raw: bytes, codec: str) -> str | None:
    """Western single bytes accept anything, so UTF-8 under a Western name is taken for UTF-8."""
    if codec in _WESTERN and not raw.isascii():
        text = _strictly(raw, "utf-8")
        if text is not None:
            return text
        return _strictly(raw, codec) or _western(raw)
    return _strictly(raw, codec)


def _unmistakable(raw: bytes) -> str:
    return "iso2022_jp_ext" if b"\x1b" in raw and _JAPANESE.search(raw) else ""


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _nearly(raw: bytes, codec: str) -> str | None:
    """The declared charset after all, when only a few of its characters are broken."""
    if codec in ("utf-8", "ascii"):
        return None
    try:
        text = raw.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return None
    foreign = text.count("\ufffd") * 20
    return text if foreign <= len(text) - len(text.encode("ascii", "ignore")) else None


def _somehow(raw: bytes) -> str:
    """UTF-8 whose bad bytes are read as Western ones; all Western when there are many."""
    if raw.decode("utf-8", "replace").count("\ufffd") > _FEW:
        return _western(raw)
    return raw.decode("utf-8", "carteria.western")


def _western(raw: bytes) -> str:
    return raw.decode("cp1252", "carteria.western")


def _as_western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    if error.encoding == "utf-8":
        return _western(bad), error.end
    return bad.decode("latin-1"), error.end


codecs.register_error("carteria.western", _as_western)
