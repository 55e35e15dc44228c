"""`python -m tests.faults [--long] [pytest arguments]`: every fault once, and the table of them."""

import sys

import pytest


def main(arguments: list[str]) -> int:
    return pytest.main(["tests/faults", "-q", "-m", "faults", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
