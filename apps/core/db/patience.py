"""For what must be written although the database starts anew just then: asked until it is back."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

# It is away, starts anew or is busy: no row and no value is to blame.
DATABASE_AWAY = (OperationalError, InterfaceError)
PAUSE = 0.5  # seconds

Answer = TypeVar("Answer")


def patiently(write: Callable[[], Answer], *, seconds: float) -> Answer:
    """WRITE is a whole transaction, and may be repeated. Raises what the database raises when it
    stays away for so many seconds."""
    end = time.monotonic() + seconds
    while True:
        try:
            return write()
        except DATABASE_AWAY:
            if time.monotonic() >= end:
                raise
        connection.close_if_unusable_or_obsolete()
        time.sleep(PAUSE)
