"""What was answered by itself: so that nobody gets more of it than the settings allow."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from apps.tickets.models.messages import Message
from apps.tickets.models.sessions import Session


class AutomaticAnswer(models.Model):
    """One mail that went out by itself: one in a session, and so many to an address in a day."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="+")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=320, help_text="Whom it went to, in small letters.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [models.Index(fields=["address", "-at"], name="answered_lately")]

    def __str__(self) -> str:
        return f"automatic answer {self.pk}"
