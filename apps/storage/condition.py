"""How far the storage is behind, for the health page."""

from apps.core.health import Backlog, backlog
from apps.storage.models import OPEN, StoredObject


def not_yet_stored() -> Backlog:
    return backlog(StoredObject.objects.filter(status__in=OPEN), "created_at")


def given_up() -> Backlog:
    return backlog(StoredObject.objects.filter(status=StoredObject.Status.FAILED), "created_at")


def last_trouble() -> str:
    """Why the newest of what waits does; nothing while all is well."""
    rows = StoredObject.objects.filter(status__in=OPEN).exclude(error="")
    return rows.order_by("-pk").values_list("error", flat=True).first() or ""
