"""What a browser hears while it is open: the id of a session that changed, never its content."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.dispatch import receiver

from apps.agents.models import Agent
from apps.attachments.signals import attachments_screened
from apps.core.live import push, register_topics, user_topic
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets.models import Session, StagedFile
from apps.tickets.sessions import Left
from apps.tickets.signals import message_settled, session_changed

KIND = "session.changed"
KIND_OF_STAGED = "staged.changed"


def topics(user: User) -> Iterable[str]:
    """One per queue that the user sees; the user's own topic is always there."""
    seen = Queue.objects.visible_to(user).values_list("pk", flat=True)
    return [topic_of_queue(pk) for pk in seen]


def topic_of_queue(pk: int) -> str:
    return f"queue.{pk}"


@receiver(session_changed)
def _on_session_changed(
    *, session_ids: list[int], left: Sequence[Left] = (), **facts: object
) -> None:
    _tell(Session.objects.filter(pk__in=session_ids), left)


@receiver(message_settled)
def _on_message_settled(*, message_id: int, **facts: object) -> None:
    _tell(Session.objects.filter(messages=message_id))


@receiver(attachments_screened)
def _on_attachments_screened(*, attachment_ids: list[int], **facts: object) -> None:
    _tell(Session.objects.filter(messages__files__attachment__in=attachment_ids).distinct())
    _tell_authors(attachment_ids)


def _tell_authors(attachment_ids: list[int]) -> None:
    """A file that is not sent yet is nobody else's: the author's own topic, the form's key."""
    staged = StagedFile.objects.filter(attachment__in=attachment_ids)
    for user_id, form in staged.values_list("user", "form").distinct():
        push(user_topic(user_id), KIND_OF_STAGED, form, time.time_ns() // 1_000_000)


def _tell(sessions: QuerySet[Session], left: Sequence[Left] = ()) -> None:
    """The queue hears it, and the agent, who may be no member; and those whom it left."""
    version = time.time_ns() // 1_000_000
    gone = _topics_left(left)
    for session in sessions.select_related("agent"):
        told = {topic_of_queue(session.queue_id)} | gone[session.pk]
        if session.agent is not None:
            told.add(user_topic(session.agent.user_id))
        for topic in sorted(told):
            push(topic, KIND, session.public_id, version)


def _topics_left(left: Sequence[Left]) -> defaultdict[int, set[str]]:
    agents = {one.agent_id for one in left if one.agent_id}
    users = dict(Agent.objects.filter(pk__in=agents).values_list("pk", "user_id")) if agents else {}
    gone: defaultdict[int, set[str]] = defaultdict(set)
    for one in left:
        gone[one.session_id].add(topic_of_queue(one.queue_id))
        if one.agent_id in users:
            gone[one.session_id].add(user_topic(users[one.agent_id]))
    return gone


register_topics(topics)
