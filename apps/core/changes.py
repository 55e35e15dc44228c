"""The history of settings: every change of a followed model leaves a row with before and after.

`config/followed.py` says what is followed. It works by Django's signals, so that a page, the
wizard, a settings file and a shell are the same. `bulk_create` and `QuerySet.update` send none:
nobody uses them on settings, which a test holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import models
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save

from apps.core.actors import current_actor
from apps.core.entries import Entry, entry_of
from apps.core.models import SettingsChange

Action = SettingsChange.Action
Owned = tuple[models.Model, str]
_BEFORE = "_settings_before"  # the stored row, between the two signals of a save


@dataclass(frozen=True, slots=True)
class Part:
    """A row that belongs to another: a role to its user, a route to a queue and to a mailbox."""

    model: type[models.Model]
    owner: str  # the field that leads to the owner
    label: Any  # what the owner calls such rows
    words: tuple[str, ...]  # the first of these fields that is filled names it

    @property
    def key(self) -> str:
        return f"{self.model._meta.label_lower}.{self.owner}"

    def of(self, row: models.Model | None) -> Owned | None:
        """The owner, and the word for this row among what it owns."""
        if row is None:
            return None
        filled = (value for name in self.words if (value := getattr(row, name)))
        return getattr(row, self.owner), str(next(filled, ""))


_fields: dict[str, tuple[Any, ...]] = {}
_parts: dict[str, Part] = {}


def follow(model: type[models.Model], *, left_out: Iterable[str] = ()) -> None:
    """Every field but LEFT_OUT, so that a new one is not forgotten."""
    key, out = model._meta.label_lower, set(left_out)
    columns = (one for one in model._meta.concrete_fields if not one.primary_key)
    _fields[key] = tuple(one for one in columns if one.name not in out)
    pre_save.connect(_before_save, sender=model, dispatch_uid=f"before {key}")
    post_save.connect(_after_save, sender=model, dispatch_uid=f"after {key}")
    pre_delete.connect(_before_delete, sender=model, dispatch_uid=f"delete {key}")
    for field in model._meta.many_to_many:
        m2m_changed.connect(
            partial(_many_changed, field),
            sender=getattr(model, field.name).through,
            dispatch_uid=f"many {key} {field.name}",
            weak=False,
        )


def follow_part(part: Part) -> None:
    _parts[part.key] = part
    for signal, receiver in (
        (pre_save, _before_part),
        (post_save, _after_part),
        (pre_delete, _part_goes),
    ):
        signal.connect(receiver, sender=part.model, dispatch_uid=f"part {part.model._meta.label}")


def followed_fields() -> dict[str, tuple[Any, ...]]:
    """By the label of the model."""
    return _fields


def followed_parts() -> dict[str, Part]:
    """By the name that entries use in place of a field's."""
    return _parts


# ---- rows -------------------------------------------------------------------------------------


def _before_save(
    sender: type[models.Model],
    instance: Any,
    raw: bool,
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    """One look at the stored row, and none when only the product's own columns are written."""
    wanted = not raw and not instance._state.adding and _written(instance, update_fields)
    stored = sender._base_manager.filter(pk=instance.pk).first() if wanted else None
    instance.__dict__[_BEFORE] = stored


def _after_save(
    sender: type[models.Model],
    instance: Any,
    raw: bool,
    created: bool,
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    before = instance.__dict__.pop(_BEFORE, None)
    if raw or (before is None and not created):
        return
    if created and hasattr(sender, "load"):  # one row that makes itself: its defaults are no news
        before, created = sender(), False
    written = _written(instance, update_fields)
    entries = [entry for one in written if (entry := entry_of(one, before, instance))]
    if entries or created:
        _write(instance, Action.ADDED if created else Action.CHANGED, entries)


def _before_delete(sender: type[models.Model], instance: models.Model, **kwargs: Any) -> None:
    fields = _fields[instance._meta.label_lower]
    entries = [entry for one in fields if (entry := entry_of(one, instance, None))]
    _write(instance, Action.REMOVED, entries)


def _written(instance: models.Model, update_fields: Iterable[str] | None) -> list[Any]:
    fields = _fields[instance._meta.label_lower]
    if update_fields is None:
        return list(fields)
    return [one for one in fields if {one.name, one.attname} & set(update_fields)]


# ---- lists and parts --------------------------------------------------------------------------


def _many_changed(
    field: Any, action: str, instance: Any, reverse: bool, pk_set: set[int] | None, **kwargs: Any
) -> None:
    """Set from either side, the row with the field is the one that changed."""
    if action not in ("post_add", "pre_remove", "pre_clear"):
        return
    if reverse:
        owners = _chosen(field.model._base_manager.filter(**{field.name: instance.pk}), pk_set)
        changed = [(owner, [str(instance)]) for owner in owners]
    else:
        names = sorted(map(str, _chosen(getattr(instance, field.name).all(), pk_set)))
        changed = [(instance, names)] if names else []
    for owner, names in changed:
        entry = Entry(field=field.name)
        entry["added" if action == "post_add" else "removed"] = names
        _write(owner, Action.CHANGED, [entry])


def _chosen(rows: models.QuerySet[Any], pk_set: set[int] | None) -> models.QuerySet[Any]:
    return rows if pk_set is None else rows.filter(pk__in=pk_set)


def _before_part(sender: type[models.Model], instance: Any, raw: bool, **kwargs: Any) -> None:
    known = not raw and not instance._state.adding
    stored = sender._base_manager.filter(pk=instance.pk).first() if known else None
    instance.__dict__[_BEFORE] = stored


def _after_part(sender: type[models.Model], instance: Any, raw: bool, **kwargs: Any) -> None:
    before = instance.__dict__.pop(_BEFORE, None)
    if not raw:
        _part_moved(sender, before, instance)


def _part_goes(sender: type[models.Model], instance: models.Model, **kwargs: Any) -> None:
    _part_moved(sender, instance, None)


def _part_moved(
    model: type[models.Model], before: models.Model | None, after: models.Model | None
) -> None:
    for part in _parts.values():
        if part.model is model and (old := part.of(before)) != (new := part.of(after)):
            _tell_owners(part, old, new)


def _tell_owners(part: Part, old: Owned | None, new: Owned | None) -> None:
    """The same owner is told once, of both sides."""
    for owner in dict.fromkeys(side[0] for side in (old, new) if side):
        entry = Entry(field=part.key)
        if old and old[0] == owner:
            entry["removed"] = [old[1]]
        if new and new[0] == owner:
            entry["added"] = [new[1]]
        _write(owner, Action.CHANGED, [entry])


def _write(row: models.Model, action: str, entries: list[Entry]) -> None:
    actor = current_actor()
    SettingsChange.objects.create(
        by_id=actor.user_id,
        by_name=actor.name,
        source=actor.source,
        kind=row._meta.label_lower,
        object_id=str(row.pk),
        object_name=str(row)[:310],
        action=action,
        changes=entries,
    )
