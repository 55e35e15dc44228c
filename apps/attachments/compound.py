"""Outlook's .msg files (OLE2 compound files): the files of the message in them, within bounds."""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from apps.core.mime.charsets import decode

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_ENTRIES = 50_000
MOST_FILES = 500

_STORAGE, _STREAM, _ROOT = 1, 2, 5
_MESSAGE = "__properties_version1.0"
_ATTACHMENT = "__attach_version1.0_"
_CONTENT = "__substg1.0_37010102"
_NAMES = ("__substg1.0_3707001", "__substg1.0_3704001", "__substg1.0_370d001")


class Overfull(Exception):
    """More than a message holds, or sectors that are used twice."""


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


@dataclass(slots=True)
class _Compound:
    content: bytes
    sector: int
    table: "array[int]"
    entries: list[_Entry] = field(default_factory=list)
    small_table: "array[int]" = field(default_factory=lambda: array("I"))
    small: bytes = b""
    small_below: int = 4096
    room: int = 0  # how many bytes may still be read; each sector belongs to one stream

    def chain(self, start: int) -> Iterator[bytes]:
        while start < len(self.table):
            self.room -= self.sector
            if self.room < 0:
                raise Overfull
            at = (start + 1) * self.sector
            yield self.content[at : at + self.sector]
            start = self.table[start]

    def read(self, entry: _Entry) -> bytes:
        if entry.size >= self.small_below or entry.kind == _ROOT:
            return b"".join(self.chain(entry.start))[: entry.size]
        return b"".join(self._small_chain(entry.start))[: entry.size]

    def _small_chain(self, start: int) -> Iterator[bytes]:
        while start < len(self.small_table):
            self.room -= 64
            if self.room < 0:
                raise Overfull
            yield self.small[start * 64 : start * 64 + 64]
            start = self.small_table[start]

    def children(self, entry: _Entry) -> Iterator[_Entry]:
        waiting, seen = [entry.child], set()
        while waiting:
            number = waiting.pop()
            if number >= len(self.entries) or number in seen:
                continue
            seen.add(number)
            child = self.entries[number]
            waiting += (child.left, child.right)
            yield child


def message_files(content: bytes) -> list[tuple[tuple[str, ...], bytes]] | None:
    """(names, bytes) of each file, those of messages within too; None: this is no message."""
    compound = _opened(content)
    if compound is None or not _is_message(compound):
        return None
    files: list[tuple[tuple[str, ...], bytes]] = []
    for entry in compound.entries:
        if entry.kind == _STORAGE and entry.name.startswith(_ATTACHMENT):
            if len(files) >= MOST_FILES:
                raise Overfull
            files.append(_file(compound, entry))
    return files


def _is_message(compound: _Compound) -> bool:
    root = compound.entries[0]
    return root.kind == _ROOT and any(child.name == _MESSAGE for child in compound.children(root))


def _file(compound: _Compound, storage: _Entry) -> tuple[tuple[str, ...], bytes]:
    names, content = [], b""
    for child in compound.children(storage):
        if child.kind != _STREAM:
            continue
        if child.name == _CONTENT:
            content = compound.read(child)
        elif child.name.startswith(_NAMES):
            raw = compound.read(child)
            wide = child.name.endswith("f")
            names.append((raw.decode("utf-16-le", "replace") if wide else decode(raw)).rstrip("\0"))
    return tuple(filter(None, names)), content


def _opened(content: bytes) -> _Compound | None:
    if not content.startswith(SIGNATURE) or len(content) < 1024:
        return None
    shift, small_shift = struct.unpack_from("<HH", content, 30)
    directory, _, below, small_table, _, more, _ = struct.unpack_from("<7I", content, 48)
    if shift not in (9, 12) or small_shift != 6:
        return None
    sector = 1 << shift
    table = _words(b"".join(_table_sectors(content, sector, more)))
    compound = _Compound(content, sector, table, small_below=below, room=2 * len(content) + 2**16)
    compound.entries = _entries(b"".join(compound.chain(directory)))
    if not compound.entries:
        return None
    compound.small_table = _words(b"".join(compound.chain(small_table)))
    compound.small = compound.read(compound.entries[0])
    return compound


def _table_sectors(content: bytes, sector: int, more: int) -> Iterator[bytes]:
    """The sectors of the allocation table: 109 places in the header, the rest in a chain."""
    places = list(struct.unpack_from("<109I", content, 76))
    most = len(content) // sector + 1
    while more < most and len(places) <= most:
        at = (more + 1) * sector
        block = _words(content[at : at + sector])
        if not block:
            break
        places += block[:-1]
        more = block[-1]
    for place in places[:most]:
        if place < most:
            yield content[(place + 1) * sector : (place + 2) * sector]


def _words(raw: bytes) -> "array[int]":
    """Little-endian numbers of four bytes, as this machine has them."""
    return array("I", struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))


def _entries(raw: bytes) -> list[_Entry]:
    if len(raw) // 128 > MOST_ENTRIES:
        raise Overfull
    return [_entry(raw, at) for at in range(0, len(raw) - 127, 128)]


def _entry(raw: bytes, at: int) -> _Entry:
    length, kind = struct.unpack_from("<HB", raw, at + 64)
    left, right, child = struct.unpack_from("<3I", raw, at + 68)
    (start,) = struct.unpack_from("<I", raw, at + 116)
    (size,) = struct.unpack_from("<I", raw, at + 120)
    name = raw[at : at + min(64, max(0, length - 2))].decode("utf-16-le", "replace").lower()
    return _Entry(name, kind, left, right, child, start, size)
