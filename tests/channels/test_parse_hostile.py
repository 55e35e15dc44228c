"""Mails made to hurt: each is read or refused within its limits."""

import contextlib
import os
import resource
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.channels import parse as parser
from apps.channels.parse import is_heavy, parse, read
from apps.channels.parsed import Address, ParsedEmail, Unreadable
from apps.core.child import ChildFailed

TOP = b"From: ann@example.com\r\nTo: support@example.com\r\nSubject: hello\r\n"
MIXED = TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
IN = b"From: ann@example.com\r\n"


def _nested(depth: int) -> bytes:
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (one, one)
        for one in range(depth)
    )
    return TOP + levels + b"\r\ninnermost"


DISASTERS: dict[str, Callable[[], bytes]] = {
    "encoded words": lambda: IN + b"Subject: " + b"=?utf-8?q?a=41?=\r\n " * 20_000 + b"\r\n\r\nx",
    "mixed words": lambda: (
        IN
        + b"Subject: "
        + b"".join(b"=?cp%d?q?a=41?= " % (1250 + one % 9) for one in range(20_000))
        + b"\r\n\r\nx"
    ),
    "half words": lambda: IN + b"Subject: " + b"=?a?q?" * 40_000 + b"\r\n\r\nx",
    "addresses": lambda: IN + b"To: " + b"user@example.com,\r\n " * 50_000 + b"\r\n\r\nx",
    "commas": lambda: IN + b"To: " + b"," * 1_000_000 + b"\r\n\r\nx",
    "quotes": lambda: b'From: "' + b'\\"' * 120_000 + b"\r\n\r\nx",
    "angles": lambda: b"From: " + b'<"' * 120_000 + b"\r\n\r\nx",
    "comments": lambda: b"From: " + b"()" * 120_000 + b"(" * 10_000 + b"\r\n\r\nx",
    "spaces": lambda: b"From: " + b" " * 200_000 + b"a" * 50_000 + b" @x\r\n\r\nx",
    "references": lambda: IN + b"References: " + b"<a@b>" * 50_000 + b"<" * 9_000 + b"\r\n\r\nx",
    "parameters": lambda: IN + b"Content-Type: text/plain" + b';a="\\"' * 99_000 + b"\r\n\r\nx",
    "sections": lambda: IN + b"Content-Type: text/plain" + b";a*0*=%41" * 9_000 + b"\r\n\r\nx",
    "parts": lambda: MIXED + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n",
    "hyphens": lambda: MIXED + b"--b\r\n\r\n" + b"--c\r\n" * 400_000,
    "nested": lambda: _nested(1000),
    "one header of 10 MB": lambda: TOP + b"X-Big: " + b"a" * 10_000_000 + b"\r\n\r\nx",
    "folded header of 10 MB": lambda: TOP + b"X-Big: " + b"a\r\n " * 3_000_000 + b"\r\n\r\nx",
    "a million headers": lambda: TOP + b"X: a\r\n" * 1_000_000 + b"\r\nx",
    "padding": lambda: TOP + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 5_000_000,
    "base64 blocks": lambda: TOP + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ==" * 999_999,
    "big text": lambda: TOP + b"\r\n" + b"hello \xe4 world\r\n" * 1_000_000,
    "doubled types": lambda: TOP + b"Content-Type: text/plain; a=b\r\n" * 2000 + b"\r\nx",
    "doubled encodings": lambda: (
        TOP
        + b"".join(b"Content-Transfer-Encoding: x-%d\r\n" % one for one in range(1900))
        + b"\r\n"
        + b"QUJD" * 2_000_000
    ),
    "hundred boundaries": lambda: (
        TOP
        + b"Content-Type: multipart/mixed"
        + b"".join(b"; boundary=b%d" % one for one in range(100))
        + b"\r\n\r\n--b0\r\n\r\n"
        + b"x\r\n" * 3_000_000
    ),
    "nested coded containers": lambda: (
        TOP
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\nContent-Transfer-Encoding: base64\r\n"
            b"\r\n--b%d\r\n" % (one, one)
            for one in range(45)
        )
        + b"\r\n"
        + b"QUJD" * 3_000_000
    ),
    "almost delimiters": lambda: MIXED + b"--b\r\n\r\n" + b"\r\n--bx\r\nContent-Type: x" * 200_000,
    "lone returns": lambda: MIXED + b"--b\r\n\r\n" + b"x--b\r" * 1_000_000,
    "results": lambda: (
        TOP + b"Authentication-Results: a; " + b"dmarc=pass (" * 20_000 + b"\r\n" * 2 + b"x"
    ),
    "names": lambda: (
        MIXED
        + b"--b\r\nContent-Disposition: attachment"
        + b'; filename="a\\"b' * 9_000
        + b"\r\n\r\nx"
    ),
    "20 MB file": lambda: (
        MIXED
        + b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"QUJD" * 5_000_000
        + b"\r\n--b--"
    ),
}


