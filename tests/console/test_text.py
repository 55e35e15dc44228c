"""Plain text: nothing gets through as HTML, nothing is lost by folding."""

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.console.text import linked, parts_of

TAG = re.compile(r"<[^>]+>")


def words(text: str) -> list[tuple[bool, str]]:
    return [(part.quoted, html.unescape(TAG.sub("", part.html))) for part in parts_of(text)]


def test_a_quote_takes_its_introduction_along() -> None:
    text = "Thanks!\n\nOn Monday, Bob wrote:\n\n> one\n> two\n\nRegards"

    assert [quoted for quoted, _words in words(text)] == [False, True, False]
    assert words(text)[1][1].startswith("On Monday")


def test_everything_below_an_original_message_is_quoted() -> None:
    text = "Answer\n-----Original Message-----\nFrom: x\n\nold\n"

    assert [quoted for quoted, _words in words(text)] == [False, True]


def test_a_mail_that_only_quotes_is_shown() -> None:
    assert words("> only\n> this") == [(False, "> only\n> this")]


def test_empty_text_has_no_parts() -> None:
    assert parts_of("\n \n") == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://x.test/a.", "https://x.test/a"),
        ("(https://x.test/a)", "https://x.test/a"),
        ("https://x.test/a_(b)", "https://x.test/a_(b)"),
        ("<https://x.test/a>", "https://x.test/a"),
        ('"https://x.test/"onclick=x', "https://x.test/"),
    ],
)
def test_addresses_end_where_the_sentence_goes_on(text: str, address: str) -> None:
    assert f'<a href="{address}" target="_blank"' in linked(text)


def test_other_schemes_are_words() -> None:
    assert "<a" not in linked("javascript:alert(1) data:text/html,x ftp://x.test")


@given(st.text(alphabet="ab<>&\"'=> \nhtps:/.", max_size=200))
def test_only_our_own_tags_come_out_and_every_character_stays(text: str) -> None:
    out = linked(text)

    assert set(TAG.findall(re.sub(r'<a href="https?://[^"<>]*" [^>]*>', "<a>", out))) <= {
        "<a>",
        "</a>",
    }
    assert html.unescape(TAG.sub("", out)) == text


@pytest.mark.parametrize("unit", ["http://", ">\n", "a:\n", "https://x.test/((((", "\n"])
def test_a_hostile_text_is_quick(unit: str) -> None:
    start = time.perf_counter()
    parts_of(unit * 100_000)

    assert time.perf_counter() - start < 2
