"""Lends to the floors below what follows from the sessions that a user sees."""

from typing import Any

from django.db.models import QuerySet

from apps.core import sight
from apps.core.models import User
from apps.tickets.models import Message, MessageFile, Session, StagedFile


def threads(user: User) -> QuerySet[Session, Any]:
    return Session.objects.visible_to(user).order_by().values("thread__key")


def files(user: User) -> QuerySet[MessageFile, Any]:
    messages = Message.objects.visible_to(user)
    return MessageFile.objects.filter(message__in=messages).order_by().values("attachment")


def files_of_own_forms(user: User) -> QuerySet[StagedFile, Any]:
    return StagedFile.objects.filter(user=user).order_by().values("attachment")


def files_of_others_forms(user: User) -> QuerySet[StagedFile, Any]:
    """What even those who see everything do not see: it was not sent."""
    return StagedFile.objects.exclude(user=user).order_by().values("attachment")


sight.lend("threads", threads)
sight.lend("files", files)
sight.lend("own forms", files_of_own_forms)
sight.lend("files of others' forms", files_of_others_forms)
