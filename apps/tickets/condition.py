"""What waits for an agent or for a mail server, for the health page."""

from datetime import timedelta

from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from apps.core.health import Backlog, backlog
from apps.queues.models import Queue
from apps.tickets.models import Message, Session, ThreadPdf

REMEMBERED = timedelta(days=7)  # later, nobody asks any more whether such a mail arrived
PDF_IS_LATE_AFTER = timedelta(minutes=10)


def unassigned() -> Backlog:
    """Of automatic queues alone: in a manual one, waiting is where mail belongs."""
    automatic = Queue.objects.filter(routing=Queue.Routing.AUTOMATIC, enabled=True)
    return backlog(Session.objects.waiting().filter(queue__in=automatic), "waiting_since")


def not_yet_sent() -> Backlog:
    moving = [Message.Status.QUEUED, Message.Status.SENDING]
    return backlog(Message.objects.filter(status__in=moving), "created_at")


def sent_or_not() -> Backlog:
    """Nobody knows whether these arrived; of the last days."""
    since = timezone.now() - REMEMBERED
    unknown = Message.objects.filter(status=Message.Status.UNKNOWN, sent_at__gte=since)
    return backlog(unknown, "sent_at")


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
