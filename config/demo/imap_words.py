"""The language of IMAP (RFC 3501): commands taken apart, sets of numbers, folder patterns."""

import re
from collections.abc import Sequence

# A command is a list of atoms and strings (str), literals (bytes) and lists of these.
Word = str | bytes | list["Word"]

LITERAL_END = re.compile(rb"\{(\d{1,10})(\+?)\}\r?\n\Z")
_TOKEN = re.compile(
    rb'\s*(?:"((?:\\.|[^"\\])*)"|\{(\d+)\+?\}\r?\n|([()])|((?:\[[^\]]*\]|[^\s()"\[{])+))', re.S
)
_SET = re.compile(r"(?:\d+|\*)(?::(?:\d+|\*))?(?:,(?:\d+|\*)(?::(?:\d+|\*))?)*")


def words(command: bytes) -> list[Word]:
    """ValueError when it makes no sense."""
    stack: list[list[Word]] = [[]]
    command, at = command.removesuffix(b"\n").removesuffix(b"\r"), 0  # a literal keeps its own
    while at < len(command):
        found = _TOKEN.match(command, at)
        if not found and not command[at:].strip():
            break
        if not found:
            raise ValueError("no IMAP")
        at = found.end()
        quoted, literal, bracket, atom = found.groups()
        if literal is not None:
            stack[-1].append(command[at : at + int(literal)])
            at += int(literal)
        elif bracket == b"(":
            stack.append([])
        elif bracket == b")":
            _close(stack)
        else:
            text = re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else atom
            stack[-1].append(text.decode("utf-8", "replace"))
    if len(stack) != 1:
        raise ValueError("a bracket is open")
    return stack[0]


def _close(stack: list[list[Word]]) -> None:
    if len(stack) == 1:
        raise ValueError("a bracket too many")
    inner = stack.pop()
    stack[-1].append(inner)


def text(word: Word) -> str:
    if isinstance(word, list):
        raise ValueError("a text is needed")
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else word


def quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_set(word: Word) -> bool:
    return isinstance(word, str) and bool(_SET.fullmatch(word))


def in_set(word: Word, numbers: Sequence[int]) -> set[int]:
    """Those of NUMBERS that the set names; `*` is the highest."""
    if not is_set(word):
        raise ValueError("a set of numbers is needed")
    highest = max(numbers, default=0)
    found: set[int] = set()
    for part in text(word).split(","):
        ends = [highest if end == "*" else int(end) for end in part.split(":")]
        found.update(one for one in numbers if min(ends) <= one <= max(ends))
    return found


def matches(pattern: str, name: str) -> bool:
    """`*` stands for anything, `%` for anything within one level."""
    known = {"*": ".*", "%": "[^/]*"}
    form = "".join(known.get(letter) or re.escape(letter) for letter in pattern)
    return bool(re.fullmatch(form, name, re.IGNORECASE if name == "INBOX" else 0))
