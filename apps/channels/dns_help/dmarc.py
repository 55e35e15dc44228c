"""DMARC: what receivers do with mail that proves itself neither by SPF nor by DKIM (RFC 9989).

A domain without a record of its own has that of its organisation. Which domain that is, the DNS
itself tells (RFC 9989, 4.10): one walks up the name, label by label, and of the records found the
highest counts, unless one says with psd= that it stands at a border. No list of public suffixes is
needed, and none is kept.
"""

import re
from collections.abc import Iterator

from apps.channels.dns_help.answers import Answer, Ask, Record, Said, Verdict, tags, unsure
from apps.channels.dns_help.providers import Sending
from apps.core.sentences import gettext_noop

MOST_STEPS = 8
MOST_REPORTS = 3  # places for reports that are asked whether they want ours
POLICIES = ("none", "quarantine", "reject")

_IS_DMARC = re.compile(r"v\s*=\s*DMARC1\s*(;|$)")
_MAILTO = re.compile(r"mailto:[^@\s,!]+@([a-z0-9._-]+)", re.I)


def records_in(answer: Answer) -> list[str]:
    return [one for one in answer.texts if _IS_DMARC.match(one.strip())]


def judge(sending: Sending, ask: Ask) -> Verdict:
    answer = ask(f"_dmarc.{sending.domain}", "TXT")
    if answer.is_unsure:
        return Verdict("dmarc", None, (unsure(answer),), (answer,))
    found = records_in(answer)
    if len(found) > 1:
        said = Said("dmarc-several", "danger", _SEVERAL, {"name": answer.name})
        return Verdict("dmarc", False, (said,), (answer,))
    if found:
        told = tuple(_said(tags(found[0]), sending.domain, "", ask))
        return Verdict("dmarc", _stands(told), told, (answer,), _better(sending, found[0], told))
    return _of_organisation(sending, answer, ask)


def _of_organisation(sending: Sending, own: Answer, ask: Ask) -> Verdict:
    above, asked = _above(sending.domain, ask)
    if above is not None:
        name, text = above
        told = tuple(_said(tags(text), sending.domain, name, ask))
        return Verdict("dmarc", _stands(told), told, tuple(asked[-1:]))
    late = next((one for one in asked if one.is_unsure), None)
    if late is not None:
        return Verdict("dmarc", None, (unsure(late),), (late,))
    return _missing(sending, own)


def _above(domain: str, ask: Ask) -> tuple[tuple[str, str] | None, list[Answer]]:
    """The organisation's name and record, and the answers on the way that held one or failed."""
    found: tuple[str, str] | None = None
    answers: list[Answer] = []
    for name in _upwards(domain):
        answer = ask(f"_dmarc.{name}", "TXT")
        here = records_in(answer)
        if answer.is_unsure:
            answers.append(answer)
        if len(here) != 1:
            continue
        border = tags(here[0]).get("psd", "u").lower()
        if border == "y" and found:
            break
        found, answers = (name, here[0]), [*answers, answer]
        if border in ("y", "n"):
            break
    return found, answers


def _upwards(domain: str) -> Iterator[str]:
    """The names above DOMAIN; of very long ones only the upper part (RFC 9989, 4.10)."""
    labels = domain.split(".")
    labels = labels[1:] if len(labels) <= MOST_STEPS else labels[-(MOST_STEPS - 1) :]
    for first in range(len(labels)):
        yield ".".join(labels[first:])


def _missing(sending: Sending, answer: Answer) -> Verdict:
    facts = {"domain": sending.domain}
    meant = next((one for one in answer.texts if "dmarc" in one.lower()), "")
    said = Said("dmarc-missing", "warn", _MISSING, facts)
    if meant:
        said = Said("dmarc-odd", "danger", _ODD, {"name": answer.name, "text": meant[:120]})
    return Verdict("dmarc", False, (said,), (answer,), (_first_record(sending, bool(meant)),))


def _first_record(sending: Sending, replaces: bool = False) -> Record:
    value = f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{sending.domain}"
    return Record(f"_dmarc.{sending.domain}", "TXT", value, replaces)


def _better(sending: Sending, text: str, said: tuple[Said, ...]) -> tuple[Record, ...]:
    """Only where it can be written without deciding anything for anybody."""
    if not any(one.code in ("dmarc-policy", "dmarc-blind") for one in said):
        return ()
    kept = {name: value for name, value in tags(text).items() if name not in ("v", "p")}
    policy = tags(text).get("p", "").lower()
    policy = policy if policy in POLICIES else "none"
    kept.setdefault("rua", f"mailto:dmarc-reports@{sending.domain}")
    value = "; ".join(["v=DMARC1", f"p={policy}", *(f"{name}={kept[name]}" for name in kept)])
    return (Record(f"_dmarc.{sending.domain}", "TXT", value, replaces=True),)


def _stands(said: tuple[Said, ...]) -> bool:
    return not any(one.tone == "danger" for one in said)


# ---- what it says -------------------------------------------------------------------------------


