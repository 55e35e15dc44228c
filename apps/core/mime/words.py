"""Encoded words in header fields (RFC 2047, 2231), as careless senders write them."""

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from apps.core.mime.charsets import clean_line, decode, fits

_OPENING = re.compile(r"=\?\s{0,3}([^?\s]{0,60})\s{0,3}\?\s{0,3}([bBqQ])\s{0,3}\?")
# A question mark that its writer forgot to encode, before an encoded octet.
_QUESTION = re.compile(r"\?(?==[0-9A-Fa-f]{2}[^?]{0,200}\?=)")
_LETTERS = re.compile(r"[A-Za-z0-9+/=]{4,}")
_OCTET = re.compile(r"=[0-9A-Fa-f]{2}|_")
_BETWEEN = re.compile(r"(?:\s|\\[trn])*+")  # some mailers fold with a backslash and a t
_NO_LETTER = re.compile(r"[^A-Za-z0-9+/]+")
_RAW_WORD = re.compile(rb"=\?[^?\s]{0,60}\?([bBqQ])\?[^?]*+")
_RAW = re.compile(rb"[\x80-\xff]")


class _Word(NamedTuple):
    charset: str
    is_base64: bool
    content: str
    end: int


def decode_words(value: str) -> str:
    """Encoded words wherever they stand, as mail readers do; one clean line."""
    if "=?" not in value:
        return clean_line(value)
    return clean_line("".join(_decoded(value)))


def tidy_words(field: bytes) -> bytes:
    """Octets that stand raw within a word belong to the word's charset, not to the header's."""
    return _RAW_WORD.sub(_tidied, field)


def _tidied(found: re.Match[bytes]) -> bytes:
    if found[1] in b"bB":
        return _RAW.sub(b"", found[0])
    return _RAW.sub(lambda octet: b"=%02X" % octet[0][0], found[0])


def _decoded(value: str) -> Iterator[str]:
    """Neighbours of one charset are decoded together: senders cut characters in two."""
    run: list[_Word] = []
    at = 0
    for start, word in _words(value):
        between = value[at:start]
        if run and _BETWEEN.fullmatch(between):
            between = ""
        if run and (between or word.charset.lower() != run[0].charset.lower()):
            yield _text_of(run)
            run = []
        if between:
            yield between
        run.append(word)
        at = word.end
    if run:
        yield _text_of(run)
    yield value[at:]


def _words(value: str) -> Iterator[tuple[int, _Word]]:
    opening = _OPENING.search(value)
    while opening:
        following = _OPENING.search(value, opening.end())
        limit = following.start() if following else len(value)
        if word := _word(value, opening, limit):
            yield opening.start(), word
        opening = following


def _word(value: str, opening: re.Match[str], limit: int) -> _Word | None:
    """Up to its end; without one, as far as it looks like a word."""
    charset, letter, start = opening[1], opening[2], opening.end()
    is_base64 = letter in "bB"
    stop = value.find("?=", start, limit + 1)
    if stop >= 0 and not is_base64 and (asked := _QUESTION.match(value, stop)):
        stop = value.find("?=", asked.end(), limit + 1)
    if stop >= 0:
        return _Word(charset, is_base64, value[start:stop], min(stop + 2, max(limit, stop + 1)))
    content = value[start:limit]
    if is_base64:
        found = _LETTERS.match(content)
        return _Word(charset, True, found[0], start + found.end()) if found else None
    if not _OCTET.search(content):
        return None
    return _Word(charset, False, content.rstrip().removesuffix("?"), limit)


def _text_of(run: list[_Word]) -> str:
    charset = run[0].charset
    octets = b"".join(map(_octets, run))
    if len(run) > 1 and run[0].is_base64 and not fits(octets, charset):
        whole = _from_letters("".join(word.content for word in run if word.is_base64))
        if fits(whole, charset):  # somebody cut the base64 itself in pieces
            octets = whole
    return decode(octets, charset)


def _octets(word: _Word) -> bytes:
    if word.is_base64:
        return _from_letters(word.content)
    content = word.content.encode("utf-8", "replace").replace(b" ", b"_")
    return binascii.a2b_qp(content, header=True)


def _from_letters(content: str) -> bytes:
    letters = _NO_LETTER.sub("", content)
    whole = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:whole] + "=" * (-whole % 4))
