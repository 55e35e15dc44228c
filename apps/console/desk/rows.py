"""Rows of the list: what one line tells of a session, in a number of queries that no row raises."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.text import capfirst

from apps.channels.trust import WARNING
from apps.console.models import ReadMark
from apps.console.who import AddressJson, initials_of, person_of_agent, tint_of
from apps.core.models import User
from apps.tickets.models import DeliveryReport, Draft, Message, MessageFile, Session

SNIPPET = 160  # characters
IN_DOUBT = (Message.Status.FAILED, Message.Status.UNKNOWN)

Row = dict[str, Any]


def rows_of(user: User, session_ids: Sequence[int]) -> list[Row]:
    """In this order; the caller has asked whether USER sees them."""
    found = {session.pk: session for session in _annotated(user).filter(pk__in=session_ids)}
    return [_row(found[pk], user) for pk in session_ids if pk in found]


def row_of(user: User, session: Session) -> Row:
    """As it stands now, not as the caller read it."""
    return _row(_annotated(user).get(pk=session.pk), user)


def moment(at: datetime) -> str:
    """ISO 8601 in the reader's zone."""
    return timezone.localtime(at).isoformat()


def _annotated(user: User) -> QuerySet[Any]:
    """Subqueries of a few rows each: never asked of rows that are not shown."""
    ours = Q(direction=Message.Direction.OUT, automatic=True)  # says nothing of how it stands
    messages = Message.objects.filter(~ours, session=OuterRef("pk")).order_by("-id")
    snippet = messages.annotate(start=Substr("text", 1, SNIPPET)).values("start")
    missed = DeliveryReport.objects.filter(message=OuterRef("pk"), kind__in=DeliveryReport.FAILED)
    sent = messages.filter(direction=Message.Direction.OUT).annotate(missed=Exists(missed))
    warned = messages.filter(direction=Message.Direction.IN, trust__level=WARNING)
    files = MessageFile.objects.filter(message__session=OuterRef("pk"), inline=False).order_by()
    mark = ReadMark.objects.filter(user=user, session=OuterRef("pk")).values("message")
    own_drafts = Draft.objects.unsent().filter(author=user, session=OuterRef("pk"))
    return Session.objects.select_related("queue", "agent__user").annotate(
        snippet=Subquery(snippet[:1]),
        delivery=Subquery(sent.values("status")[:1]),
        missed=Subquery(sent.values("missed")[:1]),
        warns=Exists(warned),
        has_files=Exists(files),
        mark=Subquery(mark[:1]),
        has_draft=Exists(own_drafts),
    )


def _row(session: Any, user: User) -> Row:
    agent = session.agent
    name, email = session.customer_name, session.customer
    return {
        "id": session.public_id,
        "version": session.version,
        "customer": AddressJson(email=email, name=name),
        "initials": initials_of(name, email),
        "tint": tint_of(name, email),
        "subject": session.subject,
        "snippet": " ".join((session.snippet or "").split()),
        "status": session.status,
        "status_word": capfirst(session.get_status_display()),
        "queue": {"id": str(session.queue_id), "name": session.queue.name},
        "agent": person_of_agent(agent) if agent else None,
        "mine": agent is not None and agent.user_id == user.pk,
        "unread": _is_unread(session),
        "files": session.has_files,
        "count": session.message_count,
        "delivery": _trouble(session),
        "warns": session.warns,
        "draft": session.has_draft,
        "updated_at": moment(session.updated_at),
        "waiting_since": moment(session.waiting_since),
    }


def _trouble(session: Any) -> str | None:
    """Of our newest mail: that it failed, did not reach somebody, or that nobody knows."""
    if session.missed:
        return str(Message.Status.FAILED)
    return session.delivery if session.delivery in IN_DOUBT else None


def _is_unread(session: Any) -> bool:
    """Finished work calls nobody; what was never opened is new, whoever wrote it."""
    if session.status not in Session.OPEN:
        return False
    return session.mark is None or session.newest_in > session.mark
