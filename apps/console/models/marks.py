"""How far each reader has read each conversation."""

from typing import ClassVar

from django.db import models

from apps.core.models import User
from apps.tickets.models import Session


class ReadMark(models.Model):
    """The newest message that USER has seen; no row: the session was never opened."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+")
    message = models.BigIntegerField(default=0)  # an id, perhaps of a message that has gone

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "session"], name="one_mark_per_reader")
        ]

    def __str__(self) -> str:
        return f"mark {self.pk}"
