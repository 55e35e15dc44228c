"""One `up` for each data folder; the kernel frees the lock when the process is gone."""

import fcntl
import os
from pathlib import Path

from config.launch.progress import Failure

ALREADY_RUNNING = 3


class DataLock:
    """Held as long as this object lives."""

    def __init__(self, data: Path) -> None:
        self.handle = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.handle)
            raise Failure(f"Carteria already runs on {data}.", ALREADY_RUNNING) from None


def is_held(data: Path) -> bool:
    """True while an `up` runs on DATA."""
    try:
        os.close(DataLock(data).handle)
    except Failure:
        return True
    except OSError:
        return False
    return False
