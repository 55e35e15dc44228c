"""SPF: which servers may send mail that comes back to the domain (RFC 7208).

The record is walked as a receiver walks it, through its includes, and the look-ups are counted: ten
at most, of which two may find nothing (4.6.4). Macros need a mail to be filled in: what they name
is counted and not followed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network

from apps.channels.dns_help import spf_words as say
from apps.channels.dns_help.answers import Answer, Ask, Record, Said, Tone, Verdict, unsure
from apps.channels.dns_help.providers import Provider, Sending

MOST_LOOKUPS = 10
MOST_VOID = 2
FARTHEST = 30  # look-ups that are made at all, to tell how far over it is

_TERM = re.compile(
    r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?::([^\s/]+))?((?:/\d{1,3})?(?://\d{1,3})?)",
    re.I,
)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(\S*)", re.I)
_NEEDS_NAME = ("include", "exists", "ip4", "ip6")
_LOOKS_UP = ("include", "a", "mx", "ptr", "exists")


@dataclass(frozen=True, slots=True)
class Term:
    sign: str  # + - ~ ?; empty of a modifier
    name: str
    value: str
    raw: str


def read(text: str) -> tuple[list[Term], list[str]]:
    """The terms behind v=spf1, and the words that are none."""
    terms, odd = [], []
    for word in text.split()[1:]:
        term = _term(word)
        if term is None:
            odd.append(word)
        else:
            terms.append(term)
    return terms, odd


def _term(word: str) -> Term | None:
    if found := _MODIFIER.fullmatch(word):
        return Term("", found[1].lower(), found[2].rstrip(".").lower(), word)
    found = _TERM.fullmatch(word)
    if not found:
        return None
    sign, name, value = found[1] or "+", found[2].lower(), found[3] or ""
    if name in ("ip4", "ip6"):
        return Term(sign, name, value + found[4], word) if _is_range(word, name) else None
    if (name in _NEEDS_NAME) != bool(value) and (name in _NEEDS_NAME or name == "all"):
        return None
    return Term(sign, name, value.rstrip(".").lower(), word)


def _is_range(word: str, name: str) -> bool:
    try:
        network = ip_network(word.partition(":")[2], strict=False)
    except ValueError:
        return False
    return network.version == int(name[2])


def records_in(answer: Answer) -> list[str]:
    return [one for one in answer.texts if re.match(r"v=spf1(\s|$)", one, re.I)]


def _nearly(answer: Answer) -> str:
    """What was meant as SPF and is not."""
    meant = (one for one in answer.texts if re.search(r"\bv\s*=\s*spf|\bspf1\b", one[:40], re.I))
    return next((one for one in meant if one not in records_in(answer)), "")


# ---- the walk -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Walk:
    ask: Ask
    lookups: int = 0
    void: list[str] = field(default_factory=list)  # names that were asked for in vain
    useless: set[str] = field(default_factory=set)  # words of the record itself that name nothing
    named: set[str] = field(default_factory=set)  # by include and redirect
    faults: list[Said] = field(default_factory=list)
    ending: str = ""  # the sign of the `all` that counts
    has_ptr: bool = False
    has_macros: bool = False
    has_ranges: bool = False  # addresses one by one, as services that flatten records write them

    def through(self, text: str, path: tuple[str, ...], *, own: bool) -> None:
        """PATH: the domains that led here, the one of TEXT last. OWN: what it says of all other
        servers holds for the domain."""
        terms, odd = read(text)
        if odd:
            facts = {"word": odd[0][:80], "name": path[-1]}
            self.faults.append(Said("spf-syntax", "danger", say.SYNTAX, facts))
        closed = next((n for n, one in enumerate(terms) if one.name == "all"), None)
        self.has_ptr |= own and any(one.name == "ptr" for one in terms)
        self.has_ranges |= own and any(one.name in ("ip4", "ip6") for one in terms)
        for term in terms if closed is None else terms[:closed]:
            self._look(term, path, own=own)
        if closed is not None:
            self._close(terms[closed].sign, path, own=own)

    def _close(self, sign: str, path: tuple[str, ...], *, own: bool) -> None:
        if own:
            self.ending = sign
        elif sign == "+":
            facts = {"name": path[-1]}
            self.faults.append(Said("spf-include-all", "danger", say.INCLUDES_ALL, facts))

    def _look(self, term: Term, path: tuple[str, ...], *, own: bool) -> None:
        if term.name not in (*_LOOKS_UP, "redirect"):
            return
        self.lookups += 1
        self.has_macros |= "%" in term.value
        if self.lookups > FARTHEST or "%" in term.value or term.name == "ptr":
            return
        name, void = term.value or path[-1], len(self.void)
        if term.name in ("include", "redirect"):
            self._follow(name, path, own=own and term.name == "redirect")
        else:
            self._ask_address(term.name, name)
        if len(path) == 1 and len(self.void) > void and self.void[-1] == name:
            self.useless.add(term.raw)

    def _follow(self, name: str, path: tuple[str, ...], *, own: bool) -> None:
        self.named.add(name)
        if name in path:
            self.faults.append(Said("spf-loop", "danger", say.LOOP, {"name": name}))
            return
        answer = self.ask(name, "TXT")
        if answer.is_unsure:
            self.faults.append(unsure(answer))
        elif len(found := records_in(answer)) == 1:
            self.through(found[0], (*path, name), own=own)
        elif found:
            self.faults.append(Said("spf-include-several", "danger", say.TWO, {"name": name}))
        else:
            self.void += [name] if answer.is_void else []
            self.faults.append(Said("spf-include-empty", "danger", say.EMPTY, {"name": name}))

    def _ask_address(self, kind: str, name: str) -> None:
        answer = self.ask(name, "MX" if kind == "mx" else "A")
        if kind == "a" and answer.outcome == "empty":
            answer = self.ask(name, "AAAA")
        if answer.is_void:
            self.void.append(name)
        elif answer.is_unsure:
            self.faults.append(unsure(answer))


# ---- the verdict --------------------------------------------------------------------------------


def judge(sending: Sending, ask: Ask) -> Verdict:
    answer = ask(sending.domain, "TXT")
    found = records_in(answer)
    if answer.is_unsure:
        return Verdict("spf", None, (unsure(answer),), (answer,))
    if not found:
        return _missing(sending, answer)
    shown = Answer(answer.name, "TXT", "found", tuple(found), answer.alias)
    if len(found) > 1:
        several = Said("spf-several", "danger", say.SEVERAL, {"n": len(found)})
        return Verdict("spf", False, (several,), (shown,), (_merged(sending.domain, found),))
    walk = Walk(ask)
    walk.through(found[0], (sending.domain,), own=True)
    said = tuple(_said(walk, sending))
    return Verdict("spf", _stands(said), said, (shown,), _better(walk, sending, found[0]))


def _stands(said: tuple[Said, ...]) -> bool | None:
    """A record that receivers cannot work through protects nobody."""
    if any(one.tone == "danger" and one.code != "spf-provider" for one in said):
        return False
    unknown = any(one.code in ("late", "failed", "refused", "odd", "unasked") for one in said)
    return None if unknown else True


def _missing(sending: Sending, answer: Answer) -> Verdict:
    facts = {"domain": sending.domain}
    meant = _nearly(answer)
    said = Said("spf-missing", "danger", say.MISSING, facts)
    if meant:
        said = Said("spf-odd", "danger", say.ODD, {"text": meant[:120]})
    elif not _counts(sending):
        said = Said("spf-missing-elsewhere", "warn", say.MISSING_ELSEWHERE, facts)
    words = [*(f"include:{one.include}" for one in _counting(sending)), *_hosts(sending)]
    text = " ".join(["v=spf1", *words, "~all"])
    to_add = (Record(sending.domain, "TXT", text, replaces=bool(meant)),) if words else ()
    shown = (Answer(answer.name, "TXT", "found", (meant,)),) if meant else (answer,)
    return Verdict("spf", False, (said,), shown, to_add)


def _counts(sending: Sending) -> bool:
    """Mail comes back to the domain itself, so that receivers ask for its SPF."""
    return bool(_counting(sending) or sending.hosts or not sending.providers)


def _counting(sending: Sending) -> list[Provider]:
    return [one for one in sending.providers if not one.bounces_elsewhere]


def _hosts(sending: Sending) -> list[str]:
    return [f"a:{host}" for host in sending.hosts]


def _said(walk: Walk, sending: Sending) -> Iterator[Said]:
    yield from walk.faults
    if walk.lookups > MOST_LOOKUPS:
        facts = {"n": walk.lookups, "most": MOST_LOOKUPS}
        yield Said("spf-lookups", "danger", say.LOOKUPS, facts)
    if len(walk.void) > MOST_VOID:
        names = ", ".join(walk.void[:5])
        yield Said("spf-void", "danger", say.VOID, {"n": len(walk.void), "names": names})
    if walk.ending in say.ENDINGS:
        code, tone, template = say.ENDINGS[walk.ending]
        yield Said(code, tone, template)
    if walk.has_ptr:
        yield Said("spf-ptr", "warn", say.PTR)
    yield from _about_providers(walk, sending)
    if not walk.faults and walk.lookups <= MOST_LOOKUPS:
        facts = {"n": walk.lookups, "most": MOST_LOOKUPS}
        yield Said("spf-ok", "ok", say.OK, facts)


def _about_providers(walk: Walk, sending: Sending) -> Iterator[Said]:
    tone: Tone = "danger" if walk.ending == "-" and not walk.has_ranges else "warn"
    for provider in _not_named(walk, sending):
        facts = {"provider": provider.name, "include": provider.include}
        yield Said("spf-provider", tone, say.PROVIDER, facts)
    for provider in sending.providers:
        if provider.bounces_elsewhere:
            yield Said("spf-elsewhere", "quiet", say.ELSEWHERE, {"provider": provider.name})
    for host in sending.hosts:
        yield Said("spf-host", "quiet", say.HOST, {"host": host})


def _not_named(walk: Walk, sending: Sending) -> list[Provider]:
    """A macro may stand for anybody."""
    counting = [] if walk.has_macros else _counting(sending)
    return [one for one in counting if one.include not in walk.named]


# ---- the record to write ------------------------------------------------------------------------


def _better(walk: Walk, sending: Sending, text: str) -> tuple[Record, ...]:
    """The same record with what is missing; nothing where it needs a person's thought."""
    missing = _not_named(walk, sending)
    words = [word for word in text.split() if not _is_open(word) and word not in walk.useless]
    if not missing and not any(map(_permits, words)):
        return ()  # it would forbid all of the mail
    if not missing and len(words) == len(text.split()) and (walk.ending or _hands_over(words)):
        return ()
    at = next((n for n, word in enumerate(words) if _closes(word)), len(words))
    words[at:at] = [f"include:{one.include}" for one in missing]
    if not any(map(_closes, words)):
        words.append("~all")
    return (Record(sending.domain, "TXT", " ".join(words), replaces=True),)


def _is_open(word: str) -> bool:
    return word.lower() in ("all", "+all", "?all", "ptr", "+ptr")


def _permits(word: str) -> bool:
    return not word.lower().startswith(("v=", "-", "~", "?")) and not _closes(word)


def _closes(word: str) -> bool:
    return word.lower().lstrip("+-~?") == "all" or word.lower().startswith("redirect=")


def _hands_over(words: list[str]) -> bool:
    return any(word.lower().startswith("redirect=") for word in words)


def _merged(domain: str, found: list[str]) -> Record:
    """All that any of them permits, once."""
    words = dict.fromkeys(word for text in found for word in text.split()[1:])
    kept = [word for word in words if not _closes(word) and not _is_open(word)]
    return Record(domain, "TXT", " ".join(["v=spf1", *kept, "~all"]), replaces=True)
