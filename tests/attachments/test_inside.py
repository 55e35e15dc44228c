"""Mails, winmail.dat and Outlook messages, looked into as far as it goes."""

import struct

import pytest

from apps.attachments.compound import message_files
from apps.attachments.inside import MOST_FILES, all_inside, files_inside
from apps.attachments.policy import judge
from tests.attachments import mails as m
from tests.attachments import samples as s

TEXT = b"Dear all\n"


def names(content: bytes) -> list[tuple[str, ...]]:
    return [inner.names for inner in all_inside(content)]


def test_files_at_every_depth_are_found() -> None:
    inner = m.tnef(m.tnef_file(m.mail(m.part(TEXT, "deep.txt")), "b.eml"))
    found = names(m.mail(m.part(TEXT, "a.txt"), m.part(inner, "winmail.dat")))
    assert {name for several in found for name in several} >= {"a.txt", "b.eml", "deep.txt"}


@pytest.mark.parametrize("content", [TEXT, s.PDF, s.DOCX, s.OLE2, b"", b"note: this is no mail\n"])
def test_other_files_hold_nothing_that_a_mail_reader_opens(content: bytes) -> None:
    assert files_inside(content) == []


def test_both_names_of_a_part_with_doubled_fields_count() -> None:
    part = (
        b"Content-Disposition: attachment; filename=a.pdf\r\n"
        b"Content-Disposition: attachment; filename=b.exe\r\n\r\nx"
    )
    assert judge(["f.eml"], m.mail(part)).reason == "type-denied"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ("Content-Type: text/plain", "Content-Type: text/html; charset=utf-8", None),
        ("Content-Type: text/plain", "Content-Type: multipart/mixed; boundary=x", "polyglot"),
        ("Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: 8bit", None),
        ("Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: base64", "polyglot"),
    ],
)
def test_a_part_that_reads_as_two_things_is_a_polyglot(
    first: str, second: str, reason: str | None
) -> None:
    part = f"{first}\r\n{second}\r\n\r\nTWFu\r\n".encode()
    assert judge(["f.eml"], m.mail(part)).reason == reason


def test_the_worst_file_inside_names_the_reason() -> None:
    parts = [m.part(s.HEIC, "a.jpg"), m.part(s.program(), "b.pdf"), m.part(TEXT, "c.txt")]
    assert judge(["f.eml"], m.mail(*parts)).reason == "content-denied"


@pytest.mark.contract("1.5.g")
def test_the_administrators_list_counts_inside_as_well() -> None:
    assert judge(["f.eml"], m.mail(m.part(TEXT, "a.iso")), ["iso"]).reason == "type-denied"


def test_a_subject_is_no_name() -> None:
    message = m.tnef(m.tnef_file(m.tnef(), "Re: setup.exe", data=0x0D))
    assert judge(["winmail.dat"], message).allowed
    assert judge(["f.eml"], b"From: a@x.test\r\nSubject: setup.exe\r\n\r\nhi\r\n").allowed


def test_looking_into_mails_ends_by_counting() -> None:
    inner = m.mail(*[m.part(TEXT)] * 400)
    many = m.mail(*[m.part(inner, "a.eml")] * (MOST_FILES // 400 + 1))
    assert judge(["f.eml"], many).reason == "too-big"


def test_a_circle_of_sectors_is_left() -> None:
    content = bytearray(m.outlook_message("a.pdf", s.PDF))
    struct.pack_into("<I", content, 512 + 5 * 4, 5)  # the file's first sector follows itself
    struct.pack_into("<I", content, 512 * 2 + 3 * 128 + 120, 2**31)
    assert judge(["m.msg"], bytes(content)).reason == "too-big"


def test_an_outlook_message_gives_its_files_with_their_names() -> None:
    found = message_files(m.outlook_message("añ.pdf", s.PDF))
    assert found is not None
    [(found_names, content)] = found
    assert found_names == ("añ.pdf",) and content.startswith(s.PDF)


def test_what_begins_again_within_the_text_is_read_once() -> None:
    many = b"begin 644 a.txt\n%:&5L;&\\*\n" * 3
    found = files_inside(b"From: a@x.test\n\n" + many)
    assert [inner.content for inner in found] == [b"hello"] * 3
