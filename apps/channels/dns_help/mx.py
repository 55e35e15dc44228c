"""MX: where mail for the domain goes; who cannot be answered is not trusted either."""

from collections.abc import Iterator

from apps.channels.dns_help.answers import Answer, Ask, Said, Tone, Verdict, unsure
from apps.channels.dns_help.providers import Sending
from apps.core.sentences import gettext_noop

MOST_ASKED = 4


def judge(sending: Sending, ask: Ask) -> Verdict:
    answer = ask(sending.domain, "MX")
    if answer.is_unsure:
        return Verdict("mx", None, (unsure(answer),), (answer,))
    if answer.outcome != "found":
        return _without(sending.domain, answer, ask)
    servers = [text.partition(" ")[2] for text in answer.texts]
    if servers == [""] or servers == ["."]:
        said: tuple[Said, ...] = (Said("mx-null", "danger", _NULL, {"domain": sending.domain}),)
        return Verdict("mx", False, said, (answer,))
    said = tuple(_gone(servers[:MOST_ASKED], ask)) or (Said("mx-ok", "ok", _OK),)
    stands = not any(one.tone == "danger" for one in said)
    return Verdict("mx", stands, said, (answer,))


def _without(domain: str, answer: Answer, ask: Ask) -> Verdict:
    """Mail then goes to the domain's own address (RFC 5321, 5.1)."""
    if ask(domain, "A").outcome == "found" or ask(domain, "AAAA").outcome == "found":
        said = Said("mx-implicit", "warn", _IMPLICIT, {"domain": domain})
        return Verdict("mx", True, (said,), (answer,))
    return Verdict("mx", False, (Said("mx-missing", "danger", _MISSING, {"domain": domain}),))


def _gone(servers: list[str], ask: Ask) -> Iterator[Said]:
    gone = [one for one in servers if _is_gone(one, ask)]
    tone: Tone = "danger" if len(gone) == len(servers) else "warn"
    if gone:
        yield Said("mx-gone", tone, _GONE, {"servers": ", ".join(gone)})


def _is_gone(server: str, ask: Ask) -> bool:
    first = ask(server, "A")
    return first.outcome == "absent" or (first.is_void and ask(server, "AAAA").is_void)


_OK = gettext_noop("Mail for the domain has a place to go to.")
_NULL = gettext_noop(
    "%(domain)s says that it takes no mail at all (a dot as its server), so answers of your"
    " customers are refused. Name the servers of your mail provider."
)
_IMPLICIT = gettext_noop(
    "%(domain)s has no MX record, so its mail goes to its web server's address. Name the servers of"
    " your mail provider."
)
_MISSING = gettext_noop(
    "%(domain)s has no MX record and no address: mail for it arrives nowhere. Name the servers of"
    " your mail provider."
)
_GONE = gettext_noop(
    "These servers do not exist: %(servers)s. Correct their names or take them out."
)
