"""The numbers of SPEC part 1, and what the tests say about each: `manage.py test --contract`."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

LAST_LETTERS = {"1.1": "d", "1.2": "j", "1.3": "j", "1.4": "c", "1.5": "g"}
NUMBERS = tuple(
    f"{section}.{chr(letter)}"
    for section, last in LAST_LETTERS.items()
    for letter in range(ord("a"), ord(last) + 1)
)
OPEN_FILE = Path(__file__).with_name("contract_open.txt")


def open_numbers() -> set[str]:
    """Not built yet; the file only shrinks."""
    return set(OPEN_FILE.read_text("utf-8").split())


@dataclass
class Table:
    """Fed by the plugin: which tests carry a number, which of them passed or failed."""

    tests: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    def state(self, number: str) -> str:
        """Open as long as the file says so, or as its tests did not run on this machine."""
        carried = self.tests[number]
        if number in open_numbers():
            return "open"
        if not carried or carried & self.failed:
            return "red"
        return "green" if carried & self.passed else "open"

    def unproved(self) -> list[str]:
        """Neither tested nor listed as open: the suite must not pass."""
        known_open = open_numbers()
        return [n for n in NUMBERS if n not in known_open and not self.tests[n]]

    def lines(self) -> list[str]:
        return [f"{n}\t{self.state(n)}\t{len(self.tests[n])} tests" for n in NUMBERS]
