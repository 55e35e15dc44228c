"""Chooses where an object goes, once and for all: the present place, and a path no other has."""

import secrets
from collections.abc import Mapping, Sequence

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop

from apps.core.announce import announce
from apps.core.leases import in_seconds
from apps.storage import outbox, paths
from apps.storage.models import OPEN, StorageSettings, StorageTarget, StoredObject
from apps.storage.signals import objects_planned

ASKED_AGAIN = 30  # seconds until the CRM is asked again for a ticket that it had not
AT_ONCE = 200
TRIED_AT_ONCE = 50
MOST_OF_ONE_NAME = 10_000
NO_TICKET = gettext_noop("Waits for the number of its ticket, which stands in its path.")

Status = StoredObject.Status


def place_due() -> None:
    """Everything planned that has no place yet; what waits for its ticket stays, and says so."""
    homeless = StoredObject.objects.open().filter(target__isnull=True)
    due = homeless.filter(not_before__lte=Now()).order_by("not_before", "pk")
    while rows := list(due[:AT_ONCE]):
        _forget([row.pk for row in rows if row.status == Status.LEAVING])
        _place([row for row in rows if row.status == Status.PLANNED])
        if len(rows) < AT_ONCE:
            return


def _forget(pks: Sequence[int]) -> None:
    """Withdrawn before they were put anywhere."""
    if pks:
        leaving = StoredObject.objects.filter(pk__in=pks, target__isnull=True)
        leaving.filter(status=Status.LEAVING).update(status=Status.REMOVED)


def _place(rows: Sequence[StoredObject]) -> None:
    if not rows:
        return
    settings = StorageSettings.load()
    tickets = _tickets(settings, rows)
    wanted, waiting = [], []
    for row in rows:
        template = settings.path_of(row.kind)
        if paths.needs_ticket(template) and row.thread_key not in tickets:
            waiting.append(row.pk)
            continue
        values = row.variables(tickets.get(row.thread_key, ""))
        wanted.append((row, paths.filled(template, values, row.name)))
    _give_all(wanted, settings.target)
    _wait_for_ticket(waiting)


def _tickets(settings: StorageSettings, rows: Sequence[StoredObject]) -> Mapping[str, str]:
    asking = [row for row in rows if paths.needs_ticket(settings.path_of(row.kind))]
    return outbox.tickets_of(sorted({row.thread_key for row in asking}))


def _wait_for_ticket(pks: Sequence[int]) -> None:
    if pks:
        StoredObject.objects.filter(pk__in=pks).update(
            not_before=in_seconds(ASKED_AGAIN), error=gettext(NO_TICKET), error_code="no-ticket"
        )


def _give_all(wanted: Sequence[tuple[StoredObject, str]], target: StorageTarget) -> None:
    """The paths themselves, which almost always are free, at once; what is left one by one."""
    first = {path: row for row, path in reversed(wanted)}
    if not _write_all(first, target):
        taken = _taken(target, list(first))
        _write_all({path: row for path, row in first.items() if path not in taken}, target)
    for row, path in wanted:
        if not row.path:
            _give(row, target, path, first=1)


def _write_all(rows: Mapping[str, StoredObject], target: StorageTarget) -> bool:
    """By path. False: one is taken. A row that somebody else placed stays there."""
    unplaced = StoredObject.objects.filter(pk__in=[row.pk for row in rows.values()], path="")
    own = Case(*(When(pk=row.pk, then=Value(path)) for path, row in rows.items()))
    try:
        with transaction.atomic():
            homeless = unplaced.filter(status__in=OPEN)
            homeless.update(target=target, path=own, error="", error_code="")
    except (IntegrityError, OperationalError):  # or two of us would have waited for each other
        return False
    for path, row in rows.items():
        row.target, row.path = target, path
    return True


def give_next(row: StoredObject) -> None:
    """Something that is not ours stands at the row's path: that stays, and we go beside it."""
    folder, _slash, _name = row.path.rpartition("/")
    path = f"{folder}/{paths.clean_name(row.name)}"
    numbers = range(1, MOST_OF_ONE_NAME)
    present = next((n for n in numbers if paths.numbered(path, n) == row.path), 1)
    if row.target is not None:
        _give(row, row.target, path, first=present + 1)


def _give(row: StoredObject, target: StorageTarget, path: str, *, first: int) -> None:
    """PATH with the number FIRST, or the next one that is free; it keeps it. After ten thousand of
    one name, as logos have it, any number."""
    if _write(row, target, paths.numbered(path, first)):
        return
    for start in range(first + 1, MOST_OF_ONE_NAME, TRIED_AT_ONCE):
        wanted = [paths.numbered(path, start + n) for n in range(TRIED_AT_ONCE)]
        taken = _taken(target, wanted)
        for one in wanted:
            if one not in taken and _write(row, target, one):
                return
    _write(row, target, paths.numbered(path, secrets.randbelow(2**62) + MOST_OF_ONE_NAME))


def _taken(target: StorageTarget, wanted: Sequence[str]) -> set[str]:
    there = StoredObject.objects.filter(target=target, path__in=wanted)
    return set(there.values_list("path", flat=True))


def _write(row: StoredObject, target: StorageTarget, path: str) -> bool:
    """False: another object has just taken it. A row that somebody else placed stays there."""
    unchanged = StoredObject.objects.filter(pk=row.pk, status__in=OPEN, path=row.path)
    try:
        with transaction.atomic():
            unchanged.update(target=target, path=path, error="", error_code="")
    except IntegrityError:
        return False
    row.target, row.path = target, path
    return True


def move_waiting(old: StorageTarget) -> None:
    """Another place was chosen: what never arrived at the old one goes to the new one."""
    nowhere = StoredObject.objects.filter(
        target=old, status__in=(Status.PLANNED, Status.FAILED), holder=""
    )
    nowhere.update(target=None, path="", status=Status.PLANNED, tries=0, not_before=Now(), error="")


def bring_along(old: StorageTarget) -> None:
    """What was just being tried at OLD when another place was chosen."""
    if StorageSettings.load().target_id != old.pk:
        move_waiting(old)
        announce(objects_planned)
