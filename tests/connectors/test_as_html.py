"""Plain words as HTML."""

import pytest

from apps.crm.connectors.as_html import as_html, cleaned, one_line

pytestmark = pytest.mark.connectors


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ('a < b & "c"', 'a &lt; b &amp; "c"'),
        ("one\r\ntwo\n\nfour", "one<br>\ntwo<br>\n<br>\nfour"),
        ("  two   three", "&nbsp; two&nbsp;&nbsp; three"),
        (
            "See http://x.test/a?b=1&c=2.",
            'See <a href="http://x.test/a?b=1&amp;c=2">http://x.test/a?b=1&amp;c=2</a>.',
        ),
        (" one", "&nbsp;one"),
        ("javascript:alert(1) ftp://x", "javascript:alert(1) ftp://x"),
        ('http://x"onload="y', '<a href="http://x">http://x</a>"onload="y'),
        ("Queue: a: b", "Queue: a: b"),
    ],
)
def test_nothing_is_markup_and_addresses_are_links(text: str, page: str) -> None:
    assert as_html(text) == page


def test_labels_are_bold() -> None:
    page = as_html("Queue: A <b>\nno label here\nhttp://x.test/:80", labels=True)
    assert page.startswith("<b>Queue:</b> A &lt;b&gt;<br>\nno label here<br>\n")
    assert "<b>http" not in page


def test_what_no_database_keeps_is_replaced() -> None:
    assert cleaned("a\0b\x1bc\ud800d\ufffe😀\t\r\n") == "a�b�c�d�😀\t\n"
    assert one_line(" a\x01b\r\n c ") == "a�b c"
