"""The table of faults: one row for each, in the order in which they were counted.

A plug-in of pytest: rows travel in the reports of their tests, so that several processes print
one table at the end.
"""

from collections.abc import Sequence
from contextlib import suppress

import pytest

from tests.faults.checker import Tally

HEAD = (
    ("fault", "fault"),
    ("offered", "mails in"),
    ("stored", "stored"),
    ("quarantined", "held"),
    ("rejected", "rejected"),
    ("duplicate", "duplicate"),
    ("before_start", "before start"),
    ("sent", "sent"),
    ("unknown", "unknown"),
    ("lost", "lost"),
    ("twice", "twice"),
    ("stuck", "stuck"),
    ("worst_delay", "worst delay (s)"),
)
_noted: list[Tally] = []


def note(tally: Tally) -> None:
    _noted.append(tally)


def lines(tallies: Sequence[Tally]) -> list[str]:
    cells = [[title for _name, title in HEAD], *map(_cells, tallies)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [" | ".join(_padded(row, widths)).rstrip() for row in cells]


def _cells(tally: Tally) -> list[str]:
    values = [getattr(tally, name) for name, _title in HEAD]
    return [f"{one:.1f}" if isinstance(one, float) else str(one) for one in values]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *numbers = row
    return [first.ljust(widths[0])] + [
        cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Rows of a failed test, too: they say why."""
    from dataclasses import asdict

    item.user_properties += [("fault", asdict(one)) for one in _noted]
    _noted.clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [one for many in terminalreporter.stats.values() for one in many]
    tallies: list[Tally] = []
    for report in reports:
        with suppress(AttributeError):  # not every entry is the report of a test
            if report.when == "teardown":
                tallies += [Tally(**row) for name, row in report.user_properties if name == "fault"]
    if tallies:
        terminalreporter.section("faults")
        for line in lines(tallies):
            terminalreporter.write_line(line)
