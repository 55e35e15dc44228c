"""What a report says to people: its own lines, apart from the copy of our mail that follows."""

import re
from dataclasses import dataclass
from functools import cached_property

from apps.channels.parsed import ParsedEmail
from apps.channels.parsing.bounces.phrases import COPIES
from apps.core.html_text import html_to_text

MOST_TEXT = 50_000  # characters that are looked at
MOST_HTML = 200_000
MOST_FILES = 5
LONGEST_WORDS = 3000
LONGEST_ADDRESS = 320

_FIELD = re.compile(r"(?m)^(?:received|return-path|dkim-signature|x-received): ?\S", re.I)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "İ": "I", "\u00a0": " "})


@dataclass(frozen=True)
class Words:
    """`own` and `low` have the same length, so that a place in one is a place in the other."""

    own: str  # lines without indents, blanks in a row as one
    copy: str  # of our mail, as it stands below them
    raw: str  # all of it with its indents

    @cached_property
    def low(self) -> str:
        """In lower case and with a blank for each line end: phrases may be folded anywhere."""
        return _lower(self.own).replace("\n", " ")

    def say(self, phrases: tuple[str, ...], most: int = MOST_TEXT) -> bool:
        low = self.low[:most]
        return any(phrase in low for phrase in phrases)


def words_of(email: ParsedEmail) -> Words:
    texts = [(email.text or "")[:MOST_TEXT]]
    if not texts[0].strip() and email.html:
        texts = [html_to_text(email.html[:MOST_HTML])[:MOST_TEXT]]
    texts += _named_texts(email)
    raw = "\n".join(texts)[:MOST_TEXT]
    text = raw.translate(_QUOTES)
    lines = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    cut = _copy_begins(lines)
    return Words(lines[:cut], lines[cut:], raw)


def one_line(text: str) -> str:
    """For people: without control characters and nothing that turns the line around."""
    shown = "".join(one if one.isprintable() else " " for one in text[: 2 * LONGEST_WORDS])
    return " ".join(shown.split())[:LONGEST_WORDS].strip()


def shown_address(text: str) -> str:
    """Without invisible characters; nothing where it is longer than any address."""
    shown = "".join(filter(str.isprintable, text[: LONGEST_ADDRESS + 1]))
    return shown if len(shown) <= LONGEST_ADDRESS else ""


def _named_texts(email: ParsedEmail) -> list[str]:
    """Some servers give their words a file name."""
    texts = [file for file in email.files[:MOST_FILES] if file.content_type == "text/plain"]
    return [file.content[:MOST_TEXT].decode("utf-8", "replace") for file in texts]


def _copy_begins(lines: str) -> int:
    """A sentence that announces a copy counts once somebody is named: some come before the list."""
    low = _lower(lines).replace("\n", " ")
    named = lines.find("@") + 1
    begins = [at for phrase in COPIES if named and (at := low.find(phrase, named)) > 0]
    if field := _FIELD.search(lines):
        begins.append(field.start())
    cut = min(begins, default=len(lines))
    return lines.rfind("\n", 0, cut) + 1 if cut < len(lines) else cut


def _lower(text: str) -> str:
    low = text.lower()
    return low if len(low) == len(text) else "".join(one.lower()[:1] or one for one in text)
