"""Which conversation a mail belongs to (SPEC 2.2), with the evidence for it.

A mail gives signals. The first of them that may join decides:

1. whom a report tells of, where the mail is ours: whoever sends the report;
2. the ids that it answers, the nearest first: of ours, whoever sends it; of a mail that is here,
   who takes part in its conversation;
3. the thread's reply address: whoever sends it;
4. a session's ID in the subject: who takes part.

Nothing joins through a mailbox that the conversation has never used. A sender who takes part
comes before one who does not, however strong that one's signal. Who only holds our token is heard
as a stranger. The ids come before the reply address, because people pick an old address from
their address book for a new matter, but answer the mail that they answer. Equal subjects, and
references to mails that we never had, join nobody.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.tickets.fates import fates_of
from apps.tickets.models import Thread
from apps.tickets.reading import ReadMail
from apps.tickets.subjects import base_subject, is_new_topic
from apps.tickets.threading.evidence import Conversation, Evidence, keys_addressed, senders_of
from apps.tickets.threading.references import ids_of
from apps.tickets.tokens import session_ids_in

REPORT, OUR_ID, REPLY_ADDRESS = "report", "our-id", "reply-address"
STORED_ID, SUBJECT_ID = "stored-id", "subject-id"
LATE_PARENT = "late-parent"
OPENS, OPENS_UNKNOWN = "opens", "opens-unknown"
OPENS_ELSEWHERE, OPENS_POSSIBLE = "opens-elsewhere", "opens-possible"

PARTICIPANT, STRANGER, AGENT = "participant", "stranger", "agent"

UNVERIFIED, NEW_TOPIC = "unverified-sender", "subject-changed"

# How sure a signal makes; what is not in it joins nobody.
CONFIDENCE = {
    (REPORT, PARTICIPANT): 0.97,
    (REPORT, STRANGER): 0.95,
    (REPORT, AGENT): 0.95,
    (OUR_ID, PARTICIPANT): 0.99,
    (OUR_ID, AGENT): 0.95,
    (OUR_ID, STRANGER): 0.6,
    (REPLY_ADDRESS, PARTICIPANT): 0.95,
    (REPLY_ADDRESS, AGENT): 0.9,
    (REPLY_ADDRESS, STRANGER): 0.5,
    (STORED_ID, PARTICIPANT): 0.9,
    (STORED_ID, AGENT): 0.85,
    (SUBJECT_ID, PARTICIPANT): 0.8,
    (SUBJECT_ID, AGENT): 0.75,
}
# How sure a conversation is one of its own, or one that a mail came to late.
CONFIDENCE_OF = {
    LATE_PARENT: 0.85,
    OPENS: 1.0,
    OPENS_UNKNOWN: 0.9,
    OPENS_ELSEWHERE: 0.7,
    OPENS_POSSIBLE: 0.5,
}
DISAGREEING = 0.75  # times so much where another signal names another conversation
NEW_SUBJECT = 0.9  # times so much where the subject is a new one


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign of a conversation that a mail gives."""

    kind: str
    conversation: Conversation
    sender: str  # participant, stranger, agent
    mailbox: bool  # the conversation uses the one that got the mail
    session: str = ""  # that the subject names

    @property
    def joins(self) -> bool:
        return self.mailbox and (self.kind, self.sender) in CONFIDENCE

    @property
    def is_verified(self) -> bool:
        return self.sender != STRANGER or self.kind == REPORT


@dataclass(slots=True, eq=False)
class Place:
    """Where a mail belongs, and why; `placement.py` tells it as facts."""

    first: Conversation  # before others were found to be the same
    rule: str
    signals: tuple[Signal, ...] = ()
    used: Signal | None = None
    from_agent: bool = False
    new_topic: bool = False

    @property
    def conversation(self) -> Conversation:
        return self.first.head

    @property
    def new(self) -> bool:
        return self.rule in CONFIDENCE_OF and self.rule != LATE_PARENT

    @property
    def verified(self) -> bool:
        """False: joined by our token, but the sender is a stranger."""
        return self.used is None or self.used.is_verified

    @property
    def silent(self) -> bool:
        """It lies in the conversation and asks nobody for anything: no state and no clock moves."""
        return self.from_agent and not self.new


