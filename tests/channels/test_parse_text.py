"""Addresses, dates and encoded words as careless programs write them, case by case."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.channels.parsing.addresses import read_addresses
from apps.channels.parsing.bodies import stands_below
from apps.channels.parsing.dates import read_date
from apps.channels.parsing.packed_text import unpack
from apps.core.mime.words import decode_words
from tests.channels.odd_mails import read

PEOPLE: dict[str, list[tuple[str, str]]] = {
    "a@x.test, Doe, John <j@x.test>": [("a@x.test", ""), ("j@x.test", "Doe, John")],
    "Smith, John, Dr <j@x.test>": [("j@x.test", "Smith, John, Dr")],
    "Miller, Ann (Sales) <a@b.test>": [("a@b.test", "Miller, Ann")],
    "Foo, a@x.test": [("a@x.test", "")],
    '"Ann" a@b.test': [("a@b.test", "Ann")],
    "(Ann) a@b.test": [("a@b.test", "Ann")],
    "<<a@b.test>>": [("a@b.test", "")],
    "<'a@b.test'>": [("a@b.test", "")],
    'Ann" <a@b.test>': [("a@b.test", "Ann")],
    'Ann \\"M\\" <a@b.test>': [("a@b.test", 'Ann "M"')],
    '"Ann \\"M\\" Lee" <a@b.test>': [("a@b.test", 'Ann "M" Lee')],
    '"Ann <a@b.test>" <c@b.test>': [("c@b.test", "Ann <a@b.test>")],
    "O'Neil <o@x.test>": [("o@x.test", "O'Neil")],
    "Ann <mailto:a@b.test>": [("a@b.test", "Ann")],
    "a@[192.0.2.1]": [("a@[192.0.2.1]", "")],
    "Ann <a@[IPv6:2001:db8::1]>": [("a@[IPv6:2001:db8::1]", "Ann")],
    "Ann <a@b.test> <c@b.test>": [("c@b.test", "Ann")],
    "Team:Ann <a@b.test>,bob@x.test;, c@x.test": [
        ("a@b.test", "Ann"),
        ("bob@x.test", ""),
        ("c@x.test", ""),
    ],
    "=?utf-8?Q?a=40x.test=2C_b=40x.test?=": [("a@x.test", ""), ("b@x.test", "")],
    "=?utf-8?Q?J=C3=B6rg <j@x.test>": [("j@x.test", "Jörg")],
    "=?iso-8859-1?Q?M=FCller?=, Ann <a@b.test>": [("a@b.test", "Müller, Ann")],
    "root (Cron Daemon)": [("root", "Cron Daemon")],
    "undisclosed-recipients": [],
    "<>": [],
}
DATES = {
    "mardi 4 mars 2025 à 9h30": "2025-03-04T09:30:00+00:00",
    "martes, 4 de marzo de 2025 9:30:00": "2025-03-04T09:30:00+00:00",
    "4. März 2025 um 09:30 Uhr MEZ": "2025-03-04T09:30:00+01:00",
    "Вт, 4 мар 2025 09:30:00 +0300": "2025-03-04T09:30:00+03:00",
    "2025年3月4日 09:30": "2025-03-04T09:30:00+00:00",
    "March 4, 2025 9:30 AM": "2025-03-04T09:30:00+00:00",
    "31/12/2025 10:00": "2025-12-31T10:00:00+00:00",
    "20250304T093000Z": "2025-03-04T09:30:00+00:00",
    "4-Mar-10 09:30": "2010-03-04T09:30:00+00:00",
    "Tue Mar 4 09:30:00 +0100 2025": "2025-03-04T09:30:00+01:00",
    "Tue, 2025 Mar 4 09:30:00": "2025-03-04T09:30:00+00:00",
    "Tue, 04 Mar 125 09:30:00 +0000": "2025-03-04T09:30:00+00:00",
    "Tue, 04 Mar 2025 24:00:00 +0000": "2025-03-05T00:00:00+00:00",
    "Tue, 04 Mar 2025 09:30:00 +9900": "2025-03-04T09:30:00+00:00",
    "Tue, 04 Mar 2025 9:3:5 +100": "2025-03-04T09:03:05+01:00",
    "Tue, 04 Mar 2025 09:30 (GMT+01:00)": "2025-03-04T09:30:00+01:00",
    "Tue, 04 Mar 2025": "2025-03-04T00:00:00+00:00",
    "Tue, 31 Feb 2025 09:30:00 +0100": None,
    "Tue, 04 Foo 2025 09:30:00 +0100": None,
    "12345": None,
}
WORDS = {
    "=?utf-8?Q?what=3F?=25 =?utf-8?Q?b?=": "what?25 b",
    "=?utf-8?B?w7w=?= =?utf-8?b?w7w?=": "üü",
    "=?utf-8?Q?a?=\\t=?utf-8?Q?b?=": "ab",
    "=?us-ascii?Q?f=fcr?=": "für",
    "=??Q?caf=E9?=": "café",
    "=?utf-8?X?abc?=": "=?utf-8?X?abc?=",
    "what does =?utf-8?q? mean": "what does =?utf-8?q? mean",
    "=?UTF-8?Q?one?=two=?UTF-8?Q?three?=": "onetwothree",
}


@pytest.mark.parametrize("field", PEOPLE)
def test_people_are_found_as_a_person_finds_them(field: str) -> None:
    assert [(one.email, one.name) for one in read_addresses([field])] == PEOPLE[field]


@pytest.mark.parametrize("field", DATES)
def test_a_date_is_what_a_person_reads(field: str) -> None:
    date = read_date(field)
    assert (date.isoformat() if date else None) == DATES[field]


@pytest.mark.parametrize("value", WORDS)
def test_encoded_words_are_read_where_they_are_broken(value: str) -> None:
    assert decode_words(value) == WORDS[value]


PIECES = st.sampled_from(
    [*"<>\"(),:;@[]\\ '", "=?utf-8?q?", "?=", "=41", "a@b.test", "Ann", "mailto:", "undisclosed"]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=30))
def test_any_mixture_gives_addresses_of_one_line(pieces: list[str]) -> None:
    for one in read_addresses(["".join(pieces)]):
        assert one.email.isprintable()
        assert one.email


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789:+-./ apmJanMärzCEST,()年月日", max_size=40))
def test_any_mixture_is_a_date_or_none(field: str) -> None:
    date = read_date(field)
    assert date is None or date.tzinfo is not None


def test_a_file_that_never_ends_stays_in_the_words_too() -> None:
    text = b"see\nbegin 644 a.txt\n%:&5L;&\\*\n"
    found = unpack(text)
    assert found.words == text
    assert [file.content for file in found.files] == [b"hello"]


def test_a_footer_below_html_is_not_all_that_was_said() -> None:
    mail = read("body-list-footer-below-html")
    assert stands_below(mail.text or "", mail.html or "")
    assert not stands_below("The words.", "<p>The words.</p>")


def test_base64_between_marks_is_a_file() -> None:
    found = unpack(b"see\r\nbegin-base64 644 x.txt\r\naGVsbG8=\r\n====\r\nbye")
    assert found.words == b"see\r\nbye"
    assert [(file.name, file.content) for file in found.files] == [("x.txt", b"hello")]
