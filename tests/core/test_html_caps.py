"""What is too much is told from the source; what people send never is."""

import pytest

from apps.core import html
from apps.core.html_caps import MOST_ATTRIBUTES, MOST_BARE, MOST_DEPTH, MOST_STEPS, is_beyond_caps

MANY = MOST_DEPTH + 5

BEYOND = {
    "open boxes": "<div>" * MANY,
    "open lists": "<ul><li>" * MANY,
    "nested tables": "<table><tr><td>" * MANY,
    "elements that nobody knows": "<x>" * MANY,
    "boxes that are closed in the end": "<div>" * MANY + "x" + "</div>" * MANY,
    "attributes": "<p " + " ".join(f"a{n}" for n in range(MOST_ATTRIBUTES + 5000)) + ">",
    "attributes of a tag that never ends": "<p " + " ".join(f"a{n}=b" for n in range(9000)),
    "ampersands": "&" * MOST_BARE,
    "broken entities": "&#" * MOST_BARE,
    "angles": "<" * MOST_BARE,
}
WITHIN = {
    "paragraphs that nobody closes": "<p>x" * MANY,
    "points that nobody closes": "<ul>" + "<li>x" * MANY + "</ul>",
    "rows that nobody closes": "<table>" + "<tr><td>x" * MANY + "</table>",
    "fonts that their cell closes": "<table>" + "<tr><td><font>x</td></tr>" * MANY + "</table>",
    "boxes side by side": "<div><span>x</span></div>" * MANY,
    "line ends": "<br>" * MANY + "<br/>" * MANY,
    "tags in a comment": "<!-- " + "<div>" * MANY + " -->",
    "tags in a style sheet": "<style>" + "<div>" * MANY + "</style>",
    "a long text in a title": "<p title='" + "a word " * 5000 + "'>x</p>",
    "entities": "&nbsp;&amp;&#160;" * MOST_BARE,
    "a table of 20,000 rows": "<table>" + "<tr><td>1<td>2</tr>" * 20_000 + "</table>",
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_too_much_is_never_built(name: str) -> None:
    assert is_beyond_caps(BEYOND[name])


@pytest.mark.parametrize("name", WITHIN)
def test_what_is_only_long_or_careless_is_built(name: str) -> None:
    assert not is_beyond_caps(WITHIN[name])


def test_looking_ahead_ends_by_counting() -> None:
    assert not is_beyond_caps("<i></i>" * MOST_STEPS + "<div>" * MANY)


def test_a_layout_that_is_too_much_shows_the_text_beside_it() -> None:
    heavy = "<div>" * 200_000
    shown = html.clean_html(heavy, cid_url=lambda _id: None, text="Dear all, \u202ehello <b>")
    assert shown.as_text
    assert "Dear all, hello &lt;b&gt;" in shown.html


def test_without_a_text_its_own_words_are_shown() -> None:
    heavy = "<div>" * 200_000 + "hello"
    shown = html.clean_html(heavy, cid_url=lambda _id: None, text=" \n")
    assert "hello" in shown.html
