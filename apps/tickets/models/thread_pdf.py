"""The PDF of a whole thread."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import Blob
from apps.tickets.models.sessions import Session
from apps.tickets.models.threads import Thread


class ThreadPdf(models.Model):
    """One rendering of a whole thread as a PDF for its ticket; the newest replaces the others.

    A thread has one that waits at most: whoever asks meanwhile moves its time.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RENDERED = "rendered", _("rendered")
        FAILED = "failed", _("failed")

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="pdfs")
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="+", help_text="Whose id its name bears."
    )
    number = models.PositiveIntegerField(help_text="Counted in the thread.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    claim = models.CharField(max_length=32, blank=True)
    claimed_until = models.DateTimeField(null=True)
    reason = models.TextField(
        blank=True, help_text="Why it could not be rendered, or what of it is text only."
    )
    messages = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    rendered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["thread", "number"], name="thread_pdf_numbered_once"),
            models.UniqueConstraint(
                fields=["thread"], condition=Q(status="waiting"), name="one_thread_pdf_waits"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=Q(status="waiting"), name="thread_pdf_waiting"
            ),
            models.Index(fields=["id"], condition=Q(status="failed"), name="thread_pdf_failed"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"email-{self.session.public_id}-{self.number}.pdf"
