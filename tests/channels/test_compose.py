"""The bytes of outgoing mail: what was written arrives, and nothing written becomes a header."""

import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.channels.compose import (
    OutgoingFile,
    OutgoingMail,
    capped_references,
    clean_line,
    compose,
    file_name,
    wire_address,
)
from apps.channels.parsed import Address
from apps.core.errors import Invalid

MAIL = OutgoingMail(
    sender=Address("support@carteria.test", "Support"),
    to=(Address("ann@outside.test", "Ann"),),
    subject="Re: Where is my parcel?",
    message_id="T1.a.b@carteria.test",
    date=datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
    text="Hello Ann\n",
)
HEADERS = {"content-type", "mime-version", "content-transfer-encoding", "subject", "from", "to"}
HEADERS |= {"message-id", "date"}
CONTENT_HEADERS = {"content-type", "mime-version", "content-transfer-encoding"}
CONTENT_HEADERS |= {"content-disposition", "content-id"}


def read(raw: bytes) -> EmailMessage:
    parsed = message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def written(**changes: Any) -> EmailMessage:
    return read(compose(replace(MAIL, **changes)))


def test_every_header_is_as_it_was_decided() -> None:
    mail = written(
        cc=(Address("bo@outside.test", "Bo, the second"),),
        in_reply_to="q@outside.test",
        references=("p@outside.test", "q@outside.test"),
    )
    assert mail["From"] == "Support <support@carteria.test>"
    assert mail["To"] == "Ann <ann@outside.test>"
    assert mail["Cc"].addresses[0].display_name == "Bo, the second"
    assert mail["Message-ID"] == "<T1.a.b@carteria.test>"
    assert mail["Date"] == "Sat, 31 Jan 2026 12:00:00 +0000"
    assert mail["In-Reply-To"] == "<q@outside.test>"
    assert mail["References"] == "<p@outside.test> <q@outside.test>"
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content() == "Hello Ann\r\n"


def test_our_long_message_id_stands_on_one_line() -> None:
    message_id = f"{'x' * 63}@{'long-domain.' * 6}test"
    mail = replace(MAIL, message_id=message_id, in_reply_to=message_id, references=(message_id,))
    raw = compose(mail)
    for name in ("Message-ID", "In-Reply-To", "References"):
        assert f"\r\n{name}: <{message_id}>\r\n".encode() in raw


def test_the_same_facts_make_the_same_plain_mail() -> None:
    assert compose(MAIL) == compose(MAIL)


def test_text_and_html_stand_side_by_side_whatever_their_letters() -> None:
    mail = written(text="Añadir 漢字 🙂\n", html="<p>Añadir 漢字 🙂</p>" + "x" * 3000)
    text, html = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative"
    assert text.get_content() == "Añadir 漢字 🙂\r\n"
    assert html.get_content().startswith("<p>Añadir 漢字 🙂</p>xxx")


def test_inline_images_stand_beside_the_text_and_files_behind() -> None:
    image = OutgoingFile("logo.png", "image/png", b"\x89PNG", "logo@carteria", inline=True)
    paper = OutgoingFile("Rechnung März 2026.pdf", "application/pdf", b"%PDF\r\n\n\r", "")
    mail = written(html='<img src="cid:logo@carteria">', files=(image, paper))
    related, file = mail.iter_parts()
    alternative, shown = related.iter_parts()
    assert alternative.get_content_type() == "multipart/alternative"
    assert (shown["Content-ID"], shown.get_content_disposition()) == ("<logo@carteria>", "inline")
    assert file.get_filename() == "Rechnung März 2026.pdf"
    assert (file.get_content_type(), file.get_content()) == ("application/pdf", b"%PDF\r\n\n\r")


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", "a/b\r\nBcc: x", "", "x"])
def test_a_file_keeps_its_bytes_whatever_its_type(kind: str) -> None:
    content = b"Subject: x\n\n\x00\xff\r"
    [_text, file] = written(files=(OutgoingFile("x.eml", kind, content),)).iter_parts()
    assert file.get_content_type() == "application/octet-stream"
    assert file.get_content() == content


def test_file_names_keep_their_extension() -> None:
    assert file_name("../../etc/passwd") == ".._.._etc_passwd"
    assert file_name("x" * 400 + ".pdf") == "x" * 236 + ".pdf"
    assert file_name("漢" * 400 + ".pdf") == "漢" * 78 + ".pdf"
    assert file_name("\r\n\0") == "file"


def test_references_keep_the_first_and_the_newest() -> None:
    ids = [f"{number}@outside.test" for number in range(100)]
    assert capped_references(ids) == [ids[0], *ids[-20:]]
    long = [f"{number}{'x' * 300}@outside.test" for number in range(30)]
    kept = capped_references(long)
    assert kept == [long[0], *long[-5:]]
    assert sum(len(one) + 3 for one in kept) < 2000
    assert capped_references(["a b", "x" * 4000, "<y>", "z@z", "z@z"]) == ["z@z"]


