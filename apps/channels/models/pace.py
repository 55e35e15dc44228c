"""When an account may hand over its next mail."""

from __future__ import annotations

from django.db import models

from apps.channels.models.accounts import EmailAccount


class SendPace(models.Model):
    """A row of its own, so that nobody who saves the account's form turns the time back."""

    account = models.OneToOneField(EmailAccount, on_delete=models.CASCADE, related_name="pace")
    next_at = models.DateTimeField(null=True, help_text="Nothing leaves before; empty: at once.")
    pauses = models.PositiveSmallIntegerField(
        default=0, help_text="How often in a row the server asked us to slow down."
    )

    def __str__(self) -> str:
        return f"pace {self.pk}"
