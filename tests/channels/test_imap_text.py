"""The texts of IMAP, as servers write them."""

from datetime import UTC, date, datetime

import pytest

from apps.channels.transports import imap_text


@pytest.mark.parametrize(
    ("uids", "written"),
    [([], ""), ([3], "3"), ([1, 2, 3, 7], "1:3,7"), ([9, 2, 2, 8], "2,8:9"), ([1, 3, 5], "1,3,5")],
)
def test_runs_of_uids_are_shortened(uids: list[int], written: str) -> None:
    assert imap_text.uid_set(uids) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", '"INBOX"'),
        ("R & D", '"R &- D"'),
        ('say "hi"\\', '"say \\"hi\\"\\\\"'),
        ("Entwürfe", '"Entw&APw-rfe"'),
        ("台北", '"&U,BTFw-"'),
        ("Línea/日本語", '"L&AO0-nea/&ZeVnLIqe-"'),
        ("😀", '"&2D3eAA-"'),
    ],
)
def test_a_folder_name_survives_modified_utf_7(name: str, written: str) -> None:
    assert imap_text.quoted_folder(name) == written
    listed = [b'(\\HasNoChildren) "/" ' + written.encode()]
    assert imap_text.folders_listed(listed) == [name]


def test_folders_are_listed_in_every_spelling() -> None:
    data = [
        b'(\\HasNoChildren) "/" INBOX',
        b"(\\Marked) NIL Sent",
        b'(\\Noselect) "/" "Parent"',
        (b'(\\HasNoChildren) "." {9}', b"With{curl"),
        b"",
        b'() "/" "&a-&-"',
        b"nonsense",
        None,
    ]
    assert imap_text.folders_listed(data) == ["INBOX", "Sent", "With{curl", "&a-&-"]


def test_the_uid_is_found_before_or_after_the_body() -> None:
    data = [
        (b"1 (UID 5 BODY[] {2}", b"ab"),
        b")",
        (b"2 (BODY[] {2}", b"cd"),
        b" UID 6)",
        b'3 (UID 7 BODY[] "")',
        (b"4 (FLAGS (\\Seen) BODY[] {1}", b"x"),
        b")",
        None,
    ]
    assert list(imap_text.bodies(data)) == [(5, b"ab"), (6, b"cd")]


def test_sizes_and_dates_come_in_any_order() -> None:
    assert imap_text.sizes([b"1 (RFC822.SIZE 9 UID 4)", b"2 (UID 5 RFC822.SIZE 8)"]) == {4: 9, 5: 8}
    data = [
        b'1 (UID 4 INTERNALDATE " 5-Jan-2026 10:00:00 +0200")',
        b'2 (INTERNALDATE "15-JAN-2026 10:00:00 +0000" UID 5)',
        b'3 (UID 6 INTERNALDATE "99-Foo-2026 10:00:00 +0000")',
    ]
    assert imap_text.dates(data) == {
        4: datetime(2026, 1, 5, 8, tzinfo=UTC),
        5: datetime(2026, 1, 15, 10, tzinfo=UTC),
    }


def test_search_answers_and_dates() -> None:
    assert imap_text.numbers([b"5 3", None, b"9 (MODSEQ 12)"]) == [3, 5, 9]
    assert imap_text.search_date(date(2026, 3, 9)) == "9-Mar-2026"


def test_a_quota_that_is_used_up_is_named() -> None:
    assert imap_text.full([b'"User quota" (STORAGE 90 100 MESSAGE 7 7)']) == "MESSAGE 7 of 7"
    assert imap_text.full([b'"" (STORAGE 90 100)']) == ""
