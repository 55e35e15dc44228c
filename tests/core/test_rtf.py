"""Words that Outlook keeps as RTF: unpacked, taken out of it, within bounds."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.mime.rtf import MOST_BYTES, RtfWords, unpack, words_of_rtf
from tests.core.tnef_samples import packed_rtf, stored_rtf

HTML = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 C;}}"
)
TEXT = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}}"

# RTF behind the beginning, and the HTML that stands in it.
FROM_HTML = {
    rb"{\*\htmltag64 <p>}Gr\'fc\'dfe{\*\htmltag72 </p>}": "<p>Grüße</p>",
    rb"{\*\htmltag64 <b>}\htmlrtf {\b \htmlrtf0 x\htmlrtf }\htmlrtf0{\*\htmltag72 </b>}": "<b>x</b>",
    rb"a{\*\htmltag84 &amp;}\htmlrtf &\htmlrtf0 b": "a&amp;b",
    rb"{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 x": "&nbsp;x",
    rb"\uc1 5 \u8364? and \uc2\u8364\'80\'80.": "5 € and €.",
    rb"\uc1\u-10179?\u-8704? box": "😀 box",
    rb"{\f1 \'cf\'f0\'e8\'e2\'e5\'f2} x": "Привет x",
    rb"{\*\mhtmltag64 <img src=old>}{\*\htmltag64 <img src=cid:a>}": "<img src=cid:a>",
    rb"{\*\htmltag1 \par }x\line y\tab z": "\nx\ny\tz",
    rb"{\*\htmltag96 <div>\{\'7d\\}{\pict 0a0b}{\*\unknown words}": "<div>{}\\",
}
FROM_TEXT = {
    rb"\pard\plain Hello\par\'93World\'94\par}": "Hello\n“World”\n",
    rb"\lquote a\rquote  \endash  b\emdash\bullet\~c\_d": "‘a’ – b—•\u00a0c\u2011d",
    rb"{\info{\author Ann}}{\*\generator W;}{\stylesheet{\s0 Normal;}}words": "words",
    rb"\bin5 {}{}}x": "x",
    rb"\ansicpg125 caf\'e9": "café",
    rb"a{\pict\bin3 }}}0102}b": "ab",
    b"one\r\n two\\\nthree": "one two\nthree",
}


@pytest.mark.parametrize("rtf", FROM_HTML)
def test_html_is_taken_out_of_it(rtf: bytes) -> None:
    assert words_of_rtf(HTML + rtf + b"}") == RtfWords(html=FROM_HTML[rtf])


@pytest.mark.parametrize("rtf", FROM_TEXT)
def test_other_rtf_becomes_text(rtf: bytes) -> None:
    assert words_of_rtf(TEXT + rtf + b"}") == RtfWords(text=FROM_TEXT[rtf])


def test_letters_of_two_bytes_are_read_together() -> None:
    japanese = (
        rb"{\rtf1\ansi\ansicpg932\deff0{\fonttbl{\f0\fcharset128 G;}}\f0 \'93\'fa\'96\'7b \'83A}"
    )
    assert words_of_rtf(japanese).text == "日本 ア"


def test_what_is_no_rtf_says_nothing() -> None:
    assert words_of_rtf(b"<html>") == words_of_rtf(b"") == RtfWords()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600) | st.text("ab\\par {}", max_size=1500).map(str.encode))
def test_what_was_packed_comes_out_again(rtf: bytes) -> None:
    assert unpack(packed_rtf(rtf)) == rtf
    assert unpack(stored_rtf(rtf)) == rtf


@settings(max_examples=100)
@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    unpack(content)
    unpack(struct.pack("<II", 9, 2**31) + b"LZFu" + bytes(4) + content)
    words_of_rtf(HTML + content)


def test_little_never_becomes_very_much() -> None:
    repeats = (b"\xfe" + b"a" + b"\x0c\xff" * 7) * 40_000
    assert len(unpack(struct.pack("<II", 9, 2**31) + b"LZFu" + bytes(4) + repeats)) <= MOST_BYTES
    assert len(words_of_rtf(TEXT + b"x" * (3 * MOST_BYTES)).text or "") <= MOST_BYTES
    assert words_of_rtf(TEXT + b"{" * 20_000 + b"x").text == ""
