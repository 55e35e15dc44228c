"""What a mail means: each odd mail of tests/emails gives what a good mail reader shows."""

import unicodedata
from datetime import UTC, datetime

import pytest

from apps.channels.parse import parse
from apps.channels.parsed import Address, ParsedEmail
from tests.channels.odd_mails import NAMES, read

TEXTS = {
    "plain-ascii": "Hello, where is my order 1234?\n\nAnn\n",
    "charset-undeclared-utf8": "Grüße, 12 €\n",
    "charset-undeclared-cp1252": "Grüße – 12 €\n",
    "charset-latin1-with-smart-quotes": "“Quoted” – 5 €\n",
    "charset-latin1-but-utf8": "Señora Núñez\n",
    "charset-utf8-but-latin1": "Señora Núñez\n",
    "charset-utf8-one-bad-byte": "Naïve café été\n",
    "charset-gb2312-beyond": "您好，镕基先生\n",
    "charset-ks-c-5601": "안녕하세요 뷁\n",
    "charset-iso-2022-jp": "こんにちは、注文の件です。\n",
    "charset-iso-2022-jp-undeclared": "荷物が届きません\n",
    "charset-shift-jis-windows": "①番の髙橋です\n",
    "charset-utf7": "Grüße, 5 €\n",
    "charset-koi8-r": "Где мой заказ?\n",
    "charset-windows-1251-name-cp": "Добрый день\n",
    "charset-windows-1255": "שלום\n",
    "charset-unknown-name": "Año nuevo\n",
    "charset-big5-hkscs": "香港的訂單 嘅\n",
    "apple-text-between-files": "Here is the screen:\n\nPlease call me.",
    "text-attached-not-body": "The log is attached.",
    "quoted-printable-odd": "soft break é =XY 100",
    "boundary-missing-parameter": "Still readable",
    "boundary-mismatch": "Still readable",
    "boundary-never-closed": "body",
    "boundary-prefix-of-other": "text",
    "multipart-empty": "There is only this text.\n",
    "only-body": "Hello there,\nplease call me back: it is urgent.\n\nAnn\n",
    "only-headers": "",
    "junk-line-in-headers": "body\n",
    "mbox-from-line": "body\n",
    "line-ends-cr-only": "first\nsecond\n",
    "line-ends-lf-only": "first\nsecond\n",
    "nul-bytes": "hello world\n",
    "format-flowed": "A long line that \nflows on.\n-- \nAnn\n",
    "type-nonsense": "hello\n",
    "signed": "Signed words",
    "digest": None,
    "whole-mail-is-a-pdf": None,
}
SUBJECTS = {
    "charset-undeclared-cp1252": "Größe",
    "charset-gb2312-beyond": "订单問題",
    "charset-iso-2022-jp": "注文について",
    "charset-koi8-r": "Вопрос",
    "words-split-character": "Zahlung für Müller",
    "words-with-injected-line": "Hello Bcc: evil@example.com",
    "words-spaces-inside": "one two three plain",
    "duplicate-headers": "A question",
    "nul-bytes": "AB",
    "only-headers": "A question",
}
SENDERS = {
    "plain-ascii": Address("ann@example.com", "Ann Miller"),
    "words-in-quoted-name": Address("ann@example.com", "Müller, Ann"),
    "words-whole-from-encoded": Address("j@example.com", "Jürgen"),
    "header-raw-utf8-address": Address("jörg@bücher.example", "Jörg Übel"),
    "duplicate-headers": Address("ann@example.com", "Ann Miller"),
    "only-body": None,
}
FILES = {  # name, type, content, inline
    "related-inline-image": [
        ("logo.png", "image/png", b"\x89PNG", True),
        ("invoice.pdf", "application/pdf", b"%PDF-1.4 not really", False),
    ],
    "apple-text-between-files": [("shot.png", "image/png", b"\x89PNG", True)],
    "text-attached-not-body": [("log.txt", "text/plain", b"ERROR 42", False)],
    "forwarded-mail": [("Inner mail.eml", "message/rfc822", b"From: bob@example.com", True)],
    "names-rfc2231-sections": [("Отчёт 2025.pdf", "application/pdf", b"%PDF", False)],
    "names-two-faces": [("harmless.pdf", "image/png", b"MZ", False)],
    "base64-with-garbage": [("a.dat", "application/octet-stream", b"Hello world", False)],
    "base64-two-blocks": [("a.dat", "application/octet-stream", b"HelloWorld", False)],
    "uuencoded-file": [("a.dat", "application/octet-stream", b"Cat", False)],
    "boundary-missing-parameter": [("a.pdf", "application/pdf", b"%PDF", False)],
    "boundary-never-closed": [("a.csv", "text/csv", b"1,2\r\n3,4", False)],
    "boundary-prefix-of-other": [("a.csv", "text/csv", b"1", False)],
    "calendar-in-alternative": [("attachment-1.ics", "text/calendar", b"BEGIN:VCAL", False)],
    "digest": [
        ("First.eml", "message/rfc822", b"From: a@example.com", False),
        ("Second.eml", "message/rfc822", b"From: b@example.com", False),
    ],
    "signed": [("signature.asc", "application/pgp-signature", b"-----BEGIN", False)],
    "whole-mail-is-a-pdf": [("fax.pdf", "application/pdf", b"%PDF-1.4", False)],
    "alternative": [],
    "multipart-empty": [],
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_reads_as_its_writer_meant_it(name: str) -> None:
    assert read(name).text == TEXTS[name]


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_subject_reads_as_its_writer_meant_it(name: str) -> None:
    assert read(name).subject == SUBJECTS[name]


@pytest.mark.parametrize("name", SENDERS)
def test_the_sender_is_an_address_and_a_name(name: str) -> None:
    assert read(name).from_ == SENDERS[name]


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_no_body_is_a_file(name: str) -> None:
    files = read(name).files
    assert [(one.name, one.content_type, one.inline) for one in files] == [
        (shown, kind, inline) for shown, kind, _content, inline in FILES[name]
    ]
    for file, (_shown, _kind, content, _inline) in zip(files, FILES[name], strict=True):
        assert file.content.startswith(content)


def test_every_address_of_groups_comments_and_routes_is_found() -> None:
    assert read("addresses-groups-comments").to == (
        Address("john@example.com", "Doe, John"),
        Address("jane@example.com", "Jane (nested) Roe"),
        Address("route@example.com"),
        Address("bare@example.com"),
    )


def test_every_name_of_a_file_is_kept_for_the_policy() -> None:
    (file,) = read("names-two-faces").files
    assert file.names == ("../../harmless.pdf", "Rechnung für Öl.exe", "picture.png")


def test_html_around_a_file_is_one_letter_as_apple_mail_writes_it() -> None:
    row = b"".join(
        b"--c\r\nContent-Type: " + kind + b"\r\n\r\n" + body + b"\r\n"
        for kind, body in [
            (b"text/html", b"<p>one</p>"),
            (b"application/pdf; name=a.pdf", b"%PDF-1.4"),
            (b"text/html", b"<p>two</p>"),
        ]
    )
    within = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n" + row + b"--c--\r\n"
    head = b"From: a@x.test\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    mail = parse(head + b"--b\r\n\r\none two\r\n--b\r\n" + within + b"--b--\r\n")
    assert mail.text == "one two"
    assert mail.html == "<p>one</p>\n\n<p>two</p>"
    assert [file.name for file in mail.files] == ["a.pdf"]


def test_both_bodies_of_an_alternative_are_kept() -> None:
    mail = read("alternative")
    assert mail.text == "Hello in text"
    assert mail.html == "<p>Hello in <b>HTML</b></p>"


def test_html_says_its_own_charset() -> None:
    assert "Καλημέρα" in (read("charset-html-meta-only").html or "")


def test_an_inline_image_is_known_by_its_content_id() -> None:
    assert read("related-inline-image").files[0].content_id == "logo@example.com"


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("plain-ascii", datetime(2025, 3, 4, 8, 30, tzinfo=UTC)),
        ("date-without-zone", datetime(2025, 3, 4, 9, 30, tzinfo=UTC)),
        ("date-broken", None),
    ],
)
def test_dates_are_aware_or_absent(name: str, date: datetime | None) -> None:
    assert read(name).date == date


