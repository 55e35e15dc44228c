"""Who holds a lease: a name by which the next process on this machine sees that its bearer is dead.

Thirty-two characters: the machine as processes see it, process, its birth, chance. Of another
machine or container nothing can be seen, so its leases run out by the clock.
"""

import hashlib
import os
import secrets
import socket
from functools import cache
from pathlib import Path

PROC = Path("/proc")
GONE = ("Z", "X")  # states of a process that nobody has buried yet (proc(5))
_PART = 8  # hexadecimal digits


def new_holder() -> str:
    pid = os.getpid()
    return f"{_here()}{pid:08x}{_born(pid) or 0:08x}{secrets.token_hex(_PART // 2)}"


def is_dead(holder: str) -> bool:
    """False where it cannot be known."""
    here, pid, born = (holder[start : start + _PART] for start in range(0, 3 * _PART, _PART))
    if here != _here() or not int(born or "0", 16):
        return False
    return _born(int(pid, 16)) != int(born, 16)


@cache
def _here() -> str:
    """The same process number means the same process here alone: not in another container."""
    known = [socket.gethostname()]
    for source in (_boot, _namespace):
        try:
            known.append(source())
        except OSError:  # not Linux
            known.append(secrets.token_hex(16))
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:_PART]


def _boot() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text()


def _namespace() -> str:
    return str((PROC / "self/ns/pid").readlink())


def _born(pid: int) -> int | None:
    """Ticks since the machine started; None: there is no such process."""
    try:
        state, *fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in GONE else int(fields[18]) % 2**32
