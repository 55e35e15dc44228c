"""Gives the demo's first mails the times that they bear, so that its list looks like a day's work.

The mails came through the true intake a moment ago; only their times are turned back here.
"""

import json
from argparse import SUPPRESS
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from apps.tickets.models import Message, Session
from apps.tickets.sessions import say_changed

ANSWERED_AFTER = timedelta(minutes=30)


class Command(BaseCommand):
    help = SUPPRESS  # a part of `up --demo`
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        begun = Message.objects.filter(message_id__startswith="demo.").values("session")
        sessions = list(Session.objects.filter(pk__in=begun).select_related("queue", "agent"))
        with transaction.atomic():
            for session in sessions:
                _age(session)
            say_changed(sessions)
        self.stdout.write(json.dumps({"aged": len(sessions)}))


def _age(session: Session) -> None:
    messages = list(Message.objects.filter(session=session).order_by("id"))
    real = [message.created_at for message in messages]
    for message, at in zip(messages, _times(messages), strict=True):
        message.created_at = at
        message.sent_at = at if message.sent_at else None
    Message.objects.bulk_update(messages, ["created_at", "sent_at"])
    _age_events(session, real, [message.created_at for message in messages])
    Session.objects.filter(pk=session.pk).update(
        created_at=messages[0].created_at,
        updated_at=messages[-1].created_at,
        waiting_since=messages[0].created_at,
    )


def _times(messages: Iterable[Message]) -> Iterable[datetime]:
    """A customer's mail bears its own; an answer came half an hour after what it answers."""
    last = None
    for message in messages:
        told = message.date if message.direction == Message.Direction.IN else None
        at = min(message.created_at, told or (last or message.created_at) + ANSWERED_AFTER)
        last = max(last, at) if last else at
        yield last


def _age_events(session: Session, real: list[datetime], told: list[datetime]) -> None:
    """An event stays with the mail that it followed."""
    for event in session.events.all():
        place = max(sum(at <= event.at for at in real) - 1, 0)
        event.at = min(told[place] + max(event.at - real[place], timedelta()), event.at)
        event.save(update_fields=["at"])