def test_an_id_of_4000_characters_is_left_out() -> None:
    mail = written(in_reply_to="x" * 4000, references=("x" * 4000,))
    assert (mail["In-Reply-To"], mail["References"]) == (None, None)


@pytest.mark.parametrize(
    ("given_address", "wire"),
    [
        ("Ann@Outside.Test", "Ann@outside.test"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
        ("ann@例え.jp", "ann@xn--r8jz45g.jp"),
        ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
    ],
)
def test_addresses_on_the_wire(given_address: str, wire: str) -> None:
    assert wire_address(given_address) == wire


@pytest.mark.parametrize(
    "address",
    ["añé@x.test", "", "x", "@x.test", "a@", "a b@x.test", "a@x.test\r\nRCPT TO:<b@x.test>",
     "a@x.test>", "a@-x", "a@" + "漢" * 80 + ".test", "<a@x.test", "a,b@x.test", "a\0@x.test"],
)  # fmt: skip
def test_impossible_addresses_are_named(address: str) -> None:
    with pytest.raises(Invalid):
        wire_address(address)


def test_what_a_reader_would_decode_twice_is_broken_up() -> None:
    """The trick of CVE-2024-6923: an encoded word that hides a header."""
    hidden = "=?utf-8?q?x=0D=0ABcc=3A_evil=40x=2Etest?="
    mail = written(subject=hidden, to=(Address("ann@outside.test", hidden),))
    assert "Bcc" not in mail
    assert mail["Subject"].startswith("= ?utf-8")


def test_a_subject_is_cut_and_folded() -> None:
    assert len(clean_line("x" * 5000, 500)) == 500
    assert written(subject="漢字 " * 100)["Subject"] == ("漢字 " * 100).strip()


# ---- nothing becomes a header -------------------------------------------------------------

NASTY = st.text(
    st.one_of(
        st.sampled_from('\r\n\0\t\v\f\x1c\x1d\x1e\x85\u2028\u2029\ud800:<>"\\,;=?@ñ漢🙂'),
        st.characters(),
    ),
    max_size=300,
).map(lambda text: text.replace("ñ", "\r\nBcc: evil@x.test\r\n"))


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_nothing_written_adds_a_header_or_breaks_a_line(data: st.DataObject) -> None:
    nasty = [data.draw(NASTY) for _field in range(9)]
    files = [
        OutgoingFile(nasty[0], nasty[1], b"bytes", nasty[2], inline=True),
        OutgoingFile(nasty[3], "image/png", b"bytes"),
    ]
    raw = compose(
        replace(
            MAIL,
            sender=Address("support@carteria.test", nasty[4]),
            to=(Address("ann@outside.test", nasty[5]), Address("bo@straße.example", nasty[3])),
            subject=nasty[6],
            text=nasty[7],
            html=nasty[8],
            in_reply_to=nasty[0],
            references=nasty,
            files=files,
        )
    )
    _lines_are_lawful(raw)
    mail = read(raw)
    names = [name.lower() for name, _value in mail.items()]
    assert len(names) == len(set(names))
    assert set(names) <= HEADERS | {"in-reply-to", "references"}
    assert [one.addr_spec for one in mail["From"].addresses] == ["support@carteria.test"]
    recipients = ["ann@outside.test", "bo@xn--strae-oqa.example"]
    assert [one.addr_spec for one in mail["To"].addresses] == recipients
    for part in mail.walk():
        if part is not mail:
            assert {name.lower() for name, _value in part.items()} <= CONTENT_HEADERS


def _lines_are_lawful(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.replace(b"\r\n", b"").count(b"\r") == raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_letters_before_the_at_stand_as_they_are_in_the_header_alone() -> None:
    """RFC 6532; for a server that offers SMTPUTF8. Everything else stays ASCII."""
    odd = Address("añé@outside.test", "Ann")
    stand_in = f"utf8.{'añé'.encode().hex()}@outside.test"
    raw = compose(replace(MAIL, to=[odd], text=f"Write to {stand_in}"))
    head, _blank, body = raw.partition(b"\r\n\r\n")
    assert '"Ann" <añé@outside.test>'.encode() in head
    assert stand_in.encode() not in head
    assert (b"utf8." in body, body.isascii()) == (True, True)


@pytest.mark.parametrize("local", ["añ é", "añ\u0085é", 'a"ñé', "<ñ>", "ñ" + "x" * 80])
def test_no_letter_outside_ascii_breaks_an_address(local: str) -> None:
    with pytest.raises(Invalid):
        wire_address(f"{local}@outside.test", utf8=True)


def test_every_other_mail_is_ascii_in_lines_that_any_server_takes() -> None:
    ids = [f"{number}.{'x' * 400}@id" for number in range(30)]
    raw = compose(
        replace(MAIL, subject="Größe " * 60, text="ñ" * 5000, references=ids, in_reply_to=ids[-1])
    )
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.count(b"@id>") <= 22
