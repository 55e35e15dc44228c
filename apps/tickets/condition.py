"""What waits for an agent or for a mail server, for the health page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone

from apps.core.health import Backlog, backlog
from apps.queues.models import Queue
from apps.tickets.models import DeliveryReport, Message, OutboxMark, Session, ThreadPdf

REMEMBERED = timedelta(days=7)  # later, nobody asks any more whether such a mail arrived
PDF_IS_LATE_AFTER = timedelta(minutes=10)


def unassigned() -> Backlog:
    """Of automatic queues alone: in a manual one, waiting is where mail belongs."""
    automatic = Queue.objects.filter(routing=Queue.Routing.AUTOMATIC, enabled=True)
    return backlog(Session.objects.waiting().filter(queue__in=automatic), "waiting_since")


def not_yet_sent() -> Backlog:
    moving = [Message.Status.QUEUED, Message.Status.SENDING]
    return backlog(Message.objects.filter(status__in=moving), "created_at")


def in_doubt_and_failed() -> tuple[Backlog, Backlog]:
    """Answers of the last days of which nobody knows whether they arrived; and those that did not
    reach somebody, of open work, where nothing has been written since. One query."""
    since = timezone.now() - REMEMBERED
    unknown = Message.objects.filter(status=Message.Status.UNKNOWN, sent_at__gte=since)
    failed = _unattended().filter(status=Message.Status.FAILED, created_at__gte=since)
    refused = _unattended().filter(reports__kind__in=DeliveryReport.FAILED, reports__at__gte=since)
    found = _as(unknown, "unknown", "sent_at").union(
        _as(failed, "failed", "created_at"), _as(refused, "failed", "created_at")
    )
    return _backlog_of(found, "unknown"), _backlog_of(found, "failed")


def _unattended() -> QuerySet[Message]:
    ours = Message.objects.filter(direction=Message.Direction.OUT, automatic=False)
    written_since = ours.filter(thread=OuterRef("thread"), pk__gt=OuterRef("pk"))
    return ours.filter(~Exists(written_since), session__status__in=Session.OPEN)


def _as(rows: QuerySet[Message], kind: str, moment: str) -> QuerySet[Any, Any]:
    return rows.annotate(kind=Value(kind), moment=F(moment)).values_list("kind", "pk", "moment")


def _backlog_of(found: Iterable[tuple[str, int, datetime]], wanted: str) -> Backlog:
    moments = [moment for kind, _pk, moment in found if kind == wanted]
    return Backlog(len(moments), False, min(moments, default=None))


def messages_up_to(limit: int) -> int:
    """How many messages there are, counted no further than LIMIT."""
    return Message.objects.order_by()[:limit].count()


def pdfs_late() -> Backlog:
    """Conversations whose PDF was due ten minutes ago."""
    limit = ExpressionWrapper(Now() - PDF_IS_LATE_AFTER, output_field=DateTimeField())
    waiting = ThreadPdf.objects.filter(status=ThreadPdf.Status.WAITING, due_at__lte=limit)
    return backlog(waiting, "due_at")


def pdfs_given_up() -> Backlog:
    """Of the last days, where no later one of the same conversation was asked for."""
    since = timezone.now() - REMEMBERED
    later = ThreadPdf.objects.filter(thread=OuterRef("thread"), number__gt=OuterRef("number"))
    failed = ThreadPdf.objects.filter(status=ThreadPdf.Status.FAILED, asked_at__gte=since)
    return backlog(failed.filter(~Exists(later)), "asked_at")


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put back; LEFT: mails of it that are still in doubt."""

    at: datetime
    doubted: int
    left: int


def backup_restored() -> Restored | None:
    """In the last days (tickets/sending/restored.py)."""
    since = timezone.now() - REMEMBERED
    mark = OutboxMark.objects.filter(restored_at__gte=since).first()
    if mark is None or mark.restored_at is None:
        return None
    unknown = Message.objects.filter(status=Message.Status.UNKNOWN)
    left = unknown.filter(created_at__lt=mark.restored_at, sent_at__gte=mark.restored_at)
    return Restored(mark.restored_at, mark.doubted, left.count())
