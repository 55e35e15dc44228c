"""Messages change their thread, and everything that hangs on them follows.

Inside a transaction that has locked the messages and the sessions of both threads.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.channels.customer import (
    NOBODY,
    customer_of,
    is_one_of,
    our_addresses,
    takes_part,
    without_readers,
)
from apps.channels.parsed import Address, ParsedEmail
from apps.core.announce import announce
from apps.tickets import search, threads
from apps.tickets.models import Draft, Message, Participant, Session, StagedFile, Thread
from apps.tickets.signals import draft_changed
from apps.tickets.threading.evidence import FROM_AGENT
from apps.tickets.threading.joining import REPORT, UNVERIFIED

AT_ONCE = 500

Direction = Message.Direction


def carry(messages: Sequence[Message], home: Mapping[int, Session]) -> None:
    """Each of MESSAGES to the session that HOME names for it; no number of them costs queries."""
    left = {one.session_id for one in messages}
    for session, some in _by_session(messages, home).items():
        mine = Message.objects.filter(pk__in=[one.pk for one in some])
        mine.update(session=session, thread=session.thread_id)
        for one in some:
            one.session, one.thread = session, session.thread
    recount(left | {session.pk for session in home.values()})
    search.add(messages)


def carry_whole(sessions: Sequence[Session], thread: Thread) -> None:
    """With all that is in them."""
    pks = [one.pk for one in sessions]
    Session.objects.filter(pk__in=pks).update(thread=thread, updated_at=timezone.now())
    Message.objects.filter(session__in=pks).update(thread=thread)
    for one in sessions:
        one.thread = thread


def recount(session_ids: Collection[int]) -> None:
    """Whoever adds a message meanwhile adds it to the row that is locked here."""
    mails = Message.objects.filter(session=OuterRef("pk")).order_by().values("session")
    newest = mails.filter(direction=Direction.IN).annotate(n=Max("pk")).values("n")
    Session.objects.filter(pk__in=session_ids).update(
        message_count=_or_none(mails.annotate(n=Count("pk")).values("n")),
        newest_in=_or_none(newest),
        updated_at=timezone.now(),
    )


def place_anew(messages: Iterable[Message], placements: Mapping[int, dict[str, Any]]) -> None:
    changed = [one for one in messages if one.pk in placements]
    for one in changed:
        one.placement = placements[one.pk]
    Message.objects.bulk_update(changed, ["placement"], batch_size=AT_ONCE)


def _by_session(
    messages: Sequence[Message], home: Mapping[int, Session]
) -> dict[Session, list[Message]]:
    found: defaultdict[Session, list[Message]] = defaultdict(list)
    for one in messages:
        found[home[one.pk]].append(one)
    return found


def _or_none(number: QuerySet[Message, Any]) -> Coalesce:
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)


# ---- who takes part, and where ----------------------------------------------------------------


def join_people(thread: Thread, people: Collection[str]) -> list[str]:
    """They take part in THREAD now; answers who is new there."""
    known = set(thread.participants.values_list("address", flat=True))
    new = set(people) - known
    threads.add_participants(thread, new)
    return sorted(new)


def join_boxes(thread: Thread, boxes: Collection[int]) -> list[int]:
    """Answers which of our mailboxes THREAD had not used before."""
    new = set(boxes) - set(thread.mailboxes.values_list("pk", flat=True))
    thread.mailboxes.add(*new)
    return sorted(new)


def leave_people(thread: Thread, candidates: Collection[str]) -> list[str]:
    """Those of CANDIDATES of whom no mail that is left in THREAD speaks; answers who they were.

    A thread that is empty keeps everybody: whoever answers an old mail of it is known by that.
    """
    gone = set(candidates)
    left = list(_sides(Message.objects.filter(thread=thread))) if gone else []
    if not left:
        return []
    for people in left:
        gone -= people
    mine = Participant.objects.filter(thread=thread, address__in=gone)
    found = sorted(mine.values_list("address", flat=True))
    mine.delete()
    return found


def leave_boxes(thread: Thread, candidates: Collection[int]) -> None:
    used = Message.objects.filter(thread=thread, mailbox__in=candidates)
    thread.mailboxes.remove(*(set(candidates) - set(used.values_list("mailbox", flat=True))))


def people_of(messages: Iterable[Message], *, opener: Message | None = None) -> set[str]:
    """Whom the mails let in, as when they came. MESSAGES come with their mailboxes; OPENER begins a
    conversation of its own here, whoever it is from."""
    ours = our_addresses()
    letting_in = (one for one in messages if one == opener or not _is_only_heard(one.placement))
    return set[str]().union(*(_take_part(one, ours) for one in letting_in))


def _is_only_heard(placement: Mapping[str, Any]) -> bool:
    """As in `placing.py`: a stranger who holds our token, a report, a mail from an agent's address
    that joined. Flags and signals stay when it is moved; its rule does not."""
    used = [one for one in placement.get("signals", ()) if one.get("used")]
    flags = placement.get("flags", ())
    is_report = REPORT in (placement.get("rule"), *(one.get("kind") for one in used))
    return is_report or UNVERIFIED in flags or (FROM_AGENT in flags and bool(used))


def named_in(messages: Iterable[Message]) -> set[str]:
    """Everybody outside whom the mails speak of, let in or not."""
    ours = our_addresses()
    return set[str]().union(*(_everybody(one, ours) for one in messages))


def customer_of_mail(message: Message) -> Address:
    """Nobody where there is none outside, as in a mail of ours to ourselves."""
    letter, ours = _letter(message), our_addresses()
    if message.direction == Direction.IN and message.mailbox is not None:
        return customer_of(letter, message.mailbox, ours)
    return next((one for one in letter.to if not is_one_of(one, ours)), NOBODY)


def _take_part(message: Message, ours: Collection[str]) -> set[str]:
    people = _everybody(message, ours)
    if message.direction == Direction.OUT:
        return people
    sender = _customer(message, ours).key[:320]
    return without_readers(people, sender, _people(message.reply_to))


def _everybody(message: Message, ours: Collection[str]) -> set[str]:
    people = takes_part(_letter(message), _customer(message, ours), ours)
    return {one[:320] for one in people}


def _customer(message: Message, ours: Collection[str]) -> Address:
    if message.direction == Direction.IN and message.mailbox is not None:
        return customer_of(_letter(message), message.mailbox, ours)
    return NOBODY


def _people(stored: Iterable[dict[str, str]]) -> tuple[Address, ...]:
    return tuple(Address(one["email"], one.get("name", "")) for one in stored if one.get("email"))


def _letter(message: Message) -> ParsedEmail:
    """What of it the rules about people ask for."""
    to, cc, bcc, answers = map(_people, (message.to, message.cc, message.bcc, message.reply_to))
    sender = Address(message.from_email, message.from_name)
    return ParsedEmail(from_=sender, to=(*to, *bcc), cc=cc, reply_to=answers)


def _sides(messages: QuerySet[Message]) -> Iterable[set[str]]:
    return map(_addresses, messages.values_list("from_email", "to", "cc", "bcc", "reply_to"))


def _addresses(sides: tuple[Any, ...]) -> set[str]:
    sender, *lists = sides
    written = {one.get("email", "").lower()[:320] for side in lists for one in side}
    return (written | {sender.lower()}) - {""}


# ---- drafts -----------------------------------------------------------------------------------


def carry_drafts(which: Q, session: Session | None) -> dict[str, int | None]:
    """The answers WHICH are begun go on in SESSION; answers in which each was, by its identity."""
    drafts = list(Draft.objects.filter(which).exclude(session=session))
    before = {str(one.pk): one.session_id for one in drafts}
    _put_drafts(drafts, session)
    return before


def _put_drafts(drafts: Sequence[Draft], session: Session | None) -> None:
    if not drafts:
        return
    Draft.objects.filter(pk__in=[one.pk for one in drafts]).update(session=session)
    # Called back, a mail that waits to be sent may not move the session that it has left.
    Draft.objects.filter(pk__in=[one.pk for one in drafts], sent_as__isnull=False).update(moved={})
    StagedFile.objects.filter(form__in=[one.key for one in drafts]).update(session=session)
    for draft in drafts:
        announce(draft_changed, key=draft.key, user_ids=[draft.author_id])
