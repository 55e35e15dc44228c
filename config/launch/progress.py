"""Short lines for the person who waits; stdout is kept for `ready`."""

import sys
import time
from contextlib import suppress

_begun = time.monotonic()


def say(sentence: str) -> None:
    with suppress(OSError):  # nobody reads along: the work goes on
        print(f"[{time.monotonic() - _begun:5.1f} s] {sentence}", file=sys.stderr, flush=True)


class Failure(Exception):
    """The launcher cannot go on: one sentence for the person, one exit code for the shell."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
