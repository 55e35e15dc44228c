"""What a browser hears while it is open: the id of a session that changed, never its content."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.dispatch import receiver

from apps.agents.models import Agent
from apps.attachments.signals import attachments_screened
from apps.core.live import (
    MOST_MISSED,
    news_of,
    push,
    register_resume,
    register_topics,
    user_topic,
)
from apps.core.live_outgoing import News
from apps.core.models import User
from apps.crm.signals import updates_changed
from apps.queues.models import Queue
from apps.tickets.models import Draft, Session, SessionEvent, StagedFile
from apps.tickets.sessions import Left
from apps.tickets.signals import (
    draft_changed,
    message_settled,
    session_changed,
    session_vanished,
)

KIND = "session.changed"
KIND_OF_VIEWERS = "session.viewers"
KIND_OF_STAGED = "staged.changed"
KIND_OF_DRAFT = "draft.changed"


def topics(user: User) -> Iterable[str]:
    """One per queue that the user sees; the user's own topic is always there."""
    seen = Queue.objects.visible_to(user).values_list("pk", flat=True)
    return [topic_of_queue(pk) for pk in seen]


def topic_of_queue(pk: int) -> str:
    return f"queue.{pk}"


# ---- as it happens ----------------------------------------------------------------------------


@receiver(session_changed)
def _on_session_changed(
    *, session_ids: list[int], left: Sequence[Left] = (), **facts: object
) -> None:
    _tell(Session.objects.filter(pk__in=session_ids), left)


@receiver(session_vanished)
def _on_session_vanished(*, public_id: str, left: Left, **facts: object) -> None:
    """Whoever still shows its row asks for it, and finds that it is gone."""
    for topic in sorted(_topics_left([left])[left.session_id]):
        push(topic, KIND, public_id, _now())


@receiver(message_settled)
def _on_message_settled(*, message_id: int, **facts: object) -> None:
    _tell(Session.objects.filter(messages=message_id))


@receiver(attachments_screened)
def _on_attachments_screened(*, attachment_ids: list[int], **facts: object) -> None:
    _tell(Session.objects.filter(messages__files__attachment__in=attachment_ids).distinct())
    _tell_authors(attachment_ids)


@receiver(updates_changed)
def _on_updates_changed(*, thread_keys: list[str], **facts: object) -> None:
    _tell(Session.objects.filter(thread__key__in=thread_keys))


@receiver(draft_changed)
def _on_draft_changed(*, key: str, user_ids: list[int], **facts: object) -> None:
    for user_id in sorted(set(user_ids)):
        push(user_topic(user_id), KIND_OF_DRAFT, key, _now())


def tell_viewers(session: Session) -> None:
    """Somebody came, left, began to write or stopped."""
    user = session.agent.user_id if session.agent else None
    for topic in sorted(_topics_of(session.queue_id, user)):
        push(topic, KIND_OF_VIEWERS, session.public_id, _now())


def _tell_authors(attachment_ids: list[int]) -> None:
    """A file that is not sent yet is nobody else's: the author's own topic, the form's key."""
    staged = StagedFile.objects.filter(attachment__in=attachment_ids)
    for user_id, form in staged.values_list("user", "form").distinct():
        push(user_topic(user_id), KIND_OF_STAGED, form, _now())


def _tell(sessions: QuerySet[Session], left: Sequence[Left] = ()) -> None:
    """The queue hears it, and the agent, who may be no member; and those whom it left."""
    gone = _topics_left(left)
    told = sessions.values_list("pk", "public_id", "version", "queue", "agent__user")
    for pk, identity, version, queue, user in told:
        for topic in sorted(_topics_of(queue, user) | gone[pk]):
            push(topic, KIND, identity, version)


def _topics_of(queue: int, user: int | None) -> set[str]:
    return {topic_of_queue(queue)} | ({user_topic(user)} if user is not None else set())


def _topics_left(left: Sequence[Left]) -> defaultdict[int, set[str]]:
    agents = {one.agent_id for one in left if one.agent_id}
    users = dict(Agent.objects.filter(pk__in=agents).values_list("pk", "user_id")) if agents else {}
    gone: defaultdict[int, set[str]] = defaultdict(set)
    for one in left:
        gone[one.session_id].add(topic_of_queue(one.queue_id))
        if one.agent_id in users:
            gone[one.session_id].add(user_topic(users[one.agent_id]))
    return gone


def _now() -> int:
    return time.time_ns() // 1_000_000


# ---- what a browser has missed ----------------------------------------------------------------


def missed(user: User, since: int) -> list[News]:
    """Ids and versions of sessions that the user sees, or saw until they moved away.

    Who is looking is not among them: a page that is back asks for that with its own sign of life.
    """
    changed = Session.objects.filter(version__gt=since)
    seen = Session.objects.visible_to(user).filter(version__gt=since)
    told = _told(seen)
    if not user.sees_everything:
        told += _told(_moved_away(user, changed.exclude(pk__in=seen.values("pk")), since))
    return told + _missed_of_own(user, _moment(since))


def _told(sessions: QuerySet[Session]) -> list[News]:
    rows = sessions.order_by("version").values_list("public_id", "version")
    return [news_of(KIND, identity, version) for identity, version in rows[: MOST_MISSED + 1]]


def _moved_away(user: User, unseen: QuerySet[Session], since: int) -> QuerySet[Session]:
    """From a queue of theirs, or from their own hands."""
    queues = {str(pk) for pk in Queue.objects.visible_to(user).values_list("pk", flat=True)}
    agents = [str(pk) for pk in Agent.objects.filter(user=user).values_list("pk", flat=True)]
    kinds = SessionEvent.Kind
    events = SessionEvent.objects.filter(session=OuterRef("pk"))
    moves = events.filter(at__gt=_moment(since))
    from_queue = moves.filter(kind=kinds.QUEUE, before__in=queues)
    from_hands = moves.filter(kind__in=(kinds.ASSIGNED, kinds.RELEASED), before__in=agents)
    # A transfer tells of queues only: so whoever had it is told.
    had = events.filter(kind=kinds.ASSIGNED, after__in=agents)
    transferred = Exists(moves.filter(kind=kinds.QUEUE)) & Exists(had)
    return unseen.filter(Q(Exists(from_queue)) | Q(Exists(from_hands)) | Q(transferred))


def _missed_of_own(user: User, moment: datetime) -> list[News]:
    """What only the author hears of: drafts, and files in them that have their verdict."""
    drafts = Draft.objects.filter(author=user, updated_at__gt=moment)
    staged = StagedFile.objects.filter(user=user, attachment__decided_at__gt=moment)
    keys = drafts.values_list("key", flat=True)[: MOST_MISSED + 1]
    forms = staged.order_by("form").values_list("form", flat=True).distinct()[: MOST_MISSED + 1]
    now = _now()
    return [
        *(news_of(KIND_OF_DRAFT, key, now) for key in keys),
        *(news_of(KIND_OF_STAGED, form, now) for form in forms),
    ]


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


register_topics(topics)
register_resume(missed)
