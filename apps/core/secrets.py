"""Secrets at rest: encrypted with CARTERIA_KEY, whose newest key comes first."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models

from apps.core.errors import Invalid


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    try:
        return _box().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        raise Invalid(
            "wrong-key",
            "A stored password cannot be read: CARTERIA_KEY is not the key it was sealed with.",
        ) from None


def holds(sealed: str, text: str) -> bool:
    """SEALED is TEXT; what no key opens is not, so that it can be written anew."""
    if sealed and key_of(sealed) is None:
        return False
    return unseal(sealed) == text


class SecretField(models.TextField):  # type: ignore[type-arg]
    """Holds the sealed text: `unseal` reads it, `seal` makes it. Never shown in the admin."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


# ---- keys -----------------------------------------------------------------------------------


@cache
def _ring(keys: tuple[str, ...]) -> list[Fernet]:
    return [Fernet(key) for key in keys]


def _box() -> MultiFernet:
    return MultiFernet(_ring(tuple(settings.CARTERIA_KEYS)))


def key_names() -> list[str]:
    """A short name for each key, newest first, from which nobody can guess it."""
    keys = (f"carteria-key:{key}".encode() for key in settings.CARTERIA_KEYS)
    return [hashlib.sha256(key).hexdigest()[:8] for key in keys]


def key_of(sealed: str) -> int | None:
    """The place in CARTERIA_KEY of the key that opens it, 0 the newest; None: no key does."""
    for number, key in enumerate(_ring(tuple(settings.CARTERIA_KEYS))):
        try:
            key.decrypt(sealed.encode())
        except InvalidToken:
            continue
        return number
    return None


def reseal(sealed: str) -> str:
    """The same secret under the newest key."""
    return _box().rotate(sealed.encode()).decode()


# ---- places: where sealed texts lie -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SealedPlace:
    """A column of sealed texts; with KEYS it is JSON, and what stands under them is sealed."""

    model: str
    field: str
    keys: frozenset[str] = frozenset()

    def mapped(self, value: Any, change: Callable[[str], str]) -> Any:
        """VALUE of the column with CHANGE done to each sealed text in it; empty ones stay."""
        return _mapped(value, change, self.keys, inside=not self.keys)


_registered: dict[tuple[str, str], SealedPlace] = {}


def register_sealed(model: str, field: str, *, keys: Collection[str]) -> None:
    """A JSON column, named `app_label.Model` and `field`, that holds sealed texts under KEYS.

    Columns of the kind SecretField are found without this.
    """
    _registered[model, field] = SealedPlace(model, field, frozenset(keys))


def sealed_places() -> list[SealedPlace]:
    """Every column of the installation that holds secrets, in a steady order."""
    found = [
        SealedPlace(model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, SecretField) and not model._meta.proxy
    ]
    return sorted([*found, *_registered.values()], key=lambda one: (one.model, one.field))


def _mapped(value: Any, change: Callable[[str], str], keys: frozenset[str], *, inside: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _mapped(inner, change, keys, inside=key in keys) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_mapped(inner, change, keys, inside=inside) for inner in value]
    return change(value) if inside and isinstance(value, str) and value else value
