"""Words as the index keeps them: case, accents and punctuation do not count.

Both databases get the words ready-made, so that they find the same. Scripts that put no spaces
between words are kept as pairs of neighbours, each beginning at every character: 東京都 becomes
東京 京都 都.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MOST_CHARACTERS = 32_000  # of one document
MOST_WORDS = 16_000  # PostgreSQL counts positions up to 16,383
LONGEST_WORD = 40
MOST_ASKED = 200  # characters of a question
MOST_TERMS = 16

_WORD = re.compile(r"[^\W_]+")
_QUOTED_OR_NOT = re.compile(r'"([^"]*)("|$)|[^\s"]+')
_UNSPACED = (  # Thai, Lao; Myanmar; Khmer; kana; Han; Hangul; more Han
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
# Letters that Unicode takes for wholes, and people write without their stroke; a mute long line.
_PLAIN = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d"}
_PLAIN |= {"þ": "th", "ـ": ""}
_KANA_MARKS = "\u3099\u309a"  # か and が are two letters, not one with an accent


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other; with PREFIX the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False


def words_of(text: str) -> list[str]:
    """The words of a document in their order, as many as are kept."""
    folded = _folded(text[:MOST_CHARACTERS])
    found = _WORD.findall(folded)
    if not folded.isascii():
        found = [piece for word in found for run in _RUN.findall(word) for piece in _pieces(run)]
    return [word[:LONGEST_WORD] for word in found[:MOST_WORDS]]


def terms_of(question: str) -> tuple[Term, ...]:
    """What somebody typed: each term must be there; the last word may be unfinished."""
    terms: list[Term] = []
    for found in _QUOTED_OR_NOT.finditer(question[:MOST_ASKED]):
        finished = found[2] == '"'
        terms += _asked(found[0], may_go_on=not finished and found.end() >= _end(question))
    return tuple(terms[:MOST_TERMS])


def _end(question: str) -> int:
    return len(question[:MOST_ASKED].rstrip())


def _asked(chunk: str, *, may_go_on: bool) -> Iterator[Term]:
    """What hangs together, as `ana.lopez@firma.test`, is one term; a run without spaces another."""
    spaced: list[str] = []
    for run in (run for word in _WORD.findall(_folded(chunk)) for run in _RUN.findall(word)):
        if _IS_UNSPACED.match(run):
            if spaced:
                yield Term(tuple(spaced))
                spaced = []
            pairs = tuple(_pieces(run))
            yield Term(pairs[:-1]) if len(pairs) > 1 else Term(pairs, prefix=True)
        else:
            spaced.append(run[:LONGEST_WORD])
    if spaced:
        yield Term(tuple(spaced), prefix=may_go_on and len(spaced[-1]) < LONGEST_WORD)


def _pieces(run: str) -> Iterator[str]:
    if _IS_UNSPACED.match(run):
        return (run[start : start + 2] for start in range(len(run)))
    return iter((run,))


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    bare = _marks().sub("", unicodedata.normalize("NFKD", text).casefold())
    for letter, plain in _PLAIN.items():
        bare = bare.replace(letter, plain)
    return unicodedata.normalize("NFC", bare)


@cache
def _marks() -> re.Pattern[str]:
    """Accents, vowel points and signs, in all scripts of the first plane."""
    every = map(chr, range(0x300, 0x10000))
    marks = (one for one in every if unicodedata.category(one).startswith("M"))
    return re.compile(f"[{''.join(one for one in marks if one not in _KANA_MARKS)}]+")
