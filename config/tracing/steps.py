"""The shape that the journey of a real mail and the dry run of a trial mail have in common."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

Tone = Literal["ok", "warn", "danger", "quiet"]


class Fact(NamedTuple):
    """One piece of evidence: what it is, and its value as plain text."""

    name: str
    value: str


class Table(NamedTuple):
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: when it fell, what it was in a sentence, and from which facts."""

    key: str
    title: str
    decision: str
    facts: tuple[Fact, ...] = ()
    table: Table | None = None
    at: datetime | None = None
    tone: Tone = "ok"
    text: str = ""


SIGNALS = {
    "report": gettext_lazy("it reports on a mail of ours"),
    "our-id": gettext_lazy("the ID of a mail of ours"),
    "reply-address": gettext_lazy("our reply address with its token"),
    "stored-id": gettext_lazy("the ID of a mail that is here"),
    "subject-id": gettext_lazy("a session ID in the subject"),
}
SENDERS = {
    "participant": gettext_lazy("takes part"),
    "stranger": gettext_lazy("does not take part"),
    "agent": gettext_lazy("an agent's address, unverified"),
}


def signals_of(placement: dict[str, Any]) -> Table | None:
    """Every sign of a conversation that a mail bore, and whether it decided."""
    signals = placement.get("signals") or []
    if not signals:
        return None
    rows = tuple(_signal(one) for one in signals)
    return Table((_("Signal"), _("Conversation"), _("Sender"), _("Mailbox"), _("Decided")), rows)


def _signal(signal: dict[str, Any]) -> tuple[str, ...]:
    kind, sender = str(signal.get("kind", "")), str(signal.get("sender", ""))
    return (
        str(SIGNALS.get(kind, kind)),
        str(signal.get("thread", "")),
        str(SENDERS.get(sender, sender)),
        _("used by it") if signal.get("mailbox") else _("another one"),
        yes_or_no(bool(signal.get("used"))),
    )


def confidence_of(placement: dict[str, Any]) -> tuple[Fact, ...]:
    if "confidence" not in placement:
        return ()
    return (Fact(_("Confidence"), f"{round(float(placement['confidence']) * 100)} %"),)


def facts(*pairs: tuple[str, object]) -> tuple[Fact, ...]:
    """Without those that say nothing."""
    return tuple(Fact(name, str(value)) for name, value in pairs if value not in ("", None))


def yes_or_no(yes: bool) -> str:
    return _("yes") if yes else _("no")


def size_of(count: int) -> str:
    return ngettext("%(count)d byte", "%(count)d bytes", count) % {"count": count}


def joined(words: Iterable[object]) -> str:
    return ", ".join(str(word) for word in words)
