"""Lends to the floors below what follows from the sessions that a user sees."""

from typing import Any

from django.db.models import QuerySet

from apps.core import sight
from apps.core.models import User
from apps.tickets.models import Message, MessageFile, Session


def threads(user: User) -> QuerySet[Session, Any]:
    return Session.objects.visible_to(user).order_by().values("thread__key")


def files(user: User) -> QuerySet[MessageFile, Any]:
    messages = Message.objects.visible_to(user)
    return MessageFile.objects.filter(message__in=messages).order_by().values("attachment")


sight.lend("threads", threads)
sight.lend("files", files)
