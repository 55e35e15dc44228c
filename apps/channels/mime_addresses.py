"""Address headers (RFC 5322, 3.4): groups, comments, quoted strings, encoded words, within caps."""

import re
from collections.abc import Iterator

from apps.channels.parsed import Address
from apps.core.mime.charsets import clean_line
from apps.core.mime.headers import decode_words

MOST_ADDRESSES = 1000
LONGEST_ADDRESS = 320
LONGEST_NAME = 200

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<quoted>"(?:[^"\\]|\\.)*+"?)
    | (?P<comment>\()
    | (?P<angle><(?:(?:@[^\s<>",:@]+\s*,?\s*)++:)?+(?:[^<>",]|"(?:[^"\\]|\\.)*+")*+>?)
    | (?P<literal>\[[^\]\s,]*\]?)
    | (?P<mark>[,;:])
    | (?P<encoded>=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,1000}\?=)
    | (?P<atom>[^\s"(<\[,;:=]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"[()\\]")


def read_addresses(fields: list[str]) -> tuple[Address, ...]:
    """Every address of the fields, in order; nothing without an address in it."""
    found: list[Address] = []
    for field in fields:
        for address in _addresses(field):
            found.append(address)
            if len(found) >= MOST_ADDRESSES:
                return tuple(found)
    return tuple(found)


def _addresses(field: str) -> Iterator[Address]:
    some = False
    for mailbox in _mailboxes(field):
        if address := mailbox.address():
            some = True
            yield address
    if not some and "=?" in field:  # some senders encode name and address together
        for mailbox in _mailboxes(decode_words(field)):
            if address := mailbox.address():
                yield address


class _Mailbox:
    """What stands between two commas."""

    __slots__ = ("angle", "comment", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.angle: str | None = None
        self.comment = ""

    def address(self) -> Address | None:
        email, name = self._bare() if self.angle is None else self._angled(self.angle)
        email = clean_line(email)
        if not email or len(email) > LONGEST_ADDRESS:
            return None
        return Address(email, _shown(name or self.comment))

    def _angled(self, angle: str) -> tuple[str, str]:
        email = re.sub(r"\s+", "", angle)
        if email.startswith("@") and ":" in email:  # an obsolete route
            email = email.rpartition(":")[2]
        return re.sub(r"(?i)^mailto:", "", email), "".join(map(_unquoted, self.words))

    def _bare(self) -> tuple[str, str]:
        """Without angle brackets: the word with an @ is the address, the rest a name."""
        text = "".join(self.words).strip()
        if "@" not in text:
            return "", ""
        if text.startswith('"'):
            return re.sub(r"\s+", "", text) if re.match(r'"[^"]*"@', text) else text, ""
        tight = re.sub(r"\s*([@.])\s*", r"\1", text)
        if not re.search(r"\s", tight):
            return tight, ""
        email = next((word for word in tight.split() if "@" in word[1:-1]), "")
        return email, tight.replace(email, " ", 1)


def _mailboxes(field: str) -> Iterator[_Mailbox]:
    mailbox = _Mailbox()
    at = 0
    while found := _TOKEN.match(field, at):
        kind, token, at = found.lastgroup, found[0], found.end()
        if kind == "comment":
            comment, at = _comment(field, at)
            mailbox.comment = mailbox.comment or comment
        elif kind == "angle":
            _take_angle(mailbox, token.strip("<>").strip())
        elif kind != "mark":
            mailbox.words.append(" " if kind == "space" else token)
        elif token != ":" or not any("@" in word for word in mailbox.words):
            if token != ":":  # what stood before a colon was a group's name
                yield mailbox
            mailbox = _Mailbox()
        else:
            mailbox.words.append(token)
    yield mailbox


def _take_angle(mailbox: _Mailbox, angle: str) -> None:
    """Of several in a row, the last that holds an address."""
    if mailbox.angle is None or "@" in angle:
        mailbox.angle = angle


def _comment(field: str, at: int) -> tuple[str, int]:
    """The comment's text and where it ends; comments nest."""
    start, depth = at, 1
    while found := _COMMENT_MARK.search(field, at):
        at = found.end() + (found[0] == "\\")
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if not depth:
            return field[start : found.start()], at
    return field[start:], len(field)


def _unquoted(word: str) -> str:
    if word[0] != '"':
        return word
    return re.sub(r"\\(.)", r"\1", word[1:].removesuffix('"'))


def _shown(name: str) -> str:
    text = decode_words(name).strip("\"' ")
    return re.sub(r"\s+", " ", text)[:LONGEST_NAME].strip()
