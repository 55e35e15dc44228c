"""Asks the DNS for a domain, a few seconds in all, and keeps every answer for whoever judges.

Answers are other people's words: their number and length are limited, and of TXT records only those
are kept that speak of mail. Why there is no answer is told apart, since "no such record" is a fact
and silence is none.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from django.conf import settings

from apps.channels.dns_help.answers import Answer, Outcome
from apps.channels.dns_help.names import wire_name

SECONDS = 6.0  # in all
SECONDS_EACH = 2.0
SECONDS_A_TRY = 0.9  # of one packet; two servers get their turn
MOST_QUESTIONS = 80
MOST_TEXTS = 12
LONGEST_TEXT = 2100  # characters; a DKIM key of 4096 bits has 750
PAYLOAD = 1232  # bytes by UDP that arrive in one piece everywhere
KINDS = ("TXT", "MX", "A", "AAAA")

_OF_MAIL = re.compile(r"spf|dkim|dmarc|\bp\s*=", re.I)


@dataclass(slots=True)
class Questions:
    """Called with a name and a kind, as the judges do; asks each only once."""

    servers: Sequence[str] = ()
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    _resolver: dns.resolver.Resolver | None = None
    _until: float = 0.0

    def __post_init__(self) -> None:
        self._until = time.monotonic() + SECONDS
        self._resolver = _resolver(self.servers or settings.DNS_SERVERS)
        asked = self._resolver.nameservers if self._resolver else ()
        self.servers = [getattr(one, "address", None) or str(one) for one in asked]

    def __call__(self, name: str, kind: str) -> Answer:
        known = self.answers.get((name, kind))
        if known is None:
            known = self.answers[name, kind] = self._asked(name, kind)
        return known

    def _asked(self, name: str, kind: str) -> Answer:
        left = self._until - time.monotonic()
        if self._resolver is None or left <= 0 or len(self.answers) >= MOST_QUESTIONS:
            return Answer(name, kind, "late")
        try:
            asked = dns.name.from_text(wire_name(name))
            found = self._resolver.resolve(asked, kind, lifetime=min(left, SECONDS_EACH))
        except dns.resolver.NXDOMAIN as error:
            return Answer(name, kind, "absent", alias=_alias(error, name))
        except dns.resolver.NoAnswer as error:
            return Answer(name, kind, "empty", alias=_alias(error, name))
        except dns.resolver.NoNameservers as error:
            return Answer(name, kind, _refusal(error))
        except dns.exception.Timeout:
            return Answer(name, kind, "late")
        except (dns.exception.DNSException, OSError, ValueError):  # idna's errors are of these
            return Answer(name, kind, "odd")
        texts = _texts(found, kind)
        return Answer(name, kind, "found" if texts else "empty", texts, _end(found, name))


def _resolver(servers: Sequence[str]) -> dns.resolver.Resolver | None:
    """SERVERS as 192.0.2.1 or 192.0.2.1@5353; empty: those of this machine."""
    try:
        resolver = dns.resolver.Resolver(configure=not servers)
    except (dns.exception.DNSException, OSError):  # the machine names none
        return None
    if servers:
        parts = [one.partition("@") for one in servers]
        resolver.nameservers = [
            dns.nameserver.Do53Nameserver(host, int(port or 53)) for host, _at, port in parts
        ]
    resolver.timeout, resolver.lifetime, resolver.retry_servfail = (
        SECONDS_A_TRY,
        SECONDS_EACH,
        False,
    )
    resolver.use_edns(0, 0, PAYLOAD)
    resolver.cache = None
    return resolver


def _refusal(error: dns.resolver.NoNameservers) -> Outcome:
    """What the last server said, where any said something at all."""
    said = " ".join(str(one[3]) for one in error.kwargs.get("errors", ()))
    if "SERVFAIL" in said:
        return "failed"
    if "REFUSED" in said or "NOTAUTH" in said:
        return "refused"
    return "late" if "timed out" in said else "odd"


def _alias(error: dns.resolver.NXDOMAIN | dns.resolver.NoAnswer, name: str) -> str:
    """Where CNAMEs led, although nothing was there."""
    responses = error.kwargs.get("responses") or {None: error.kwargs.get("response")}
    for response in responses.values():
        try:
            end = response.canonical_name()
        except (AttributeError, dns.exception.DNSException):
            continue
        if _plain(end) != wire_name(name).lower().rstrip("."):
            return _plain(end)
    return ""


def _end(found: dns.resolver.Answer, name: str) -> str:
    end = _plain(found.canonical_name)
    return "" if end == wire_name(name).lower().rstrip(".") else end


def _line(text: str) -> str:
    """Safe to show: without controls, also those that turn the direction of what follows."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _plain(name: dns.name.Name) -> str:
    return _line(name.to_text(omit_final_dot=True).lower())


def _texts(found: dns.resolver.Answer, kind: str) -> tuple[str, ...]:
    if kind != "TXT":
        return tuple(sorted(map(_data, found), key=_preference)[:MOST_TEXTS])
    whole = (b"".join(one.strings)[:LONGEST_TEXT].decode("utf-8", "replace") for one in found)
    of_mail = [one for one in whole if _OF_MAIL.search(one)]
    return tuple(_line(one) for one in sorted(of_mail)[:MOST_TEXTS])  # servers shuffle


def _data(data: object) -> str:
    """`10 mx.example.com`, or an address."""
    exchange = getattr(data, "exchange", None)
    if exchange is None:
        return _line(str(data))
    return f"{getattr(data, 'preference', 0)} {_plain(exchange)}"


def _preference(text: str) -> tuple[int, str]:
    first = text.partition(" ")[0]
    return (int(first) if first.isdecimal() else 0), text
