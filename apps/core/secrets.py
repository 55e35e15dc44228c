"""Secrets at rest: encrypted with CARTERIA_KEY, whose newest key comes first."""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from apps.core.errors import Invalid


@cache
def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CARTERIA_KEYS])


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


class SecretField(models.TextField):  # type: ignore[type-arg]
    """Holds the sealed text: `unseal` reads it, `seal` makes it. Never shown in the admin."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
