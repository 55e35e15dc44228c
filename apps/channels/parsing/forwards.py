"""Who wrote the mail that somebody passes on: by the header that programs copy above it.

Only a mail that says it is a forward is looked at, by its subject or by its first words: an answer
quotes with the same header, and whoever is quoted in an answer is no customer.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from apps.channels.lookalikes import with_turns_marked, without_turns
from apps.channels.parsed import Address, ParsedEmail, ParsedFile
from apps.channels.parsing.addresses import read_addresses
from apps.channels.parsing.forward_words import FIELDS, PREFIXES, STEMS
from apps.core.html_text import html_to_text
from apps.core.mime.headers import read_headers
from apps.core.mime.structure import with_line_ends
from apps.core.quote_words import DATE, FORWARDS, FROM, ORIGINALS, ORIGINALS_BEGIN, SUBJECT, TO

MOST_TEXT = 40_000  # characters: a note above it, and the header
MOST_HTML = 300_000  # the styles of Outlook alone take a tenth of it
MOST_BEFORE_HTML = 20_000
MOST_LINES = 400
LONGEST_LINE = 1000
LONGEST_HEADER = 16  # lines
LONGEST_MARK = 90
MOST_BEFORE_MARK = 500  # characters: blanks, then the mark
MOST_HEADER_BYTES = 64 * 1024

By = Literal["attachment", "text", "html"]

_WORDS = sorted({word for row in PREFIXES.values() for word in row.split("|")}, key=len)[::-1]
_PREFIX = re.compile(
    rf"\s*\[?\s*({'|'.join(map(re.escape, _WORDS))})\s*(?:\[\d{{1,3}}\]|\(\d{{1,3}}\))?\s*[:：]",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_QUOTED = re.compile(r"(?:>\s?){1,20}")
_FRAME = "-_*=~—–•·>< \t:："
_FIELD = re.compile(r"[*_]{0,2}([^:：*]{1,40}?)[*_]{0,2}\s?[:：][*_]{0,2}(.*)")
_MAILTO = re.compile(r"\[mailto:([^\]\s]{1,320})\]|<mailto:([^>\s]{1,320})>", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}")
_AROUND_NAME = " \t\"'<>()[]*_,;:«»“”„‘’"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The writer of the mail inside, and where that was read."""

    address: Address
    by: By


def with_first_writer(email: ParsedEmail) -> ParsedEmail:
    if email.is_bounce or email.is_receipt or email.feedback_type:
        return email
    found = forwarded_from(email.subject, email.text, email.html, email.files)
    if found is None:
        return email
    writer = Address(with_turns_marked(found.address.email), without_turns(found.address.name))
    return replace(email, forwarded_from=writer, forwarded_by=found.by)


def forwarded_from(
    subject: str, text: str | None, html: str | None, files: Sequence[ParsedFile]
) -> Forwarded | None:
    """The newest writer, where one mail was passed on several times."""
    said = _PREFIX.match(subject)
    prefix = _small(said[1]) if said else ""
    said_first = prefix or _begins_as_forward(_written((text or "")[:MOST_BEFORE_MARK]))
    if said_first and (found := _in_lines(_lines(text or ""), prefix)):
        return Forwarded(found, "text")
    worth_reading = prefix or (not text and _may_say_so(html or ""))
    shown = html_to_text(html[:MOST_HTML]) if html and worth_reading else ""
    if shown and (found := _in_lines(_lines(shown), prefix)):
        return Forwarded(found, "html")
    return _attached(files) if said_first else None


def _may_say_so(html: str) -> bool:
    """Quickly: without a word in the subject, few mails are worth the reading."""
    beginning = html[:MOST_BEFORE_HTML].lower()
    return any(stem in beginning for stem in STEMS)


# ---- the text -------------------------------------------------------------------------------


def _lines(text: str) -> list[str]:
    return list(_written(text))


def _written(text: str) -> Iterator[str]:
    """Without signs of quotes and of direction; Apple indents what it passes on as a quote."""
    cut = _INVISIBLE.sub("", text[:MOST_TEXT]).replace("\xa0", " ")
    for line in cut.split("\n", MOST_LINES)[:MOST_LINES]:
        line = line.strip()[:LONGEST_LINE]
        yield line[found.end() :] if (found := _QUOTED.match(line)) else line


def _in_lines(lines: list[str], prefix: str) -> Address | None:
    if not prefix and not _begins_as_forward(lines):
        return None
    for number, line in enumerate(lines):
        if _is_mark(line):
            header = _Header(lines, _next_written(lines, number + 1))
            if found := header.sender() or header.stranger():
                return found
        elif _kind(line):
            header = _Header(lines, number)
            if header.is_whole and not header.is_answer_in_finnish(prefix):
                return header.sender()
    return None


