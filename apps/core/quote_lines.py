"""Lines that mail programs write: `On 4 March X wrote:`, Outlook's fields, `Sent from my iPhone`.

A line is a string of at most LONGEST_LINE characters; expressions look at bounded pieces, so that
no text takes more than linear time.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.core import quote_words as words

LONGEST_LINE = 400
LONGEST_ATTRIBUTION = 600
MOST_JOINED = 4  # lines of one attribution, as mail programs break them
MOST_FIELD_LINES = 24

_FRAME = " \t\r\n\xa0>*_-=~#|<\u2022\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
_FRAME_BEHIND = _FRAME.replace(">", "")
_AROUND = _FRAME + ":："


def _alternatives(phrases: Iterable[str]) -> str:
    longest_first = sorted({one for one in phrases if one}, key=len, reverse=True)
    return "|".join(re.escape(one).replace(r"\ ", r"\s{1,3}") for one in longest_first)


def _column(number: int) -> str:
    rows = words.ATTRIBUTIONS.values()
    return _alternatives(one for row in rows for one in row[number].split("|"))


_VERBS = frozenset(
    one.rpartition(" ")[2].partition("(")[0]
    for row in words.ATTRIBUTIONS.values()
    for one in row[1].split("|")
)
_ENDINGS = frozenset("a la ла ha e".split())  # napisał(a), napsal(a), написав(ла)
_WORD = re.compile(r"\w+")
_OPENER = re.compile(rf"(?i)(?:(?:{_column(0)})(?!\w)[.,]?\s|[在於])")
# Months and weekdays have letters; a date has a digit near its opener.
_DATED_OPENER = re.compile(rf"(?i)(?:(?:{_column(0)})(?!\w)[.,]?\s|[在於]).{{0,40}}?\d")
# `Thanks! On Tue, 4 Mar 2025 at 9:30 X <x@y> wrote:` in one line.
_INNER_OPENER = re.compile(
    r"(?<=[.!?,;)\w]\s)(?=(?:On|Am|Le|El|Il|Em|Op|Den)\s(?:\w{2,10}\.?,?\s){0,2}"
    r"(?:\d{1,4}[ ./-]|\w{3,10}\.?\s\d{1,2}\b))"
)
_EMAIL = re.compile(r"[^\s<>@()\[\]]@[^\s<>@()\[\]]")
_TIME = re.compile(r"(?i)\b\d{1,2}[:.h]\d{2}\b|\b\d{1,2}\s?[ap]\.?m\b|\d{1,2}\s?[时時시點点]")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)|\b\d{1,4}([./-])\s?\d{1,2}\1\s?\d{1,4}\b")
_DAY = re.compile(
    r"\b\d{1,2}\.?(?:\sde)?\s[^\W\d]{3,12}|[^\W\d]{3,12}\.?\s\d{1,2}\b|[月월]\s?\d{1,2}"
)
_DATE_FIRST = re.compile(r"(?:[\w.,]{1,14}\s){0,2}[^\W\d]{0,10}[,.]?\s?\(?\d{1,4}(?!\d)")
_ADDRESS_LAST = re.compile(r"@[^\s<>@]{1,200}[>)\]]{0,3}[^\w\s]{0,4}\s?[:：]\W{0,3}$")
_ADDRESS_LAST_BARE = re.compile(r"<[^\s<>@]{1,100}@[^\s<>@]{1,200}>$")
_GMT = re.compile(r"20\d\d-\d\d-\d\d\s\d{1,2}:\d\d\s(?:GMT|UTC)(?:[+-]\d\d:?\d\d)?\s\S")
_POSTED = re.compile(r"(?i)posted by .{1,100} on \d{1,2}/\d{1,2}/\d{4}$")
_VIA = re.compile(r"(?i)\S.{0,60} via .{1,60} (?:wrote|schrieb)\s?:$")  # by a forum
_MY_OWN = re.compile(
    r"(?i)\b(?:I|I've|I have) (?:just )?(?:wrote|written|said|sent)\b|\bich (?:schrieb|geschrieben)"
)


# ---- attributions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    """Joined lines, without what frames them, and what is in them."""

    text: str
    framed: bool  # dashes before and behind

    @property
    def ends_with_colon(self) -> bool:
        return self.text.rstrip("*_ >-\u200e\u200f\u202a\u202c").endswith((":", "："))


def _said(lines: Sequence[str]) -> _Said:
    joined = " ".join(line.strip()[-LONGEST_LINE:] for line in lines)
    whole = joined.strip()
    framed = whole.startswith("--") and whole.endswith("--")
    return _Said(joined.lstrip(_FRAME).rstrip(_FRAME_BEHIND), framed)


def begins_attribution(line: str) -> int:
    """3, 2: as few other lines do; 1: as many lines do; 0: not at all."""
    if len(line) > LONGEST_LINE:
        return 0
    text = line.strip(_FRAME)
    if _DATED_OPENER.match(text):
        return 3
    if _DATE_FIRST.match(text) and (_YEAR.search(text) or _TIME.search(text)):
        return 2
    if _OPENER.match(text) or "@" in text or "<" in text or may_end_attribution(line):
        return 1
    return 0


def may_end_attribution(line: str) -> bool:
    """A quick look, as most lines can not: they have no colon at their end."""
    text = line.rstrip(_FRAME)
    if text.endswith((":", "：")) or line.rstrip().endswith((">", ">*", "--")):
        return True
    if _ends_with_verb(_WORD.findall(text[-40:].lower())):
        return True
    return bool(_GMT.search(text) or _POSTED.match(text))


def is_attribution(lines: Sequence[str], *, above_quote: bool) -> bool:
    """Whether LINES say who wrote when; ABOVE_QUOTE: quoted lines follow."""
    said = _said(lines)
    text = said.text
    if not text or _MY_OWN.search(text):
        return False
    if _GMT.match(text) or _POSTED.match(text):
        return True
    written = _WORD.findall(text.lower())
    verb = not _VERBS.isdisjoint(written) or any(one in text for one in words.ATTRIBUTIONS_UNSPACED)
    email = bool(_EMAIL.search(text))
    dated = bool(_YEAR.search(text) or _TIME.search(text))
    if not verb:
        return email and dated and _names_address_last(said, above_quote)
    opened, last = bool(_OPENER.match(text)), _ends_with_verb(written)
    if not said.ends_with_colon and not said.framed:
        if not last or not opened:
            return False
        if above_quote and (email or dated or _DAY.search(text)):
            return True
        return dated and (email or bool(_YEAR.search(text) and _TIME.search(text)))
    if above_quote:
        return True
    if opened:
        return dated or email
    if email:
        return dated or said.framed or last
    if _YEAR.search(text) and (_TIME.search(text) or _DATE_FIRST.match(text)):
        return True
    return said.framed or bool(_VIA.match(text))


def _ends_with_verb(written: list[str]) -> bool:
    last = written[-1:] if not written or written[-1] not in _ENDINGS else written[-2:-1]
    return not _VERBS.isdisjoint(last)


def _names_address_last(said: _Said, above_quote: bool) -> bool:
    """`2025-03-04 9:30 X <x@example.com>:` of programs whose language needs no verb."""
    if _ADDRESS_LAST.search(said.text):
        return True
    bare = _ADDRESS_LAST_BARE.search(said.text)
    return bool(bare and (above_quote or _DATE_FIRST.match(said.text)) and len(said.text) < 120)


def inner_attribution(line: str) -> int:
    """Where within LINE an attribution begins that somebody's words stand before; 0: nowhere."""
    if len(line) > LONGEST_LINE:
        return 0
    found = _INNER_OPENER.search(line)
    return found.start() if found else 0


