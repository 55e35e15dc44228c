"""Bytes on disk: raw mails and files, one fsynced pack file per batch, rows that point into it.

`write` before the transaction, `record` inside it: a row never points at bytes that a crash
could take away, and bytes without a row are only wasted room.
"""

import contextlib
import errno
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any, Self

import zstandard
from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from apps.core.db.rows import add_all
from apps.core.models import Blob

WORTH_PACKING = 512  # below this, compression saves nothing
# Of a large mail almost all is base64. It shrinks by a quarter, and that would cost more time than
# everything else that is done with its bytes; so a large content is packed if a sample halves.
LARGE, SAMPLE, WORTH_OF_LARGE = 2**20, 64 * 1024, 0.6
PIECE = 256 * 1024
# The machine is out of something: no fault of the bytes, and over by itself once there is room.
OUT_OF_ROOM = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
)


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes that are on disk for good, not yet known to the database."""

    pack: str
    offset: int
    length: int
    coding: str
    size: int
    sha256: str


def is_out_of_room(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in OUT_OF_ROOM


def write(contents: Sequence[bytes], digests: Sequence[str] = ()) -> list[Written]:
    """Appends nothing, shares nothing: a new pack file, fsynced with its folder. OSError: disk.

    DIGESTS: of CONTENTS, where they are known already.
    """
    if not contents:
        return []
    hashed = zip(contents, digests or map(digest_of, contents), strict=True)
    pack = uuid.uuid4().hex
    path = _path(pack)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = _write_pack(path, pack, hashed)
    except OSError:
        path.unlink(missing_ok=True)  # a full disk needs every byte
        raise
    _sync_folder(path.parent)
    return written


def digest_of(content: bytes) -> str:
    """SHA-256 in hex, as rows have it."""
    return hashlib.sha256(content).hexdigest()


def _write_pack(path: Path, pack: str, contents: Iterable[tuple[bytes, str]]) -> list[Written]:
    compressor = zstandard.ZstdCompressor(level=1)
    written: list[Written] = []
    offset = 0
    with path.open("xb") as file:
        for content, digest in contents:
            packed, coding = _packed(compressor, content)
            file.write(packed)
            written.append(Written(pack, offset, len(packed), coding, len(content), digest))
            offset += len(packed)
        file.flush()
        os.fsync(file.fileno())
    return written


def record(written: Sequence[Written]) -> list[Blob]:
    """The rows, in the same order; call it inside the transaction that uses them."""
    return add_all(
        Blob(
            pack=one.pack,
            offset=one.offset,
            length=one.length,
            coding=one.coding,
            size=one.size,
            sha256=one.sha256,
        )
        for one in written
    )


def store(content: bytes) -> Blob:
    """One piece, both steps: for callers outside a transaction."""
    return record(write([content]))[0]


def discard(blob_id: int, *, recorded_whole: bool = False) -> None:
    """Inside a transaction: what nothing refers to any more. After the commit its bytes are gone:
    with their pack if that holds nothing else, overwritten where they lie between others.

    RECORDED_WHOLE: all that lies in its pack got its row in one transaction.
    """
    blob = Blob.objects.filter(pk=blob_id).first()
    if blob is None:
        return
    try:
        blob.delete()
    except ProtectedError:  # somebody else points at the same bytes
        return
    others = set(Blob.objects.filter(pack=blob.pack).values_list("offset", "length"))
    if (blob.offset, blob.length) in others:  # nothing at all has the place of what follows it
        return  # the same bytes under another row
    path = _path(blob.pack)
    is_all = blob.offset == 0 and path.exists() and path.stat().st_size == blob.length
    if not others and (is_all or recorded_whole):
        transaction.on_commit(partial(path.unlink, missing_ok=True))
    else:
        transaction.on_commit(partial(_overwrite, blob.pack, blob.offset, blob.length))


def _overwrite(pack: str, offset: int, length: int) -> None:
    """What lies around may be about to get its row, so the pack stays."""
    with contextlib.suppress(FileNotFoundError), _path(pack).open("r+b") as file:
        file.seek(offset)
        while length > 0:
            length -= file.write(bytes(min(PIECE, length)))
        file.flush()
        os.fsync(file.fileno())


def read(blob: Blob) -> bytes:
    with _path(blob.pack).open("rb", buffering=0) as file:
        return _content(file, blob)


class Reader:
    """Reads many: mails that were written together lie in one file, which is opened once."""

    def __init__(self) -> None:
        self._file: FileIO | None = None
        self._pack = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        file, self._file = self._file, None
        if file:
            file.close()

    def read(self, blob: Blob) -> bytes:
        if self._file is None or self._pack != blob.pack:
            self.__exit__()
            self._file, self._pack = _path(blob.pack).open("rb", buffering=0), blob.pack
        return _content(self._file, blob)


def _content(file: FileIO, blob: Blob) -> bytes:
    file.seek(blob.offset)
    packed = file.read(blob.length)
    if blob.coding == Blob.Coding.ZSTD:
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=blob.size)
    return packed


def size_of(pack: str) -> int:
    """Bytes of a pack file; -1: it is not there."""
    try:
        return _path(pack).stat().st_size
    except FileNotFoundError:
        return -1


def is_whole(blob: Blob) -> bool:
    """Whether the bytes are there and are the ones that were written."""
    digest = hashlib.sha256()
    try:
        for piece in pieces(blob, range(blob.size)):
            digest.update(piece)
    except (OSError, zstandard.ZstdError):
        return False
    return digest.hexdigest() == blob.sha256


def pieces(blob: Blob, span: range) -> Iterator[bytes]:
    """Bytes SPAN.start to SPAN.stop in pieces: of a large file, only one is in memory at a time."""
    with _path(blob.pack).open("rb") as file:
        file.seek(blob.offset)
        source: Any = file
        if blob.coding == Blob.Coding.ZSTD:
            source = zstandard.ZstdDecompressor().stream_reader(file, read_size=PIECE)
            _skip(source, span.start)
        else:
            file.seek(blob.offset + span.start)
        left = len(span)
        while left and (piece := source.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def _skip(source: Any, count: int) -> None:
    while count and (piece := source.read(min(PIECE, count))):
        count -= len(piece)


def _packed(compressor: zstandard.ZstdCompressor, content: bytes) -> tuple[bytes, str]:
    if len(content) >= WORTH_PACKING and not _is_large_and_dense(compressor, content):
        packed = compressor.compress(content)
        if len(packed) < len(content) * 0.9:
            return packed, Blob.Coding.ZSTD.value
    return content, Blob.Coding.PLAIN.value


def _is_large_and_dense(compressor: zstandard.ZstdCompressor, content: bytes) -> bool:
    if len(content) < LARGE:
        return False
    middle = (len(content) - SAMPLE) // 2
    sample = compressor.compress(content[middle : middle + SAMPLE])
    return len(sample) > SAMPLE * WORTH_OF_LARGE


def _path(pack: str) -> Path:
    return Path(settings.DATA_DIR) / "blobs" / pack[:2] / f"{pack}.pack"


def _sync_folder(folder: Path) -> None:
    """The file's name must survive a power cut too, and so must a folder made just now."""
    for place in (folder, folder.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
