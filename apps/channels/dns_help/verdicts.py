"""All judges, in the order of the page."""

from apps.channels.dns_help import dkim, dmarc, mx, spf
from apps.channels.dns_help.answers import Ask, Said, Verdict
from apps.channels.dns_help.providers import Sending
from apps.core.sentences import gettext_noop

JUDGES = (spf.judge, dkim.judge, dmarc.judge, mx.judge)
# Names that no public DNS has (RFC 2606, 6761, 6762, 9476; ICANN for .internal).
RESERVED = ("test", "example", "invalid", "localhost", "local", "internal", "alt", "onion")


def why_not_asked(domain: str, free_providers: frozenset[str] = frozenset()) -> str:
    """A template why the DNS cannot help with DOMAIN, or nothing."""
    if domain in free_providers:
        return _THEIRS
    if "." not in domain or domain.rpartition(".")[2] in RESERVED or domain.endswith("home.arpa"):
        return _NOT_PUBLIC
    return ""


def judge_all(sending: Sending, ask: Ask) -> list[Verdict]:
    """One that says it all where the domain is not there."""
    there = ask(sending.domain, "MX")
    if there.outcome == "absent":
        said = Said("domain-absent", "danger", _ABSENT, {"domain": sending.domain})
        return [Verdict("domain", False, (said,))]
    return [judge(sending, ask) for judge in JUDGES]


_ABSENT = gettext_noop(
    "There is no domain %(domain)s in the DNS: no answer of a customer can arrive. Check how the"
    " mailbox's address is spelled, and whether the domain was paid for."
)
_THEIRS = gettext_noop(
    "%(domain)s belongs to a mail provider, which looks after these records itself. There is"
    " nothing to do, as long as your mail leaves by that provider."
)
_NOT_PUBLIC = gettext_noop(
    "%(domain)s is a name for tests or for one network alone. It has no records that others could"
    " see, so nothing is looked up."
)
