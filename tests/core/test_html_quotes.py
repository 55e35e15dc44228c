"""Quotes in HTML mails: folded whatever wrote them, and never a word lost."""

import re
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.channels.parse import parse
from apps.core.html import clean_html, html_to_text
from apps.core.html_quotes import fold_quotes
from tests.core.quote_samples import FOLDED, GMAIL, GMAIL_BETWEEN, IPHONE, OPEN
from tests.core.test_html import HOSTILE, assert_harmless

HTML = "{http://www.w3.org/1999/xhtml}"
EMAILS = Path(__file__).parent.parent / "emails"
_FOLD = re.compile(r'<details class="quoted"><summary>(\d+)</summary>')


def folded(html: str) -> str:
    safe = clean_html(html, cid_url=lambda _one: None)
    return fold_quotes(safe.marked, str)


def parts(html: str) -> tuple[str, str]:
    """What is seen at once, and what is behind the folds."""
    pieces = re.split(r'(<details class="quoted">.*?</details>)', folded(html), flags=re.DOTALL)
    return html_to_text("\n".join(pieces[::2])), html_to_text("\n".join(pieces[1::2]))


def assert_nothing_lost(html: str) -> None:
    """As a browser builds it: the folds taken out again, it is the mail as it was cleaned."""
    safe = clean_html(html, cid_url=lambda _one: None)
    before = html5lib.parseFragment(safe.html)
    after = html5lib.parseFragment(fold_quotes(safe.marked, str))
    _take_folds_out(after)
    assert ElementTree.tostring(after) == ElementTree.tostring(before)


def _take_folds_out(element: ElementTree.Element) -> None:
    for child in list(element):
        _take_folds_out(child)
    flat = ElementTree.Element("flat")
    flat.text = element.text
    for child in element:
        _take_over(flat, child)
    element[:] = list(flat)
    element.text = flat.text


def _take_over(flat: ElementTree.Element, child: ElementTree.Element) -> None:
    if child.tag != f"{HTML}details":
        flat.append(child)
        return
    summary = child[0]
    assert summary.tag == f"{HTML}summary"
    _add_text(flat, summary.tail)
    flat.extend(child[1:])
    _add_text(flat, child.tail)


def _add_text(element: ElementTree.Element, text: str | None) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + (text or "") or None
    else:
        element.text = (element.text or "") + (text or "") or None


@pytest.mark.parametrize("name", FOLDED)
def test_the_quotes_of_every_mail_program_are_folded(name: str) -> None:
    seen, behind = parts(FOLDED[name])
    assert "own" in seen
    assert "old" in behind
    assert "old" not in seen
    assert "own" not in behind


@pytest.mark.parametrize("name", OPEN)
def test_what_is_no_quote_or_nothing_else_stays_open(name: str) -> None:
    assert "<details" not in folded(OPEN[name])


@pytest.mark.parametrize("html", [*FOLDED.values(), *OPEN.values()])
def test_what_is_seen_and_what_is_folded_is_the_whole_mail(html: str) -> None:
    assert_nothing_lost(html)
    assert_nothing_lost(f"<table><tr><td>{html}</td></tr></table>")


@pytest.mark.parametrize("path", sorted(EMAILS.glob("*.eml")), ids=lambda path: path.stem)
def test_nothing_of_the_sample_mails_is_lost(path: Path) -> None:
    assert_nothing_lost(parse(path.read_bytes()).html or "")


def test_the_line_that_introduces_a_quote_is_folded_with_it() -> None:
    for name in ("gmail", "thunderbird", "proton", "yahoo", "ours", "spanish, without a sign"):
        assert "wrote:" not in parts(FOLDED[name])[0]
        assert "escribió:" not in parts(FOLDED[name])[0]


def test_the_line_says_how_much_is_folded() -> None:
    assert _FOLD.findall(folded(GMAIL)) == ["3"]
    assert _FOLD.findall(folded(GMAIL_BETWEEN)) == ["2", "1"]
    assert _FOLD.findall(folded(IPHONE)) == ["2"], "two quotes in a row are one"


def test_an_answer_between_two_quotes_stays_in_its_place() -> None:
    seen = parts(GMAIL_BETWEEN)[0]
    assert seen.index("own answer in between") < seen.index("own second answer")


def test_a_picture_alone_is_an_answer() -> None:
    html = '<img src="cid:yes"><blockquote type="cite">old words</blockquote>'
    safe = clean_html(html, cid_url=lambda _one: "/files/1/")
    assert "<details" in fold_quotes(safe.marked, str)


def test_marks_never_reach_a_browser_nor_come_from_a_mail() -> None:
    forged = '<p>own</p><div quote="whole" data-quote="box">own</div>'
    assert "<details" not in folded(forged)
    for html in FOLDED.values():
        safe = clean_html(html, cid_url=lambda _one: None)
        for page in (safe.html, fold_quotes(safe.marked, str)):
            assert not re.search(r"<[^>]* (?:quote|id|name)=", page)
        assert " class=" not in safe.html


def test_words_that_look_like_a_mark_stay_words() -> None:
    html = (
        '<p>own &lt;div quote="box"&gt;</p><blockquote type="cite">a quote="whole" b</blockquote>'
    )
    assert 'quote="box"' in parts(html)[0]
    assert 'a quote="whole" b' in parts(html)[1]


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_behind_a_fold_cannot_act(html: str) -> None:
    page = folded(f'<p>own</p>{html}<blockquote type="cite">{html}</blockquote>')
    bare = re.sub(r'<details class="quoted"><summary>\d+</summary>|</details>', "", page)
    assert_harmless(bare)


TAGS = (
    "<p>own|<div>|</div>|<blockquote type=cite>|</blockquote>|<hr>|<table><tr><td>|</td></tr></table>"
    '|<ul><li>|<span>|</span>|<br>|own words|<div class="gmail_quote">|<p>-----Original Message-----'
)
PIECES = st.sampled_from([*FOLDED.values(), *OPEN.values(), *HOSTILE, *TAGS.split("|")])


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, min_size=2, max_size=9), st.integers(0, 300), st.integers(0, 60))
def test_nothing_is_lost_of_mails_nobody_ever_wrote(pieces: list[str], cut: int, skip: int) -> None:
    joined = "".join(pieces)
    assert_nothing_lost(joined[:cut] + joined[cut + skip :])


def test_a_mail_of_a_thousand_quotes_in_each_other_is_folded_once() -> None:
    deep = "<p>own</p>" + '<div class="gmail_quote"><blockquote class="gmail_quote">old' * 200
    assert folded(deep).count("<details") == 1
