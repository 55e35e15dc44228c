"""What a reply says anew is seen; quotes and signatures are told apart, and not a letter is lost."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.channels.parse import parse
from apps.channels.parsing.quotes import Kind, pieces, visible_reply
from apps.core.html import html_to_text
from tests.channels.quote_lines import ADDED, ATTRIBUTIONS, BLOCKS, BROKEN
from tests.channels.quote_structures import REPLIES, WHOLE
from tests.core.quote_samples import FOLDED, OPEN

EMAILS = Path(__file__).parent.parent / "emails"
LINES = [line for lines in ATTRIBUTIONS.values() for line in lines]
BETWEEN = (
    "Hello, own answers are in between.\n\n"
    "> old question one?\nown answer one\n> old question two?\nown answer two"
)
SEEN = {
    "quote-arabic-gmail": "own answer تم الدفع",
    "quote-gmail-wrapped": "own answer: it is paid.\n\nAnn",
    "quote-gmx-fields": "own answer, ist bezahlt.",
    "quote-html-outlook": "own answer: it is paid.",
    "quote-japanese-gmail": "own answer 支払いました。",
    "quote-notes-dashes": "own answer: it is paid.",
    "quote-outlook-phone": "own answer: it is paid.",
    "quote-thunderbird-below": "own answer: it is paid.",
    "quote-thunderbird-between": BETWEEN,
}


def whole(text: str) -> str:
    return "".join(piece.text for piece in pieces(text))


@pytest.mark.parametrize("name", REPLIES)
def test_what_is_new_is_seen(name: str) -> None:
    text, seen = REPLIES[name]
    assert visible_reply(text) == seen


@pytest.mark.parametrize("name", WHOLE)
def test_everything_else_stays(name: str) -> None:
    assert visible_reply(WHOLE[name]) == WHOLE[name]


@pytest.mark.parametrize("line", [*LINES, *BROKEN])
def test_who_wrote_when_begins_a_quote(line: str) -> None:
    assert visible_reply(f"Own words.\n\n{line}\n> old\n> words\n") == "Own words."
    assert visible_reply(f"Own words\n{line}\n\n> old\n") == "Own words"
    assert visible_reply(f"Own words.\n\n{line}\n\nold words\n\nBob") == "Own words."


@pytest.mark.parametrize("line", LINES)
def test_an_answer_below_is_seen_alone(line: str) -> None:
    assert visible_reply(f"{line}\n> old\n> words\n\nOwn words.") == "Own words."


@pytest.mark.parametrize("name", BLOCKS)
def test_fields_of_a_header_begin_a_quote(name: str) -> None:
    for between in ("\n\n", "\n", f"\n\n{'_' * 32}\n"):
        assert visible_reply(f"Own words.{between}{BLOCKS[name]}\n\nold words") == "Own words."


@pytest.mark.parametrize("name", [name for name in BLOCKS if name != "a help desk's line"])
def test_a_mail_that_only_forwards_is_shown(name: str) -> None:
    text = f"{BLOCKS[name]}\n\nold words"
    assert visible_reply(text) == text


@pytest.mark.parametrize("line", ADDED)
def test_what_a_telephone_adds_is_nobodys_word(line: str) -> None:
    assert visible_reply(f"Own words.\n\n{line}\n") == "Own words."
    assert visible_reply(f"Own words.\n\n{line}\n\n{LINES[0]}\n\n> old") == "Own words."


@pytest.mark.parametrize("name", FOLDED)
def test_an_html_mail_without_a_text_says_its_own_words(name: str) -> None:
    seen = visible_reply(None, FOLDED[name])
    assert "own" in seen
    assert "old" not in seen


@pytest.mark.parametrize("name", OPEN)
def test_all_of_an_html_mail_is_seen_where_nothing_is_folded(name: str) -> None:
    said = html_to_text(OPEN[name]).split()
    assert set(visible_reply(None, OPEN[name]).split()) >= {one for one in said if one == "own"}


def test_signatures_are_told_from_quotes() -> None:
    found = pieces(f"Yes.\n\n-- \nAnn\n\n{LINES[0]}\n> Really?\n")
    assert [piece.kind for piece in found] == [Kind.OWN, Kind.SIGNATURE, Kind.QUOTE]


@pytest.mark.parametrize("path", sorted(EMAILS.glob("quote-*.eml")), ids=lambda path: path.stem)
def test_the_sample_mails_say_what_they_say(path: Path) -> None:
    mail = parse(path.read_bytes())
    seen = visible_reply(mail.text, mail.html)
    assert seen == SEEN.get(path.stem, (mail.text or "").strip())


def test_no_letter_of_any_sample_mail_is_lost() -> None:
    for path in sorted(EMAILS.glob("*.eml")):
        text = parse(path.read_bytes()).text or ""
        assert whole(text) == text, path.stem


PIECES = st.sampled_from(
    [
        *(*LINES, *BROKEN, *BLOCKS.values(), *ADDED, *(text for text, _seen in REPLIES.values())),
        *("own words", "> old", ">", "", " ", "--", "-- ", "_____", "```", "\x0b", "\x85", "\r"),
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=9), st.integers(0, 200), st.integers(0, 40))
@example(["> On 4 Mar 2025,", "a@example.com> wrote:", "> old", "yes", "> old", "no"], 200, 0)
@example(["-----Original Message-----"], 200, 0)
@example(["\x0b", "Sent from my iPhone", ">"], 200, 0)
def test_pieces_are_the_text_and_something_is_always_seen(
    chosen: list[str], cut: int, skip: int
) -> None:
    joined = "\n".join(chosen)
    text = joined[:cut] + joined[cut + skip :]
    assert whole(text) == text
    assert bool(visible_reply(text)) == bool(text.strip())


@pytest.mark.parametrize(
    "text", ["x" * 300_000, "> " * 300_000, "a\n" * 5000, "> a\n" * 5000 + "own", "\n" * 300_000]
)
def test_no_letter_of_a_long_mail_is_lost(text: str) -> None:
    assert whole(text) == text
    assert "own" in visible_reply(f"{text}\nown") or ">" in text


HOSTILE = (
    "On 1 Bob wrote:\n|> x\n|From: x\n|a: b\n|wrote:\n|On 4 March 2025 a@b\n|<a@b\n|--\n|\n|```\n"
    "|2025-03-04 9:30 |a@b wrote wrote |x On 1 |sent from |1:1 |---- a ----\n|*From:* a b\n|@|_ "
)


@pytest.mark.parametrize("unit", [*HOSTILE.split("|"), "_" * 400 + "\n", "x" * 9999, "| x\n"])
def test_long_mails_take_no_time(unit: str) -> None:
    started = time.process_time()
    visible_reply(unit * (2_000_000 // len(unit)))
    assert time.process_time() - started < 2
