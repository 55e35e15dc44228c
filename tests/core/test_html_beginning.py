"""A beginning is well-formed, is what stood there, and never cuts a letter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.html import clean_html
from apps.core.html_beginning import beginning
from apps.core.html_tree import tree_of

PIECES = [
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<ul><li>",
    "</ul>",
    "<br>",
    "a &amp; b",
    "é€",
    "<table><tr><td>x",
]


@pytest.mark.parametrize(
    ("clean", "most", "shown"),
    [
        ("<p>short</p>", 100, "<p>short</p>"),
        ("<p>one <b>two</b></p>", 10, "<p>one <b></b></p>"),
        ("<p>one <b>two</b></p>", 9, "<p>one </p>"),
        ("<p>a &amp; b</p>", 7, "<p>a </p>"),
        ("<p>a<br>b</p><p>c</p>", 9, "<p>a<br>b</p>"),
        ("words without a tag", 5, "words"),
    ],
)
def test_it_ends_between_letters_and_closes_what_is_open(clean: str, most: int, shown: str) -> None:
    assert beginning(clean, most) == shown


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.integers(0, 300))
def test_every_beginning_of_a_clean_mail_is_well_formed(html: str, most: int) -> None:
    clean = clean_html(html, cid_url=lambda _one: None, text="").html
    shown = beginning(clean, most)
    assert tree_of(shown) is not None
    assert clean.startswith(shown[: min(most, len(shown))].rsplit("</", 1)[0])