def _said(record: dict[str, str], domain: str, organisation: str, ask: Ask) -> Iterator[Said]:
    policy = record.get("p", "").lower()
    if organisation:
        policy = record.get("sp", policy).lower()
        yield Said("dmarc-above", "quiet", _ABOVE, {"domain": domain, "name": organisation})
    if policy not in POLICIES:
        yield Said("dmarc-policy", "danger", _NO_POLICY, {"policy": policy[:40]})
        return
    yield _about_policy(policy, "rua" in record)
    yield from _about_trial(record, policy)
    if not organisation and _weaker(record.get("sp", policy), policy):
        yield Said("dmarc-subdomains", "warn", _SUBDOMAINS, {"policy": record["sp"][:40]})
    yield from _about_alignment(record)
    yield from _about_reports(record, organisation or domain, ask)


def _about_policy(policy: str, reports: bool) -> Said:
    if policy == "none" and not reports:
        return Said("dmarc-blind", "warn", _BLIND)
    return Said(f"dmarc-{policy}", "ok", _POLICY[policy])


def _about_trial(record: dict[str, str], policy: str) -> Iterator[Said]:
    """t= is of today (RFC 9989), pct= of before; receivers of both kinds are about."""
    share = record.get("pct", "100")
    if policy != "none" and record.get("t", "n").lower() == "y":
        yield Said("dmarc-trial", "warn", _TRIAL)
    elif policy != "none" and share.isdecimal() and int(share) < 100:
        yield Said("dmarc-part", "warn", _PART, {"share": share})


def _weaker(policy: str, than: str) -> bool:
    known = policy.lower() in POLICIES
    return known and POLICIES.index(policy.lower()) < POLICIES.index(than)


def _about_alignment(record: dict[str, str]) -> Iterator[Said]:
    strict = [word for tag, word in _STRICT.items() if record.get(tag, "r").lower() == "s"]
    if strict:
        yield Said("dmarc-strict", "quiet", _ALIGNED, {"methods": ", ".join(strict)})


_STRICT = {"adkim": "DKIM", "aspf": "SPF"}


def _about_reports(record: dict[str, str], domain: str, ask: Ask) -> Iterator[Said]:
    """A place in another domain has to say that it wants them (RFC 9990, 4)."""
    places = dict.fromkeys(
        one.lower().rstrip(".") for one in _MAILTO.findall(record.get("rua", ""))
    )
    if "rua" in record and not places:
        yield Said("dmarc-reports-odd", "warn", _REPORTS_ODD, {"rua": record["rua"][:80]})
    for place in [one for one in places if not _is_within(one, domain)][:MOST_REPORTS]:
        answer = ask(f"{domain}._report._dmarc.{place}", "TXT")
        if not answer.is_unsure and not records_in(answer):
            facts = {"place": place, "name": answer.name}
            yield Said("dmarc-reports-refused", "warn", _REPORTS_REFUSED, facts)


def _is_within(place: str, domain: str) -> bool:
    """The same organisation, as far as two names alone can tell."""
    return place == domain or place.endswith(f".{domain}") or domain.endswith(f".{place}")


# ---- sentences ----------------------------------------------------------------------------------

_MISSING = gettext_noop(
    "%(domain)s has no DMARC record, so nobody is told what to do with mail that only pretends to"
    " come from you, and large receivers trust your own mail less. Add the record below: it changes"
    " nothing yet, and has reports sent. Make its address first, and not as a mailbox of agents."
)
_ODD = gettext_noop(
    "What stands under %(name)s was meant as DMARC and is none: “%(text)s”. It has to begin with"
    " v=DMARC1; in capital letters."
)
_SEVERAL = gettext_noop(
    "There are several DMARC records under %(name)s, and receivers then take none of them. Leave"
    " one."
)
_NO_POLICY = gettext_noop(
    "The record names no policy that there is (p=%(policy)s). Write p=none, p=quarantine or"
    " p=reject."
)
_ABOVE = gettext_noop(
    "%(domain)s has no record of its own; that of %(name)s holds for it, with what it says about"
    " subdomains."
)
_BLIND = gettext_noop(
    "The policy is none and no address for reports is named (rua=), so the record does nothing."
    " Name an address, as below."
)
_POLICY = {
    "none": gettext_noop(
        "The policy is none: mail that pretends to come from you is delivered, and you are told of"
        " it. Once the reports show that all of your own mail passes, write p=quarantine."
    ),
    "quarantine": gettext_noop(
        "The policy is quarantine: mail that pretends to come from you lands in the spam folder."
    ),
    "reject": gettext_noop("The policy is reject: mail that pretends to come from you is refused."),
}
_TRIAL = gettext_noop(
    "The policy is on trial (t=y), and receivers go one step easier. Take t=y out once all of your"
    " mail passes."
)
_PART = gettext_noop(
    "The policy holds for %(share)s %% of such mail only (pct=). Receivers of today no longer know"
    " this; take pct= out once all of your mail passes."
)
_SUBDOMAINS = gettext_noop(
    "For subdomains only sp=%(policy)s holds, so anybody can write as one of them. Take sp= out if"
    " no subdomain needs it."
)
_ALIGNED = gettext_noop(
    "%(methods)s has to be of exactly this domain (strict): what is proved for a subdomain or for"
    " the domain above does not count."
)
_REPORTS_ODD = gettext_noop(
    "The address for reports cannot be read (rua=%(rua)s). Write it as rua=mailto:name@example.com."
)
_REPORTS_REFUSED = gettext_noop(
    "Reports are to go to %(place)s, which does not say that it takes them, so they are not sent."
    " It has to add a TXT record %(name)s with the value v=DMARC1."
)
