"""How many mails came as far as their final dot: what a restored backup does not know."""

from __future__ import annotations

import uuid

from django.db import models


def new_name() -> str:
    return uuid.uuid4().hex


class OutboxMark(models.Model):
    """One row; the data folder counts along in a file of this name (sending/restored.py)."""

    name = models.CharField(max_length=32, default=new_name, editable=False)
    dots = models.BigIntegerField(default=0)
    restored_at = models.DateTimeField(null=True, help_text="When it was last noticed.")
    doubted = models.PositiveIntegerField(default=0, help_text="Mails that may have left before.")

    def __str__(self) -> str:
        return f"{self.dots}"