def place_of(mail: ReadMail, evidence: Evidence) -> Place:
    """Its conversation, or a new one that is not stored yet."""
    return find_thread(mail, evidence) or _opening(mail, evidence)


def find_thread(mail: ReadMail, evidence: Evidence) -> Place | None:
    """The thread that the mail joins, or None: then it opens one."""
    signals = signals_of(mail, evidence)
    used = _strongest(signals)
    if used is None:
        return None
    return Place(
        used.conversation,
        used.kind,
        signals,
        used,
        from_agent=_is_from_agent(mail, evidence),
        new_topic=used.kind != REPORT and _has_new_topic(mail, used.conversation),
    )


def _has_new_topic(mail: ReadMail, conversation: Conversation) -> bool:
    """Not that of the newest mail, nor of the whole. What machines write is called as they like."""
    if mail.parsed.is_auto_reply or mail.parsed.is_bounce or mail.parsed.is_receipt:
        return False
    before = [one for one in (conversation.subject, conversation.thread.subject) if one]
    return bool(before) and all(is_new_topic(mail.parsed.subject, one) for one in before)


def _opening(mail: ReadMail, evidence: Evidence) -> Place:
    signals = signals_of(mail, evidence)
    fresh = Conversation(Thread(subject=base_subject(mail.parsed.subject)))
    rule = _opening_rule(mail, signals)
    return Place(fresh, rule, signals, from_agent=_is_from_agent(mail, evidence))


def signals_of(mail: ReadMail, evidence: Evidence) -> tuple[Signal, ...]:
    """In the order in which they are believed, each kind of a conversation once."""
    found: dict[tuple[str, int], Signal] = {}
    for kind, conversation, session in _named(mail, evidence):
        found.setdefault(
            (kind, id(conversation)),
            Signal(
                kind,
                conversation,
                _standing(mail, conversation, evidence),
                mail.mailbox.pk in conversation.mailbox_ids,
                session,
            ),
        )
    return tuple(found.values())


def _named(mail: ReadMail, evidence: Evidence) -> Iterator[tuple[str, Conversation, str]]:
    ours = REPORT if fates_of(mail.parsed) else OUR_ID
    for message_id in ids_of(mail.parsed):
        for conversation, is_ours in evidence.by_id(message_id):
            yield ours if is_ours else STORED_ID, conversation, ""
    for key in keys_addressed(mail):
        if addressed := evidence.by_key(key):
            yield REPLY_ADDRESS, addressed, ""
    for public_id in session_ids_in(mail.parsed.subject):
        if named := evidence.by_session(public_id):
            yield SUBJECT_ID, named, public_id


def _standing(mail: ReadMail, conversation: Conversation, evidence: Evidence) -> str:
    if _is_from_agent(mail, evidence):
        return AGENT
    return PARTICIPANT if mail.sender in conversation.participants else STRANGER


def _is_from_agent(mail: ReadMail, evidence: Evidence) -> bool:
    return not evidence.agents.isdisjoint(senders_of(mail))


def _strongest(signals: Iterable[Signal]) -> Signal | None:
    joining = [one for one in signals if one.joins]
    verified = (one for one in joining if one.is_verified)
    return next(verified, joining[0] if joining else None)


def _opening_rule(mail: ReadMail, signals: Sequence[Signal]) -> str:
    if any(one.kind == SUBJECT_ID and one.mailbox for one in signals):
        return OPENS_POSSIBLE
    if signals:
        return OPENS_ELSEWHERE
    return OPENS_UNKNOWN if ids_of(mail.parsed) else OPENS
