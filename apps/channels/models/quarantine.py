"""What people did with held mail: released, deleted, the sender told; one row for each time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.channels.models.ledger import InboundEmail
from apps.core.models import User


class QuarantineAction(models.Model):
    """Who did it and when; of a mail to the sender also its words and what became of it."""

    class Kind(models.TextChoices):
        RELEASED = "released", _("released")
        DELETED = "deleted", _("deleted")
        TOLD = "told", _("sender told")

    class Outcome(models.TextChoices):
        """Of a mail to the sender, as for every mail that leaves; empty for the other kinds."""

        QUEUED = "queued", _("waits to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("unknown whether it arrived")

    inbound = models.ForeignKey(InboundEmail, on_delete=models.CASCADE, related_name="actions")
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    by_name = models.CharField(max_length=200, blank=True, help_text="As it was then.")
    at = models.DateTimeField(_("when"), default=timezone.now)
    recipient = models.CharField(
        _("to"), max_length=320, blank=True, help_text="In small letters, for one a day."
    )
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    message_id = models.CharField(max_length=255, blank=True, help_text="Fixed for every try.")
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)
    sentence = models.TextField(_("the server's words"), blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, help_text="While sending: the lease's end.")

    class Meta:
        verbose_name = _("quarantine action")
        verbose_name_plural = _("quarantine actions")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["recipient", "at"], condition=Q(kind="told"), name="told_lately"),
            models.Index(
                fields=["id"],
                condition=Q(outcome__in=["queued", "sending"]),
                name="notice_to_send",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.inbound_id}"
