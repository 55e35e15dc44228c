"""In what ways a CRM misbehaves, and who decides when: a script, or dice with a seed."""

import random
from collections.abc import Callable, Iterable
from enum import StrEnum


class Mischief(StrEnum):
    """Of the first ones nothing comes; with the others it is done, and the answer is lost."""

    NONE = ""
    ERROR = "error"  # 500 in JSON
    BAD_GATEWAY = "bad-gateway"  # 502, a page
    PAGE = "page"  # 200, a page instead of data
    BUSY = "busy"  # 429, Retry-After in seconds
    BUSY_UNTIL = "busy-until"  # 429, Retry-After as a date
    UNAUTHORIZED = "unauthorized"  # 401 in the middle
    MOVED = "moved"  # 302 to somewhere else
    DROPS = "drops"  # the connection ends without a word
    HANGS = "hangs"

    ERROR_AFTER = "error-after"
    DROPS_AFTER = "drops-after"
    HANGS_AFTER = "hangs-after"
    HALF = "half"  # half of the body, then the end
    DRIPS = "drips"  # byte by byte, longer than anybody waits

    @property
    def is_done(self) -> bool:
        return self in DONE


M = Mischief
DONE = {M.NONE, M.ERROR_AFTER, M.DROPS_AFTER, M.HANGS_AFTER, M.HALF, M.DRIPS}
# What hangs costs the test real time, what pauses the connection costs a round: both are rare.
WEIGHTS = {
    M.ERROR: 8,
    M.BAD_GATEWAY: 5,
    M.DROPS: 4,
    M.HANGS: 1,
    M.ERROR_AFTER: 5,
    M.DROPS_AFTER: 4,
    M.HANGS_AFTER: 1.5,
    M.HALF: 4,
    M.DRIPS: 0.5,
    M.PAGE: 1.5,
    M.BUSY: 1,
    M.BUSY_UNTIL: 0.5,
    M.UNAUTHORIZED: 0.3,
    M.MOVED: 0.3,
}

Chooser = Callable[[], Mischief]


def never() -> Mischief:
    return Mischief.NONE


def in_turn(words: Iterable[Mischief]) -> Chooser:
    """One for each request, then no more."""
    left = iter(list(words))
    return lambda: next(left, Mischief.NONE)


def dice(seed: int, share: float) -> Chooser:
    """SHARE of the requests meet one of WEIGHTS."""
    thrown = random.Random(seed)
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())

    def choose() -> Mischief:
        if thrown.random() >= share:
            return Mischief.NONE
        return thrown.choices(kinds, weights)[0]

    return choose
