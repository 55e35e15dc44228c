"""Which place is the present one: another address is another place, and old files stay there."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from django.db import transaction

from apps.core.announce import announce
from apps.storage import placing
from apps.storage.models import StorageSettings, StorageTarget
from apps.storage.signals import objects_planned

Backend = StorageTarget.Backend

# What each kind of place needs to be told, beside its secrets.
FIELDS: dict[str, tuple[str, ...]] = {
    Backend.LOCAL: ("root",),
    Backend.S3: ("bucket", "endpoint", "region", "root"),
    Backend.GOOGLE: ("bucket", "endpoint", "root"),
    Backend.AZURE: ("user", "bucket", "endpoint", "root"),
    Backend.SFTP: ("host", "port", "user", "root"),
}
SECRETS: dict[str, tuple[str, ...]] = {
    Backend.LOCAL: (),
    Backend.S3: ("key", "secret"),
    Backend.GOOGLE: ("secret",),
    Backend.AZURE: ("secret",),
    Backend.SFTP: ("secret", "key"),
}
EVERY_FIELD = ("root", "bucket", "endpoint", "region", "host", "port", "user")


def wanted(present: StorageTarget, told: Mapping[str, Any]) -> StorageTarget:
    """The place that PRESENT becomes with what is TOLD of it, not saved yet.

    A place that was used before is taken up again, with its secrets; a new one has none.
    """
    trial = copy(present)
    for name, value in told.items():
        setattr(trial, name, value)
    _tidy(trial)
    if is_same(trial, present):
        return trial
    known = StorageTarget.objects.filter(**_place(trial)).order_by("pk").last()
    other = known or StorageTarget(**_place(trial))
    other.region = trial.region
    return other


def is_same(one: StorageTarget, other: StorageTarget) -> bool:
    return _place(one) == _place(other)


def choose(target: StorageTarget) -> None:
    """New files go there; what never arrived at the place before goes there, too."""
    with transaction.atomic():
        target.save()
        settings = StorageSettings.load()
        before = settings.target
        if before.pk != target.pk:
            settings.target = target
            settings.save(update_fields=["target"])
            placing.move_waiting(before)
        announce(objects_planned)


def _place(target: StorageTarget) -> dict[str, Any]:
    return {name: getattr(target, name) for name in StorageTarget.PLACE}


_NOTHING = StorageTarget()


def _tidy(target: StorageTarget) -> None:
    """What another kind of place was told says nothing here."""
    used = FIELDS.get(target.backend, ())
    for name in EVERY_FIELD:
        value = getattr(target, name)
        if name not in used:
            setattr(target, name, getattr(_NOTHING, name))
        elif isinstance(value, str):
            setattr(target, name, value.strip())
    target.endpoint = target.endpoint.rstrip("/")
    target.host = target.host.lower()
    if target.backend in (Backend.S3, Backend.GOOGLE, Backend.AZURE):
        target.root = target.root.strip("/")
    elif len(target.root) > 1:
        target.root = target.root.rstrip("/")
