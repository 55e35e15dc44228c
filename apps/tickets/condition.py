"""What waits for an agent or for a mail server, for the health page."""

from datetime import timedelta

from django.utils import timezone

from apps.core.health import Backlog, backlog
from apps.queues.models import Queue
from apps.tickets.models import Message, Session

REMEMBERED = timedelta(days=7)  # later, nobody asks any more whether such a mail arrived


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
