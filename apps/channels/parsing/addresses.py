"""Address headers (RFC 5322, 3.4): groups, comments, quoted strings, encoded words, within caps."""

import re
from collections.abc import Iterator

from apps.channels.parsed import Address
from apps.core.mime.charsets import clean_line
from apps.core.mime.words import decode_words

MOST_ADDRESSES = 1000
LONGEST_ADDRESS = 320
LONGEST_NAME = 200
MOST_COMMAS = 2  # in a name that should have been quoted

# What almost every mailer writes, which nobody can read in two ways.
_PLAIN = re.compile(
    r"(?:([A-Za-z0-9]{1,30}(?: [A-Za-z0-9]{1,30}){0,5}) <)?([\w.+-]{1,64}@[\w.-]{1,190})(?(1)>)",
    re.ASCII,
)
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<quoted>"(?:[^"\\]|\\.)*+"?)
    | (?P<comment>\()
    | (?P<angle><(?:(?:@[^\s<>",:@]+\s*,?\s*)++:)?+(?:[^<>",]|"(?:[^"\\]|\\.)*+")*+>?)
    | (?P<literal>\[[^\]\s,]*\]?)
    | (?P<mark>[,;:])
    | (?P<encoded>=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,1000}\?=)
    | (?P<atom>[^\s"(<\[,;:=\\]+|\\.|.)""",
    re.VERBOSE | re.DOTALL,
)
_LOCAL = re.compile(r"((?![Uu]ndisclosed)[A-Za-z][\w.+-]{0,63})\s*+(?:\(([^()]{0,200})\))?")
_AROUND_DOT = re.compile(r"\s*([@.])\s*")
_QUOTED_LOCAL = re.compile(r"""("(?:[^"\\]|\\.)*+")(\s*@\s*\S+)""")
_ALL_QUOTED = re.compile(r'"[^"@]+@[^"]+"')
_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*+"?|[^"]+')
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
    if plain := _PLAIN.fullmatch(field):
        yield Address(plain[2], plain[1] or "")
        return
    some = False
    for mailbox in _mailboxes(field):
        for address in mailbox.addresses():
            some = True
            yield address
    if some:
        return
    if "=?" in field:  # some senders encode name and address together
        for mailbox in _mailboxes(decode_words(field)):
            yield from mailbox.addresses()
    elif found := _LOCAL.fullmatch(field):  # a program of the same machine
        yield Address(found[1], _shown(found[2] or ""))


class _Mailbox:
    """What stands between two commas, or around a comma that its writer forgot to quote."""

    __slots__ = ("angle", "angle_at", "comment", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.angle: str | None = None
        self.angle_at = 0  # how many words stand before it
        self.comment = ""

    def addresses(self) -> Iterator[Address]:
        for email, name in [self._angled(self.angle)] if self.angle is not None else self._bare():
            email = clean_line(email)
            if email and len(email) <= LONGEST_ADDRESS:
                yield Address(email, _shown(name.strip() or self.comment))

    def has_address(self) -> bool:
        return self.angle is not None or any("@" in word for word in self.words)

    def is_done(self) -> bool:
        """An address in angle brackets, and words behind it: the comma was forgotten."""
        if self.angle is None or "@" not in self.angle:
            return False
        return any(word.strip(" >") for word in self.words[self.angle_at :])

    def may_go_on(self) -> bool:
        """`Doe, John <j@x>`: no address yet, and not too much of a name."""
        some = any(word != "," and not word.isspace() for word in self.words)
        return some and not self.has_address() and self.words.count(",") < MOST_COMMAS

    def _angled(self, angle: str) -> tuple[str, str]:
        if "=?" in angle:
            angle = decode_words(angle)
        email = _tight(angle)
        if email.startswith("@") and ":" in email:  # an obsolete route
            email = email.rpartition(":")[2]
        name = "".join(_unquoted(word) for word in self.words if word != ">").strip(" ,")
        return re.sub(r"(?i)^mailto:", "", _bared(email)), name

    def _bare(self) -> Iterator[tuple[str, str]]:
        """Without angle brackets: the word with an @ is the address, the rest a name."""
        last = len(self.words) - self.words[::-1].index(",") if "," in self.words else 0
        text = "".join(self.words[last:]).strip()
        if "@" not in text:
            return
        if text.startswith('"') and (found := _QUOTED_LOCAL.fullmatch(text)):
            yield found[1] + _tight(found[2]), ""
            return
        tight = _AROUND_DOT.sub(r"\1", text)
        emails = [word for word in tight.split() if "@" in word[1:-1]]
        if len(emails) > 1 and emails == tight.split():
            yield from ((_bared(word), "") for word in emails)
        elif emails:
            name = tight.replace(emails[0], " ", 1)
            yield re.sub(r"(?i)^mailto:", "", _bared(emails[0])), name
        elif not re.search(r"\s", tight):
            yield tight, ""


def _tight(text: str) -> str:
    """Without blanks, save those within quotes."""
    if '"' not in text:
        return "".join(text.split())
    return "".join(one if one[0] == '"' else "".join(one.split()) for one in _QUOTES.findall(text))


def _bared(email: str) -> str:
    """Without the brackets and quotes that stand around all of it, or on one side."""
    email = email.strip("<>")
    if email[:1] == email[-1:] == "'":
        return email.strip("'")
    return email[1:-1] if _ALL_QUOTED.fullmatch(email) else email


def _mailboxes(field: str) -> Iterator[_Mailbox]:
    mailbox = _Mailbox()
    at = 0
    while found := _TOKEN.match(field, at):
        kind, token, at = found.lastgroup, found[0], found.end()
        if kind == "quoted" and (len(token) == 1 or token[-1] != '"'):
            at = found.start()  # it never ends: then it never began
            field = field[:at] + field[at:].replace('"', " ")
        elif kind == "comment":
            comment, at = _comment(field, at)
            mailbox.comment = mailbox.comment or comment
        elif kind == "angle" or (kind == "literal" and _is_angle(token, mailbox)):
            if "@" in token and mailbox.is_done():
                mailbox, done = _Mailbox(), mailbox
                mailbox.words = done.words[done.angle_at :]
                del done.words[done.angle_at :]
                yield done
            _take_angle(mailbox, token.strip("<>[]" if kind == "literal" else "<>").strip())
        elif kind != "mark":
            mailbox.words.append(" " if kind == "space" else token)
        elif token == "," and mailbox.may_go_on():
            mailbox.words.append(token)
        elif token != ":" or not any("@" in word for word in mailbox.words):
            if token != ":":  # what stood before a colon was a group's name
                yield mailbox
            mailbox = _Mailbox()
        else:
            mailbox.words.append(token)
    yield mailbox


def _is_angle(literal: str, mailbox: _Mailbox) -> bool:
    """`Ann [mailto:ann@x]`; but not `ann@[192.0.2.1]`."""
    return "@" in literal and not (mailbox.words and mailbox.words[-1].endswith("@"))


def _take_angle(mailbox: _Mailbox, angle: str) -> None:
    """Of several in a row, the last that holds an address."""
    if mailbox.angle is None or "@" in angle:
        mailbox.angle = angle
        mailbox.angle_at = len(mailbox.words)


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
    if word[0] == "\\":
        return word[1:]
    if word[0] != '"':
        return word
    return re.sub(r"\\(.)", r"\1", word[1:].removesuffix('"'))


def _shown(name: str) -> str:
    text = decode_words(name)[: 5 * LONGEST_NAME]
    if text.count('"') == 1:
        text = text.strip('"')
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return re.sub(r"\s+", " ", text)[:LONGEST_NAME].strip()
