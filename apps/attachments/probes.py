"""Harmless bytes that show what a scanner finds; built here, so that no source carries them."""

import gzip
import tarfile
import zlib
from functools import cache
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

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


def archive(size: int) -> mmap:
    """SIZE bytes of TAR that hide the test virus behind padding, which takes no memory."""
    virus = test_virus()
    padding = (size - 8192) // 512 * 512
    content = mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)
    content[:512] = _tar_header("padding", padding)
    content[512 + padding : 1024 + padding] = _tar_header("virus", len(virus))
    content[1024 + padding : 1024 + padding + len(virus)] = virus
    return content


def _tar_header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry.tobuf()
