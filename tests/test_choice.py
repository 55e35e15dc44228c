"""A file is left unread only where no test in it could be chosen."""

from pathlib import Path

import pytest

from tests.choice import SAID_BY_OTHERS, may_hold

BROWSER = "pytestmark = pytest.mark.browser"
PLAIN = "def test_x(): ..."
ROOT = Path(__file__).parents[1]


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
        ("database and not alone", "tests/core/test_a.py", PLAIN, True),
        ("database and not alone", SAID_BY_OTHERS[0], PLAIN, False),
        ("not alone and not long", SAID_BY_OTHERS[0], PLAIN, True),
        ("long", "tests/core/test_a.py", PLAIN, True),
    ],
)
def test_a_file_is_read_where_one_of_its_tests_could_be_chosen(
    tmp_path: Path, chosen: str, place: str, text: str, read: bool
) -> None:
    file = tmp_path / "test_a.py"
    file.write_text(text)
    assert may_hold(chosen, file, place) == read


def test_what_others_say_for_it_is_there() -> None:
    assert [file for file in SAID_BY_OTHERS if not (ROOT / file).is_file()] == []
