"""What the servers around us saw, in the order in which they saw it: only ever appended to.

Our own rows are what is judged, so nothing of ours is asked for it.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    OFFERED = "offered"  # a mail lies in a folder that we read
    FLAGGED = "flagged"  # we asked for a flag, a move or a deletion
    POSTED = "posted"  # a mail that we answered with 2xx
    ASKED = "asked"  # an answer that the API took
    HEARD = "heard"  # the whole mail and its dot came to the SMTP server


BEGINNINGS = (What.OFFERED, What.POSTED, What.ASKED)  # from here on we are answerable for it


@dataclass(frozen=True, slots=True)
class Event:
    """KEY: SHA-256 of a mail that comes in, Message-ID of one that goes out."""

    at: float  # monotonic, so that no clock of a fault counts
    what: What
    where: str  # account or mailbox
    key: str
    uidvalidity: int = 0
    uid: int = 0
    proved: bool = True  # of a flag: the row was there already


class History:
    def __init__(self) -> None:
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def note(self, what: What, where: str, key: str, **more: int) -> None:
        with self._lock:
            self._events.append(Event(time.monotonic(), what, where, key, **more))

    def mark(self) -> int:
        return len(self._events)

    def since(self, mark: int) -> Sequence[Event]:
        return tuple(self._events[mark:])

    def of(self, where: str) -> Sequence[Event]:
        return tuple(one for one in self._events if one.where == where)
