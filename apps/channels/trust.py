"""How far a sender can be believed: facts with plain values, and the level that follows.

Pure: what is ours, who takes part and which server is believed is handed in. A fact is a code and
the values for its sentence (trust_words.py), so that both languages can say it.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.channels.authentication import believed
from apps.channels.lookalikes import (
    IMITATED,
    PROVIDERS,
    domain_of,
    has_hidden_letters,
    has_mixed_scripts,
    imitated_by,
    is_related,
    passes_for_latin,
    readable,
    site_of,
    skeleton,
)
from apps.channels.parsed import Address, Check, ParsedEmail
from apps.channels.tagged import plain as untagged

VERIFIED, NEUTRAL, WARNING = "verified", "neutral", "warning"
# Facts that warn of nothing.
QUIET = frozenset(
    "sent-by foreign-letters authenticated not-proved through-list answers-for-others"
    " namesake rebuilt smime-signed smime-encrypted pgp-signed pgp-encrypted".split()
)
MOST_NAMED = 5
LONGEST_VALUE = 320
LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1

_BEST = ("dmarc", "dkim", "spf")
_ADDRESS = re.compile(r"[^\s<>()\"',;:@]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# Names that every company's support desk has.
_COMMON = frozenset(
    "support soporte info sales ventas service help helpdesk ayuda contact contacto admin team "
    "billing office customer-service customerservice kundenservice serviceclient".split()
)
# Senders that answer nobody: they write for the one that Reply-To names.
_NO_REPLY = re.compile(
    r"(?:do[._-]?not|dont|no|never)[._-]?(?:reply|responder|responda|answer|respond)\b.*"
    r"|(?:web)?forms?|formulario|wordpress|www-data|mailer|notif(?:y|ications?)|notificaciones",
    re.IGNORECASE,
)
# Ticket systems: a company's answers go to its own place there.
_DESKS = frozenset(
    "zendesk.com freshdesk.com helpscout.net intercom-mail.com atlassian.net salesforce.com"
    " service-now.com zohodesk.com zohodesk.eu gorgias.com gorgias.io frontapp.com kustomerapp.com"
    " hubspot.com teamwork.com kayako.com".split()
)

Fact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ours:
    """Who we are, for telling who only says so; everything lower-case."""

    addresses: frozenset[str] = frozenset()  # of our mailboxes, with their aliases
    names: frozenset[str] = frozenset()  # their From names
    agents: frozenset[str] = frozenset()  # addresses of our own people
    people: frozenset[str] = frozenset()  # their full names
    servers: tuple[str, ...] = ()  # whose Authentication-Results count

    @property
    def domains(self) -> set[str]:
        return {domain_of(address) for address in self.addresses} - PROVIDERS

    def owns(self, address: Address) -> bool:
        return untagged(address.email) in self.addresses


NOBODY = Ours()


@dataclass(frozen=True, slots=True)
class Contacts:
    """Who has written before, without a warning; everything lower-case."""

    sites: frozenset[str] = frozenset()  # their domains
    addresses_of: Mapping[str, Collection[str]] = field(default_factory=dict)  # by full name


NO_CONTACTS = Contacts()


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
    contacts: Contacts = NO_CONTACTS,
    is_stranger: bool = False,
    is_rebuilt: bool = False,
    from_junk: bool = False,
) -> Trust:
    """KNOWN are the addresses of those who take part already; a stranger only holds our token."""
    facts = list(_facts(email, ours, known, contacts))
    if from_junk:
        facts.append({"code": "from-junk"})
    if is_stranger:
        facts.append({"code": "stranger"})
    if is_rebuilt:
        facts.append({"code": "rebuilt"})
    if email.secured:
        facts.append({"code": email.secured})
    warns = any(fact["code"] not in QUIET for fact in facts)
    passed = any(fact["code"] == "authenticated" for fact in facts)
    return Trust(WARNING if warns else VERIFIED if passed else NEUTRAL, tuple(facts))


def _facts(
    email: ParsedEmail, ours: Ours, known: Collection[str], contacts: Contacts
) -> Iterator[Fact]:
    sender = email.froms[0] if email.froms else email.from_
    if sender is None:
        if not (email.is_bounce or email.is_receipt):
            yield {"code": "no-sender"}
        return
    proof = _proof(email, sender, ours)
    yield from _odd_fields(email, sender)
    yield from _odd_letters(sender)
    yield from _odd_address(sender)
    yield from _odd_name(email, sender, ours)
    is_report = email.is_bounce or email.is_receipt  # the daemon of every server has one name
    yield from _borrowed_name(sender, ours, known, NO_CONTACTS if is_report else contacts)
    yield from _imitation(sender, ours, known, contacts)
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
        code = "answers-for-others" if _answers_nobody(sender) else "reply-elsewhere"
        yield {"code": code, "addresses": _cut(list(dict.fromkeys(away)))}
    if email.sender and not is_related(domain_of(email.sender.email), domain_of(sender.email)):
        yield {"code": "sent-by", "address": _shown(email.sender.email)}


def _leads_away(reply_to: Address, sender: Address, ours: Ours) -> bool:
    if reply_to.key == sender.key or ours.owns(reply_to):
        return False
    domain = domain_of(reply_to.email)
    if domain in PROVIDERS or not is_related(domain, domain_of(sender.email)):
        return not _is_desk_of(reply_to, sender)
    return False


def _is_desk_of(reply_to: Address, sender: Address) -> bool:
    """acme@service-now.com and help@acme.zendesk.com are of acme.com."""
    company = site_of(domain_of(sender.email)).partition(".")[0]
    place = domain_of(reply_to.email)
    return site_of(place) in _DESKS and company in re.split(r"[.@]", reply_to.key)[:-1]


def _answers_nobody(sender: Address) -> bool:
    return bool(_NO_REPLY.fullmatch(sender.email.rpartition("@")[0]))


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


def _odd_address(sender: Address) -> Iterator[Fact]:
    """What stands before the @ can pass for the whole address, or push its end out of sight."""
    local, _at, domain = sender.email.rpartition("@")
    if re.search(r"@|%40|＠", local):
        yield {"code": "address-in-address", "domain": _shown(domain)}
    elif len(local) > LONGEST_LOCAL:
        yield {"code": "long-address", "domain": _shown(domain)}


def _odd_name(email: ParsedEmail, sender: Address, ours: Ours) -> Iterator[Fact]:
    name = unicodedata.normalize("NFKC", sender.name)
    for found in _ADDRESS.findall(name)[:MOST_NAMED]:
        if _is_another(found, sender) and not _is_spoken_for(found, email, sender, ours):
            yield {"code": "name-shows-other", "address": _shown(found)}
            return
    if _uses_our_name(name, sender, ours):
        yield {"code": "name-is-ours", "name": _shown(sender.name)}


def _is_another(found: str, sender: Address) -> bool:
    if found.lower() == sender.key:
        return False
    domain = domain_of(found)
    return domain in PROVIDERS or not is_related(domain, domain_of(sender.email))


def _is_spoken_for(found: str, email: ParsedEmail, sender: Address, ours: Ours) -> bool:
    """Lists and forms show whom they write for, and answers go there."""
    domain = domain_of(found)
    if domain in ours.domains or (domain in IMITATED and domain not in PROVIDERS):
        return False
    named = found.lower() in {one.key for one in email.reply_to}
    return named and (email.is_list or _answers_nobody(sender))


def _borrowed_name(
    sender: Address, ours: Ours, known: Collection[str], contacts: Contacts
) -> Iterator[Fact]:
    """A full name that belongs to one of us, or to somebody who wrote from elsewhere."""
    name = folded_name(sender.name)
    if not name or sender.key in known or sender.key in ours.agents or ours.owns(sender):
        return
    if name in ours.people:
        if not _is_at_home(sender, ours):
            yield {"code": "name-of-colleague", "name": _shown(sender.name)}
    elif (addresses := contacts.addresses_of.get(name)) and sender.key not in addresses:
        yield {"code": "namesake", "name": _shown(sender.name)}


def folded_name(name: str) -> str:
    """A full name; nothing for what many people share."""
    words = unicodedata.normalize("NFKC", name[:LONGEST_VALUE]).casefold().split()
    return " ".join(words) if len(words) > 1 else ""


def _uses_our_name(name: str, sender: Address, ours: Ours) -> bool:
    if not name or any(is_related(domain_of(sender.email), one) for one in ours.domains):
        return False
    if ours.owns(sender):
        return False
    folded = " ".join(name.casefold().split())
    if any(domain and domain in folded for domain in ours.domains):
        return True
    plain = skeleton(folded)
    telling = (one for one in ours.names if len(one) > 4 and one.replace(" ", "") not in _COMMON)
    return any(skeleton(one) == plain for one in telling)


def _imitation(
    sender: Address, ours: Ours, known: Collection[str], contacts: Contacts
) -> Iterator[Fact]:
    domain = domain_of(sender.email)
    near = ours.domains | {domain_of(address) for address in known}
    if found := imitated_by(domain, near, contacts.sites):
        yield {"code": "looks-like", "domain": _ascii(domain), "known": _shown(found)}


# ---- proof --------------------------------------------------------------------------------


def _from_ourselves(sender: Address, ours: Ours, proof: Fact | None) -> Iterator[Fact]:
    """Our own addresses are the first that somebody borrows."""
    found = proof["code"] if proof else ""
    if found == "authenticated":
        return
    if ours.owns(sender):
        yield {"code": "our-address"}
    elif sender.key in ours.agents:
        yield {"code": "agent-address"}
    elif ours.servers and found != "not-authentic" and _is_at_home(sender, ours):
        yield {"code": "our-domain", "domain": _shown(domain_of(sender.email))}


def _is_at_home(sender: Address, ours: Ours) -> bool:
    return any(is_related(domain_of(sender.email), domain) for domain in ours.domains)


def _proof(email: ParsedEmail, sender: Address, ours: Ours) -> Fact | None:
    """What the believed server found: passed, failed or nothing that counts."""
    checks = sorted(believed(email.checked_by, ours.servers), key=_rank)
    if not checks:
        return None
    domain = domain_of(sender.email)
    passed = [one for one in checks if one.result == "pass"]
    aligned = next((one for one in passed if _is_aligned(one, domain)), None)
    # A list changes what was signed, and signs it itself.
    carrier = next((one.domain for one in passed if email.is_list and one.domain), "")
    if carrier and not aligned:
        return {"code": "through-list", "domain": _shown(carrier)}
    if failed := _failure(checks, counts=not (aligned or email.is_list)):
        return _fact_of(failed, "not-authentic", domain)
    if len({one.key for one in email.froms}) > 1 or email.from_fields > 1:
        return None
    if aligned:
        return _fact_of(aligned, "authenticated", domain)
    return {"code": "not-proved", "domain": _shown(domain)}


def _rank(check: Check) -> int:
    return _BEST.index(check.method)


def _failure(checks: list[Check], *, counts: bool) -> Check | None:
    """The one that speaks against the sender; only DMARC weighs the others, and always counts."""
    failed = (one for one in checks if one.result == "fail")
    return next((one for one in failed if counts or one.method == "dmarc"), None)


def _fact_of(check: Check, code: str, domain: str) -> Fact:
    return {"code": code, "method": check.method.upper(), "domain": _shown(domain)}


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
