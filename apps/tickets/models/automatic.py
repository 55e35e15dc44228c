"""What was answered by itself, and whom nothing answers by itself for a day: the loop guards."""

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


class MailLoop(models.Model):
    """Somebody wrote so often in so short a time that it must be a machine that answers ours."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="loops")
    address = models.CharField(max_length=320, help_text="Who writes, in small letters.")
    mails = models.PositiveIntegerField(help_text="In the quarter of an hour before.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["address", "-at"], name="loop_of_address"),
            models.Index(fields=["-at"], name="loop_lately"),
        ]

    def __str__(self) -> str:
        return f"loop {self.pk}"
