"""A mail's text cut into pieces: what its writer says, what is quoted, what is a signature.

The pieces together are the text, every character of it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.channels.parsing.quotes.signatures import fence_end, is_fence, signature_begin
from apps.core.quote_lines import (
    LONGEST_ATTRIBUTION,
    LONGEST_LINE,
    MOST_JOINED,
    begins_attribution,
    field_kind,
    fields_end,
    inner_attribution,
    is_attribution,
    is_rule,
    is_separator,
    may_end_attribution,
)
from apps.core.quote_words import DATE, FROM

# What is longer is looked at no more: it belongs to what was there before it.
MOST_LINES, MOST_CHARACTERS = 2000, 100_000
FEW_QUOTED_LINES = 3  # fewer, without an attribution and above all words, are part of them

# Initials may stand before the sign; SQL> and C> wait for a command.
_QUOTED = re.compile(
    r"\s{0,3}(?:(?!SQL|PS|CMD|DOS|[A-F]>)[A-Z]{1,4})?>(?!\s?(?:wrote|<))|\s{0,3}\|\s[^|]{0,500}$"
)
_PLAIN_BELOW = re.compile(r"^(?![ \t]{0,3}>)[ \t]*[^\s>]", re.MULTILINE)
_ARMOR = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\s*$")


class Kind(StrEnum):
    OWN = "own"
    CONTEXT = "context"  # quoted, and answered right below
    QUOTE = "quote"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Piece:
    kind: Kind
    text: str


@dataclass(slots=True)
class _Block:
    """Lines from BEGIN up to END, without the latter."""

    kind: Kind
    begin: int
    end: int
    introduction: int = 0  # so many of its lines say who wrote when
    quoted_lines: int = 0  # those with a sign; none: all that follows is quoted
    is_blank: bool = False


def pieces(text: str) -> list[Piece]:
    """In order; neighbours are of different kinds."""
    lines, rest = _lines(text)
    blocks = list(_blocks(lines))
    if rest:
        lines.append(rest)
        _take_rest(blocks, rest)
    blocks = _with_signatures(blocks, lines)
    _judge_quotes(blocks)
    if not any(block.kind is Kind.OWN for block in blocks):
        return [Piece(Kind.OWN, text)] if text else []
    return _joined(blocks, lines)


def _lines(text: str) -> tuple[list[str], str]:
    """Lines that keep their line feed; an attribution within a line begins one of its own."""
    looked_at = len(text)
    if looked_at > MOST_CHARACTERS:
        looked_at = text.rfind("\n", 0, MOST_CHARACTERS) + 1
    *found, left = text[:looked_at].split("\n", MOST_LINES)
    ends = [f"{line}\n" for line in found]
    if left and len(ends) < MOST_LINES:
        ends.append(left)
        left = ""
    rest = left + text[looked_at:]
    lines: list[str] = []
    for number, line in enumerate(ends):
        at = inner_attribution(line)
        if at and any(
            is_attribution([line[at:], *ends[number + 1 : last]], above_quote=False)
            for last in range(number + 1, number + 3)
        ):
            lines += [line[:at], line[at:]]
        else:
            lines.append(line)
    return lines, rest


def _take_rest(blocks: list[_Block], rest: str) -> None:
    """What is too long to be looked at goes with its neighbour, but words are never hidden."""
    last = blocks[-1] if blocks else _Block(Kind.OWN, 0, 0)
    if not blocks:
        blocks.append(last)
    open_tail = last.kind is Kind.QUOTE and last.quoted_lines == 0
    if last.kind is Kind.OWN or open_tail or not _PLAIN_BELOW.search(rest):
        last.end += 1
    else:
        blocks.append(_Block(Kind.OWN, last.end, last.end + 1))


# ---- blocks of lines ------------------------------------------------------------------------


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """Own words and quotes by turns; blank lines belong to what stands above them."""
    count = len(lines)
    number = own = _armor_end(lines, count)
    if own:
        yield _Block(Kind.SIGNATURE, 0, own)
    while number < count:
        if is_fence(lines[number]):
            number = fence_end(lines, number)
            continue
        block = _quote_at(lines, number, count) if lines[number].strip() else None
        if block is None:
            number += 1
            continue
        if block.begin > own:
            yield _Block(Kind.OWN, own, block.begin)
        yield block
        number = own = block.end
    if own < count:
        yield _Block(Kind.OWN, own, count)


def _armor_end(lines: Sequence[str], count: int) -> int:
    """What PGP writes above the words that it signs."""
    if not count or not _ARMOR.match(lines[0]):
        return 0
    number = next((one for one in range(1, min(count, 6)) if not lines[one].strip()), 0)
    return number + 1 if number else 0


def _quote_at(lines: Sequence[str], number: int, count: int) -> _Block | None:
    """What is quoted from NUMBER on: signed lines with their introduction, or all the rest."""
    if _QUOTED.match(lines[number]):
        return _signed(lines, number, _signed_attribution_end(lines, number), number, count)
    end = _introduction_end(lines, number, count)
    if end == number:
        return None
    following = _next_filled(lines, end, count)
    if following < count and _QUOTED.match(lines[following]):
        return _signed(lines, number, end, following, count)
    return _Block(Kind.QUOTE, number, len(lines), introduction=end - number)


def _signed(lines: Sequence[str], begin: int, introduced: int, number: int, count: int) -> _Block:
    end, quoted = number, 0
    while number < count:
        line = lines[number]
        if _QUOTED.match(line):
            quoted += 1
        elif line.strip() and not _is_loose_link(lines, number, count):
            break
        number += 1
        end = number
    return _Block(Kind.QUOTE, begin, end, introduced - begin, quoted)


def _is_loose_link(lines: Sequence[str], number: int, count: int) -> bool:
    """A long address that a program broke out of a quoted line."""
    line = lines[number].strip()
    if " " in line or not line.startswith(("http://", "https://", "<http", "(http")):
        return False
    return number + 1 < count and bool(_QUOTED.match(lines[number + 1]))


def _next_filled(lines: Sequence[str], number: int, count: int) -> int:
    while number < count and not lines[number].strip():
        number += 1
    return number


# ---- introductions --------------------------------------------------------------------------


def _introduction_end(lines: Sequence[str], number: int, count: int) -> int:
    """The line behind an introduction that begins at NUMBER; NUMBER where there is none."""
    line = lines[number]
    if len(line) > LONGEST_LINE:
        return number
    following = _next_filled(lines, number + 1, count)
    next_line = lines[following] if following < count else ""
    if is_separator(line, next_line):
        return max(number + 1, fields_end(lines, following, below_separator=True))
    if is_rule(line) and following < count and following <= number + 2:
        begin = following
        if is_separator(next_line, ""):
            return _introduction_end(lines, following, count)
        end = fields_end(lines, begin, below_separator=True)
        return end if end > begin else number
    if field_kind(line) in (FROM, DATE):
        end = fields_end(lines, number, below_separator=False)
        if end > number:
            return end
    return _attribution_end(lines, number, count)


def _attribution_end(lines: Sequence[str], number: int, count: int) -> int:
    strength = begins_attribution(lines[number])
    if not strength:
        return number
    joined, most, letters = -1, MOST_JOINED, 0
    while (joined := joined + 1) < most:
        last = number + joined
        letters += len(lines[last]) if last < count else LONGEST_ATTRIBUTION
        if letters >= LONGEST_ATTRIBUTION:
            return number
        if not lines[last].strip():
            if not (joined and last + 1 < count and lines[last + 1].lstrip().startswith("<")):
                return number
            most += 1
            continue
        if joined and _QUOTED.match(lines[last]):
            return number
        if not may_end_attribution(lines[last]):
            continue
        if is_attribution(
            lines[number : last + 1], above_quote=_is_above_quote(lines, last, count)
        ):
            later = range(number + 1, last + 1)
            if any(_begins_better(lines, one, last, count, strength) for one in later):
                return number
            return last + 1
    return number


def _signed_attribution_end(lines: Sequence[str], number: int) -> int:
    """A program may set its sign before the attribution, too."""
    if begins_attribution(lines[number]) > 1:
        for end in range(number + 1, min(number + MOST_JOINED, len(lines))):
            if not _QUOTED.match(lines[end]):
                break
            if is_attribution(lines[number:end], above_quote=True):
                return end
    return number


def _begins_better(lines: Sequence[str], number: int, last: int, count: int, strength: int) -> bool:
    """The attribution begins at NUMBER rather: what is above are somebody's words."""
    if begins_attribution(lines[number]) <= max(strength, 1) and not (
        strength == 3 and begins_attribution(lines[number]) == 3
    ):
        return False
    above_quote = _is_above_quote(lines, last, count)
    return is_attribution(lines[number : last + 1], above_quote=above_quote)


