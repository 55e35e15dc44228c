"""The files of a mail: each once, in order, with its name; and what lies within them."""

import base64
import re
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.channels.compose import OutgoingFile, OutgoingMail, compose
from apps.channels.parse import parse
from apps.channels.parsed import Address, ParsedEmail
from apps.channels.parsing.invites import read_invite
from apps.channels.parsing.names import LONGEST_NAME, shown_name
from apps.channels.parsing.pictures import MOST_EMBEDDED, placed
from apps.channels.parsing.winmail import opened
from tests.channels.file_cases import (
    FILES,
    INVITES,
    PLACED,
    SCRIPTS,
    SECURED,
    TNEF_FILES,
    WORDS,
    Expected,
)
from tests.channels.odd_mails import read
from tests.core import tnef_samples as t

HEAD = b"From: ann@example.com\nSubject: x\nMIME-Version: 1.0\n"


@pytest.mark.parametrize("name", FILES)
def test_every_leaf_that_is_no_body_is_a_file_once_and_in_order(name: str) -> None:
    found = read(name).files
    assert [
        Expected(f.name, f.content_type, b"", f.content_id, f.inline, f.shows) for f in found
    ] == [one._replace(begins=b"") for one in FILES[name]]
    for file, expected in zip(found, FILES[name], strict=True):
        assert file.content.startswith(expected.begins)


@pytest.mark.parametrize("name", WORDS)
def test_words_are_read_from_inside_where_the_mail_has_none(name: str) -> None:
    mail = read(name)
    assert (mail.text, mail.html) == WORDS[name]


@pytest.mark.parametrize("name", SECURED)
def test_what_is_signed_or_encrypted_is_said(name: str) -> None:
    assert read(name).secured == SECURED[name]


@pytest.mark.parametrize("name", TNEF_FILES)
def test_the_files_of_a_winmail_are_named(name: str) -> None:
    assert read(name).tnef_files == TNEF_FILES[name]


@pytest.mark.parametrize("name", INVITES)
def test_an_invite_reads_as_a_few_plain_lines(name: str) -> None:
    assert read(name).invite == "\n".join(INVITES[name])


# ---- names --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_name_survives_the_way_out_and_in_again(name: str) -> None:
    mail = OutgoingMail(
        sender=Address("support@example.com"),
        to=(Address("ann@example.com"),),
        subject="x",
        text="x",
        message_id="x@example.com",
        date=datetime(2025, 3, 4, tzinfo=UTC),
        files=(OutgoingFile(name, "application/pdf", b"%PDF"),),
    )
    assert [one.name for one in parse(compose(mail)).files] == [name]


@settings(max_examples=100)
@given(st.text(max_size=300))
def test_no_name_leaves_its_folder(name: str) -> None:
    coded = base64.b64encode(name.encode("utf-8", "replace"))
    field = b'Content-Disposition: attachment; filename="=?utf-8?B?' + coded + b'?="\n\nx'
    [file] = parse(HEAD + b"Content-Type: application/pdf\n" + field).files
    for shown in (file.name, shown_name((name,))):
        assert not re.search(r"[/\\\0\r\n]", shown)
        assert shown.strip(" .") == shown and len(shown) <= LONGEST_NAME
    assert file.name


# ---- pictures -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLACED)
def test_every_picture_is_kept_under_a_name_of_its_own(name: str) -> None:
    kept = placed(read(name))
    assert kept.html == PLACED[name]
    mentioned = {unquote(one) for one in re.findall(r"cid:([^\"'>\s]+)", kept.html)}
    assert {one.content_id for one in kept.files if one.inline} == mentioned
    assert not [one for one in kept.files if one.content_id and not one.inline]


def test_a_picture_that_nobody_shows_is_a_file_to_be_seen() -> None:
    [file] = placed(read("inline-picture-nobody-shows")).files
    assert (file.name, file.inline) == ("photo.png", False)


def test_pictures_in_the_html_become_files_of_it() -> None:
    files = placed(read("inline-data-uri")).files
    assert [(one.name, one.content_type) for one in files] == [
        ("picture-1.png", "image/png"),
        ("picture-2.gif", "image/gif"),
    ]
    assert [one.content[:4] for one in files] == [b"\x89PNG", b"GIF8"]


