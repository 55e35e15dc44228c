"""What the scanner called clean a moment ago: the same bytes are not sent to it again.

A company's logo comes with each of its mails. Bytes are the same by their hash, and the word
counts for the very scanner, signatures and limit that it was given with, for a few minutes only:
who changes something else about the scanner is heard soon. Nothing but *clean* is kept.
"""

import threading
import time
from collections import OrderedDict

SECONDS = 300
MOST = 5000

Key = tuple[str, ...]

_until: OrderedDict[Key, float] = OrderedDict()
_lock = threading.Lock()


def is_known(key: Key) -> bool:
    with _lock:
        return _until.get(key, 0.0) > time.monotonic()


def remember(key: Key) -> None:
    """The oldest one makes room."""
    with _lock:
        _until.pop(key, None)
        _until[key] = time.monotonic() + SECONDS
        while len(_until) > MOST:
            _until.popitem(last=False)


def forget() -> None:
    with _lock:
        _until.clear()
