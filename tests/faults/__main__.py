"""`python -m tests.faults [--long] [pytest arguments]`: every fault once, and the table of them."""

import sys

import pytest


def main(arguments: list[str]) -> int:
    long = "--long" in arguments
    others = [word for word in arguments if word != "--long"]
    chosen = "faults" if long else "faults and not long"
    return pytest.main(["tests/faults", "-q", "-m", chosen, *others])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