@pytest.mark.parametrize(
    ("name", "message_id"),
    [
        ("plain-ascii", "one@mail.example.com"),
        ("message-id-missing", ""),
        ("message-id-4000", "a" * 4000 + "@example.com"),
    ],
)
def test_ids_have_no_brackets(name: str, message_id: str) -> None:
    assert read(name).message_id == message_id


def test_where_it_was_delivered_is_told() -> None:
    assert read("plain-ascii").delivered_to == ("support@example.com",)


@pytest.mark.parametrize("name", NAMES)
def test_no_control_character_ever_comes_out(name: str) -> None:
    mail = read(name)
    for line in _lines_of(mail):
        assert not [one for one in line if unicodedata.category(one) in ("Cc", "Cs")], line
    for body in (mail.text or "", mail.html or ""):
        assert not {one for one in body if unicodedata.category(one) in ("Cc", "Cs")} - {"\n", "\t"}


def _lines_of(mail: ParsedEmail) -> list[str]:
    people = [*mail.to, *mail.cc, *mail.reply_to, *([mail.from_] if mail.from_ else [])]
    lines = [mail.subject, mail.message_id, mail.in_reply_to, *mail.references]
    lines += [part for person in people for part in (person.email, person.name)]
    lines += [name for file in mail.files for name in (file.name, file.content_id, *file.names)]
    return lines
