"""The outbox for the CRM: finished entries, posted once and in order per thread.

plan -> rows `planned`; post_updates -> `posted`, or the error is kept and the row waits: 30 s,
doubled with each try, an hour at most. After MAX_TRIES it is `failed` until somebody posts it
again by hand; the thread's later entries wait behind it, because the order is part of the truth.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import Least, Now

from apps.core import blobs
from apps.core.announce import announce
from apps.core.faults import crashpoint
from apps.core.leases import in_seconds
from apps.core.models import Blob
from apps.crm import links
from apps.crm.claims import Claim, claimed
from apps.crm.connectors.base import (
    Added,
    AnyConnector,
    BulkConnector,
    CrmError,
    Entry,
    File,
    NewTicket,
    TicketRef,
)
from apps.crm.connectors.once import add_entries
from apps.crm.models import TicketUpdate
from apps.crm.signals import updates_planned

log = logging.getLogger(__name__)

THREADS_AT_ONCE = 50
ROWS_AT_ONCE = 500
LEASE = 45  # seconds, renewed before each round: four requests of ten seconds fit in
FIRST_WAIT, LONGEST_WAIT = 30, 3600
MAX_TRIES = 40  # about a day and a half of hourly tries

Status = TicketUpdate.Status
Waiting = dict[str, list[TicketUpdate]]  # by thread, in order


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing to tell a thread's ticket: finished text, or with BLOB a file named TEXT."""

    thread_key: str
    kind: str
    key: str
    subject: str
    text: str
    blob: Blob | None = None
    not_before: datetime | None = None


def plan(updates: Sequence[Planned]) -> None:
    """Inside the caller's transaction. What is planned already stays as it is."""
    if not updates:
        return
    TicketUpdate.objects.bulk_create([_row(one) for one in updates], ignore_conflicts=True)
    announce(updates_planned, thread_keys=list(dict.fromkeys(one.thread_key for one in updates)))


def _row(planned: Planned) -> TicketUpdate:
    return TicketUpdate(
        thread_key=planned.thread_key,
        kind=planned.kind,
        key=planned.key,
        subject=planned.subject,
        text=planned.text,
        blob=planned.blob,
        not_before=planned.not_before or Now(),
    )


def due(limit: int) -> list[str]:
    """Threads whose next entry may be posted now, oldest first."""
    earlier = TicketUpdate.objects.exclude(status=Status.POSTED).filter(
        thread_key=OuterRef("thread_key"), pk__lt=OuterRef("pk")
    )
    heads = TicketUpdate.objects.filter(~Exists(earlier), status=Status.PLANNED)
    due_heads = heads.filter(not_before__lte=Now()).order_by("pk")
    return list(due_heads.values_list("thread_key", flat=True)[:limit])


def post_again(update_ids: Sequence[int]) -> int:
    """By hand: tries what failed or waits at once, still looking for what it may have left."""
    rows = TicketUpdate.objects.filter(pk__in=update_ids).exclude(status=Status.POSTED)
    keys = list(rows.values_list("thread_key", flat=True).distinct())
    changed = rows.update(status=Status.PLANNED, not_before=Now(), tries=Least(F("tries"), 1))
    if keys:
        announce(updates_planned, thread_keys=keys)
    return changed


def post_updates(thread_keys: Sequence[str]) -> None:
    """Posts what is due of these threads; those that another worker has are left to it."""
    keys = list(dict.fromkeys(thread_keys))
    for start in range(0, len(keys), THREADS_AT_ONCE):
        with claimed(keys[start : start + THREADS_AT_ONCE], seconds=LEASE) as claim:
            for connector, some in links.by_connector(claim.keys):
                _post_by(connector, some, claim)


def _post_by(connector: AnyConnector, keys: Sequence[str], claim: Claim) -> None:
    """A distant CRM is told one thing at a time and each is recorded, ours takes all at once."""
    if isinstance(connector, BulkConnector):
        _post_until_done(connector, keys, claim, rows_at_once=ROWS_AT_ONCE)
    else:
        for key in keys:
            _post_until_done(connector, [key], claim, rows_at_once=1)


