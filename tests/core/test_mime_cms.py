"""Signed mail in one piece: its content, as OpenSSL writes it and as hostile hands do."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.mime.cms import is_signed, signed_content

LETTER = b"Content-Type: text/plain\r\n\r\nhello " * 3000
OID = bytes.fromhex("06092a864886f70d010702")
DATA = bytes.fromhex("06092a864886f70d010701")


def openssl(*words: str, at: Path, said: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *words], cwd=at, input=said, capture_output=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signer")
    made = "req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=Ann -days 2"
    openssl(*made.split(), at=folder)
    return folder


@pytest.mark.parametrize("shape", ["-nodetach", "-nodetach -stream", "-nodetach -indef"])
def test_the_content_of_a_signed_mail_is_found(signer: Path, shape: str) -> None:
    said = f"smime -sign -binary -outform DER -signer cert -inkey key {shape}"
    written = openssl(*said.split(), at=signer, said=LETTER)
    assert is_signed(written)
    assert signed_content(written) == LETTER


def test_a_signature_beside_its_mail_holds_nothing(signer: Path) -> None:
    said = "smime -sign -binary -outform DER -signer cert -inkey key"
    assert signed_content(openssl(*said.split(), at=signer, said=LETTER)) == b""


def open_ended(tag: int, *inside: bytes) -> bytes:
    return bytes([tag, 0x80]) + b"".join(inside) + b"\0\0"


def test_pieces_within_pieces_are_put_together() -> None:
    pieces = open_ended(0x24, b"\x04\x02ab", open_ended(0x24, b"\x04\x01c"), b"\x24\x03\x04\x01d")
    inner = open_ended(0x30, DATA, open_ended(0xA0, pieces))
    digests = open_ended(0x31, open_ended(0x30, b"\x06\x01\x2a"))
    signed = open_ended(0x30, b"\x02\x01\x01", digests, inner)
    assert signed_content(open_ended(0x30, OID, open_ended(0xA0, signed))) == b"abcd"


def test_what_cannot_be_made_out_is_said(signer: Path) -> None:
    assert signed_content(open_ended(0x30, OID, b"\xa0\x02\x05\0")) is None
    assert (
        signed_content(b"\x30\x80" + OID + b"\xa0\x80\x30\x80\x02\x01\x01" + b"\x31\x80" * 9)
        is None
    )


@given(st.binary(max_size=200))
def test_no_bytes_raise(tail: bytes) -> None:
    found = signed_content(b"\x30\x80" + OID + tail)
    assert found is None or found in tail
