"""What of a held mail can be looked at: its text, never the bytes of its files."""

import base64

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
