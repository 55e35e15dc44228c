"""The source of a mail without what was stopped: no byte of it, in no encoding, nowhere."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

import pytest

from apps.channels import redact
from apps.channels.parse import parse
from apps.channels.redact import NotProved, Source, Stopped, source_of
from tests.core import tnef_samples as t
from tests.hostile.feared import signed_around

GOOD = b"%PDF-1.4 a harmless bill, long enough to be looked for" * 3
BAD = bytes(range(256)) * 3 + b"the bytes that must not leave, whatever happens"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def part(content: bytes, name: str, *, kind: str = "application/octet-stream") -> bytes:
    head = f"Content-Type: {kind}; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    letters = b64encode(content)
    return head.encode() + b"\r\n".join(letters[at : at + 76] for at in range(0, len(letters), 76))


def mail(*parts: bytes, before: bytes = b"", after: bytes = b"", text: bytes = b"Hi") -> bytes:
    head = (
        b"From: Ana <ana@outside.test>\r\nTo: support@carteria.test\r\nSubject: =?utf-8?q?A_b=C3=B3?=\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=one\r\n"
        b"X-Odd:  kept as it\r\n  came\r\n\r\n"
    )
    texts = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text
    inner = b"".join(b"--one\r\n" + one + b"\r\n" for one in (texts, *parts))
    return head + before + inner + b"--one--\r\n" + after


def redacted(raw: bytes, *, clean: tuple[bytes, ...] = (GOOD,), bad: bytes = BAD) -> Source:
    return source_of(
        raw,
        clean={digest(one) for one in clean},
        stopped={digest(bad): Stopped("bad.exe", len(bad), "type-denied")} if bad else {},
        contents=[bad] if bad else [],
        say=lambda stopped: f"Left out: {stopped.name}, {stopped.size} bytes: {stopped.reason}",
    )


def leaves(raw: bytes) -> Iterator[Message]:
    return (one for one in message_from_bytes(raw).walk() if not one.is_multipart())


def nowhere(content: bytes, source: bytes) -> bool:
    """A second opinion, by the standard library."""
    if any(content in (one.get_payload(decode=True) or b"") for one in leaves(source)):
        return False
    return b64encode(content)[:200] not in re.sub(rb"\s", b"", source)


@pytest.mark.contract("1.5.f")
def test_a_mail_whose_files_are_all_clean_leaves_as_it_came() -> None:
    raw = mail(part(GOOD, "bill.pdf"), before=b"This is a multi-part message in MIME format.\r\n")
    assert redacted(raw, bad=b"") == Source(raw, as_it_came=True)


@pytest.mark.contract("1.5.f")
def test_a_stopped_file_is_replaced_by_its_name_size_and_reason() -> None:
    source = redacted(mail(part(GOOD, "bill.pdf"), part(BAD, "bad.exe")))
    texts = [one.get_payload(decode=True) for one in leaves(source.content)]
    assert texts == [b"Hi", GOOD, b"Left out: bad.exe, 815 bytes: type-denied"]
    assert source.left_out == (Stopped("bad.exe", 815, "type-denied"),) and not source.as_it_came
    assert nowhere(BAD, source.content) and b"bad.exe;" not in source.content


def test_the_rest_of_the_mail_reads_as_before() -> None:
    raw = mail(part(GOOD, "bill.pdf"), part(BAD, "bad.exe"), text="Olá €".encode())
    before, after = parse(raw), parse(redacted(raw).content)
    assert (after.subject, after.from_, after.to) == (before.subject, before.from_, before.to)
    assert after.text is not None and after.text.startswith("Olá €")
    assert after.files[0].content == GOOD and after.files[0].name == "bill.pdf"
    assert b"X-Odd:  kept as it\r\n  came\r\n" in redacted(raw).content


@pytest.mark.contract("1.5.f")
@pytest.mark.parametrize(
    "raw",
    [
        mail(before=BAD + b"\r\n"),
        mail(before=b64encode(BAD) + b"\r\n"),
        mail(after=BAD),
        mail(after=b"begin 644 bad.exe\r\n" + b64encode(BAD) + b"\r\nend\r\n"),
        mail(part(BAD, "other-name.pdf")),
        mail(b"Content-Type: image/png\r\n\r\n" + BAD),
        mail(b"Content-Type: multipart/mixed; boundary=two\r\n\r\n--two\r\n" + part(BAD, "a.exe")),
        b"From: a@b.test\r\nSubject: x\r\n" + part(BAD, "bad.exe"),
        mail(part(mail(part(BAD, "bad.exe")), "fwd.eml", kind="message/rfc822")),
        mail(b"Content-Type: message/rfc822\r\n\r\n" + mail(part(BAD, "bad.exe"))),
    ],
    ids=[
        *("preamble", "preamble in base64", "epilogue", "epilogue in uuencode", "other name"),
        *("as it stands", "nested", "the whole mail", "forwarded in base64", "forwarded"),
    ],
)
def test_its_bytes_leave_nowhere(raw: bytes) -> None:
    forwarded = mail(part(BAD, "bad.exe"))
    source = redacted(raw, clean=(GOOD, forwarded))  # even if the outer mail passed the scanner
    assert nowhere(BAD, source.content)
    assert parse(source.content).from_ is not None


@pytest.mark.contract("1.5.f")
def test_the_same_bytes_under_a_harmless_name_go_too() -> None:
    source = redacted(mail(part(BAD, "a.txt"), part(BAD, "bad.exe")), clean=(GOOD, BAD))
    assert len(source.left_out) == 2 and nowhere(BAD, source.content)


@pytest.mark.contract("1.5.f")
def test_a_signed_mail_with_a_stopped_file_in_it_goes_as_a_whole() -> None:
    signed = signed_around(mail(part(BAD, "bad.exe")))
    source = redacted(mail(part(signed, "smime.p7m")), clean=(GOOD, signed))
    assert len(source.left_out) == 1
    assert b64encode(signed)[:200] not in re.sub(rb"\s", b"", source.content)


@pytest.mark.contract("1.5.f")
def test_a_part_that_nobody_scanned_is_left_out() -> None:
    source = redacted(mail(part(GOOD, "bill.pdf"), part(b"never seen", "b.txt")), bad=b"")
    assert [one.reason for one in source.left_out] == ["not-scanned"]
    assert nowhere(b"never seen", source.content)


@pytest.mark.contract("1.5.f")
@pytest.mark.parametrize("around", [{"before": b"x" * 400 + b"\r\n"}, {"after": b"y" * 400}])
def test_what_lies_around_the_parts_is_cut_even_if_all_are_clean(around: dict[str, bytes]) -> None:
    source = redacted(mail(part(GOOD, "bill.pdf"), **around), bad=b"")
    assert not source.as_it_came and source.left_out == ()
    assert b"xxxx" not in source.content and b"yyyy" not in source.content


@pytest.mark.contract("1.5.f")
def test_a_text_that_carries_an_encoded_file_is_left_out() -> None:
    source = redacted(mail(text=b"See:\r\nbegin 644 bad.exe\r\n#86)C\r\n`\r\nend\r\n"), bad=b"")
    assert [one.reason for one in source.left_out] == ["encoded-file"]
    assert b"#86)C" not in source.content


@pytest.mark.contract("1.5.f")
def test_doubled_headers_of_a_part_do_not_leave() -> None:
    odd = (
        b"Content-Type: text/plain; name=a.txt\r\nContent-Transfer-Encoding: 7bit\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(BAD)
    )
    source = redacted(mail(odd), clean=(b64encode(BAD),), bad=b"")
    [_text, file] = leaves(source.content)
    assert file.get_all("content-transfer-encoding") == ["base64"]
    assert file.get_payload(decode=True) == b64encode(BAD)


@pytest.mark.contract("1.5.f")
@pytest.mark.parametrize(
    "text", [BAD[-60:], b64encode(BAD), b"x" + b64encode(b"yz" + BAD)], ids=["plain", "b64", "+2"]
)
def test_what_cannot_be_proved_is_refused(text: bytes) -> None:
    bad = BAD[-60:] if text == BAD[-60:] else BAD
    with pytest.raises(NotProved):
        redacted(mail(part(bad, "bad.exe"), text=text), bad=bad)


def test_hundreds_of_parts_beyond_the_caps_are_left_out_or_known() -> None:
    raw = mail(*(part(b"%d" % number, "a.txt") for number in range(700)))
    source = redacted(raw, bad=b"")
    assert len(source.left_out) >= 499 and not source.as_it_came


def test_the_answer_is_built_without_the_old_boundary() -> None:
    source = redacted(mail(part(BAD, "bad.exe")))
    assert b"--one" not in source.content and redact.NOT_SCANNED not in str(source.left_out)


@pytest.mark.parametrize("clean", [True, False])
def test_a_winmail_that_was_opened_is_judged_by_its_files(clean: bool) -> None:
    """Itself it is no file of the mail, so no scanner has ever seen it as one."""
    packed = t.winmail(t.packed_file(data=GOOD, title=b"A.PDF"))
    raw = mail(part(packed, "winmail.dat", kind="application/ms-tnef"))
    source = redacted(raw, clean=(GOOD,) if clean else (), bad=b"")
    assert source.as_it_came is clean
    assert nowhere(packed, source.content) is not clean
