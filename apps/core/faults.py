"""Named places where a test may kill the process, to prove that nothing is lost there."""

import itertools
import os
import signal
from collections import defaultdict
from functools import cache

CRASHPOINTS = (
    "fetch.before_raw",
    "fetch.after_commit",
    "fetch.after_flag",
    "take_in.before_commit",
    "take_in.after_commit",
    "screen.before_verdict",
    "deliver.before_connect",
    "deliver.before_dot",
    "deliver.after_dot",
    "deliver.before_commit",
    "post.before_request",
    "post.after_answer",
    "post.before_commit",
    "store.after_upload",
    "oauth.before_commit",
)

_passes: "defaultdict[str, itertools.count[int]]" = defaultdict(lambda: itertools.count(1))


@cache
def _wanted() -> tuple[str, int] | None:
    name, _, count = os.environ.get("CARTERIA_CRASH_AT", "").partition(":")
    return (name, int(count or 1)) if name else None


def crashpoint(name: str) -> None:
    """CARTERIA_CRASH_AT=name:n kills this process with SIGKILL at the n-th pass."""
    wanted = _wanted()
    if wanted and wanted[0] == name and next(_passes[name]) == wanted[1]:
        os.kill(os.getpid(), signal.SIGKILL)