# ---- fields of a header ---------------------------------------------------------------------

_FIELD = re.compile(
    r"[\s*_]{0,6}([^\W\d_][^:：\t*\n]{0,24}?)\s?[*_]{0,2}\s?(?:[:：][*_]{0,2}|\t)(.{0,80})"
)
_LONE_SENDER = re.compile(r"[<\[](?:mailto:)?[^\s<>@]{1,100}@[^\s<>@]{1,100}[>\]]\s?\*?$")
_WORD_BEFORE_COLON = re.compile(r"(?<!\S)\*?([^\W\d_]{1,14})\s?:")


def field_kind(line: str) -> str | None:
    """from, date, to, cc, subject: what a line of an Outlook block names, in any language."""
    found = _FIELD.match(line)
    return words.FIELD_KINDS.get(found[1].strip().lower()) if found else None


def fields_end(lines: Sequence[str], begin: int, *, below_separator: bool) -> int:
    """The line behind a block of fields that begins at BEGIN; BEGIN where there is none."""
    kinds: set[str] = set()
    end, strange, address = begin, 0, False
    for number in range(begin, min(begin + MOST_FIELD_LINES, len(lines))):
        line = lines[number][:LONGEST_LINE]
        kind = field_kind(line)
        if kind:
            kinds |= {kind} | (_kinds_within(line) if number == begin else set())
            strange, end = 0, number + 1
        elif line.strip():
            strange += 1
        elif kinds >= {words.SUBJECT, words.FROM} or not _has_field_soon(lines, number):
            break
        if strange > 3:
            break
        address = address or bool(end > begin and _EMAIL.search(line))
    known = below_separator or address or (words.SUBJECT in kinds and len(kinds) >= 3)
    is_block = len(kinds) >= 2 and bool(kinds & {words.FROM, words.DATE}) and known
    if is_block:
        return end
    apart = begin == 0 or not lines[begin - 1].strip()
    return begin + 1 if apart and _is_lone_sender("".join(lines[begin : begin + 1])) else begin


