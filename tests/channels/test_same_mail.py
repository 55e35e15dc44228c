"""Whether two mails are one: what servers write on them does not count, what people read does."""

from dataclasses import replace
from typing import Any

import pytest

from apps.channels.parse import parse
from apps.channels.same_mail import content_of

MAIL = (
    b"Received: from out.test by mx.old.test; Mon, 2 Mar 2026 10:00:00 +0000\r\n"
    b"From: Ana <ana@outside.test>\r\nTo: support@x.test\r\nSubject: Where is =?utf-8?q?it=3F?=\r\n"
    b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\nMessage-ID: <1@outside.test>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n'
    b"--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHola, d\xc3\xb3nde?  \r\n\r\n"
    b"--b1\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"JVBERi0xLjQK\r\n--b1--\r\n"
)


def same(one: bytes, other: bytes) -> bool:
    first, second = content_of(parse(one)), content_of(parse(other))
    assert first and second
    return first == second


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"\r\n", b"\n", id="line ends"),
        pytest.param(
            b"From: Ana", b"X-Copied: yes\r\nReceived: by new.test; x\r\nFrom: Ana", id="traces"
        ),
        pytest.param(b"Received: from out.test by mx.old.test;", b"X-Old:", id="a trace is gone"),
        pytest.param(b"b1", b"other-boundary", id="boundary"),
        pytest.param(b"d\xc3\xb3nde?  \r\n", b"d\xc3\xb3nde?\r\n", id="spaces at the end"),
        pytest.param(b"10:00:00 +0000\r\nMess", b"11:00:00 +0100\r\nMess", id="the same moment"),
        pytest.param(
            b"utf-8\r\n\r\nHola, d\xc3\xb3nde?",
            b"utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHola, d=C3=B3nde?",
            id="another encoding",
        ),
    ],
)
def test_what_servers_do_to_a_mail_leaves_it_the_same(before: bytes, after: bytes) -> None:
    assert before in MAIL
    assert same(MAIL, MAIL.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Hola", b"Adios"),
        (b"JVBERi0xLjQK", b"JVBERi0xLjUK"),
        (b"a.pdf", b"b.pdf"),
        (b"<ana@", b"<eva@"),
        (b"Where is", b"[EXTERNAL] Where is"),
        (b"2 Mar 2026 10:00:00 +0000\r\nMess", b"3 Mar 2026 10:00:00 +0000\r\nMess"),
    ],
)
def test_what_people_read_makes_another_mail(before: bytes, after: bytes) -> None:
    assert before in MAIL
    assert not same(MAIL, MAIL.replace(before, after))


@pytest.mark.parametrize("doubt", [{"is_cut": True}, {"oddities": ("two-readers",)}])
def test_a_mail_that_was_not_read_whole_is_like_no_other(doubt: dict[str, Any]) -> None:
    assert content_of(replace(parse(MAIL), **doubt)) == ""
