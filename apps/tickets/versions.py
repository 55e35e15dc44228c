"""When a session last changed: a number that only rises, set in the transaction of the change."""

from collections.abc import Collection

from django.db.models import F, Q
from django.db.models.functions import Greatest

from apps.attachments.signals import attachments_screened
from apps.core.announce import record_with
from apps.core.db.clock import Milliseconds
from apps.crm.signals import updates_changed
from apps.tickets.models import MessageFile, Session


def new_version(session_ids: Collection[int]) -> None:
    """The database's milliseconds, or one more than before where that is not later.

    Who changes several sessions has locked them in the order of their keys, or does it here.
    """
    rows = Session.objects.filter(pk__in=session_ids)
    rows.update(version=Greatest(Milliseconds(), F("version") + 1))


def _files_screened(*, attachment_ids: list[int], **facts: object) -> None:
    """The floor of the files knows no sessions, so this rides in its transaction."""
    carriers = MessageFile.objects.filter(attachment__in=attachment_ids)
    _lock_and_change(Q(pk__in=carriers.values("message__session")))


def _tickets_told(*, thread_keys: list[str], **facts: object) -> None:
    """Nor does that of the tickets: a session shows how far its ticket follows."""
    _lock_and_change(Q(thread__key__in=thread_keys))


def _lock_and_change(which: Q) -> None:
    locked = Session.objects.filter(which).select_for_update(of=("self",))
    in_order = locked.order_by("pk")  # nobody waits in a circle
    new_version(list(in_order.values_list("pk", flat=True)))


record_with(attachments_screened, _files_screened)
record_with(updates_changed, _tickets_told)
