"""Bytes on disk: what is packed, and many read from one file."""

import base64
import os
from pathlib import Path
from unittest.mock import patch

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.core import blobs
from apps.core.models import Blob

pytestmark = pytest.mark.django_db

PLAIN, ZSTD = Blob.Coding.PLAIN, Blob.Coding.ZSTD
WORDS = b"We would like to know when it arrives. "


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (b"", PLAIN),
        (b"short " * 20, PLAIN),
        (WORDS * 40, ZSTD),
        (WORDS * 40_000, ZSTD),
        (base64.encodebytes(os.urandom(60_000)), ZSTD),
        (b"Subject: file\r\n\r\n" + base64.encodebytes(os.urandom(1_000_000)), PLAIN),
        (os.urandom(100_000), PLAIN),
    ],
    ids=["empty", "short", "words", "many-words", "small-base64", "large-base64", "noise"],
)
def test_packed_where_it_pays(content: bytes, coding: str) -> None:
    blob = blobs.store(content)
    assert (blob.coding, blob.size, blob.sha256) == (
        coding,
        len(content),
        blobs.digest_of(content),
    )
    assert blobs.read(blob) == content
    assert blobs.is_whole(blob)
    assert b"".join(blobs.pieces(blob, range(3, 90))) == content[3:90]


def test_a_reader_opens_a_pack_once() -> None:
    contents = [b"one", WORDS * 50, b"three"]
    rows = [*blobs.record(blobs.write(contents)), blobs.store(b"elsewhere")]
    opened: list[str] = []
    really = Path.open

    def counted(path: Path, *arguments: object, **named: object) -> object:
        opened.append(path.name)
        return really(path, *arguments, **named)  # type: ignore[call-overload]

    with patch.object(Path, "open", counted), blobs.Reader() as reader:
        assert [reader.read(row) for row in rows] == [*contents, b"elsewhere"]
    assert len(opened) == 2


def test_a_reader_of_a_lost_pack_reads_the_others() -> None:
    lost, there = blobs.store(b"lost"), blobs.store(b"there")
    (pack,) = Path(blobs._path(lost.pack)).parent.glob(f"{lost.pack}*")
    pack.unlink()
    with blobs.Reader() as reader:
        assert reader.read(there) == b"there"
        with pytest.raises(FileNotFoundError):
            reader.read(lost)
        assert reader.read(there) == b"there"


def test_beside_a_file_without_bytes_those_of_another_go_all_the_same(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """Both lie at the same place."""
    _empty, secret = blobs.record(blobs.write([b"", b"secret"]))
    with django_capture_on_commit_callbacks(execute=True):
        blobs.discard(secret.pk)
    assert blobs._path(secret.pack).read_bytes() == bytes(6)


def test_a_pack_goes_with_its_last_blob_where_no_other_can_come(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    packs = []
    for whole in (True, False):
        one, other = blobs.record(blobs.write([b"one", b"other"]))
        with django_capture_on_commit_callbacks(execute=True):
            blobs.discard(other.pk, recorded_whole=whole)
        assert blobs.read(one) == b"one"
        with django_capture_on_commit_callbacks(execute=True):
            blobs.discard(one.pk, recorded_whole=whole)
        packs.append(blobs.size_of(one.pack))
    assert packs == [-1, len(b"oneother")]


def test_what_else_lies_in_a_pack_is_found_without_reading_all() -> None:
    assert "blob_pack" in Blob.objects.filter(pack="x").values_list("offset", "length").explain()
