"""Mails that come after their answers, and people who are let in after they were turned away.

What would join if it came now, joins now: so the order in which mails arrive decides nothing.

The rule. A mail that opened a conversation of its own goes into another one, with all that has
followed it, when

1. it refers to a mail of that conversation, be it by any of its ids;
2. its sender takes part there: as sender, or as a visible recipient of a mail that is here, or as
   somebody whom we wrote to;
3. that conversation uses the mailbox that it came to.

These are the conditions under which it would have joined, had it come last, and no others: a mail
that merely names somebody who is known there is still a stranger's. Never is it a subject, a
common foreign mail or a common sender alone that brings two customers together. A mail to more
than MOST_PEOPLE visible recipients is a circular: whoever it went to does not take part by it,
neither before the answers nor after them. One mail brings at most MOST_UNITED conversations
together, the oldest, and a batch MOST_IN_BATCH; a conversation of more than MOST_CARRIED mails
goes nowhere by itself; and what a person has taken apart again stays apart.

The older thread goes on, so that links and tickets of long standing hold.
"""

from collections import Counter
from collections.abc import Sequence

from apps.channels.customer import without_readers
from apps.tickets.reading import ReadMail
from apps.tickets.threading.evidence import Conversation, Evidence, Opener
from apps.tickets.threading.joining import LATE_PARENT, Place, find_thread
from apps.tickets.tokens import hash_of

MOST_UNITED = 20
MOST_IN_BATCH = 100  # threads, while everybody who works on them waits

Placed = Sequence[tuple[ReadMail, Place]]


def reunite(placed: Placed, evidence: Evidence) -> None:
    """Places of the batch are changed where they stand; stored threads are noted in
    `evidence.merges`, for whoever may write."""
    united: Counter[str] = Counter()
    while (
        _look_again(placed, evidence)
        or _take_up_waiting(placed, evidence, united)
        or _let_in(evidence)
    ):
        pass
    for _mail, place in placed:
        if place.new and place.conversation is not place.first:
            place.rule = LATE_PARENT


def people_of(mail: ReadMail) -> set[str]:
    """Who takes part by this mail; by a circular, whoever sent it alone."""
    people = without_readers(mail.people, mail.sender, mail.parsed.reply_to)
    return {one[:320] for one in people}


def _look_again(placed: Placed, evidence: Evidence) -> bool:
    """Openers of this batch, now that the others are known."""
    changed = False
    for mail, place in placed:
        again = find_thread(mail, evidence) if place.new and _refers(mail, place) else None
        if again is None or again.conversation is place.conversation:
            continue
        if not _unite(again.conversation, place.conversation, evidence):
            continue
        place.rule, place.signals, place.used = again.rule, again.signals, again.used
        place.new_topic = again.new_topic
        changed = True
    return changed


def _refers(mail: ReadMail, place: Place) -> bool:
    return bool(place.signals or mail.parsed.in_reply_to or mail.parsed.references)


def _take_up_waiting(placed: Placed, evidence: Evidence, united: Counter[str]) -> bool:
    """Stored openers that refer to a mail of this batch."""
    changed = False
    for mail, place in placed:
        digest = hash_of(mail.parsed.message_id)
        for opener in evidence.waiting.get(digest, ()):
            if united[digest] < MOST_UNITED and _joins(opener, place.conversation):
                is_one = _unite(opener.conversation, place.conversation, evidence)
                united[digest] += is_one
                changed |= is_one
    return changed


def _let_in(evidence: Evidence) -> bool:
    """Stored openers whose sender takes part since a moment ago."""
    united: Counter[Conversation] = Counter()
    for target, opener in evidence.refused_before():
        if united[target] < MOST_UNITED and _joins(opener, target.head):
            united[target] += _unite(opener.conversation, target, evidence)
    return any(united.values())


def _unite(one: Conversation, other: Conversation, evidence: Evidence) -> bool:
    """Answers whether they are one now."""
    return len(evidence.merges) < MOST_IN_BATCH and evidence.unite(one, other)


def _joins(opener: Opener, conversation: Conversation) -> bool:
    knows = opener.from_agent or opener.sender in conversation.participants
    is_apart = opener.conversation.head is not conversation
    return is_apart and knows and opener.mailbox_id in conversation.mailbox_ids
