"""What runs inside the child: limits, the function's module, walls, and only then the bytes."""

import os
import resource
import signal
import sys
from importlib import import_module

from apps.core import child_answer, child_walls
from apps.core.child_codes import OUT_OF_MEMORY, REFUSED


def main(name: str, seconds: str, megabytes: str) -> None:
    _limit(float(seconds), int(megabytes))
    answers = _own_way_out()
    module, _, function = name.partition(":")
    home = import_module(module)
    call = getattr(home, function)
    getattr(home, "before_walls", _nothing)()
    child_walls.stand()
    try:
        answer = memoryview(child_answer.pack(call(sys.stdin.buffer.read())))
        while answer:
            answer = answer[os.write(answers, answer) :]
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except PermissionError:
        os._exit(REFUSED)
    except BaseException as error:  # the rim: whatever it is, only its kind leaves
        os.write(2, f"\n{type(error).__name__}\n".encode())
        os._exit(1)
    os._exit(0)  # nothing to tidy up, and no library gets to say its last word


def _nothing() -> None:
    """Most modules have loaded all they need when they are imported."""


def _limit(seconds: float, megabytes: int) -> None:
    """Own clocks too, should the parent die. A core dump of a customer's mail would be a leak."""
    room = megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)


def _own_way_out() -> int:
    """A library that prints must not garble the answer."""
    way = os.dup(1)
    os.dup2(2, 1)
    return way


if __name__ == "__main__":
    main(*sys.argv[1:])
