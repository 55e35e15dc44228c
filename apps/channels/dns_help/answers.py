"""A question to the DNS with its answer, and what a judge says of it, as plain frozen data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from apps.core.sentences import gettext_noop

Tone = Literal["ok", "quiet", "warn", "danger"]
TONES: tuple[Tone, ...] = get_args(Tone)
Outcome = Literal["found", "empty", "absent", "late", "failed", "refused", "odd", "unasked"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

# What is said where an answer tells nothing of the record itself.
UNSURE: dict[Outcome, str] = {
    "late": gettext_noop(
        "No name server answered in time for %(name)s, so nothing can be said. Look up again"
        " later; if it stays so, let this machine ask the DNS (port 53, UDP and TCP)."
    ),
    "failed": gettext_noop(
        "The name servers of %(name)s cannot answer (SERVFAIL), so nothing can be said. If it stays"
        " so, whoever keeps the domain's DNS has to repair it; often DNSSEC is broken."
    ),
    "refused": gettext_noop(
        "The name server refuses to answer for %(name)s, so nothing can be said. Ask who runs it"
        " whether this machine may use it."
    ),
    "odd": gettext_noop(
        "The answer for %(name)s cannot be read, or its names lead in a circle. Whoever keeps the"
        " domain's DNS has to repair it."
    ),
    "unasked": gettext_noop("%(name)s was not looked up yet; press “Look up now”."),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """OUTCOME: absent means that the name is not there (NXDOMAIN), empty that it has no such
    record. TEXTS are of TXT, or the names and numbers of other records."""

    name: str
    kind: str  # TXT, MX, A ...
    outcome: Outcome
    texts: tuple[str, ...] = ()
    alias: str = ""  # where a CNAME led

    @property
    def is_unsure(self) -> bool:
        return self.outcome in UNSURE

    @property
    def is_void(self) -> bool:
        return self.outcome in ("empty", "absent")

    def as_json(self) -> list[Any]:
        return [self.name, self.kind, self.outcome, list(self.texts), self.alias]


def unjson(kept: list[Any]) -> Answer:
    name, kind, outcome, texts, alias = kept
    return Answer(name, kind, outcome, tuple(texts), alias)


Ask = Callable[[str, str], Answer]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its facts, so that it can be said in any language."""

    code: str
    tone: Tone
    template: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return self.template % self.facts if self.facts else self.template


def unsure(answer: Answer) -> Said:
    return Said(answer.outcome, "warn", UNSURE[answer.outcome], {"name": answer.name})


@dataclass(frozen=True, slots=True)
class Record:
    """What to write into the DNS. REPLACES: the one that stands there."""

    name: str
    kind: str
    value: str
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`stands`: it does its work; None where that could not be found out."""

    kind: Literal["domain", "spf", "dkim", "dmarc", "mx"]
    stands: bool | None
    said: tuple[Said, ...]
    found: tuple[Answer, ...] = ()
    to_add: tuple[Record, ...] = ()

    @property
    def tone(self) -> Tone:
        return max((one.tone for one in self.said), key=TONES.index, default="quiet")

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.said]


def tags(text: str) -> dict[str, str]:
    """`k=v; k=v` of DKIM and DMARC (RFC 6376, 3.2); of a tag that stands twice the first counts."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, is_there, value = part.partition("=")
        if is_there:
            found.setdefault(name.strip().lower(), value.strip())
    return found
