"""The trust line in words: one short sentence for each fact, made when it is shown."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.channels.lookalikes import visible
from apps.channels.trust import NEUTRAL, QUIET, VERIFIED, WARNING

SENTENCES = {
    "no-sender": _("It names no sender."),
    "several-senders": _("It names several senders: {addresses}."),
    "doubled-sender": _("It names its sender twice: {address}."),
    "reply-elsewhere": _("Answers go to another address: {addresses}."),
    "answers-for-others": _("Answers go to {addresses}."),
    "sent-by": _("Sent by {address} for the sender."),
    "hidden-in-address": _("The address contains letters that nobody sees."),
    "hidden-in-name": _("The name contains letters that nobody sees."),
    "mixed-domain": _("{domain} mixes letters that look alike; it is written {written}."),
    "foreign-letters": _("{domain} is written {written}."),
    "mixed-address": _("The address {address} mixes letters of different alphabets."),
    "mixed-name": _("The name mixes letters of different alphabets."),
    "name-shows-other": _("The name shows {address}, which is not the sender's address."),
    "name-is-ours": _("The name says {name}, but the address is not one of ours."),
    "name-of-colleague": _("{name} is a colleague's name, but not a colleague's address."),
    "namesake": _("Somebody named {name} has written before, from another address."),
    "address-in-address": _("The address shows another one; it really ends in @{domain}."),
    "long-address": _("The address is very long; it really ends in @{domain}."),
    "looks-like": _("{domain} looks like {known}, but is another domain."),
    "our-address": _("It says that it comes from our own address, and nothing proves it."),
    "agent-address": _("From an agent's address, unverified."),
    "our-domain": _("It says that it comes from {domain}, and nothing proves it."),
    "from-junk": _("It lay in the folder of junk mail: the mail server took it for junk."),
    "stranger": _("The sender has not taken part in this conversation before."),
    "not-authentic": _("It does not really come from {domain}: the {method} check failed."),
    "not-proved": _("Nothing proves that it comes from {domain}."),
    "through-list": _("It came through a list of {domain}; who wrote it is not proved."),
    "rebuilt": _("Rebuilt from what the mail provider told of it: not the original bytes."),
    "smime-signed": _("Signed with S/MIME; the signature was not checked."),
    "smime-encrypted": _("Encrypted with S/MIME; it cannot be read here."),
    "pgp-signed": _("Signed with PGP; the signature was not checked."),
    "pgp-encrypted": _("Encrypted with PGP; it cannot be read here."),
    "authenticated": _("It really comes from {domain} ({method} check passed)."),
}
# What to do about it: the first line that fits.
ADVICE = (
    (
        frozenset({"reply-elsewhere"}),
        _("Before you answer, look at the address in To. Send nothing private there."),
    ),
    (
        frozenset({"stranger"}),
        _("Before you answer, make sure that this person may read the conversation."),
    ),
)
GENERAL_ADVICE = _(
    "Before you follow a link, open a file or send anything private, ask the sender in a way that"
    " you know already."
)
TITLES = {
    WARNING: _("Be careful with this sender"),
    VERIFIED: _("Sender verified"),
    NEUTRAL: _("Sender not verified"),
}


def sentences_of(trust: Mapping[str, Any]) -> list[str]:
    """Plain text, warnings first."""
    return [
        str(SENTENCES[fact["code"]]).format(
            **{key: ", ".join(map(visible, values)) for key, values in _values(fact)}
        )
        for fact in _sorted(trust)
    ]


def advice_of(trust: Mapping[str, Any]) -> str:
    """What a careful reader does now; nothing without a warning."""
    if trust.get("level") != WARNING:
        return ""
    warned = {fact.get("code") for fact in trust.get("facts", ())} - QUIET
    return str(next((said for codes, said in ADVICE if warned <= codes), GENERAL_ADVICE))


def marked_sentences_of(trust: Mapping[str, Any]) -> list[SafeString]:
    """For pages: escaped, each value by itself so that it cannot turn the sentence around."""
    return [
        format_html(
            conditional_escape(SENTENCES[fact["code"]]),
            **{key: _isolated(values) for key, values in _values(fact)},
        )
        for fact in _sorted(trust)
    ]


def _sorted(trust: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    facts = [fact for fact in trust.get("facts", ()) if fact.get("code") in SENTENCES]
    return sorted(facts, key=lambda fact: fact["code"] in QUIET)


def _values(fact: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for key, value in fact.items():
        yield key, value if isinstance(value, list) else [str(value)]


def _isolated(values: list[str]) -> SafeString:
    return format_html_join(", ", "<bdi>{}</bdi>", ((visible(one),) for one in values))
