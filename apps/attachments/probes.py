"""Harmless bytes that show what a scanner finds; built here, so that no source carries them."""

import gzip
import io
import tarfile
import zlib
from functools import cache

_NESTING = 40  # deeper than any clamd unpacks


@cache
def test_virus() -> bytes:
    """The standard test file of the anti-virus makers (EICAR); it does nothing."""
    halves = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EIC", "AR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")
    return "".join(halves).encode()


@cache
def nested() -> bytes:
    """More layers than clamd unpacks: found only with AlertExceedsMax."""
    content = b"nothing"
    for _layer in range(_NESTING):
        content = gzip.compress(content, mtime=0)
    return content


@cache
def encrypted() -> bytes:
    """A ZIP whose one member claims a password: found only with AlertEncrypted."""
    name, secret = b"a.txt", bytes(range(16))
    fields = (
        (20).to_bytes(2, "little")
        + (1).to_bytes(2, "little")  # the flag that says encrypted
        + bytes(2 + 4)
        + zlib.crc32(b"abcd").to_bytes(4, "little")
        + len(secret).to_bytes(4, "little")
        + (4).to_bytes(4, "little")
        + len(name).to_bytes(2, "little")
        + bytes(2)
    )
    local = b"PK\x03\x04" + fields + name + secret
    entry = b"PK\x01\x02" + b"\x14\0" + fields + bytes(14) + name
    end = b"PK\x05\x06" + bytes(4) + b"\1\0\1\0"
    return (
        local
        + entry
        + end
        + len(entry).to_bytes(4, "little")
        + len(local).to_bytes(4, "little")
        + bytes(2)
    )


def archive(size: int) -> bytes:
    """At least SIZE bytes that hide the test virus behind padding."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in (("padding", bytes(size)), ("virus", test_virus())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