def _post_until_done(
    connector: AnyConnector, keys: Sequence[str], claim: Claim, *, rows_at_once: int
) -> None:
    while True:
        claim.renew()
        waiting = _waiting([key for key in keys if key in claim.keys], rows_at_once)
        if not waiting:
            return
        _post_round(connector, waiting)


def _waiting(keys: Sequence[str], rows_at_once: int) -> Waiting:
    """What is due from the head of each thread on; nothing behind an entry that must wait."""
    rows = (
        TicketUpdate.objects.filter(thread_key__in=keys)
        .exclude(status=Status.POSTED)
        .annotate(is_due=ExpressionWrapper(Q(not_before__lte=Now()), BooleanField()))
        .select_related("blob")
        .order_by("pk")[:rows_at_once]
    )
    waiting: Waiting = {}
    blocked: set[str] = set()
    for row in rows:
        if row.status != Status.PLANNED or not row.is_due:  # type: ignore[attr-defined]  # annotated
            blocked.add(row.thread_key)
        elif row.thread_key not in blocked:
            waiting.setdefault(row.thread_key, []).append(row)
    return waiting


def _post_round(connector: AnyConnector, waiting: Waiting) -> None:
    """1. count the try, so that a crash leaves a trace; 2. tickets; 3. entries; 4. record."""
    pks = [row.pk for rows in waiting.values() for row in rows]
    TicketUpdate.objects.filter(pk__in=pks).update(tries=F("tries") + 1)
    tickets = links.ensure_tickets(
        connector,
        links.links_of(waiting),
        [NewTicket(key, rows[0].subject, bool(rows[0].tries)) for key, rows in waiting.items()],
    )
    _record(waiting, _add(connector, waiting, tickets))


def _add(
    connector: AnyConnector, waiting: Waiting, tickets: Mapping[str, TicketRef | CrmError]
) -> dict[str, Added]:
    added: dict[str, Added] = {}
    entries: dict[str, list[Entry]] = {}
    for key, rows in waiting.items():
        ticket = tickets[key]
        if isinstance(ticket, CrmError):
            added[key] = Added(0, ticket)
        else:
            entries[key] = [_entry(row, ticket) for row in rows]
    if entries:
        answers = add_entries(connector, list(entries.values()))
        added.update(zip(entries, answers, strict=True))
    return added


def _entry(row: TicketUpdate, ticket: TicketRef) -> Entry:
    return Entry(
        ticket=ticket,
        marker=row.marker,
        kind=row.kind,
        text=row.text,
        file=File(row.blob.pk, row.blob.size, partial(blobs.read, row.blob)) if row.blob else None,
        doubtful=bool(row.tries),
    )


def _record(waiting: Waiting, added: Mapping[str, Added]) -> None:
    with transaction.atomic():
        posted = [row.pk for key, rows in waiting.items() for row in rows[: added[key].done]]
        TicketUpdate.objects.filter(pk__in=posted).update(
            status=Status.POSTED, posted_at=Now(), error=""
        )
        for key, rows in waiting.items():
            error = added[key].error
            if error:
                _keep_error(rows[added[key].done], error)
        crashpoint("post.before_commit")


def _keep_error(row: TicketUpdate, error: CrmError) -> None:
    tries = row.tries + 1
    wait = min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
    given_up = error.permanent or tries >= MAX_TRIES
    TicketUpdate.objects.filter(pk=row.pk).update(
        status=Status.FAILED if given_up else Status.PLANNED,
        error=error.sentence,
        not_before=in_seconds(max(wait, error.retry_after or 0)),
    )
    log.warning(
        "an update did not reach the CRM",
        extra={"update": row.pk, "tries": tries, "given_up": given_up},
    )
