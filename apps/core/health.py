"""What the product can say of its own processes, from stored signs of life."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now

from apps.core.models import Heartbeat

SILENT_AFTER = timedelta(seconds=70)


def beat(name: str) -> None:
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=Now())],
        update_conflicts=True,
        update_fields=["at"],
        unique_fields=["name"],
    )


def alive(*names: str) -> set[str]:
    """Those of NAMES that gave a sign of life within 70 s, by the database's clock."""
    recent = models.ExpressionWrapper(Now() - SILENT_AFTER, output_field=models.DateTimeField())
    return set(
        Heartbeat.objects.filter(name__in=names, at__gt=recent).values_list("name", flat=True)
    )
