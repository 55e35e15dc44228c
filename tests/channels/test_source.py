"""What of a held mail can be looked at: its text, never the bytes of its files."""

import base64
import binascii

import pytest

from apps.channels.source import shown_source


def test_text_is_shown_and_an_encoded_file_is_counted() -> None:
    block = base64.encodebytes(bytes(range(256)) * 40)
    raw = b"Subject: Held\r\n\r\nHello <b>you</b>\r\n\r\n" + block + b"--end--\r\n"
    shown = shown_source(raw)
    assert "Hello <b>you</b>" in shown
    assert "--end--" in shown
    assert f"[… {block.count(bytes([10]))} encoded lines …]" in shown
    assert block.splitlines()[3].decode() not in shown


def test_a_huge_source_is_cut_and_says_so() -> None:
    shown = shown_source(b"word " * 1_000_000)
    assert len(shown) < 210_000
    assert shown.endswith("[…]")


def test_odd_bytes_do_not_hurt() -> None:
    assert "\x00" not in shown_source(b"Subject: \x00\xff\xfe\r\n\r\n")


def test_a_file_of_one_encoded_line_is_not_shown_either() -> None:
    line = base64.b64encode(b"a small file that nobody has scanned, 60 bytes or so.......")
    assert line.decode() not in shown_source(b"Subject: x\r\n\r\n" + line + b"\r\n")


def in_a_mail(part: bytes) -> bytes:
    head = b"Subject: Held\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    return head + text + b"--b\r\n" + part + b"\r\n--b--\r\n"


SECRET = bytes(range(33, 127)) * 3


@pytest.mark.contract("1.5.f")
@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: image/png\r\n\r\n" + SECRET,
        b"Content-Type: text/plain; name=a.txt\r\n\r\n" + SECRET,
        b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n" + SECRET,
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + SECRET,
    ],
    ids=["as it stands", "a text that is a file", "a forwarded mail", "quoted-printable"],
)
def test_a_file_is_not_shown_however_it_is_written(part: bytes) -> None:
    shown = shown_source(in_a_mail(part))
    assert "Hello" in shown and SECRET[:40].decode() not in shown and "[… a file of" in shown


@pytest.mark.contract("1.5.f")
def test_short_lines_of_base64_and_uuencode_are_counted_in_a_text_too() -> None:
    letters = base64.b64encode(SECRET)
    short = b"\r\n".join(letters[at : at + 20] for at in range(0, len(letters), 20))
    uu = b"".join(binascii.b2a_uu(SECRET[at : at + 45]) for at in range(0, len(SECRET), 45))
    shown = shown_source(b"Subject: x\r\n\r\nHi\r\n" + short + b"\r\n\r\nbegin 644 a\r\n" + uu)
    assert letters[40:60].decode() not in shown and uu[5:40].decode() not in shown
    assert "Hi" in shown
