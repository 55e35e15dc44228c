"""A file is left unread only where no test in it could be chosen."""

from pathlib import Path

import pytest

from tests.choice import may_hold

BROWSER = "pytestmark = pytest.mark.browser"
PLAIN = "def test_x(): ..."


@pytest.mark.parametrize(
    ("chosen", "place", "text", "read"),
    [
        ("not alone and not long", "tests/core/test_a.py", PLAIN, True),
        ("not alone and not long", "tests/core/test_a.py", BROWSER, True),  # of one test, perhaps
        ("not alone and not long", "tests/config/test_a.py", PLAIN, False),
        ("not alone and not long", "tests/test_journey.py", PLAIN, False),
        ("browser and not long", "tests/core/test_a.py", PLAIN, False),
        ("browser and not long", "tests/core/test_a.py", BROWSER, True),
        ("browser and not long", "tests/config/test_a.py", BROWSER, True),
        ("alone and not browser", "tests/core/test_a.py", PLAIN, False),
        ("alone and not browser", "tests/faults/test_a.py", PLAIN, True),
        ("alone or contract", "tests/core/test_a.py", PLAIN, True),
        ("contract", "tests/config/test_a.py", PLAIN, True),
        ("long", "tests/core/test_a.py", PLAIN, True),
    ],
)
def test_a_file_is_read_where_one_of_its_tests_could_be_chosen(
    tmp_path: Path, chosen: str, place: str, text: str, read: bool
) -> None:
    file = tmp_path / "test_a.py"
    file.write_text(text)
    assert may_hold(chosen, file, place) == read
