"""The outbox for the storage: what is to be put there, planned by the floors above, kept as rows.

plan -> rows `planned`; storing.py puts them -> `stored`, or the error is kept and the row waits.
A row that cannot be put is `failed` until somebody tries it again. What is withdrawn, or replaced
by a newer one that is stored, is `leaving` until it is deleted there, then `removed`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models.functions import Now

from apps.core import blobs
from apps.core.announce import announce
from apps.core.models import Blob
from apps.storage.models import Kind, StorageSettings, StoredObject
from apps.storage.signals import objects_planned

Status = StoredObject.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One file for the storage: the bytes of BLOB (clean already, SPEC 1.5 a), or CONTENT.

    KIND is one of models.Kind, KEY what it is about: with its kind it is unique for good. DAY is
    the day in the installation's time zone. REPLACES is the key of an older one of the same kind,
    which is deleted once this one is stored. CONTENT is written to disk by `plan`; a caller in a
    long transaction had better write a blob before it.
    """

    kind: str
    key: str
    name: str
    day: date
    thread_key: str
    session_id: str = ""
    queue: str = ""
    direction: str = ""  # in or out; empty for what is both, as the PDF of a conversation
    blob: Blob | None = None
    content: bytes | None = None
    replaces: str = ""


def wanted_kinds() -> frozenset[str]:
    """The kinds that are switched on: nobody needs to plan, or to build, another one."""
    row = StorageSettings.load()
    return frozenset(kind for kind in Kind.values if row.is_on(kind))


def plan(wanted: Sequence[Wanted]) -> None:
    """Inside the caller's transaction. What is planned already stays as it is."""
    fresh = _not_yet_planned(wanted)
    if not fresh:
        return
    StoredObject.objects.bulk_create(_rows(fresh), ignore_conflicts=True)
    announce(objects_planned)


def _not_yet_planned(wanted: Sequence[Wanted]) -> list[Wanted]:
    """The database leaves out the others anyway: it is asked first only where bytes are written."""
    by_matter = {(one.kind, one.key): one for one in wanted}
    keys = {one.key for one in wanted if one.content is not None}
    if keys:
        there = set(StoredObject.objects.filter(key__in=keys).values_list("kind", "key"))
        by_matter = {matter: one for matter, one in by_matter.items() if matter not in there}
    return list(by_matter.values())


def _rows(wanted: Sequence[Wanted]) -> list[StoredObject]:
    contents = [one.content for one in wanted if one.content is not None]
    own = iter(blobs.record(blobs.write(contents)))
    return [_row(one, next(own) if one.content is not None else one.blob) for one in wanted]


def _row(wanted: Wanted, blob: Blob | None) -> StoredObject:
    if blob is None:
        raise ValueError("a file for the storage needs a blob or its content")
    return StoredObject(
        kind=Kind(wanted.kind),
        key=wanted.key,
        name=wanted.name[:255],
        day=wanted.day,
        queue=wanted.queue[:255],
        session=wanted.session_id,
        thread_key=wanted.thread_key,
        direction=wanted.direction,
        blob=blob,
        is_own_blob=wanted.content is not None,
        sha256=blob.sha256,
        size=blob.size,
        replaces=wanted.replaces,
        not_before=Now(),
    )


# ---- lent by the floors above ---------------------------------------------------------------

Tickets = Callable[[Sequence[str]], Mapping[str, str]]


def lend_tickets(answer: Tickets) -> None:
    """ANSWER: thread keys in, ticket ids out, by thread key; threads without a ticket left out."""
    global _tickets
    _tickets = answer


def tickets_of(thread_keys: Sequence[str]) -> Mapping[str, str]:
    return _tickets(thread_keys) if thread_keys else {}


def _nobody_knows(thread_keys: Sequence[str]) -> Mapping[str, str]:
    return {}


_tickets: Tickets = _nobody_knows


# ---- by hand, and by the floors above ---------------------------------------------------------


def try_again(object_ids: Sequence[int]) -> int:
    """Puts what failed or waits at once, where it was to be put."""
    rows = StoredObject.objects.filter(pk__in=object_ids)
    with transaction.atomic():
        again = rows.filter(status=Status.FAILED).update(status=Status.PLANNED, not_before=Now())
        again += rows.open().filter(not_before__gt=Now()).update(not_before=Now())
        announce(objects_planned)
    return again


def withdraw(kind: str, keys: Sequence[str]) -> int:
    """Inside the caller's transaction: these are to be in no storage any more."""
    rows = StoredObject.objects.filter(kind=kind, key__in=keys)
    there = rows.exclude(status__in=(Status.LEAVING, Status.REMOVED))
    changed = there.update(status=Status.LEAVING, tries=0, error="", not_before=Now())
    announce(objects_planned)
    return changed


def forget(thread_keys: Sequence[str]) -> list[int]:
    """Inside the caller's transaction: nothing of these threads is to be in a storage, and none of
    its bytes is kept for one. Answers the blobs."""
    rows = StoredObject.objects.filter(thread_key__in=thread_keys)
    files = [pk for pk in rows.values_list("blob", flat=True) if pk is not None]
    rows.update(blob=None)
    there = rows.exclude(status__in=(Status.LEAVING, Status.REMOVED))
    there.update(status=Status.LEAVING, tries=0, error="", not_before=Now())
    announce(objects_planned)
    return files
