"""Ids are opaque strings to callers; here they are read back without trusting their size."""

from apps.core.api.pagination import MAX_KEY_DIGITS

ID = rf"[0-9]{{1,{MAX_KEY_DIGITS}}}"  # of a path


def key_of(text: str) -> int | None:
    """The primary key that TEXT names, or None when it cannot be one."""
    fits = text.isascii() and text.isdigit() and len(text) <= MAX_KEY_DIGITS
    return int(text) if fits else None
