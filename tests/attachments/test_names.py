"""The name that is shown: safe in a header and on any disk."""

import pytest

from apps.attachments.families import DENIED
from apps.attachments.names import NAME_BYTES, display_name, extensions
from apps.core.file_names import disposition


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["Minutes 2026.pdf"], "Minutes 2026.pdf"),
        (["../../etc/passwd"], "passwd"),
        (["C:\\Users\\ana\\a.pdf"], "a.pdf"),
        (["a\r\nBcc: x.pdf"], "aBcc_ x.pdf"),
        (["a\u202efdp.txt"], "afdp.txt"),
        (["a\0b.pdf"], "ab.pdf"),
        (["con.txt"], "_con.txt"),
        (["..."], "file"),
        ([], "file"),
        (["", " \t", "b.pdf"], "b.pdf"),
        (["folder/"], "folder"),
        (['a<b>"c|d?.pdf'], "a_b__c_d_.pdf"),
        ([".htaccess"], "htaccess"),
        (["протокол.pdf"], "протокол.pdf"),
        (["見積書.pdf"], "見積書.pdf"),
    ],
)
def test_a_name_is_cleaned_for_show(names: list[str], shown: str) -> None:
    assert display_name(names) == shown


@pytest.mark.parametrize("stem", ["x", "é", "漢", "😀"])
def test_a_long_name_keeps_its_ending(stem: str) -> None:
    name = display_name([stem * 300 + ".pdf"])
    assert name.endswith(".pdf") and len(name.encode()) <= NAME_BYTES


def test_a_name_without_an_ending_is_cut_too() -> None:
    assert len(display_name(["x" * 1000]).encode()) <= NAME_BYTES


@pytest.mark.contract("1.5.c")
@pytest.mark.parametrize("gap", ["", " " * 30, "\u3000" * 10])
def test_shortening_a_name_makes_no_extension_that_nobody_judged(gap: str) -> None:
    """BAT and BIN are refused by their name only."""
    for room in range(240, 256):
        name = "x" * (room - 4) + ".bat" + gap + "y" * 60
        shown = display_name([name])
        assert extensions(shown).isdisjoint(DENIED) or not extensions(name).isdisjoint(DENIED)
        assert len(shown.encode()) <= NAME_BYTES


@pytest.mark.contract("1.5.c")
def test_nor_does_the_plain_spelling_for_old_browsers() -> None:
    for letters in range(1, 40):
        name = "\ufdfa" * 13 + "x" * letters + ".bat" + "y" * 60  # one letter becomes 18
        assert not disposition(name).partition(";")[2].partition(";")[0].endswith('.bat"')
