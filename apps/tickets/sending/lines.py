"""How many mails this process has on their way through each account: few, so that a server that
falls silent keeps only its own account's mails waiting."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 4

_lock = threading.Lock()
_used: Counter[int] = Counter()


@contextmanager
def one_of(account_id: int) -> Iterator[bool]:
    """False: all of them are in use, and whoever uses one goes on with what waits."""
    with _lock:
        free = _used[account_id] < AT_ONCE
        _used[account_id] += free
    try:
        yield free
    finally:
        with _lock:
            _used[account_id] -= free
