"""Reports for people only: who is blamed in the server's own words, and with which of them."""

import re
from dataclasses import dataclass
from itertools import islice

from apps.channels.parsed import ParsedEmail
from apps.channels.parsing.addresses import read_addresses
from apps.channels.parsing.bounces import codes, phrases, returned
from apps.channels.parsing.bounces.delivery_status import Entry, Kind
from apps.channels.parsing.bounces.words import MOST_TEXT, Words, one_line, shown_address
from apps.core.mime.headers import Headers

MOST_ADDRESSES = 500
MOST_RECIPIENTS = 200
MOST_NAMES = 20
BEGINNING = 3000  # where a server says whether it has given up

# Also not within an address: the marks of Chinese and Japanese sentences.
_OUTSIDE = r"\s<>\"'(),;:\[\]|*„：，。、；（）「」【】《》"
_LOCAL = rf"(?:\"[^\"\n@]{{1,64}}\"|[^@{_OUTSIDE}]{{1,128}})"
_DOMAIN = r"(?:\[[\d.]{7,15}\]|[\w-]{1,63}(?:\.[\w-]{1,63}){0,9})"
_ADDRESS = re.compile(rf"(?<![^{_OUTSIDE}]){_LOCAL}@{_DOMAIN}")
_PREFIX = re.compile(r"(?i)^(?:smtp|mailto|rfc822)[=:]")
# What may stand before an address at the beginning of a line: marks, or a reply code.
_MARKS = re.compile(r"[\s*•·>|<\"'(\[-]*")
_REPLY = re.compile(r"(?:<<< ?)?[45]\d\d[ -]+(?:[45]\.\d\.\d{1,3} )?[<\"'(\[]*")
# A line that is a label and an address, save those of a mail's head.
_LABEL = re.compile(r"(?i)(?!(?:to|cc|bcc|an|para|subject|date)\b)[a-z][^:@\n]{3,60}: ?[<\"'(\[]*")
_LINE_END = re.compile(r"[>\"')\].]*(?:\n|$)")
_BARE_NAME = re.compile(r"(?m)^<?([\w.+-]{1,64})>?(?: ?\(.{1,200}\))?$")
_TIGHT = " \n<\"'([*:"
# The least weight, and whether it must stand behind the sentence that announces the addresses.
_PREFERRED = ((3, True), (3, False), (2, True), (2, False), (1, True), (1, False))
_HARMLESS = ("postmaster@", "mailer-daemon@", "abuse@")


@dataclass(frozen=True, slots=True)
class Named:
    """An address in the words, and how much speaks for its being the one that failed."""

    address: str
    at: int
    weight: int  # 3 blamed, or begins a line; 2 blamed within an explanation; 1 merely named


def entries_of(
    email: ParsedEmail, headers: Headers, words: Words, copy: Headers, kind: Kind
) -> list[Entry]:
    """Each recipient that the words or the header of some servers name, with its part of them."""
    named = blamed_in(words, _not_blamed(email, copy))
    wanted = failed_recipients(headers) or list(dict.fromkeys(one.address for one in named))
    wanted = wanted or list(map(_cleaned, _ADDRESS.findall(email.subject[:1000])))
    wanted = wanted or _without_domain(email, words, returned.sent_to(copy))
    single = len(wanted) == 1
    return [_entry(one, named, words, kind, single=single) for one in wanted[:MOST_RECIPIENTS]]


def kind_of(email: ParsedEmail, words: Words) -> Kind:
    """Late or given up? The earlier of two sentences counts, and the subject before both."""
    low, subject = words.low[:BEGINNING], email.subject.lower()
    late = min((at for one in phrases.LATE if (at := low.find(one)) >= 0), default=-1)
    gone = min((at for one in phrases.GIVEN_UP if (at := low.find(one)) >= 0), default=-1)
    if any(one in subject for one in phrases.LATE_SUBJECTS):
        return "delayed" if gone < 0 or 0 <= late < gone else "failed"
    return "delayed" if late >= 0 and (gone < 0 or late < gone) else "failed"


def failed_recipients(headers: Headers) -> list[str]:
    """Exim's own header, which Google writes, too."""
    fields = [field[:MOST_TEXT] for field in headers.all("x-failed-recipients")]
    found = [shown_address(one.email) for one in read_addresses(fields) if "@" in one.email]
    return list(dict.fromkeys(found))


def _not_blamed(email: ParsedEmail, copy: Headers) -> set[str]:
    own = {one.key for one in (*email.to, *email.cc)} | returned.sent_from(copy)
    return own | ({email.from_.key} if email.from_ else set())


def blamed_in(words: Words, own: set[str]) -> list[Named]:
    """Behind the sentence that announces them, if any are there; the blamed before the others."""
    found = islice(_ADDRESS.finditer(words.own), MOST_ADDRESSES)
    named = [one for match in found if (one := _judged(match, words))]
    named = _with_aliases(named, words)
    begin = _announced(words, named)
    for others in ((*own,), ()):
        fit = [one for one in named if one.address.lower() not in others]
        fit = [one for one in fit if not one.address.lower().startswith(_HARMLESS)] or fit
        for weight, start in _PREFERRED:
            if chosen := [
                one for one in fit if one.weight >= weight and one.at >= (begin if start else 0)
            ]:
                return chosen
    return []


