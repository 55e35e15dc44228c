"""What a browser hears while it is open: the id of a session that changed, never its content."""

import time
from collections.abc import Iterable

from django.db.models import QuerySet
from django.dispatch import receiver

from apps.attachments.signals import attachments_screened
from apps.core.live import push, register_topics
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets.models import Session
from apps.tickets.signals import message_settled, session_changed

KIND = "session.changed"


def topics(user: User) -> Iterable[str]:
    """One per queue that the user sees; the user's own topic is always there."""
    seen = Queue.objects.visible_to(user).values_list("pk", flat=True)
    return [topic_of_queue(pk) for pk in seen]


def topic_of_queue(pk: int) -> str:
    return f"queue.{pk}"


@receiver(session_changed)
def _on_session_changed(*, session_ids: list[int], **facts: object) -> None:
    _tell(Session.objects.filter(pk__in=session_ids))


@receiver(message_settled)
def _on_message_settled(*, message_id: int, **facts: object) -> None:
    _tell(Session.objects.filter(messages=message_id))


@receiver(attachments_screened)
def _on_attachments_screened(*, attachment_ids: list[int], **facts: object) -> None:
    _tell(Session.objects.filter(messages__files__attachment__in=attachment_ids).distinct())


def _tell(sessions: QuerySet[Session]) -> None:
    """The queue hears it, and the agent too, who may be no member any more."""
    version = time.time_ns() // 1_000_000
    for session in sessions.select_related("agent"):
        topics_of_session = [topic_of_queue(session.queue_id)]
        if session.agent is not None:
            topics_of_session.append(f"user.{session.agent.user_id}")
        for topic in topics_of_session:
            push(topic, KIND, session.public_id, version)


register_topics(topics)
