"""The outbox for the CRM: finished entries, planned by the floors above, kept as rows.

plan -> rows `planned`; posting.py -> `posted`, or the error is kept and the row waits. A row that
cannot be posted is `failed` until somebody tries it again or leaves it out; the thread's later
entries wait behind it, because the order is part of the truth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Least, Now

from apps.attachments.models import Attachment, Verdict
from apps.core.announce import announce
from apps.core.db.rows import add_unless_known
from apps.core.models import Blob
from apps.crm.models import TicketUpdate
from apps.crm.signals import updates_changed, updates_planned

Status = TicketUpdate.Status
OPEN = (Status.PLANNED, Status.FAILED)
MOVED = "moved"  # why an entry was left out: its mail lies in another thread now


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing to tell a thread's ticket: finished text, or with BLOB a file named TEXT.

    FACTS, by merge field, stand with a thread's first entry: a new ticket is opened with them.
    """

    thread_key: str
    kind: str
    key: str
    subject: str
    text: str
    blob: Blob | None = None
    not_before: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def plan(updates: Sequence[Planned]) -> None:
    """Inside the caller's transaction. What is planned already stays as it is."""
    if not updates:
        return
    add_unless_known([_row(one) for one in updates], due="not_before")
    announce(updates_planned, thread_keys=list(dict.fromkeys(one.thread_key for one in updates)))


def _row(planned: Planned) -> TicketUpdate:
    return TicketUpdate(
        thread_key=planned.thread_key,
        kind=planned.kind,
        key=planned.key,
        subject=planned.subject,
        text=planned.text,
        blob=planned.blob,
        facts=dict(planned.facts),
        not_before=planned.not_before,  # type: ignore[misc]  # None: the present moment
    )


# ---- mails that lie in another thread now --------------------------------------------------------


def leave_out_moved(thread_key: str, which: Q) -> int:
    """Inside the caller's transaction. What the ticket has got already stays there."""
    rows = TicketUpdate.objects.filter(which, thread_key=thread_key, status__in=OPEN)
    return _change(rows, status=Status.SKIPPED, error=MOVED)


def take_up_moved(thread_key: str, which: Q) -> int:
    """Inside the caller's transaction: they are back, and the ticket is told after all."""
    rows = TicketUpdate.objects.filter(which, thread_key=thread_key)
    left_out = rows.filter(status=Status.SKIPPED, error=MOVED)
    return _change(left_out, status=Status.PLANNED, error="", not_before=Now())


# ---- conversations that were deleted -------------------------------------------------------------


def forget(thread_keys: Sequence[str]) -> tuple[int, list[int]]:
    """Inside the caller's transaction: nothing of these threads is told any more, and what was told
    is not kept here. The ticket keeps what it has. Answers how many were never told, and blobs."""
    rows = TicketUpdate.objects.filter(thread_key__in=thread_keys)
    announce(updates_changed, thread_keys=list(thread_keys))
    untold = rows.filter(status__in=OPEN).count()
    files = [pk for pk in rows.values_list("blob", flat=True) if pk is not None]
    rows.delete()
    return untold, files


# ---- after a restored backup ---------------------------------------------------------------------


def look_before_writing() -> int:
    """Inside the caller's transaction: what is planned may stand in its ticket already. A row that
    was tried is looked for before it is written."""
    return TicketUpdate.objects.filter(status__in=OPEN, tries=0).update(tries=1)


# ---- by hand ----------------------------------------------------------------------------------


def post_again(update_ids: Sequence[int]) -> int:
    """Tries what failed or waits at once, still looking for what it may have left."""
    rows = TicketUpdate.objects.filter(pk__in=update_ids, status__in=OPEN)
    return _change(rows, status=Status.PLANNED, not_before=Now(), tries=Least(F("tries"), 1))


def leave_out(update_ids: Sequence[int]) -> int:
    """The ticket does without these, and the thread's other entries go on."""
    rows = TicketUpdate.objects.filter(pk__in=update_ids, status__in=OPEN)
    return _change(rows, status=Status.SKIPPED)


def rebuild(thread_key: str) -> int:
    """Looks for every entry of the thread in its ticket, in order, and writes what is missing."""
    rows = TicketUpdate.objects.filter(thread_key=thread_key).exclude(status=Status.SKIPPED)
    rows = rows.exclude(pk__in=_replaced(thread_key)).exclude(_found_infected())
    # A row that was tried is looked for before it is written.
    return _change(
        rows, status=Status.PLANNED, not_before=Now(), error="", tries=Greatest(F("tries"), 1)
    )


def _replaced(thread_key: str) -> list[int]:
    """PDFs that a newer one has taken the place of."""
    pdfs = TicketUpdate.objects.filter(thread_key=thread_key, kind=TicketUpdate.Kind.PDF)
    return list(pdfs.order_by("-pk").values_list("pk", flat=True)[1:])


def _found_infected() -> Exists:
    """Files that are so by now: where somebody took one off the ticket, it stays off."""
    infected = Attachment.objects.filter(verdict=Verdict.INFECTED)
    return Exists(infected.filter(blob=OuterRef("blob")))


def _change(rows: "QuerySet[TicketUpdate]", **values: object) -> int:
    keys = list(rows.values_list("thread_key", flat=True).distinct())
    if not keys:
        return 0
    with transaction.atomic():
        announce(updates_changed, thread_keys=keys)
        changed = rows.update(**values)
        announce(updates_planned, thread_keys=keys)
    return changed