def _judged(match: re.Match[str], words: Words) -> Named | None:
    address = _cleaned(match[0])
    if not address or address.startswith("@"):
        return None
    at = match.start()
    before = words.low[max(0, at - 60) : at].rstrip(_TIGHT)
    tagged = words.low[max(0, at - 60) : at].rstrip(" \n<\"'([*")
    if before.endswith(phrases.SENT_TO):
        return Named(address, at, 3)
    if _ends_with(before, tagged, phrases.NOT_BLAMING):
        return None
    line = words.own[words.own.rfind("\n", 0, at) + 1 : at]
    if _MARKS.fullmatch(line[:40]) or _ends_with(before, tagged, phrases.BLAMING):
        return Named(address, at, 3)
    if _LABEL.fullmatch(line[:80]) and _LINE_END.match(words.own, match.end()):
        return Named(address, at, 3)
    explains = _REPLY.fullmatch(line[:40]) or _ends_with(before, tagged, phrases.MENTIONING)
    return Named(address, at, 2 if explains else 1)


def _cleaned(address: str) -> str:
    return shown_address(_PREFIX.sub("", address).strip("'\"").rstrip("."))


def _ends_with(before: str, tagged: str, ends: tuple[str, ...]) -> bool:
    """As a whole word: "from" is not the end of "wherefrom"."""
    for text in (before, tagged):
        if text.endswith(ends):
            fit = (end for end in ends if text.endswith(end))
            return any(not text[: -len(end)][-1:].isalnum() for end in fit)
    return False


def _with_aliases(named: list[Named], words: Words) -> list[Named]:
    """In place of an address that a list or an alias led to, the one our mail was sent to."""
    result: list[Named] = []
    inner: set[str] = set()
    for one in named:
        before = words.low[max(0, one.at - 60) : one.at].rstrip(_TIGHT)
        if before.endswith(phrases.SENT_TO) and result:
            led_to = result.pop()
            inner.add(led_to.address)
            one = Named(one.address, led_to.at, 3)
        result.append(one)
    return [one for one in result if one.address not in inner]


def _announced(words: Words, named: list[Named]) -> int:
    """Where the announcement stands that addresses which are blamed follow."""
    places = [words.low.find(one) for one in phrases.STARTS]
    last = max((one.at for one in named if one.weight > 1), default=-1)
    return min((at for at in places if 0 <= at < last), default=0)


def _without_domain(email: ParsedEmail, words: Words, sent_to: tuple[str, ...]) -> list[str]:
    """Names of the server's own users, or else whom our mail was sent to."""
    starts = [at + len(one) for one in phrases.STARTS if (at := words.low.find(one)) >= 0]
    begin = min(starts, default=len(words.own))
    found = _BARE_NAME.findall(words.own, begin, begin + 2000)
    names = [name for name in dict.fromkeys(found) if not name.isdigit()][:MOST_NAMES]
    by_name = {one.rpartition("@")[0].lower(): one for one in sent_to}
    if known := [by_name[name.lower()] for name in names if name.lower() in by_name]:
        return known
    domain = email.from_.email.rpartition("@")[2] if email.from_ else ""
    return list(sent_to[:1]) or [f"{name}@{domain}" for name in names if domain]


def _entry(address: str, named: list[Named], words: Words, kind: Kind, *, single: bool) -> Entry:
    part = part_about(address, named, words)
    is_bare = len(part.strip(" <>()\n*:")) < len(address) + 10  # the reason stands elsewhere
    shared = [words.own] if single or is_bare else []
    for text in (part, _mentions(address, words), *shared):
        status, code = codes.status_in(text), codes.code_in(text)
        if status or code:
            break
    else:
        part = words.own if single else part  # without a code the reason may stand before it
    return Entry(kind, address, status, code, one_line(part))


def part_about(address: str, named: list[Named], words: Words) -> str:
    """From the line that names an address up to the next address; all when it is not named."""
    wanted = address.lower()
    begin = next((one.at for one in named if one.address.lower() == wanted), None)
    if begin is None:
        return words.own[:BEGINNING]
    later = (one.at for one in named if one.at > begin and one.address.lower() != wanted)
    line = words.own.rfind("\n", 0, begin) + 1
    return words.own[line : min(later, default=begin + BEGINNING)][:BEGINNING]


def _mentions(address: str, words: Words) -> str:
    """Every line that names the address, with the next one."""
    lines = words.own.split("\n")
    wanted = address.lower()
    found = [number for number, line in enumerate(lines) if wanted in line.lower()]
    return "\n".join("\n".join(lines[number : number + 2]) for number in found[:20])
