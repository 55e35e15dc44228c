"""Why a mail lies in its conversation, told from the stored facts in the reader's language."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.tickets.models import Message
from apps.tickets.threading.evidence import FROM_AGENT
from apps.tickets.threading.joining import (
    AGENT,
    LATE_PARENT,
    NEW_TOPIC,
    OPENS,
    OPENS_ELSEWHERE,
    OPENS_POSSIBLE,
    OPENS_UNKNOWN,
    OUR_ID,
    PARTICIPANT,
    REPLY_ADDRESS,
    REPORT,
    STORED_ID,
    STRANGER,
    SUBJECT_ID,
)

Words = str | Promise

# By the rule, and for signals by who sent the mail.
_JOINED: dict[tuple[str, str], Words] = {
    (OUR_ID, PARTICIPANT): _("It answers a mail of ours, and its sender takes part."),
    (OUR_ID, STRANGER): _(
        "It answers a mail of ours, but its sender does not take part: unverified."
    ),
    (OUR_ID, AGENT): _("It answers a mail of ours."),
    (REPLY_ADDRESS, PARTICIPANT): _(
        "It came to the reply address of this conversation, and its sender takes part."
    ),
    (REPLY_ADDRESS, STRANGER): _(
        "It came to the reply address of this conversation, but its sender does not take part: "
        "unverified."
    ),
    (REPLY_ADDRESS, AGENT): _("It came to the reply address of this conversation."),
    (STORED_ID, PARTICIPANT): _("It refers to a mail that is here, and its sender takes part."),
    (STORED_ID, AGENT): _("It refers to a mail that is here."),
    (SUBJECT_ID, PARTICIPANT): _(
        "Its subject names a session of this conversation, and its sender takes part."
    ),
    (SUBJECT_ID, AGENT): _("Its subject names a session of this conversation."),
}
_RULES: dict[str, Words] = {
    REPORT: _("It reports on the delivery of a mail of ours."),
    LATE_PARENT: _("An answer to it was here before it."),
    OPENS: _("It opens a conversation."),
    OPENS_UNKNOWN: _("It opens a conversation: it refers to no mail that is here."),
    OPENS_ELSEWHERE: _(
        "It opens a conversation: it refers to no mail that its sender shares with us."
    ),
    "moved": _("Somebody moved it here."),
    "split": _("Somebody split it off into a conversation of its own."),
    "merged": _("Its conversation was joined with this one."),
}
_ELSEWHERE = _("It opens a conversation: what it refers to came to another mailbox of ours.")
_POSSIBLE = _(
    "It opens a conversation: its subject names the session %(session)s, but its sender does not "
    "take part there."
)
_KEPT_APART = _("It opens a conversation: it is kept apart from the one that its subject names.")
_FLAGS: dict[str, Words] = {
    FROM_AGENT: _("It comes from an agent's address, unverified."),
    NEW_TOPIC: _("Its subject is a new one."),
}
_DISAGREEING = _("It also gives a sign of another conversation.")


def sentence(placement: Mapping[str, Any]) -> str:
    """What decided, then what is odd about it; empty for a mail that has no such facts."""
    rule = str(placement.get("rule", ""))
    if not rule:
        return ""
    return " ".join([_main(rule, placement), *map(str, _further(rule, placement))])


def because_of(message: Message) -> str:
    """For readers; a mail of ours, or one from before there were facts, has its own words."""
    return sentence(message.placement) or message.because


def _main(rule: str, placement: Mapping[str, Any]) -> str:
    if rule == OPENS_POSSIBLE:
        possible = placement.get("possible")
        return str(_POSSIBLE % possible if possible else _KEPT_APART)
    if rule == OPENS_ELSEWHERE and not any(one["mailbox"] for one in _signals(placement)):
        return str(_ELSEWHERE)
    sender = next((one["sender"] for one in _signals(placement) if one["used"]), PARTICIPANT)
    return str(_JOINED.get((rule, sender)) or _RULES.get(rule, ""))


def _further(rule: str, placement: Mapping[str, Any]) -> Iterator[Words]:
    flags = placement.get("flags", ())
    yield from (words for flag, words in _FLAGS.items() if flag in flags)
    if rule in (kind for kind, _sender in _JOINED) and _disagree(placement):
        yield _DISAGREEING


def _disagree(placement: Mapping[str, Any]) -> bool:
    named = {one["thread"] for one in _signals(placement) if one["mailbox"]}
    return len(named) > 1


def _signals(placement: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(placement.get("signals", ()))
