"""Why a mail lies where it lies, as facts to be stored with it; words.py tells them."""

from typing import Any

from apps.tickets.threading.evidence import FROM_AGENT
from apps.tickets.threading.joining import (
    CONFIDENCE,
    CONFIDENCE_OF,
    DISAGREEING,
    NEW_SUBJECT,
    NEW_TOPIC,
    OPENS_POSSIBLE,
    SUBJECT_ID,
    UNVERIFIED,
    Place,
    Signal,
)

MOST_SIGNALS = 12

Placement = dict[str, Any]


def facts_of(place: Place) -> Placement:
    """Plain JSON; its form is the one of `Message.placement`."""
    facts: Placement = {
        "rule": place.rule,
        "confidence": round(confidence_of(place), 2),
        "signals": [_signal(one, place) for one in _told(place)],
        "flags": _flags(place),
    }
    return facts | _possible(place)


def confidence_of(place: Place) -> float:
    """0 to 1."""
    sure = CONFIDENCE_OF.get(place.rule, 1.0)
    if place.used is not None and place.rule not in CONFIDENCE_OF:
        sure = CONFIDENCE[place.used.kind, place.used.sender]
    if place.used is not None and any(_names_another(one, place) for one in place.signals):
        sure *= DISAGREEING
    return sure * NEW_SUBJECT if place.new_topic else sure


def _names_another(signal: Signal, place: Place) -> bool:
    return signal.mailbox and signal.conversation.head is not place.conversation


def _told(place: Place) -> list[Signal]:
    """The one that decided is always among them."""
    some = list(place.signals[:MOST_SIGNALS])
    if place.used is not None and place.used not in some:
        some[-1] = place.used
    return some


def _signal(signal: Signal, place: Place) -> dict[str, Any]:
    return {
        "kind": signal.kind,
        "thread": signal.conversation.head.thread.key,
        "sender": signal.sender,
        "mailbox": signal.mailbox,
        "used": signal is place.used,
    }


def _flags(place: Place) -> list[str]:
    """In this order: what answers go by asks for an agent's address as the first one."""
    said = {
        FROM_AGENT: place.from_agent,
        UNVERIFIED: not place.verified,
        NEW_TOPIC: place.new_topic,
    }
    return [flag for flag, holds in said.items() if holds]


def _possible(place: Place) -> Placement:
    """Only where the reader may want to join them: nothing of that conversation is told."""
    if place.rule != OPENS_POSSIBLE:
        return {}
    named = [one for one in place.signals if one.kind == SUBJECT_ID and one.mailbox]
    one = named[0]
    return {"possible": {"thread": one.conversation.head.thread.key, "session": one.session}}
