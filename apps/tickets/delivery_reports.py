"""Bounces, delays, receipts and complaints, tied to the mail of ours that they tell of (SPEC 2.6).

Only ids tie: `threads.py` has found the conversation by them, and here the mail is the one whose
Message-ID the report names. A relay may have given it another one: then it is the newest mail of
that conversation to the recipient. Subjects and times of other mails never tie. Whoever forges a
report of a mail that he has seen makes rows here and nothing else.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Case, Count, Exists, Max, OuterRef, QuerySet, When
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import ngettext

from apps.channels.lookalikes import domain_of
from apps.channels.parsed import Fate, ParsedEmail
from apps.tickets.fates import fates_of
from apps.tickets.models import DeliveryReport, Message
from apps.tickets.placing import Placed
from apps.tickets.sending import suppressing
from apps.tickets.tokens import hash_of

Kind = DeliveryReport.Kind

MOST_SENT = 1000  # mails of the reported conversations: the named ones, then the newest
MOST_WORDS = 1000  # characters of what a server said
TROUBLE_AFTER = 3  # mails in a row
TROUBLE_WITHIN = timedelta(days=30)

# Of two reports on the same mail to the same person the stronger one holds, then the later one.
STRENGTH = {
    Kind.DELAYED: 0,
    Kind.DELIVERED: 1,
    Kind.SOFT: 2,
    Kind.HARD: 2,
    Kind.READ: 3,
    Kind.COMPLAINT: 4,
    Kind.OPTED_OUT: 4,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail of ours, as far as a report can tell of it."""

    pk: int
    thread: int
    hash: str
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tied:
    """A report with its mail; each recipient is one of that mail, or empty."""

    sent: Sent
    fates: tuple[Fate, ...]


def record(placed: Sequence[Placed]) -> set[int]:
    """Inside the caller's transaction, once the messages are stored. Answers the messages that are
    reports on a mail of ours: the CRM hears nothing of them (SPEC 1.3 b)."""
    ties = ties_of(placed)
    rows = [
        _row(tied.sent, fate, placed[place].message)
        for place, tied in ties.items()
        for fate in tied.fates
    ]
    DeliveryReport.objects.bulk_create(rows)
    suppressing.note(rows)
    return {placed[place].message.pk for place in ties}


def ties_of(placed: Sequence[Placed]) -> dict[int, Tied]:
    """By their places in the batch. Writes nothing: the dry run asks it too. One query, and none
    for a batch without reports."""
    reports = {place: fates_of(one.mail.parsed) for place, one in enumerate(placed)}
    reports = {place: fates for place, fates in reports.items() if fates}
    threads = {place: _threads(placed[place]) for place in reports}
    named = {digest for place in reports for digest in _named(placed[place].mail.parsed)}
    sent = _sent_in(set().union(*threads.values()), named)
    tied: dict[int, Tied] = {}
    for place, fates in reports.items():
        here = [one for one in sent if one.thread in threads[place]]
        if found := _told_of(placed[place].mail.parsed, fates, here):
            tied[place] = Tied(found, _for_its_people(fates, found))
    return tied


def _threads(one: Placed) -> set[int]:
    """In a dry run those that intake would make one are several still."""
    conversation = one.place.conversation
    return (conversation.stored_ids | {conversation.thread.pk or 0}) - {0}


def _named(mail: ParsedEmail) -> set[str]:
    """Hashes of the ids that may be the reported mail's own; the others are of those before it."""
    ids = [mail.bounce.original_message_id if mail.bounce else "", mail.receipt_of]
    return {hash_of(one) for one in (*ids, *mail.original_ids[:1]) if one}


def _sent_in(threads: Collection[int], named: Collection[str]) -> list[Sent]:
    """Newest first. What is on its way counts: a bounce may be quicker than the last answer of
    our own server."""
    if not threads:
        return []
    sent = Message.objects.filter(thread__in=threads, direction=Message.Direction.OUT)
    # One that nobody has, beside them: an empty Case would be taken for a number of a column.
    named_first = Case(When(message_id_hash__in={*named, "-"}, then=0), default=1)
    wanted = ("pk", "thread", "message_id_hash", "to", "cc", "bcc")
    rows = sent.order_by(named_first, "-pk").values_list(*wanted)[:MOST_SENT]
    found = [
        Sent(pk, thread, digest, frozenset(one["email"].lower() for side in people for one in side))
        for pk, thread, digest, *people in rows
    ]
    return sorted(found, key=lambda one: -one.pk)


def _told_of(mail: ParsedEmail, fates: Sequence[Fate], sent: Sequence[Sent]) -> Sent | None:
    hashes = _named(mail)
    if by_id := next((one for one in sent if one.hash in hashes), None):
        return by_id
    people = {fate.recipient.lower() for fate in fates}
    to_them = (one for one in sent if one.people & people)
    return next(to_them, sent[0] if sent else None)


