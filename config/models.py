"""What the set-up wizard has to remember: all that no other row can tell."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.channels.models import EmailAccount


class SetUp(models.Model):
    """One row: which account is being set up, and what was answered that changes no setting."""

    account = models.ForeignKey(
        EmailAccount, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    address = models.EmailField(blank=True)
    # Each {"of": fingerprint of the settings that were tried, "ok", "code", "sentence"}.
    receive_test = models.JSONField(null=True)
    send_test = models.JSONField(null=True)
    put_off = models.JSONField(default=list, help_text="Steps that were left for later.")
    old_mail_chosen = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "set-up"

    @classmethod
    def load(cls) -> SetUp:
        row = cls.objects.select_related("account").filter(pk=1).first()
        return row or cls.objects.get_or_create(pk=1)[0]

    def note(self, **fields: Any) -> None:
        """Writes these fields and no others, so that two steps at once lose nothing."""
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=list(fields))


class RoundTrip(models.Model):
    """One test mail from an account to itself: the row is all that a restart needs to go on."""

    class State(models.TextChoices):
        TO_SEND = "to-send"
        WAITING = "waiting"
        ARRIVED = "arrived"
        IN_JUNK = "in-junk"
        NOT_SENT = "not-sent"
        NO_LOOK = "no-look"  # it was sent, and then nobody could sign in to look for it
        MISSING = "missing"
        STOPPED = "stopped"

    RUNNING: ClassVar = (State.TO_SEND, State.WAITING)

    account = models.ForeignKey(EmailAccount, on_delete=models.CASCADE, related_name="round_trips")
    address = models.EmailField()
    of = models.CharField(max_length=64, help_text="Fingerprint of the settings that it proves.")
    token = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.TO_SEND)
    sentence = models.TextField(blank=True, help_text="What went wrong, or does so far.")
    folder = models.CharField(max_length=255, blank=True)
    removed = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["to-send", "waiting"]),
                name="one_round_trip_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"round trip {self.pk}"

    @property
    def running(self) -> bool:
        return self.state in self.RUNNING

    @property
    def seconds(self) -> float | None:
        """From the server's word that it has the mail until it was found."""
        if self.sent_at is None:
            return None
        return max(0.0, ((self.settled_at or timezone.now()) - self.sent_at).total_seconds())
