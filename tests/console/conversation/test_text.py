"""Plain text: nothing gets through as HTML, nothing is lost by folding."""

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.console.conversation.text import linked, parts_of
from tests.channels.quote_lines import BLOCKS, BROKEN
from tests.channels.quote_structures import REPLIES, WHOLE

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


@pytest.mark.parametrize("name", REPLIES)
def test_what_is_seen_and_what_is_folded_is_the_whole_mail(name: str) -> None:
    text = REPLIES[name][0].replace("\r\n", "\n")

    joined = "\n".join(said for _quoted, said in words(text))
    assert joined.split() == text.split()


@pytest.mark.parametrize("name", WHOLE)
def test_no_own_words_are_folded(name: str) -> None:
    if "short" not in name:
        folded = [said for quoted, said in words(WHOLE[name]) if quoted]
        assert all(line.startswith(">") for said in folded for line in said.splitlines())


@pytest.mark.parametrize("line", [*BROKEN, *BLOCKS.values()])
def test_a_quote_is_folded_with_what_introduces_it(line: str) -> None:
    parts = words(f"Own words.\n\n{line}\n\n> old\n")

    assert parts == [(False, "Own words."), (True, f"{line}\n\n> old")]


def test_a_signature_and_an_answer_below_stay_open() -> None:
    parts = words(f"{BROKEN[0]}\n> old\n\nOwn words.\n\n-- \nAnn\n")

    assert parts == [(True, f"{BROKEN[0]}\n> old"), (False, "Own words.\n\n-- \nAnn")]


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
    start = time.process_time()
    parts_of(unit * 100_000)

    assert time.process_time() - start < 2