def _is_lone_sender(line: str) -> bool:
    """`From: X <x@example.com>` without another field."""
    short = line[:LONGEST_LINE].rstrip()
    return bool(_LONE_SENDER.search(short)) and field_kind(short) == words.FROM


def _kinds_within(line: str) -> set[str]:
    """Of fields that a broken program wrote into one line."""
    found = (words.FIELD_KINDS.get(name.lower()) for name in _WORD_BEFORE_COLON.findall(line))
    return {kind for kind in found if kind}


def _has_field_soon(lines: Sequence[str], number: int) -> bool:
    following = lines[number + 1 : number + 3]
    return any(field_kind(line[:LONGEST_LINE]) for line in following)


# ---- separators -----------------------------------------------------------------------------

_RULED = re.compile(r"[\s>*]{0,6}[-_=*#~<\[\u2022]")
_BETWEEN_DASHES = re.compile(r"[\s>*]{0,6}-{2,40}\s{0,3}([^-\n]{4,60}?)\s{0,3}-{2,40}")
_REPLY_ABOVE = re.compile(rf"(?i)(?:{words.REPLY_ABOVE})[.:!]?")
_RULE = re.compile(r"\s{0,4}(?:[-_=*~#\u2014\u2013]\s?){1,200}$")


def is_separator(line: str, following: str) -> bool:
    """`-----Original Message-----`, `Begin forwarded message:`; FOLLOWING: the next line."""
    if len(line) > 200:
        return False
    said = line.strip(_AROUND + "\u2013\u2014[]>").lower()
    if not said:
        return False
    if _REPLY_ABOVE.fullmatch(said):
        return True
    ruled = bool(_RULED.match(line))
    if (dashed := _BETWEEN_DASHES.match(line)) and not said.endswith(dashed[1].lower()):
        said = dashed[1].lower()
    if said in words.FORWARDS or said in words.ORIGINALS:
        return ruled or line.rstrip().endswith((":", "：")) or bool(field_kind(following[:200]))
    return ruled and said.startswith(words.ORIGINALS_BEGIN)


def is_rule(line: str) -> bool:
    """A line that is drawn."""
    return len(line) <= 200 and bool(_RULE.match(line))


# ---- what telephones add --------------------------------------------------------------------

LONGEST_ADDED = 160
_ADDED = re.compile(rf"(?i)(?:{'|'.join(words.ADDED_LINES.values())})")
# `Sent from my desk, which is easier` is a sentence.
_SENTENCE = re.compile(
    r"(?i)\b(?:is|was|were|has|have|had|will|would|did|not|never|but|because|yesterday|today"
    r"|es|fue|ha|ist|wurde(?! von)|hat|est|été|è|foi)\b"
)
_DEVICE = re.compile(
    r"(?i)phone|pad\b|mobil|móvil|cell|android|galaxy|samsung|huawei|xiaomi|htc|nokia|lumia|pixel"
    r"|blackberry|tablet|device|handy|gerät|appareil|telef|dispositivo|aparelho|outlook|mail|windows"
    r"|proton|yahoo|handheld|apple|\bapp\b|手机|手機|电脑"
)
_WAS_SENT = re.compile(r"(?i)(?:this|diese)\b")
_AROUND_ADDED = " \t\r\n\xa0*_()<>[]«»\u200e\u200f\"'"


def names_device(line: str) -> bool:
    """No parcel that was `sent via DHL`."""
    return bool(_DEVICE.search(line[:LONGEST_ADDED]))


def is_added(line: str) -> bool:
    """What a telephone or a program adds below a mail."""
    said = line.strip(_AROUND_ADDED).rstrip(".!")
    if not 0 < len(said) <= LONGEST_ADDED or not _ADDED.fullmatch(said):
        return False
    return not _SENTENCE.search(said) or bool(_WAS_SENT.match(said))
