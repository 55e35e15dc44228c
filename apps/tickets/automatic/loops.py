"""The loop guard: who writes so often that it must be a machine gets nothing automatic for a day.

Counted are the mails of one sender in one conversation, whatever they say of themselves, and
those in one mailbox that look like a person's. So two machines are found out whether or not they
keep the thread. Their mail is kept and visible like any other.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower, Now

from apps.tickets.models import DeliveryReport, Message, SessionEvent
from apps.tickets.placing import Placed

MOST_MAILS = 10
MINUTES = 15
QUIET_FOR = timedelta(days=1)
KEPT = 100  # letters of an address, as an event has room for


class Suspect(NamedTuple):
    """A mail whose sender wrote too many lately."""

    placed: Placed
    mails: int


def looping() -> QuerySet[SessionEvent]:
    """What was flagged within a day; `after` is who writes, in small letters."""
    return SessionEvent.objects.filter(kind=SessionEvent.Kind.LOOP, at__gt=Now() - QUIET_FOR)


def flagged(senders: Collection[str]) -> set[str]:
    """Those of SENDERS who wrote in a loop within a day."""
    if not senders:
        return set()
    named = looping().filter(after__in={one[:KEPT] for one in senders})
    found = set(named.values_list("after", flat=True))
    return {one for one in senders if one[:KEPT] in found}


def found_in(placed: Sequence[Placed]) -> dict[int, Suspect]:
    """By session: what is to be flagged, once a day in a conversation."""
    found = suspects(placed)
    known = _flags([one.placed for one in found])
    return {one.placed.session.pk: one for one in found if _flag(one.placed) not in known}


def suspects(placed: Sequence[Placed]) -> list[Suspect]:
    """One statement for the batch, whose mails are stored; of a dry run, that one is not."""
    persons = [one for one in placed if _is_own_sender(one)]
    counted = _counted({one.mail.sender for one in persons})
    found = [_suspect(one, counted.get(one.mail.sender, [])) for one in persons]
    return [one for one in found if one.mails > MOST_MAILS]


def _is_own_sender(one: Placed) -> bool:
    """A web form writes for many people, a mail server reports on many mails, old mail comes all
    at once, and an agent who passes on a dozen mails is no loop."""
    parsed = one.mail.parsed
    own = parsed.from_ is not None and parsed.from_.key == one.mail.sender
    is_report = parsed.is_bounce or parsed.is_receipt
    return own and not (is_report or one.mail.row.answers_nobody or one.place.from_agent)


def _flag(one: Placed) -> tuple[int, str]:
    return one.place.conversation.thread.pk, one.mail.sender[:KEPT]


def _flags(placed: Sequence[Placed]) -> set[tuple[int, str]]:
    """Of their conversations and senders: who wrote in a loop there within a day."""
    if not placed:
        return set()
    threads, senders = zip(*map(_flag, placed), strict=True)
    found = looping().filter(session__thread__in=set(threads), after__in=set(senders))
    return set(found.values_list("session__thread", "after"))


class _Count(NamedTuple):
    """Of one sender in one conversation and mailbox, in the last minutes."""

    mailbox: int
    thread: int
    persons: int  # mails that look like a person's
    mails: int


def _suspect(one: Placed, counts: Sequence[_Count]) -> Suspect:
    thread = one.place.conversation.thread.pk
    in_mailbox = sum(each.persons for each in counts if each.mailbox == one.mail.mailbox.pk)
    in_thread = sum(each.mails for each in counts if each.thread == thread)
    return Suspect(one, max(in_mailbox, in_thread))


def _counted(senders: Collection[str]) -> dict[str, list[_Count]]:
    reports = DeliveryReport.objects.filter(told_by=OuterRef("pk"))
    lately = Message.objects.annotate(sender=Lower("from_email")).filter(
        ~Exists(reports),
        ~Q(inbound__answers_nobody=True),
        sender__in=senders,
        direction=Message.Direction.IN,
        created_at__gt=Now() - timedelta(minutes=MINUTES),
    )
    persons, mails = Count("pk", filter=Q(automatic=False)), Count("pk")
    grouped = lately.order_by().values_list("sender", "mailbox", "thread")
    counted: dict[str, list[_Count]] = {}
    for sender, *count in grouped.annotate(persons=persons, mails=mails) if senders else ():
        counted.setdefault(sender, []).append(_Count(*count))
    return counted
