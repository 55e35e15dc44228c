"""Dots and letters that look like those of a denied ending, though no system takes them for it."""

import unicodedata

# What Unicode's compatible form leaves as it is: ideographic, Arabic, Syriac, Lisu stops, middle
# dots, bullets.
_DOTS = (
    "\u3002\u00b7\u0387\u0589\u06d4\u0701\u0702\u1362\u2022\u2027\u2219\u22c5\u2e31\u2e33\u30fb"
    "\ua4f8\ua60e\ufe12"
)
# Cyrillic, Greek, Armenian, phonetic and small capital letters, by the Latin one of the endings.
_LETTERS = {
    "a": "\u0430\u03b1\u0251\u1d00",
    "b": "\u0432\u044c\u03b2\u0185\u0299",
    "c": "\u0441\u1d04\u2ca5",
    "d": "\u0501\u1d05",
    "e": "\u0435\u0454\u04bd\u03b5\u1d07",
    "i": "\u0456\u03b9\u0131\u0269\u026a",
    "l": "\u04cf\u029f\u0196",
    "n": "\u043f\u03bd\u0274\u0578",
    "p": "\u0440\u03c1\u1d18",
    "r": "\u0433\u0280\u1d26",
    "s": "\u0455\ua731",
    "t": "\u0442\u03c4\u1d1b",
    "x": "\u0445\u03c7\u2cad\u00d7",
    "z": "\u03b6\u1d22\u0290",
}
_AS_DOTS = dict.fromkeys(map(ord, _DOTS), ".")
_AS_LATIN = {ord(one): latin for latin, like in _LETTERS.items() for one in like}


def with_plain_dots(text: str) -> str:
    return text.translate(_AS_DOTS)


def latin_look(text: str) -> str:
    """Without accents, and each letter as the Latin one it looks like; lower case is expected."""
    bare = unicodedata.normalize("NFKD", text)
    return "".join(char for char in bare if not unicodedata.combining(char)).translate(_AS_LATIN)


def is_mixed(text: str) -> bool:
    """Latin letters beside others, which no honest ending has."""
    return not text.isascii() and any(char.isascii() and char.isalpha() for char in text)
