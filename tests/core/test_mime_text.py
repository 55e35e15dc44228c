"""Charset names, ISO 2022, flowed and enriched text, transfer encodings: one table each."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.mime.charset_names import codec_of
from apps.core.mime.charsets import decode
from apps.core.mime.enriched import words_of_enriched
from apps.core.mime.flowed import unflowed
from apps.core.mime.iso2022 import read_escaped
from apps.core.mime.transfer import (
    from_quoted_printable,
    text_from_base64,
    undo,
    undo_within,
)
from apps.core.mime.words import decode_words

NAMES = {
    "X-GBK": "gb18030",
    "charset=us-ascii": "ascii",
    '"utf-8"; format=': "utf-8",
    "iso-8859-1>": "cp1252",
    "windows-1252http-equivcontent-type": "cp1252",
    "UTF 8": "utf-8",
    "_iso-2022-jp$ESC": "iso2022_jp_ext",
    "win1251": "cp1251",
    "windows-cp1251": "cp1251",
    "iso88592": "iso8859-2",
    "8859-15": "iso8859-15",
    "ms932": "cp932",
    "csISOLatin1": "cp1252",
    "windows-65001": "utf-8",
    "": "",
    "unknown-8bit": "",
    "_autodetect_all": "",
    "base64": "",
    "rot13": "",
    "punycode": "",
    "utf-9": "",
}
FLOWED = {
    "one \ntwo": "one two",
    "one\ntwo": "one\ntwo",
    " >not quoted\n From me": ">not quoted\nFrom me",
    "> a \n> b\nmine": "> a b\nmine",
    ">> a \n> b": ">> a \n> b",
    "bye \n-- \nAnn \nMiller": "bye \n-- \nAnn Miller",
    "": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_charset_is_known_by_whatever_it_is_called(name: str) -> None:
    assert codec_of(name) == NAMES[name]


@pytest.mark.parametrize("text", FLOWED)
def test_flowed_lines_are_made_whole(text: str) -> None:
    assert unflowed(text) == FLOWED[text]


def test_blanks_that_the_mailer_put_in_are_taken_out() -> None:
    assert unflowed("wo \nrd", delsp=True) == "word"
    assert unflowed("> wo \n> rd", delsp=True, quotes=False) == "> wo \n> rd"


def test_enriched_text_keeps_what_stands_between_nofill_marks() -> None:
    text = "<bold>a</bold>\nb\n\n<nofill>c\nd</nofill><param>x</param> <<e>"
    assert words_of_enriched(text) == "a b\nc\nd <e>"


@settings(max_examples=60, deadline=None)
@given(st.text("aB1 \\~¥‾あいうカキ、。〜−日本語龍髭仝々ΩЖ", max_size=40))
def test_what_the_codec_writes_the_lenient_reader_reads(text: str) -> None:
    lenient = read_escaped(text.encode("iso2022_jp"))
    windows = str.maketrans("〜‖−¢£¬—", "～∥－￠￡￢―")
    assert lenient.translate(windows) == text.translate(windows)


@pytest.mark.parametrize(
    ("raw", "charset"),
    [("联通", "gb2312"), ("ﾃｱ", "shift_jis"), ("ДҐ", "windows-1251"), ("çã", "euc-kr")],
)
def test_few_letters_are_left_to_the_charset_that_was_declared(raw: str, charset: str) -> None:
    codec = codec_of(charset)
    text = raw.encode(codec, "ignore").decode(codec)
    assert decode(text.encode(codec), charset) == text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"YWJj\n_____\nthe list <l@x.test>", b"abc\n_____\nthe list <l@x.test>"),
        (b"not coded at all, it is", b"not coded at all, it is"),
        (b"YW*Jj\n" + b"YWJj" * 20, b"abc" * 21),
    ],
)
def test_words_that_say_they_are_base64(content: bytes, words: bytes) -> None:
    assert text_from_base64(content) == words


def test_a_coding_is_known_with_what_stands_behind_it() -> None:
    assert undo(b"YWJj", " Base64; x=y") == b"abc"
    assert from_quoted_printable(b"a=\rb=\r\nc=20=  \n=C3=bc") == "abc ü".encode()


HOSTILE: dict[str, Callable[[], str | bytes]] = {  # what is not linear here never ends
    "flowed": lambda: unflowed("> a \n" * 1_000_000),
    "escapes": lambda: decode(b"\x1b$B!" * 1_000_000, "iso-2022-jp"),
    "shifts": lambda: decode(b"\x0e" * 5_000_000, "iso-2022-kr"),
    "windows": lambda: decode(b"\x80" * 5_000_000, "iso-8859-2"),
    "surrogates": lambda: decode(b"\xed\xa0\x80" * 500_000),
    "enriched": lambda: words_of_enriched("<param>" * 700_000),
    "soft breaks": lambda: from_quoted_printable(b"=\ra" * 1_700_000),
    "equals": lambda: from_quoted_printable(b"=" * 5_000_000),
    "footer": lambda: text_from_base64(b"AAAA=\n_" * 700_000),
    "words": lambda: decode_words("=?a?q?x?=41" * 23_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_five_megabytes_of_malice_are_read(name: str) -> None:
    assert HOSTILE[name]()


ENCODED = base64.b64encode(bytes(range(256)) * 3)


@pytest.mark.parametrize(
    ("written", "content"),
    [
        (b"", b""),
        (b"YWJj", b"abc"),
        (b"YWJj\r\nZGVm\r\n", b"abcdef"),
        (b"YW\r\nJj\n", b"abc"),
        (b"YQ==", b"a"),
        (b"YQ", b"a"),
        (b"YWI", b"ab"),
        (b"YWJj!ZGVm", b"abcdef"),
        (b"YW Jj\tZGVm", b"abcdef"),
        (b"YQ==\r\nYg==", b"ab"),
        (b"YWJj=\r\n", b"abc"),
        (b"YWJjZ", b"abc"),
        (b"YWJj\xff\xfeZGVm", b"abcdef"),
        (b"=", b""),
        (ENCODED, bytes(range(256)) * 3),
        (b"\r\n".join(ENCODED[at : at + 76] for at in range(0, 1024, 76)), bytes(range(256)) * 3),
    ],
)
def test_base64_well_formed_or_not(written: bytes, content: bytes) -> None:
    assert undo(written, "base64") == content
    mail = b"YWJj" + written + b"=YWJj"
    assert undo_within(mail, 4, 4 + len(written), "Base64") == content


ODD = st.sampled_from(
    [
        b"",
        b"=",
        b"==",
        b"=\r\n=",
        b"\r",
        b"\n",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b"\0",
        b"-",
        b"QQ==",
        b"QUI",
    ]
)


@given(
    st.binary(max_size=150),
    st.sampled_from([4, 8, 13, 76]),
    st.sampled_from([b"\r\n", b"\n", b"\r"]),
    st.lists(st.tuples(ODD | st.binary(max_size=3), st.integers(0, 250)), max_size=3),
)
def test_base64_read_at_once_is_as_letter_by_letter(
    content: bytes, width: int, line_end: bytes, odd: list[tuple[bytes, int]]
) -> None:
    letters = base64.b64encode(content)
    written = line_end.join(letters[at : at + width] for at in range(0, len(letters), width))
    for one, at in odd:
        written = written[:at] + one + written[at:]
    for mail in (written, written + line_end, written + written):
        assert undo_within(b"=A\r\n" + mail + b"A=", 4, 4 + len(mail), "base64") == undo(
            mail, "base64"
        )
