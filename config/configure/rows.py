"""What all kinds of objects share when they are put into the database."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ProtectedError

from apps.core.rules import told
from apps.core.secrets import holds, seal

Values = dict[str, Any]


class CannotApply(Exception):
    """One object is refused: KEY of it is why."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key, self.sentence = key, sentence


@dataclass(slots=True)
class Changes:
    """What was done, in order: one JSON line each; what is new is not told as changed as well."""

    lines: list[dict[str, str]] = field(default_factory=list)

    def note(self, kind: str, name: str, change: str) -> None:
        if not any((line["object"], line["name"]) == (kind, name) for line in self.lines):
            self.lines.append({"object": kind, "name": name, "change": change})

    def put(self, kind: str, name: str, *, new: bool, changed: bool) -> None:
        if new or changed:
            self.note(kind, name, "created" if new else "changed")


def picked(values: Values, *keys: str, prefix: str = "") -> Values:
    """Those of KEYS that the file gives, as fields."""
    return {prefix + key: values[key] for key in keys if key in values}


def save(row: models.Model, values: Values) -> bool:
    """Writes only what differs, so that a worker's own writes to the row stay."""
    changed = {key: value for key, value in values.items() if getattr(row, key) != value}
    for key, value in changed.items():
        setattr(row, key, value)
    if row.pk is None:
        row.save()
    elif changed:
        row.save(update_fields=list(changed))
    return bool(changed)


def save_by_rules(row: models.Model, values: Values, keys: dict[str, str] | None = None) -> bool:
    """As the row's own rules allow, which may tidy it; KEYS: how the file calls a field."""
    trial = copy(row)
    for key, value in values.items():
        setattr(trial, key, value)
    try:
        trial.clean()
    except ValidationError as error:
        field, sentence = told(error)[0]
        raise CannotApply((keys or {}).get(field, field), sentence) from None
    return save(row, {key: getattr(trial, key) for key in values})


def sealed(row: models.Model, name: str, secret: str | None) -> Values:
    """The field for SECRET, unless it is stored already: sealing twice gives two texts."""
    if secret is None or holds(getattr(row, name), secret):
        return {}
    return {name: seal(secret)}


def set_many(relation: Any, wanted: Iterable[models.Model]) -> bool:
    rows = list(wanted)
    before = set(relation.values_list("pk", flat=True))
    relation.set(rows)
    return before != {row.pk for row in rows}


def delete(rows: models.QuerySet[Any], kind: str, name: str, changes: Changes, cure: str) -> None:
    try:
        if rows.delete()[0]:
            changes.note(kind, name, "deleted")
    except ProtectedError:
        raise CannotApply("absent", f"It is still in use; {cure}.") from None