@pytest.mark.parametrize("name", DISASTERS)
def test_a_disaster_is_harmless(name: str) -> None:
    raw = DISASTERS[name]()
    before = _peak()
    started = time.perf_counter()
    mail = parse(raw)
    assert time.perf_counter() - started < 5
    assert _peak() - before < 300
    assert mail.from_ is None or len(mail.from_.email) <= 320
    assert len(mail.to) <= 1000


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_beyond_the_caps_no_byte_disappears() -> None:
    mail = parse(DISASTERS["parts"]())
    assert mail.is_cut
    assert mail.files[-1].content_type == "message/rfc822"
    assert len(mail.files[-1].content) > 900_000
    deep = parse(_nested(1000))
    assert deep.is_cut
    assert deep.files[-1].content.endswith(b"innermost")


def test_a_body_beyond_the_cap_is_kept_whole_as_a_file() -> None:
    mail = parse(TOP + b"\r\n" + b"hello world\n" * 500_000)
    assert mail.is_cut
    assert len(mail.text or "") == 5_000_000
    assert len(mail.files[0].content) == 6_000_000


@pytest.mark.parametrize(
    ("raw", "code"),
    [(b"", "empty"), (b"\r\n \r\n", "empty"), (os.urandom(100_000), "not-a-mail")],
    ids=["empty", "blank", "junk"],
)
def test_what_is_no_mail_is_refused_with_a_reason(raw: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(raw)
    assert caught.value.code == code


def test_heavy_is_what_has_big_headers_or_many_parts_not_big_files() -> None:
    assert is_heavy(DISASTERS["addresses"]())
    assert is_heavy(DISASTERS["parts"]())
    assert not is_heavy(DISASTERS["20 MB file"]())
    assert not is_heavy(TOP + b"\r\nhello")


def test_the_child_reads_as_this_process_does() -> None:
    raw = DISASTERS["encoded words"]()
    assert is_heavy(raw)
    assert parse(raw) == read(raw)


def test_a_child_that_fails_means_quarantine(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_limits: object) -> object:
        raise ChildFailed("timeout", "too long")

    monkeypatch.setattr(parser, "run_limited", fail)
    with pytest.raises(Unreadable) as caught:
        parse(DISASTERS["encoded words"]())
    assert caught.value.code == "too-heavy"


PIECES = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\n",
            b"\r",
            b" ",
            b"\t",
            b"\0",
            b"--",
            b"--b",
            b"--b--",
            b"--b\r\n",
            b"\x1b$B",
        ),
        *(
            b"From: ",
            b"To: ",
            b"Subject: ",
            b"Date: ",
            b"Message-ID: ",
            b"References: ",
            b"@",
            b"=",
        ),
        *(
            b"Content-Type: ",
            b"multipart/mixed; boundary=b",
            b"text/html; charset=",
            b"utf-7",
            b"<",
        ),
        *(
            b"Content-Transfer-Encoding: base64\r\n",
            b"Content-Disposition: attachment; filename*0*=",
        ),
        *(
            b"=?utf-8?b?",
            b"=?gb2312?q?",
            b"?=",
            b'"',
            b"\\",
            b"(",
            b")",
            b">",
            b",",
            b";",
            b":",
            b"\xe9",
        ),
        *(b"multipart/report; report-type=delivery-status; boundary=b", b"message/delivery-status"),
        *(
            b"Action: failed\n",
            b"Final-Recipient: rfc822;",
            b"Return-Path: <>\n",
            b"mailer-daemon@x",
        ),
        *(
            b"utf-16",
            b"idna",
            b"\xff\xfe",
            b"begin 644 x\n",
            b"99999",
            b"%80",
            b"''",
            b"-0000",
            b"\xc3",
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([b"", TOP, MIXED]), st.lists(PIECES | st.binary(max_size=6), max_size=60))
def test_no_mixture_raises_anything_else(top: bytes, pieces: list[bytes]) -> None:
    with contextlib.suppress(Unreadable):
        assert isinstance(read(top + b"".join(pieces)), ParsedEmail)


TURNED = "a\u202eb\u202dc"


def test_the_subject_keeps_its_order_and_the_marks_of_its_writing() -> None:
    subject = parse(f"Subject: {TURNED} \u200f\u05d0\u2067\r\n\r\nx".encode()).subject
    assert subject == "abc \u200f\u05d0\u2067"


def test_an_address_with_a_turn_in_it_is_nobody_elses() -> None:
    sender = parse(f"From: {TURNED} <{TURNED}@x.test>\r\n\r\nx".encode()).from_
    assert sender == Address("a\ufffdb\ufffdc@x.test", "abc")


def test_ids_turn_nothing_around() -> None:
    mail = parse(f"Message-ID: <{TURNED}>\r\nReferences: <{TURNED}>\r\n\r\nx".encode())
    assert mail.message_id == "a\ufffdb\ufffdc"
    assert mail.references == (mail.message_id,)


def test_what_a_part_says_of_itself_is_bounded() -> None:
    head = b"Content-Type: application/" + b"x" * 9000 + b"; name=" + b"n" * 9000 + b"\r\n"
    (file,) = parse(
        b"From: a@x.test\r\n" + head + b"Content-ID: <" + b"i" * 9000 + b">\r\n\r\nx"
    ).files
    assert max(len(file.content_type), len(file.name), len(file.content_id)) <= 255


def test_what_a_server_is_said_to_have_checked_has_no_control_characters() -> None:
    (field,) = parse(
        b"From: a@x.test\r\nAuthentication-Results: mx\0.test; dmarc=pass\r\n\r\nx"
    ).checked_by
    assert field.server == "mx.test"
