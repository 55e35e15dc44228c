"""The name that is shown: safe in a header and on any disk."""

import pytest

from apps.attachments.names import NAME_BYTES, display_name


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
