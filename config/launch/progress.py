"""Short lines for the person who waits; stdout is kept for `ready`."""

import sys
import time

_begun = time.monotonic()


def say(sentence: str) -> None:
    try:
        print(f"[{time.monotonic() - _begun:5.1f} s] {sentence}", file=sys.stderr, flush=True)
    except OSError:
        pass  # nobody reads along: the work goes on


class Failure(Exception):
    """The launcher cannot go on: one sentence for the person, one exit code for the shell."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
