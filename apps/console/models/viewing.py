"""Who has a conversation open just now, and who is writing an answer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from apps.core.models import User
from apps.tickets.models import Session


class ViewingQuerySet(models.QuerySet["Viewing"]):
    def alive(self) -> ViewingQuerySet:
        return self.filter(until__gt=Now())


class Viewing(models.Model):
    """One tab of one browser; it is over when the tab says so, or says nothing for 45 s."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    tab = models.CharField(max_length=32)  # a random name that the page makes
    writing = models.BooleanField(default=False)
    since = models.DateTimeField()
    until = models.DateTimeField()

    objects = ViewingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "user", "tab"], name="one_viewing_per_tab")
        ]

    def __str__(self) -> str:
        return f"viewing {self.pk}"
