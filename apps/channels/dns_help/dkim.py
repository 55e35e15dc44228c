"""DKIM: the keys that receivers check signatures with (RFC 6376), each under a selector.

Nobody can list a domain's selectors. They are typed, seen in mails of ours that came back, or those
that the provider usually takes; a usual one that is missing proves nothing.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from apps.channels.dns_help.answers import Answer, Ask, Record, Said, Verdict, tags, unsure
from apps.channels.dns_help.providers import Sending
from apps.core.sentences import gettext_noop

MOST_KEYS = 12
SHORTEST = 1024  # bits; receivers need not take less (RFC 8301, 3.2)
USUAL = 2048

Source = Literal["seen", "typed", "usual"]


@dataclass(frozen=True, slots=True)
class Selector:
    domain: str
    name: str
    source: Source

    @property
    def record(self) -> str:
        return f"{self.name}._domainkey.{self.domain}"


def selectors_of(sending: Sending) -> list[Selector]:
    """Each once, those that are proved first."""
    mine = [Selector(at, name, "seen") for at, name in sending.seen if aligned(at, sending.domain)]
    mine += [Selector(sending.domain, name, "typed") for name in sending.selectors]
    for provider in sending.providers:
        mine += [Selector(sending.domain, name, "usual") for name in provider.selectors]
    first: dict[str, Selector] = {}
    for one in mine:
        first.setdefault(one.record, one)
    return list(first.values())[:MOST_KEYS]


def aligned(signer: str, domain: str) -> bool:
    """Relaxed, as far as it can be told without asking: one is the other, or stands above it."""
    return signer == domain or domain.endswith(f".{signer}")


def judge(sending: Sending, ask: Ask) -> Verdict:
    keys = [(one, ask(one.record, "TXT")) for one in selectors_of(sending)]
    told = [(one, _about(one, answer)) for one, answer in keys]
    good = any(_works(said) for _one, said in told)
    # Of those that a provider takes by turns, some are empty: one that works is enough.
    said = [said for one, said in told if one.source != "usual" or _works(said) or not good]
    if not good and all(one.source == "usual" for one, _answer in keys):
        said = [one for one in said if one.code != "dkim-usual-missing"]
        said.append(_nothing_known(sending))
    said += _strangers(sending)
    shown = tuple(answer for _one, answer in keys if answer.outcome == "found")
    return Verdict("dkim", _stands(said, good), tuple(said), shown, tuple(_to_add(sending, keys)))


def _works(said: Said) -> bool:
    return said.tone == "ok" or said.code in ("dkim-testing", "dkim-short")


def _stands(said: list[Said], good: bool) -> bool | None:
    if any(one.tone == "danger" for one in said):
        return False
    return True if good else None


def _nothing_known(sending: Sending) -> Said:
    for provider in sending.providers:
        facts = {"provider": provider.name, "domain": sending.domain}
        template = _AT_PROVIDER if provider.selectors else _NAMED_BY_PROVIDER
        return Said("dkim-provider", "warn", template, facts)
    return Said("dkim-unknown", "warn", _UNKNOWN, {"domain": sending.domain})


def _strangers(sending: Sending) -> Iterator[Said]:
    signers = {at for at, _name in sending.seen}
    if signers and not any(aligned(at, sending.domain) for at in signers):
        facts = {"signer": min(signers), "domain": sending.domain}
        yield Said("dkim-other-signer", "warn", _OTHER_SIGNER, facts)


def _to_add(sending: Sending, keys: list[tuple[Selector, Answer]]) -> Iterator[Record]:
    """Only where it is known by heart; elsewhere the provider makes the key."""
    missing = {one.record for one, answer in keys if answer.is_void}
    for provider in sending.providers:
        for name in provider.selectors if provider.aliases else ():
            record = f"{name}._domainkey.{sending.domain}"
            if record in missing:
                target = provider.aliases.format(selector=name, domain=sending.domain)
                yield Record(record, "CNAME", f"{target}.")


# ---- one key ------------------------------------------------------------------------------------


def _about(selector: Selector, answer: Answer) -> Said:
    facts = {"selector": selector.name, "name": selector.record}
    if answer.is_unsure:
        return unsure(answer)
    keys = [one for one in answer.texts if _is_key(one)]
    if not keys:
        return _missing(selector, answer, facts)
    if len(keys) > 1:
        return Said("dkim-several", "danger", _SEVERAL, facts)
    return _about_key(tags(keys[0]), facts)


def _is_key(text: str) -> bool:
    found = tags(text)
    return found.get("v", "DKIM1") == "DKIM1" and "p" in found


def _missing(selector: Selector, answer: Answer, facts: dict[str, str]) -> Said:
    usual = selector.source == "usual"  # a wildcard answers under any name
    if answer.texts and not usual:
        return Said("dkim-no-key", "danger", _NO_KEY, facts | {"text": answer.texts[0][:80]})
    if answer.alias:
        told = facts | {"alias": answer.alias}
        return Said("dkim-alias", "warn" if usual else "danger", _ALIAS, told)
    if usual:
        return Said("dkim-usual-missing", "quiet", _MISSING_USUAL, facts)
    template = _MISSING_SEEN if selector.source == "seen" else _MISSING_TYPED
    return Said("dkim-missing", "danger", template, facts)


def _about_key(key: dict[str, str], facts: dict[str, str]) -> Said:
    if not key["p"]:
        return Said("dkim-revoked", "danger", _REVOKED, facts)
    kind, bits = _read(key)
    if not bits:
        return Said("dkim-broken", "danger", _BROKEN, facts)
    told = facts | {"bits": str(bits)}
    if kind == "rsa" and bits < SHORTEST:
        return Said("dkim-weak", "danger", _TOO_SHORT, told)
    if not _is_for_mail(key):
        return Said("dkim-not-mail", "danger", _NOT_MAIL, facts)
    if "y" in _words(key, "t"):
        return Said("dkim-testing", "warn", _TESTING, facts)
    if kind == "rsa" and bits < USUAL:
        return Said("dkim-short", "warn", _SHORT, told)
    if kind == "ed25519":
        return Said("dkim-ed25519", "ok", _ED25519, facts)
    return Said("dkim-ok", "ok", _OK, told)


def _words(key: dict[str, str], tag: str) -> list[str]:
    return [one.strip().lower() for one in key.get(tag, "").split(":") if one.strip()]


def _is_for_mail(key: dict[str, str]) -> bool:
    services, hashes = _words(key, "s"), _words(key, "h")
    return (not services or bool({"*", "email"} & set(services))) and (
        not hashes or "sha256" in hashes
    )


def _read(key: dict[str, str]) -> tuple[str, int]:
    """The kind of the key and its bits; none where nobody can read it."""
    kind = key.get("k", "rsa").lower()
    try:
        raw = base64.b64decode("".join(key["p"].split()), validate=True)
        if kind == "ed25519":  # RFC 8463, 4.2: the bare 32 bytes
            return kind, 256 if len(raw) == 32 else 0
        public = load_der_public_key(raw)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return kind, 0
    return kind, public.key_size if isinstance(public, RSAPublicKey) and kind == "rsa" else 0


# ---- sentences ----------------------------------------------------------------------------------

_UNKNOWN = gettext_noop(
    "It is not known with which selector mail of %(domain)s is signed. Ask whoever runs your mail"
    " server and write it below; or let the account prove its way with a mail each hour, and the"
    " selector is read from a mail that came back."
)
_AT_PROVIDER = gettext_noop(
    "None of the keys that %(provider)s usually takes is there for %(domain)s. Switch DKIM on in"
    " its administration: it shows the record to add. If you chose a selector of your own, write it"
    " below."
)
_NAMED_BY_PROVIDER = gettext_noop(
    "%(provider)s gives its keys names of its own, so it is not known whether they are there for"
    " %(domain)s. Add the records that its administration shows, and write the part before"
    " ._domainkey below; or let the account prove its way with a mail each hour."
)
_OTHER_SIGNER = gettext_noop(
    "Mails of yours that came back were signed by %(signer)s, not by %(domain)s: this does not"
    " count for DMARC. Switch DKIM on for your own domain at the mail provider."
)
_MISSING_SEEN = gettext_noop(
    "Your mails are signed with the selector %(selector)s, and its key is not there: every"
    " signature fails. Add %(name)s again; your mail provider shows its value."
)
_MISSING_TYPED = gettext_noop(
    "There is no key under %(name)s. Add the record that your mail provider shows, or take the"
    " selector out below."
)
_MISSING_USUAL = gettext_noop("There is no key under %(name)s, where the provider often has one.")
_ALIAS = gettext_noop(
    "%(name)s points to %(alias)s, where there is no key. Copy the target from your mail provider"
    " again, and see that DKIM is switched on there."
)
_NO_KEY = gettext_noop(
    "What stands under %(name)s is no key: “%(text)s”. Copy the record from your mail provider"
    " again."
)
_SEVERAL = gettext_noop(
    "There are several keys under %(name)s, and receivers may take either. Leave only the newest."
)
_REVOKED = gettext_noop(
    "The key %(selector)s was withdrawn (its p= is empty). If mail is still signed with it, every"
    " signature fails: let the mail server take a newer key, or add the key again."
)
_BROKEN = gettext_noop(
    "The key under %(name)s cannot be read: often a part of it was lost in copying. Copy it from"
    " your mail provider again, in one piece."
)
_TOO_SHORT = gettext_noop(
    "The key %(selector)s has %(bits)s bits, which receivers refuse. Have one of 2048 bits made."
)
_SHORT = gettext_noop(
    "The key %(selector)s works and has %(bits)s bits. 2048 is the measure of today: have a longer"
    " one made when you next change it."
)
_NOT_MAIL = gettext_noop(
    "The key %(selector)s is not for mail, or only for a method that nobody accepts any more (its"
    " s= or h=). Copy the record from your mail provider again."
)
_TESTING = gettext_noop(
    "The key %(selector)s says that it is only on trial (t=y), so receivers may ignore it. Take t=y"
    " out once your mail arrives well."
)
_ED25519 = gettext_noop(
    "The key %(selector)s works (Ed25519). Some receivers cannot read this kind yet, so sign with"
    " an RSA key beside it."
)
_OK = gettext_noop("The key %(selector)s works; it has %(bits)s bits.")
