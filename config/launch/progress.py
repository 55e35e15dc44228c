"""Short lines for the person who waits; stdout is kept for `ready`."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress

BEGUN = "CARTERIA_BEGUN"  # carries the start over into the environment's Python
_begun = float(os.environ.pop(BEGUN, "") or time.monotonic())


def with_start(environment: Mapping[str, str]) -> dict[str, str]:
    """For the same command started again: its clock goes on."""
    return {**environment, BEGUN: str(_begun)}


def say(sentence: str) -> None:
    with suppress(OSError):  # nobody reads along: the work goes on
        print(f"[{time.monotonic() - _begun:5.1f} s] {sentence}", file=sys.stderr, flush=True)


class Failure(Exception):
    """The launcher cannot go on: one sentence for the person, one exit code for the shell."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