def test_only_so_many_pictures_are_taken_out_of_the_html() -> None:
    images = "".join(f'<img src="data:image/gif,{number}">' for number in range(60))
    assert len(placed(ParsedEmail(html=images)).files) == MOST_EMBEDDED


@pytest.mark.parametrize(
    "source", ["data:image/png;base64,", "data:image/svg+xml,<svg/>", "data:,x", "cid:", "data:"]
)
def test_what_is_no_picture_of_ours_stays_as_it_is(source: str) -> None:
    html = f"<img src='{source}'>"
    assert placed(ParsedEmail(html=html)) == ParsedEmail(html=html)


def test_the_nearest_of_one_name_is_meant_wherever_it_stands() -> None:
    """The picture of the outer container comes first, and the inner one is shown."""
    picture = b"Content-Type: image/png\nContent-ID: <a>\n\n"
    inner = b"--i\nContent-Type: text/html\n\n<img src=cid:a>\n--i\n" + picture + b"near\n--i--\n"
    raw = (
        HEAD + b"Content-Type: multipart/related; boundary=o\n\n--o\n" + picture + b"far\n--o\n"
        b"Content-Type: multipart/related; boundary=i\n\n" + inner + b"--o--\n"
    )
    assert [(one.content, one.shows) for one in parse(raw).files] == [(b"far", ()), (b"near", (0,))]


@settings(max_examples=100)
@given(st.text(alphabet="<img src=\"'cid:dt/;,b64>&#x a\n", max_size=200))
def test_no_html_makes_placing_fail_and_twice_is_once(html: str) -> None:
    once = placed(ParsedEmail(html=html))
    assert placed(once).html == once.html


# ---- winmail.dat --------------------------------------------------------------------------


def test_what_could_not_be_opened_keeps_the_winmail() -> None:
    ole = t.packed_file((t.OBJECT, t.CONTENT, bytes(16) + b"\xd0\xcf\x11\xe0"), title=b"Sheet")
    assert not opened(t.winmail(ole)).is_whole
    assert not opened(t.winmail(t.packed_file(data=b"x", title=b"a")) + b"PK").is_whole
    assert opened(t.winmail(t.packed_file(data=b"x", title=b"a"))).is_whole


def test_messages_within_messages_end_somewhere() -> None:
    content = t.winmail(t.packed_file(data=b"x", title=b"a.txt"))
    for _level in range(8):
        content = t.winmail(t.message(content))
    found = opened(content)
    assert len(found.files) == 1 and not found.is_whole


def test_a_header_cannot_be_put_into_a_message_that_lay_in_a_winmail() -> None:
    mail = [t.text(t.SUBJECT, "x\r\nBcc: evil@example.net"), t.text(t.SENDER, "a@b>\r\nX: y")]
    [file] = opened(t.winmail(t.message(t.winmail(mail=mail)))).files
    inner = parse(file.content)
    assert (inner.subject, b"\nBcc" in file.content) == ("x Bcc: evil@example.net", False)
    assert b"\nX:" not in file.content


def test_a_signature_around_a_winmail_is_opened_too() -> None:
    mail = read("smime-signed-in-one-piece")
    assert [one.name for one in mail.files] == ["smime.p7m", "contract.pdf"]


# ---- invites ------------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.binary(max_size=300), st.text(max_size=60))
def test_no_calendar_makes_it_raise(tail: bytes, value: str) -> None:
    begin = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n"
    for name in ("DTSTART", "DURATION", "RRULE", "ATTENDEE;CN=", "DTEND;TZID=x"):
        read_invite(begin + f"DTSTART:20250101\n{name}:{value}\n".encode("utf-8", "replace"))
    read_invite(begin + tail)


def test_the_last_moment_there_is_does_not_overflow() -> None:
    invite = read_invite(b"BEGIN:VEVENT\nDTSTART:99991231T235959Z\nDURATION:P99999D\n")
    assert invite is not None and invite.start is not None and invite.end is None