def _is_above_quote(lines: Sequence[str], last: int, count: int) -> bool:
    following = _next_filled(lines, last + 1, min(count, last + 4))
    return following < count and bool(_QUOTED.match(lines[following]))


# ---- judgement ------------------------------------------------------------------------------


def _with_signatures(blocks: list[_Block], lines: Sequence[str]) -> list[_Block]:
    """Own words divided where their signature begins; blank lines are nobody's words."""
    found: list[_Block] = []
    for place, block in enumerate(blocks):
        if block.kind is not Kind.OWN:
            found.append(block)
            continue
        begin = block.begin + signature_begin(lines[block.begin : block.end], first=place == 0)
        blank = all(not line or line.isspace() for line in lines[block.begin : begin])
        kind = Kind.QUOTE if blank else Kind.OWN
        found.append(_Block(kind, block.begin, begin, is_blank=blank))
        found.append(_Block(Kind.SIGNATURE, begin, block.end))
    return [block for block in found if block.begin < block.end]


def _judge_quotes(blocks: list[_Block]) -> None:
    """A quote is context where more than one is answered, or where it stands among words."""
    own = [place for place, block in enumerate(blocks) if block.kind is Kind.OWN]
    if not own:
        return
    quotes = [
        place
        for place, block in enumerate(blocks)
        if block.kind is Kind.QUOTE and not block.is_blank
    ]
    between = any(quotes[0] < place < quotes[-1] for place in own) if quotes else False
    for place in quotes:
        block = blocks[place]
        said_above = place > own[0] or block.quoted_lines < FEW_QUOTED_LINES
        if place < own[-1] and (between or (said_above and not block.introduction)):
            block.kind = Kind.CONTEXT


def _without_introductions(blocks: list[_Block]) -> Iterator[_Block]:
    """Who reads answers below their questions needs no line that says who asked when."""
    for block in blocks:
        if block.kind is Kind.CONTEXT and block.introduction:
            begin = block.begin + block.introduction
            yield _Block(Kind.QUOTE, block.begin, begin)
            yield _Block(Kind.CONTEXT, begin, block.end)
        else:
            yield block


def _joined(blocks: list[_Block], lines: Sequence[str]) -> list[Piece]:
    found: list[tuple[Kind, list[str]]] = []
    for block in _without_introductions(blocks):
        run = list(lines[block.begin : block.end])
        if found and found[-1][0] is block.kind:
            found[-1][1].extend(run)
        else:
            found.append((block.kind, run))
    return [Piece(kind, "".join(run)) for kind, run in found]
