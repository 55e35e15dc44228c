"""The history of settings in words: labels for columns, choices for their codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.core.changes import Part, followed_parts
from apps.core.entries import STORED, Entry
from apps.core.models import SettingsChange

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Words:
    """One field of a change, as a person reads it; a side that says nothing is empty."""

    label: str
    before: str
    after: str


def words_of(change: SettingsChange) -> list[Words]:
    model = model_of(change.kind)
    return [_words(model, entry, change.action) for entry in change.changes]


def model_of(kind: str) -> type[models.Model] | None:
    """None for a model that a later release has taken away."""
    try:
        return apps.get_model(kind)
    except LookupError:
        return None


def kind_words(kind: str) -> str:
    model = model_of(kind)
    return str(capfirst(model._meta.verbose_name)) if model else kind


def _words(model: type[models.Model] | None, entry: Entry, action: str) -> Words:
    field = _field(model, entry["field"])
    label = _label(field, entry["field"])
    if secret := entry.get("secret"):
        return Words(label, "", _SECRETS[secret]())
    if "added" in entry or "removed" in entry:
        went = [f"− {word}" for word in _listed(field, entry.get("removed", ()))]
        came = [f"+ {word}" for word in _listed(field, entry.get("added", ()))]
        return Words(label, "", ", ".join(went + came))
    before, after = _shown(field, entry.get("before")), _shown(field, entry.get("after"))
    if action == SettingsChange.Action.ADDED:
        return Words(label, "", after)
    if action == SettingsChange.Action.REMOVED:
        return Words(label, before, "")
    return Words(label, before, after)


_SECRETS = {
    "set": lambda: _("set"),
    "replaced": lambda: _("replaced by another"),
    "removed": lambda: pgettext("a secret", "removed"),
}


def _field(model: type[models.Model] | None, name: str) -> Any:
    """A column, a part, or None for one that is gone."""
    if part := followed_parts().get(name):
        return part
    known = {one.name: one for one in model._meta.get_fields()} if model else {}
    return known.get(name)


def _label(field: Any, name: str) -> str:
    if isinstance(field, Part):
        return str(capfirst(field.label))
    label = str(getattr(field, "verbose_name", name))
    groups = getattr(getattr(field, "model", None), "field_groups", {})
    group = next((str(word) for start, word in groups.items() if name.startswith(start)), "")
    return str(capfirst(f"{group}: {label}" if group else label))


def _listed(field: Any, words: Iterable[str]) -> list[str]:
    if isinstance(field, Part):
        column = field.model._meta.get_field(field.words[0])
        return [_shown(column, word) for word in words]
    return list(words)


def _shown(field: Any, value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_shown(None, one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_shown(None, one)}" for key, one in value.items())
    if value == STORED:
        return _("stored")
    return _chosen(field, value) or _moment(field, value) or str(value)


def _chosen(field: Any, value: Any) -> str:
    return str(dict(getattr(field, "flatchoices", ())).get(value, ""))


def _moment(field: Any, value: Any) -> str:
    if isinstance(field, models.DateTimeField) and (moment := parse_datetime(value)):
        return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")
    if isinstance(field, models.DateField) and (day := parse_date(value)):
        return date_format(day, "SHORT_DATE_FORMAT")
    return ""
