"""What senders call a charset, and the codec that reads most of the mail that is called so."""

import codecs
import re
from functools import lru_cache

ISO_2022_JP = "iso2022_jp_ext"
ISO_2022_KR = "iso2022_kr"
ISO_2022_CN = "iso2022_cn"  # Python has none; see iso2022.py

LONGEST_NAME = 80

# Names that Python lacks, or takes for something else.
_NAMES = {
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "gb-2312": "gb18030",
    "gb2312_charset": "gb18030",
    "euc-cn": "gb18030",
    "x-euc-cn": "gb18030",
    "hz-gb-2312": "hz",
    "x-mac-chinesesimp": "gb18030",
    "x-mac-chinesetrad": "big5hkscs",
    "big-5": "big5hkscs",
    "big5-eten": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "ks_c_5601": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "ks-c-5601-1987": "cp949",
    "x-mac-korean": "cp949",
    "sjis-win": "cp932",
    "x-sjis": "cp932",
    "x-ms-cp932": "cp932",
    "ms_kanji": "cp932",
    "x-mac-japanese": "cp932",
    "x-euc-jp": "euc_jp",
    "x-euc": "euc_jp",
    "jis": ISO_2022_JP,
    "jis_encoding": ISO_2022_JP,
    "jis7": ISO_2022_JP,
    "cp50220": ISO_2022_JP,
    "cp50221": ISO_2022_JP,
    "cp50222": ISO_2022_JP,
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "x-user-defined": "cp1252",
    "iso-latin-1": "cp1252",
    "iso-latin1": "cp1252",
    "western": "cp1252",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "logical": "iso8859_8",
    "iso-8859-6-i": "iso8859_6",
    "iso-8859-6-e": "iso8859_6",
    "macintosh": "mac_roman",
    "mac": "mac_roman",
    "x-mac-ce": "mac_latin2",
    "x-mac-centraleurroman": "mac_latin2",
    "x-mac-ukrainian": "mac_cyrillic",
    "x-mac-icelandic": "mac_iceland",
    "x-mac-thai": "cp874",
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode-2-0-utf-8": "utf-8",
    "utf8mb3": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8-mac": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "ucs2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "koi8": "koi8_r",
    "koi8-ru": "koi8_u",
    "koi": "koi8_r",
    "dos-866": "cp866",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "thai": "cp874",
}
# Codecs whose wider relative reads more real mail.
_WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso2022_jp": ISO_2022_JP,
    "iso2022_jp_1": ISO_2022_JP,
    "iso2022_jp_2": ISO_2022_JP,
    "utf-8-sig": "utf-8",
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
# Where a name only begins well: UTF-8MB, ISO-2022-JP-MS, windows-1252http-equiv ...
_BEGINNINGS = tuple(
    (re.compile(pattern), codec)
    for pattern, codec in [
        (r"utf[-_ ]?8", "utf-8"),
        (r"(?:us[-_ ]?)?ascii|ansi[-_ ]x3", "ascii"),
        (r"_?(?:cs)?iso[-_ ]?2022[-_ ]?jp", ISO_2022_JP),
        (r"(?:cs)?iso[-_ ]?2022[-_ ]?kr", ISO_2022_KR),
        (r"iso[-_ ]?2022[-_ ]?cn", ISO_2022_CN),
        (r"(?:cs|iso[-_ ]?)?8859[-_ ]?(\d{1,2})(?!\d)", "iso8859-{}"),
        (r"(?:cs)?iso[-_ ]?8859[-_ ]?(\d{1,2})(?!\d)", "iso8859-{}"),
        (r"(?:ms|microsoft|windows|win|cp|ibm|dos|[-_ ])++(\d{3,5})", "cp{}"),
        (r"gb[-_ ]?(?:2312|k|18030)", "gb18030"),
        (r"big[-_ ]?5", "big5hkscs"),
        (r"euc[-_ ]?jp", "euc_jp"),
        (r"euc[-_ ]?kr|ks[-_ ]?c[-_ ]?5601", "cp949"),
        (r"shift[-_ ]?jis|sjis", "cp932"),
        (r"koi8[-_ ]?u", "koi8_u"),
        (r"koi8", "koi8_r"),
    ]
)
_QUOTED = re.compile(r"[\s\"'<=(\\]*(?:charset\s*=[\s\"'<=\\]*)?")
_NAME = re.compile(r"[a-z0-9_][a-z0-9_.:+-]{0,39}")
_SPACED = re.compile(r"(?<=[a-z0-9]) (?=\d)")


@lru_cache(maxsize=512)
def codec_of(charset: str) -> str:
    """Python's name for CHARSET, or nothing when it is unknown or means nothing."""
    said = charset[:LONGEST_NAME].lower()
    said = said[_match_end(_QUOTED, said) :].partition("*")[0]
    found = _NAME.match(_SPACED.sub("-", said))
    if found is None:
        return ""
    name = found[0].rstrip(".:+-")
    if name in (ISO_2022_CN, "iso-2022-cn", "iso-2022-cn-ext"):
        return ISO_2022_CN
    shorter = name.removeprefix("x-")
    return _known(_NAMES.get(name, name)) or _known(shorter) or _by_beginning(shorter)


def _match_end(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    plain = found.name.replace("-", "_") not in _NO_CHARSET
    if not plain or not getattr(found, "_is_text_encoding", True):
        return ""
    return _WIDER.get(found.name, found.name)


def _by_beginning(name: str) -> str:
    for pattern, codec in _BEGINNINGS:
        if found := pattern.match(name):
            codec = codec.format(*found.groups())
            return codec if codec == ISO_2022_CN else _known(codec)
    return ""