# ---- recipients ---------------------------------------------------------------------------


def _for_its_people(fates: Iterable[Fate], sent: Sent) -> tuple[Fate, ...]:
    """Each recipient once, with what is worst for it."""
    strongest: dict[str, Fate] = {}
    for fate in (_as_we_wrote(one, sent.people) for one in fates):
        known = strongest.setdefault(fate.recipient, fate)
        if STRENGTH[Kind(fate.kind)] > STRENGTH[Kind(known.kind)]:
            strongest[fate.recipient] = fate
    return tuple(strongest.values())


def _as_we_wrote(fate: Fate, people: Collection[str]) -> Fate:
    """An address that we did not write to is where one of ours was forwarded: the server's words
    keep it."""
    named = fate.recipient.lower()
    ours = _one_of(named, people)
    is_news = named and named != ours and named not in fate.words.lower()
    words = f"{fate.recipient}: {fate.words}".rstrip(": ") if is_news else fate.words
    return replace(fate, recipient=ours, words=words)


def _one_of(named: str, people: Collection[str]) -> str:
    if named in people:
        return named
    if len(people) == 1:
        return next(iter(people))
    near = [one for one in people if named and domain_of(one) == domain_of(named)]
    return near[0] if len(near) == 1 else ""


def _row(sent: Sent, fate: Fate, told_by: Message) -> DeliveryReport:
    return DeliveryReport(
        message_id=sent.pk,
        recipient=fate.recipient[:320],
        kind=fate.kind,
        status=fate.status[:12],
        smtp_code=fate.smtp_code,
        sentence=fate.words[:MOST_WORDS],
        told_by=told_by,
    )


# ---- what holds now -----------------------------------------------------------------------


def standing(reports: Iterable[DeliveryReport]) -> dict[str, DeliveryReport]:
    """Of one mail: what holds for each recipient; the empty one is somebody unnamed."""
    holds: dict[str, DeliveryReport] = {}
    for report in sorted(reports, key=lambda one: (STRENGTH[Kind(one.kind)], one.pk)):
        holds[report.recipient] = report
    return dict(sorted(holds.items()))


def for_whom_all_see(message: Message) -> list[DeliveryReport]:
    """Oldest first. Where nobody is told who got a blind copy, nobody is told what became of it."""
    seen = {one["email"].lower() for one in (*message.to, *message.cc)} | {""}
    reports = sorted(message.reports.all(), key=lambda one: one.pk)
    return [one for one in reports if one.recipient in seen]


# ---- addresses that take nothing any more -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trouble:
    """An address whose last mails did not arrive, and which has not been heard of since."""

    hard_in_a_row: int
    last_at: datetime

    @property
    def sentence(self) -> str:
        return ngettext(
            "The last mail to this address did not arrive.",
            "The last %(n)d mails to this address did not arrive.",
            self.hard_in_a_row,
        ) % {"n": self.hard_in_a_row}


def trouble(addresses: Iterable[str]) -> dict[str, Trouble]:
    """By the address in small letters, in one query: those to which three mails failed for good
    within a month, and which have neither got nor written one since. A mail that arrives in
    silence leaves no trace, so it cannot count."""
    spelled = {one for address in addresses if address for one in (address, address.lower())}
    if not spelled:
        return {}
    recent = timezone.now() - TROUBLE_WITHIN
    hard = DeliveryReport.objects.filter(recipient__in=spelled, kind=Kind.HARD, at__gte=recent)
    silent = hard.filter(*(~Exists(one) for one in _signs_of_life(spelled)))
    found = silent.values_list("recipient").annotate(
        mails=Count("message", distinct=True), last=Max("at")
    )
    return {
        address: Trouble(mails, last)
        for address, mails, last in found.filter(mails__gte=TROUBLE_AFTER)
    }


def _signs_of_life(spelled: Collection[str]) -> tuple[QuerySet[Message | DeliveryReport], ...]:
    """Later than a report: a mail of theirs, found by the indexes of thread and customer, or a
    report that one arrived."""
    wrote = Message.objects.annotate(sender=Lower("from_email")).filter(
        direction=Message.Direction.IN,
        told=None,
        created_at__gt=OuterRef("at"),
        sender=OuterRef("recipient"),
    )
    arrived = DeliveryReport.objects.filter(
        recipient=OuterRef("recipient"), kind__in=[Kind.DELIVERED, Kind.READ], at__gt=OuterRef("at")
    )
    return (
        wrote.filter(thread=OuterRef("message__thread")),
        wrote.filter(session__customer__in=spelled),
        arrived,
    )
