"""How much is still on its way, counted on the partial indexes: all zeros mean settled."""

from dataclasses import dataclass

from django.db.models import Count, Model, QuerySet

from apps.attachments.models import Attachment, Verdict
from apps.channels.models import InboundEmail
from apps.crm.models import TicketUpdate
from apps.crm.updates import OPEN
from apps.queues.models import Queue
from apps.tickets.models import Message, Session


@dataclass(frozen=True, slots=True)
class Pipeline:
    inbound: dict[str, int]
    attachments: dict[str, int]
    outbound: dict[str, int]
    updates: dict[str, int]
    unassigned: int


def measure() -> Pipeline:
    """`unassigned`: of automatic queues alone; in a manual one, waiting is where mail belongs."""
    received = InboundEmail.objects.filter(status=InboundEmail.Status.RECEIVED)
    waiting = Attachment.objects.filter(verdict=Verdict.WAITING)
    automatic = Queue.objects.filter(routing=Queue.Routing.AUTOMATIC, enabled=True)
    return Pipeline(
        inbound={"received": received.count()},
        attachments={"waiting": waiting.count()},
        outbound=_outbound(),
        updates=_updates(),
        unassigned=Session.objects.waiting().filter(queue__in=automatic).count(),
    )


def _outbound() -> dict[str, int]:
    """`unknown` stands apart from the other two, which share a partial index. A mail that some have
    and others are to get is queued for these."""
    moving = Message.objects.filter(status__in=[Message.Status.QUEUED, Message.Status.SENDING])
    unknown = Message.objects.filter(status=Message.Status.UNKNOWN)
    counts = _by_status(moving)
    remaining = Message.objects.filter(remaining__gt=0).count()
    return {
        "queued": counts.get(Message.Status.QUEUED, 0) + remaining,
        "sending": counts.get(Message.Status.SENDING, 0),
        "unknown": unknown.count(),
    }


def _updates() -> dict[str, int]:
    counts = _by_status(TicketUpdate.objects.filter(status__in=OPEN))
    return {
        "planned": counts.get(TicketUpdate.Status.PLANNED, 0),
        "failed": counts.get(TicketUpdate.Status.FAILED, 0),
    }


def _by_status(rows: QuerySet[Model]) -> dict[str, int]:
    return dict(rows.order_by().values_list("status").annotate(Count("pk")))
