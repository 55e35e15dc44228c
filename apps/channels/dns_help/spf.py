"""SPF: which servers may send mail that comes back to the domain (RFC 7208).

The record is walked as a receiver walks it, through its includes, and the look-ups are counted: ten
at most, of which two may find nothing (4.6.4). Macros need a mail to be filled in: what they name
is counted and not followed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network

from apps.channels.dns_help.answers import Answer, Ask, Record, Said, Tone, Verdict, unsure
from apps.channels.dns_help.providers import Provider, Sending
from apps.core.sentences import gettext_noop

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
            self.faults.append(Said("spf-syntax", "danger", _SYNTAX, facts))
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
            self.faults.append(Said("spf-include-all", "danger", _INCLUDES_ALL, facts))

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
            self.faults.append(Said("spf-loop", "danger", _LOOP, {"name": name}))
            return
        answer = self.ask(name, "TXT")
        if answer.is_unsure:
            self.faults.append(unsure(answer))
        elif len(found := records_in(answer)) == 1:
            self.through(found[0], (*path, name), own=own)
        elif found:
            self.faults.append(Said("spf-include-several", "danger", _TWO, {"name": name}))
        else:
            self.void += [name] if answer.is_void else []
            self.faults.append(Said("spf-include-empty", "danger", _EMPTY, {"name": name}))

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
        several = Said("spf-several", "danger", _SEVERAL, {"n": len(found)})
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
    said = Said("spf-missing", "danger", _MISSING, facts)
    if meant:
        said = Said("spf-odd", "danger", _ODD, {"text": meant[:120]})
    elif not _counts(sending):
        said = Said("spf-missing-elsewhere", "warn", _MISSING_ELSEWHERE, facts)
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
        yield Said("spf-lookups", "danger", _LOOKUPS, facts)
    if len(walk.void) > MOST_VOID:
        names = ", ".join(walk.void[:5])
        yield Said("spf-void", "danger", _VOID, {"n": len(walk.void), "names": names})
    if walk.ending in _ENDINGS:
        code, tone, template = _ENDINGS[walk.ending]
        yield Said(code, tone, template)
    if walk.has_ptr:
        yield Said("spf-ptr", "warn", _PTR)
    yield from _about_providers(walk, sending)
    if not walk.faults and walk.lookups <= MOST_LOOKUPS:
        facts = {"n": walk.lookups, "most": MOST_LOOKUPS}
        yield Said("spf-ok", "ok", _OK, facts)


def _about_providers(walk: Walk, sending: Sending) -> Iterator[Said]:
    tone: Tone = "danger" if walk.ending == "-" and not walk.has_ranges else "warn"
    for provider in _not_named(walk, sending):
        facts = {"provider": provider.name, "include": provider.include}
        yield Said("spf-provider", tone, _PROVIDER, facts)
    for provider in sending.providers:
        if provider.bounces_elsewhere:
            yield Said("spf-elsewhere", "quiet", _ELSEWHERE, {"provider": provider.name})
    for host in sending.hosts:
        yield Said("spf-host", "quiet", _HOST, {"host": host})


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


# ---- sentences ----------------------------------------------------------------------------------

_MISSING = gettext_noop(
    "%(domain)s has no SPF record: no receiver can tell your servers from anybody else's, and some"
    " put such mail into the spam folder. Add the record below."
)
_MISSING_ELSEWHERE = gettext_noop(
    "%(domain)s has no SPF record. Your provider's mails do not need it, since they bear a return"
    " address of the provider. If other servers send for the domain too, name them in one."
)
_ODD = gettext_noop(
    "A record was meant as SPF and is none: “%(text)s”. It has to begin with v=spf1 and a space,"
    " without quotation marks of its own."
)
_SEVERAL = gettext_noop(
    "There are %(n)d SPF records, and only one is allowed: receivers then take none of them. Put"
    " all into one, as below, and delete the others."
)
_SYNTAX = gettext_noop(
    "Receivers cannot read “%(word)s” in the record of %(name)s and give up the whole record."
    " Correct this word; often it is a letter too much or a missing colon."
)
_LOOP = gettext_noop(
    "The record leads back to %(name)s in a circle, and receivers give it up. Take that include or"
    " redirect out."
)
_EMPTY = gettext_noop(
    "It names %(name)s, where there is no SPF record, and receivers give up the whole record."
    " Correct the name, or take it out."
)
_TWO = gettext_noop(
    "It names %(name)s, which has several SPF records, and receivers give up the whole record. Take"
    " it out, or tell whoever keeps that name."
)
_INCLUDES_ALL = gettext_noop(
    "It names %(name)s, whose record lets every server in the world send as you. Take it out."
)
_LOOKUPS = gettext_noop(
    "Receivers need %(n)d further look-ups to work through it, and give up after %(most)d. Take out"
    " includes of services that no longer send for you."
)
_VOID = gettext_noop(
    "%(n)d names in it do not exist (%(names)s); receivers give up after two. Take them out."
)
_PTR = gettext_noop("“ptr” in it is slow and no longer to be used. Take it out.")
_PROVIDER = gettext_noop(
    "Your mail leaves by %(provider)s, and the record does not name it. Unless its addresses stand"
    " there one by one, add include:%(include)s, as below."
)
_ELSEWHERE = gettext_noop(
    "%(provider)s needs no place in this record: its mails bear a return address that it looks"
    " after itself."
)
_HOST = gettext_noop(
    "Your mail leaves by %(host)s. Whoever runs that server can tell whether the record covers the"
    " addresses it sends from."
)
_OK = gettext_noop("The record can be read; it takes %(n)d of the %(most)d look-ups allowed.")
_ENDINGS: dict[str, tuple[str, Tone, str]] = {
    "+": (
        "spf-all",
        "danger",
        gettext_noop(
            "It ends with “+all”: every server in the world may send as you. End it with ~all."
        ),
    ),
    "?": (
        "spf-neutral",
        "warn",
        gettext_noop("It ends with “?all”, which asks nothing of other servers. End it with ~all."),
    ),
    "": (
        "spf-open",
        "warn",
        gettext_noop(
            "It does not say what holds for all other servers, so it asks nothing of them. End it"
            " with ~all."
        ),
    ),
}
