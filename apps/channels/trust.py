"""How far a sender can be believed: facts with plain values, and the level that follows.

Pure: what is ours, who takes part and which server is believed is handed in. A fact is a code and
the values for its sentence (trust_words.py), so that both languages can say it.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from apps.channels.authentication import believed
from apps.channels.lookalikes import (
    PROVIDERS,
    domain_of,
    has_hidden_letters,
    has_mixed_scripts,
    imitated_by,
    is_related,
    passes_for_latin,
    readable,
    skeleton,
)
from apps.channels.parsed import Address, Check, ParsedEmail

VERIFIED, NEUTRAL, WARNING = "verified", "neutral", "warning"
QUIET = frozenset({"sent-by", "foreign-letters", "authenticated"})  # facts that warn of nothing
MOST_NAMED = 5
LONGEST_VALUE = 320

_ADDRESS = re.compile(r"[^\s<>()\"',;:@]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# Names that every company's support desk has.
_COMMON = frozenset(
    "support soporte info sales ventas service help helpdesk ayuda contact contacto admin team "
    "billing office customer-service customerservice kundenservice serviceclient".split()
)

Fact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ours:
    """Who we are, for telling who only says so; everything lower-case."""

    addresses: frozenset[str] = frozenset()  # of our mailboxes, with their aliases
    names: frozenset[str] = frozenset()  # their From names
    agents: frozenset[str] = frozenset()  # addresses of our own people
    servers: tuple[str, ...] = ()  # whose Authentication-Results count

    @property
    def domains(self) -> set[str]:
        return {domain_of(address) for address in self.addresses} - PROVIDERS


NOBODY = Ours()


@dataclass(frozen=True, slots=True)
class Trust:
    level: str
    facts: tuple[Fact, ...]

    def as_json(self) -> dict[str, Any]:
        return {"level": self.level, "facts": list(self.facts)}


def trust_of(
    email: ParsedEmail,
    ours: Ours = NOBODY,
    *,
    known: Collection[str] = (),
    is_stranger: bool = False,
) -> Trust:
    """KNOWN are the addresses of those who take part already; a stranger only holds our token."""
    facts = list(_facts(email, ours, known))
    if is_stranger:
        facts.append({"code": "stranger"})
    warns = any(fact["code"] not in QUIET for fact in facts)
    passed = any(fact["code"] == "authenticated" for fact in facts)
    return Trust(WARNING if warns else VERIFIED if passed else NEUTRAL, tuple(facts))


def _facts(email: ParsedEmail, ours: Ours, known: Collection[str]) -> Iterator[Fact]:
    sender = email.froms[0] if email.froms else email.from_
    if sender is None:
        if not (email.is_bounce or email.is_receipt):
            yield {"code": "no-sender"}
        return
    proof = _proof(email, sender, ours)
    yield from _odd_fields(email, sender)
    yield from _odd_letters(sender)
    yield from _odd_name(sender, ours)
    yield from _imitation(sender, ours, known)
    yield from _from_ourselves(sender, ours, proof)
    yield from _elsewhere(email, sender, ours)
    if proof:
        yield proof


# ---- fields -------------------------------------------------------------------------------


def _odd_fields(email: ParsedEmail, sender: Address) -> Iterator[Fact]:
    named = list(dict.fromkeys(one.email for one in email.froms))
    if len(named) > 1:
        yield {"code": "several-senders", "addresses": _cut(named)}
    elif email.from_fields > 1:
        yield {"code": "doubled-sender", "address": _shown(sender.email)}


def _elsewhere(email: ParsedEmail, sender: Address, ours: Ours) -> Iterator[Fact]:
    """Answers that go to somebody else; lists do so by their nature."""
    if email.is_list or email.is_bounce or email.is_receipt:
        return
    away = [one.email for one in email.reply_to if _leads_away(one, sender, ours)]
    if away:
        yield {"code": "reply-elsewhere", "addresses": _cut(list(dict.fromkeys(away)))}
    if email.sender and not is_related(domain_of(email.sender.email), domain_of(sender.email)):
        yield {"code": "sent-by", "address": _shown(email.sender.email)}


def _leads_away(reply_to: Address, sender: Address, ours: Ours) -> bool:
    if reply_to.key == sender.key or reply_to.key in ours.addresses:
        return False
    domain = domain_of(reply_to.email)
    return domain in PROVIDERS or not is_related(domain, domain_of(sender.email))


# ---- letters and names --------------------------------------------------------------------


def _odd_letters(sender: Address) -> Iterator[Fact]:
    domain, local = domain_of(sender.email), sender.email.rpartition("@")[0]
    seen = readable(domain)
    if has_hidden_letters(sender.email) or has_hidden_letters(seen):
        yield {"code": "hidden-in-address"}
    if has_hidden_letters(sender.name):
        yield {"code": "hidden-in-name"}
    if any(map(has_mixed_scripts, seen.split("."))) or passes_for_latin(seen):
        yield {"code": "mixed-domain", "domain": _shown(seen), "written": _ascii(domain)}
    elif not seen.isascii():
        yield {"code": "foreign-letters", "domain": _shown(seen), "written": _ascii(domain)}
    if has_mixed_scripts(local):
        yield {"code": "mixed-address", "address": _shown(sender.email)}
    if has_mixed_scripts(sender.name):
        yield {"code": "mixed-name"}


def _odd_name(sender: Address, ours: Ours) -> Iterator[Fact]:
    name = unicodedata.normalize("NFKC", sender.name)
    for found in _ADDRESS.findall(name)[:MOST_NAMED]:
        if _is_another(found, sender):
            yield {"code": "name-shows-other", "address": _shown(found)}
            return
    if _uses_our_name(name, sender, ours):
        yield {"code": "name-is-ours", "name": _shown(sender.name)}


def _is_another(found: str, sender: Address) -> bool:
    if found.lower() == sender.key:
        return False
    domain = domain_of(found)
    return domain in PROVIDERS or not is_related(domain, domain_of(sender.email))


def _uses_our_name(name: str, sender: Address, ours: Ours) -> bool:
    if not name or any(is_related(domain_of(sender.email), one) for one in ours.domains):
        return False
    if sender.key in ours.addresses:
        return False
    folded = " ".join(name.casefold().split())
    if any(domain and domain in folded for domain in ours.domains):
        return True
    plain = skeleton(folded)
    telling = (one for one in ours.names if len(one) > 4 and one.replace(" ", "") not in _COMMON)
    return any(skeleton(one) == plain for one in telling)


def _imitation(sender: Address, ours: Ours, known: Collection[str]) -> Iterator[Fact]:
    domain = domain_of(sender.email)
    reference = ours.domains | {domain_of(address) for address in known}
    if found := imitated_by(domain, filter(None, reference)):
        yield {"code": "looks-like", "domain": _ascii(domain), "known": _shown(found)}


# ---- proof --------------------------------------------------------------------------------


def _from_ourselves(sender: Address, ours: Ours, proof: Fact | None) -> Iterator[Fact]:
    """Our own addresses are the first that somebody borrows."""
    if proof and proof["code"] == "authenticated":
        return
    if sender.key in ours.addresses:
        yield {"code": "our-address"}
    elif sender.key in ours.agents:
        yield {"code": "agent-address"}
    elif ours.servers and not proof and _is_at_home(sender, ours):
        yield {"code": "our-domain", "domain": _shown(domain_of(sender.email))}


def _is_at_home(sender: Address, ours: Ours) -> bool:
    return any(is_related(domain_of(sender.email), domain) for domain in ours.domains)


def _proof(email: ParsedEmail, sender: Address, ours: Ours) -> Fact | None:
    """What the believed server found: passed, failed or nothing that counts."""
    checks = believed(email.checked_by, ours.servers)
    domain = domain_of(sender.email)
    if failed := next(
        (one for one in checks if (one.method, one.result) == ("dmarc", "fail")), None
    ):
        return _failed(failed, domain)
    if len({one.key for one in email.froms}) > 1 or email.from_fields > 1:
        return None
    passed = [one for one in checks if one.result == "pass" and _is_aligned(one, domain)]
    if passed:
        best = min(passed, key=lambda one: ("dmarc", "dkim", "spf").index(one.method))
        return {"code": "authenticated", "method": best.method.upper(), "domain": _shown(domain)}
    if email.is_list:  # a list changes what was signed
        return None
    bad = next((one for one in checks if one.method != "dmarc" and one.result == "fail"), None)
    return _failed(bad, domain) if bad else None


def _failed(check: Check, domain: str) -> Fact:
    return {"code": "not-authentic", "method": check.method.upper(), "domain": _shown(domain)}


def _is_aligned(check: Check, domain: str) -> bool:
    """The one that was proved is the sender's domain or stands above it; DMARC says so itself."""
    if check.method == "dmarc" and not check.domain:
        return True
    proved = check.domain
    if not proved or (proved in PROVIDERS and proved != domain):
        return False
    return domain == proved or (domain.endswith(f".{proved}") and "." in proved)


def _cut(addresses: list[str]) -> list[str]:
    return [_shown(one) for one in addresses[:MOST_NAMED]]


def _shown(value: str) -> str:
    return value[:LONGEST_VALUE]


def _ascii(domain: str) -> str:
    """As servers write it, so that no letter can pass for another."""
    try:
        return domain[:LONGEST_VALUE].encode("idna").decode("ascii")
    except UnicodeError:
        return domain.encode("ascii", "backslashreplace").decode()[:LONGEST_VALUE]
