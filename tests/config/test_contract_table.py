"""The contract's table says green only for what ran and passed."""

import pytest

from tests import contract
from tests.contract import NUMBERS, Table


@pytest.fixture(autouse=True)
def one_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "open_numbers", lambda: {"1.2.a"})


@pytest.fixture
def table() -> Table:
    table = Table()
    table.tests["1.1.a"] = {"one", "two"}
    table.tests["1.2.a"] = {"one"}
    return table


def test_all_thirty_four_numbers_are_known() -> None:
    assert len(NUMBERS) == 34
    assert (NUMBERS[0], NUMBERS[-1]) == ("1.1.a", "1.5.g")


def test_a_number_whose_tests_passed_is_green(table: Table) -> None:
    table.passed = {"one", "two"}
    assert table.lines()[0] == "1.1.a\tgreen\t2 tests"


def test_one_failure_makes_it_red(table: Table) -> None:
    table.passed, table.failed = {"one"}, {"two"}
    assert table.state("1.1.a") == "red"


def test_tests_that_did_not_run_prove_nothing(table: Table) -> None:
    assert table.state("1.1.a") == "open"


def test_the_file_keeps_a_number_open(table: Table) -> None:
    table.passed = {"one"}
    assert table.state("1.2.a") == "open"


def test_a_number_in_neither_is_red_and_named(table: Table) -> None:
    assert table.state("1.1.b") == "red"
    assert "1.1.b" in table.unproved()
    assert {"1.1.a", "1.2.a"}.isdisjoint(table.unproved())
