"""Whose turn it is to leave through an account that lets only so many mails a minute pass.

When the next one may leave is kept in a row (SendPace), by the database's clock: whoever moves it
on has the turn, in whatever process. The oldest mail that is ready goes first. A server that asks
us to slow down stops the account as a whole, for longer each time, until it takes a mail again.
"""

from collections.abc import Iterable
from math import ceil
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Now

from apps.attachments.models import Verdict
from apps.channels.models import EmailAccount, SendPace
from apps.core.announce import announce
from apps.core.leases import expired, in_seconds
from apps.tickets.models import DeliveryAttempt, Message, MessageFile, MessageQuerySet
from apps.tickets.signals import message_queued

FIRST_PAUSE, LONGEST_PAUSE = 60, 900  # seconds, after "slow down"
A_MOMENT = 0.05  # clocks differ, and who comes too early waits for the sweep

PACE = "mailbox__account__pace"
NEEDED = (PACE, "thread", "session")


def to_send() -> Combinable:
    """Queued, or with recipients left; nobody has it in hand."""
    on_the_way = DeliveryAttempt.objects.filter(message=OuterRef("pk"), outcome="")
    return (Q(status=Message.Status.QUEUED) | Q(remaining__gt=0)) & ~Exists(on_the_way)


def ready() -> MessageQuerySet:
    """What may leave as far as it alone is concerned: to be sent, due, its files settled."""
    waiting = MessageFile.objects.filter(
        message=OuterRef("pk"), attachment__verdict=Verdict.WAITING
    )
    due = Message.objects.filter(expired("next_try_at"), to_send())
    return due.filter(~Exists(waiting)).order_by("id")


def next_ones(limit: int) -> list[int]:
    """Of each paced account the first alone; nothing of one that has to wait."""
    free = ready().filter(expired(f"{PACE}__next_at"))
    paced = list(EmailAccount.objects.filter(sends_per_minute__gt=0).values_list("pk", flat=True))
    found: list[int] = []
    for wanted in (Q(status=Message.Status.QUEUED), Q(remaining__gt=0)):  # an index for each
        others = free.filter(wanted).exclude(mailbox__account__in=paced)
        found += others.values_list("pk", flat=True)[:limit]
    firsts = (_first_of(account) for account in paced)
    found += [one.pk for one in firsts if one is not None and not _wait(one)]
    return sorted(found)[:limit]


def whose_turn(message: Message) -> Message | None:
    """The mail that leaves now that MESSAGE could: itself, unless an older one waits; None: nobody,
    and the oldest one is called when its time comes."""
    account = _account(message)
    wait = _wait(message)
    if not account.sends_per_minute and not wait:
        return message
    first = _first_of(account.pk)
    if wait and first == message:
        announce(message_queued, message_id=message.pk, after=wait + A_MOMENT)
    return None if wait else first


def one_behind(message_id: int) -> int | None:
    """The next one that is ready to leave through the same account."""
    accounts = Message.objects.filter(pk=message_id).values_list("mailbox__account", flat=True)
    first = _first_of(account) if (account := accounts.first()) else None
    return first.pk if first else None


def take_turn(message: Message) -> bool:
    """One row or too late, in the transaction of the claim; calls the one behind."""
    account = _account(message)
    if not account.sends_per_minute:
        return True
    pause = _between(account)
    if not _pace_of(account).filter(expired("next_at")).update(next_at=in_seconds(pause)):
        return False
    waiting = ready().filter(mailbox__account=account).exclude(pk=message.pk)
    if behind := waiting.values_list("pk", flat=True).first():
        announce(message_queued, message_id=behind, after=pause + A_MOMENT)
    return True


def slow_down(message: Message, *, at_least: float = 0) -> None:
    """AT_LEAST: seconds that were asked for. What was on its way at the same time hears the same:
    that counts once."""
    account = _account(message)
    pace = _pace_of(account).get()
    if _seconds_until(pace) > _between(account) + 1:
        return
    pause = max(at_least, min(LONGEST_PAUSE, FIRST_PAUSE << min(pace.pauses, 10)))
    SendPace.objects.filter(pk=pace.pk).update(next_at=in_seconds(pause), pauses=pace.pauses + 1)


def went_well(message: Message) -> None:
    pace = getattr(_account(message), "pace", None)
    if pace is not None and pace.pauses:
        SendPace.objects.filter(pk=pace.pk).update(pauses=0)


def waits_of(messages: Iterable[Message]) -> dict[int, int]:
    """Seconds until each that is queued may leave, by message; one query, and none if none is.
    Where nothing holds it back there is no entry: it leaves at once."""
    queued = [one.pk for one in messages if one.status == Message.Status.QUEUED]
    if not queued:
        return {}
    older = Message.objects.filter(
        expired("next_try_at"),
        status=Message.Status.QUEUED,
        mailbox__account=OuterRef("mailbox__account"),
        pk__lt=OuterRef("pk"),
    )
    ahead = older.order_by().values("mailbox__account").annotate(n=Count("pk")).values("n")
    rows = Message.objects.filter(pk__in=queued, mailbox__isnull=False).annotate(
        ahead=Coalesce(Subquery(ahead), 0), now=Now()
    )
    waits = {one.pk: _wait_of(one) for one in rows.select_related(PACE)}
    return {pk: wait for pk, wait in waits.items() if wait}


def _wait_of(message: Any) -> int:
    """Annotated by `waits_of`."""
    account = _account(message)
    pace = getattr(account, "pace", None)
    times = [message.next_try_at, pace.next_at if pace else None]
    until: list[float] = [(one - message.now).total_seconds() for one in times if one]
    return ceil(max([0.0, *until]) + int(message.ahead) * _between(account))


def _account(message: Message) -> EmailAccount:
    assert message.mailbox is not None  # outgoing mail leaves from one
    return message.mailbox.account


def _between(account: EmailAccount) -> float:
    """Seconds between two mails."""
    return 60 / account.sends_per_minute if account.sends_per_minute else 0.0


def _pace_of(account: EmailAccount) -> QuerySet[SendPace]:
    SendPace.objects.bulk_create([SendPace(account=account)], ignore_conflicts=True)
    return SendPace.objects.filter(account=account)


def _first_of(account: int) -> Message | None:
    return ready().filter(mailbox__account=account).select_related(*NEEDED).first()


def _wait(message: Message) -> float:
    """Seconds until the account's next turn."""
    pace = getattr(_account(message), "pace", None)
    return _seconds_until(pace) if pace is not None and pace.next_at else 0.0


def _seconds_until(pace: SendPace) -> float:
    now = SendPace.objects.filter(pk=pace.pk).annotate(now=Now()).values_list("next_at", "now")
    next_at, clock = now.get()
    return max(0.0, (next_at - clock).total_seconds()) if next_at else 0.0