def _begins_as_forward(lines: Iterable[str]) -> bool:
    first = next(filter(None, lines), "")
    return _is_forward_mark(first)


def _is_mark(line: str) -> bool:
    return _is_forward_mark(line) or _words_of(line) in ORIGINALS


def _is_forward_mark(line: str) -> bool:
    """`---------- Forwarded message ---------`, `Begin forwarded message:`, and the like."""
    words = _words_of(line)
    if not words:
        return False
    if words in FORWARDS or (words.startswith(ORIGINALS_BEGIN) and line.startswith("--")):
        return True
    is_framed = line.startswith(("--", "==", "__", "**")) or line.endswith((":", "："))
    return is_framed and any(stem in words for stem in STEMS) and "@" not in words


def _words_of(line: str) -> str:
    return _small(line.strip(_FRAME)) if len(line) <= LONGEST_MARK else ""


def _small(text: str) -> str:
    """The Turkish I keeps its dot otherwise, as a letter of its own."""
    return text.lower().replace("i\u0307", "i")


def _next_written(lines: list[str], number: int) -> int:
    return next((at for at in range(number, min(number + 4, len(lines))) if lines[at]), number)


# ---- a header -------------------------------------------------------------------------------


class _Header:
    """Fields in a row, as far as they go; a program may set blank lines between them."""

    def __init__(self, lines: list[str], start: int) -> None:
        self.fields: list[tuple[str, str, str]] = []  # name, kind, value
        self._read(lines[start : start + LONGEST_HEADER])

    def _read(self, lines: list[str]) -> None:
        for number, line in enumerate(lines):
            name, kind, value = _field(line)
            if kind or (name and not self._has(FROM)):
                self.fields.append((name, kind, value))
            elif line and self.fields and not self.fields[-1][2].count("@"):
                name, kind, value = self.fields[-1]
                self.fields[-1] = (name, kind, f"{value} {line}".strip())  # folded, or a table
            elif not line and not any(_kind(one) for one in lines[number + 1 : number + 2]):
                return

    def _has(self, kind: str) -> bool:
        return any(one == kind for _name, one, _value in self.fields)

    @property
    def is_whole(self) -> bool:
        """Enough of it that no letter looks like that by chance."""
        return self._has(FROM) and sum(map(self._has, (DATE, TO, SUBJECT))) >= 2

    def sender(self) -> Address | None:
        values = (value for _name, kind, value in self.fields if kind == FROM)
        return next(filter(None, map(_address, values)), None)

    def stranger(self) -> Address | None:
        """Below words that say what follows, in a language whose `From` is not known."""
        unknown = (value for _name, kind, value in self.fields[:4] if not kind)
        return next(filter(None, map(_address, unknown)), None)

    def is_answer_in_finnish(self, prefix: str) -> bool:
        """`VS:` is an answer there, and a forward in Denmark and Norway."""
        return prefix == "vs" and any(name == "lähettäjä" for name, _kind, _value in self.fields)


def _kind(line: str) -> str:
    return _field(line)[1]


def _field(line: str) -> tuple[str, str, str]:
    """Name, kind and value; nothing where the line is no field. A kind: the name is known."""
    found = _FIELD.fullmatch(line)
    if not found:
        return "", "", ""
    name = _small(found[1].strip())
    return name, FIELDS.get(name, ""), found[2].strip()


def _address(value: str) -> Address | None:
    """The first one; a comma in an unquoted name is no border here."""
    value = _MAILTO.sub(lambda one: f" <{one[1] or one[2]}>", value)
    found = _ADDRESS.search(value)
    if not found:
        return None
    email = found[0].strip(".'")
    before, after = value[: found.start()], value[found.end() :]
    name = before.strip(_AROUND_NAME) or _in_brackets(after)
    return Address(email, "" if "@" in name else " ".join(name.split())[:200])


def _in_brackets(text: str) -> str:
    """`ann@example.com (Ann Miller)`"""
    inside = text.strip(" >")
    return inside[1:].partition(")")[0].strip(_AROUND_NAME) if inside.startswith("(") else ""


# ---- a file ---------------------------------------------------------------------------------


def _attached(files: Sequence[ParsedFile]) -> Forwarded | None:
    return next((Forwarded(one, "attachment") for one in _writers(files)), None)


def _writers(files: Sequence[ParsedFile]) -> Iterator[Address]:
    for file in files:
        if file.content_type == "message/rfc822" or file.name.lower().endswith(".eml"):
            raw = with_line_ends(file.content[:MOST_HEADER_BYTES])
            headers, _body = read_headers(raw, 0, len(raw))
            yield from read_addresses(headers.all("from"))[:1]
