"""What of a mail's HTML stays on paper, and how much of it."""

import re

import pytest

from apps.tickets.pdf.tables import simple_table
from apps.tickets.pdf.tree import MOST_DEPTH, MOST_NODES, Node, parsed
from apps.tickets.pdf.walk import Drawn, written, written_text

OURS = re.compile(r'<(/?)([a-z]+)( [a-z]+="[^"<>]*")*/?>')
TAGS = {"p", "span", "b", "i", "u", "s", "sub", "sup", "a", "br", "hr", "table", "tr", "td", "img"}


def paper(html: str) -> str:
    return written(html, lambda _node, _in_table: Drawn())[0]


def paragraphs(html: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<p[^>]*>(.*?)</p>", paper(html))]


def test_paragraphs_links_and_emphasis_stay() -> None:
    html = 'Hello <b>bold <i>both</i></b> <a href="https://e.test/?a=1&amp;b=2">our <b>page</b></a>'
    assert paper(html) == (
        '<p class="t">Hello <b>bold </b><b><i>both</i></b> '
        '<a href="https://e.test/?a=1&amp;b=2">our <b>page</b></a></p>'
    )


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//e.test", "x y"]
)
def test_only_addresses_for_people_become_links(address: str) -> None:
    assert "<a" not in paper(f'<a href="{address}">words</a>')


def test_lists_are_numbered_and_quotes_marked() -> None:
    html = '<ol start="3"><li>c</li><li>d<ul><li>e</li></ul></li></ol><blockquote>q</blockquote>'
    assert paragraphs(html) == ["3.\u00a0 c", "4.\u00a0 d", "–\u00a0 e", "q"]
    assert 'class="t q1 gap"' in paper(html)


def test_preformatted_text_keeps_lines_and_spaces() -> None:
    html = "<pre>if x:\n    y</pre><div style='white-space: pre-wrap'>a\n  b</div>"
    assert "if x:" in paper(html)
    assert "\u00a0\u00a0\u00a0\u00a0y" in paper(html)
    assert "a<br/>\u00a0\u00a0b" in paper(html)


def test_direction_follows_the_words() -> None:
    assert 'dir="rtl"' in paper("<p>שלום world</p>")
    assert 'dir="rtl"' not in paper("<p>hello שלום</p>")
    assert 'dir="rtl"' in paper('<p dir="rtl">123</p>')


def test_nothing_but_our_own_tags_comes_out() -> None:
    html = (
        "<pdf:toc/><style>x{}</style><svg><p>in</svg><form action=x><input value=v>form</form>"
        "<p onclick=x style='background:url(http://e.test)' class=x>&lt;img src=x&gt; \"q\"</p>"
        "<![CDATA[<img src=y>]]><!-- <img src=z> --><td width=1e9>cell<b<i>odd</b>"
    )
    out = paper(html)
    assert all(match[2] in TAGS for match in OURS.finditer(out))
    assert "<" not in OURS.sub("", out)
    assert "url(" not in out and "e.test" not in out and "src=" not in OURS.sub("", out[:0])


def test_a_table_of_words_stays_one_and_a_layout_does_not() -> None:
    data = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
    assert paper(data).count("<td") == 4
    assert "<td" not in paper(f"<table><tr><td>{data}</td><td>x</td></tr></table>").split("x")[-1]
    assert "<table" not in paper("<table><tr><td>logo</td><td>text</td></tr></table>")


def test_cells_claim_no_more_than_there_is() -> None:
    html = (
        "<table><tr><td colspan=1000000>a</td></tr>"
        "<tr><td rowspan=1000000>b</td><td>c</td></tr><tr><td>d</td><td>e</td></tr></table>"
    )
    table = simple_table(first_table(html))
    assert table is not None
    assert {sum(cell.columns for cell in row) for row in table.rows} == {3}
    assert len(table.rows) == 3


def first_table(html: str) -> Node:
    node = parsed(html).children[0]
    assert isinstance(node, Node)
    return node


def test_a_wide_table_has_a_line_for_each_row() -> None:
    row = "".join(f"<td>{number}</td>" for number in range(12))
    assert paragraphs(f"<table><tr>{row}</tr></table>") == [" | ".join(map(str, range(12)))]


def test_a_cell_higher_than_a_page_is_no_cell() -> None:
    row = "<tr><td>a</td><td>" + "long text " * 2000 + "</td></tr>"
    assert "<table" not in paper(f"<table>{row}{row}</table>")


def test_depth_and_number_are_capped_and_the_words_stay() -> None:
    deep = parsed("<div>" * 100_000 + "middle" + "</div>" * 100_000)
    depth, node = 0, deep
    while node.children and isinstance(node.children[0], Node):
        node, depth = node.children[0], depth + 1
    assert depth <= MOST_DEPTH
    assert paragraphs("<div>" * 100_000 + "middle") == ["middle"]
    many = paper("<p>a</p>" * (MOST_NODES + 500))
    assert many.count("<p") <= MOST_NODES + 500
    assert many.count("a") - many.count("gap") - many.count("class") >= MOST_NODES


def test_a_long_text_is_cut_into_short_paragraphs_without_losing_a_word() -> None:
    text = " ".join(f"w{number}" for number in range(20_000))
    parts = paragraphs(f"<p>{text}</p>")
    assert " ".join(" ".join(parts).split()) == text
    assert max(map(len, parts)) <= 3000
    assert "".join(paragraphs(f"<p>{'x' * 10_000}</p>")) == "x" * 10_000


def test_beyond_the_room_the_rest_is_left_out_and_that_is_said() -> None:
    out, is_cut = written_text("word " * 500_000)
    assert is_cut
    assert out.count("word") == 400_000
