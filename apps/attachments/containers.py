"""What bytes are beneath their name: programs, RAR and ZIP, at the start or hidden inside."""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from apps.core.mime.tnef import is_whole_tnef

RAR_REACH = 4 * 2**20  # unrar looks this far for its signature
END_REACH = 65_535 + 22 + 512  # a zip's end record, its longest comment and a little junk
MOST_MEMBERS = 20_000
NAME_TAIL = 500  # bytes at the end of a member's name, which tell its type
MOST_ENDS = 4  # end records that all hold good
MOST_HEADERS = 1_000  # of programs
MANIFEST_BYTES = 2**20

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK\x03\x04")
_OTHER_STARTS = (
    *(b"\0", b"\xff", b"\x89PNG", b"GIF8", b"RIFF", b"II*", b"MM\0", b"ID3", b"0&\xb2u"),
    *(b"\x1aE\xdf\xa3", b"{\\rtf", b"<"),
)
_RAR = re.compile(rb"Rar!\x1a\x07(?:\x00|\x01\x00)")
_OLD_RAR = b"RE\x7e\x5e"
# A DOS header and the pointer in it; below, the headers that it may point to.
_DOS_HEADER = re.compile(rb"MZ(?=(?s:.{58}(....)))")
_PE_HEADER = re.compile(rb"PE\0\0")
_NE_HEADER = re.compile(rb"NE(?=(?s:.{32}([\x40-\xff]\0)(..)(..)(..)(..).{10}[\0-\x05]))")
# Version, flags, method, time, date, sums, sizes; then the lengths of name and extra field.
_LOCAL_HEADER = re.compile(rb"(?s)PK\x03\x04[\0-\x40].{21}(..)..")
_END = struct.Struct("<4s4H2LH")
_BIG_END = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")


def starts_as_program(content: bytes) -> bool:
    """EXE, DLL, SCR: MZ that points to a PE or NE header (or one of their OS/2 relatives)."""
    if content[:2] != b"MZ" or len(content) < 64:
        return False
    at = int.from_bytes(content[60:64], "little")
    header = content[at : at + 4]
    return header == b"PE\0\0" or header[:2] in {b"NE", b"LE", b"LX"}


def hides_program(content: bytes) -> bool:
    """A PE or NE program behind something else: two headers, the first pointing to the second."""
    found = chain(_PE_HEADER.finditer(content, 1), filter(_is_ne, _NE_HEADER.finditer(content, 1)))
    headers = {match.start() for match in islice(found, MOST_HEADERS)}
    if len(headers) == MOST_HEADERS:
        return True
    return bool(headers) and any(
        match.start() + int.from_bytes(match[1], "little") in headers
        for match in _DOS_HEADER.finditer(content, 1)
    )


def _is_ne(header: re.Match[bytes]) -> bool:
    """Two letters are soon found, so its five tables must follow one another as well."""
    tables = [int.from_bytes(place, "little") for place in header.groups()]
    return tables == sorted(tables)


def starts_as_rar(content: bytes) -> bool:
    # The old mark is plain letters: the size of the header behind it tells it from a text.
    return bool(_RAR.match(content)) or (content[:4] == _OLD_RAR and content[5:6] < b" ")


def hides_rar(content: bytes) -> bool:
    return bool(_RAR.search(content, 1, RAR_REACH))


def starts_as_zip(content: bytes) -> bool:
    return content.startswith(ZIP_STARTS)


def is_carrier(content: bytes) -> bool:
    """OLE2, TAR, 7z, CAB, ISO, TNEF: whatever lies inside is theirs, not a second face."""
    return (
        _is_ole2(content)
        or is_whole_tnef(content)
        or _is_iso(content)
        or _is_tar(content)
        or (content[:6] == b"7z\xbc\xaf\x27\x1c" and _crc(content[12:32]) == content[8:12])
        or (content[:4] == b"MSCF" and int.from_bytes(content[8:12], "little") == len(content))
    )


def _is_ole2(content: bytes) -> bool:
    return (
        content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        and content[28:30] == b"\xfe\xff"
        and content[30:32] in {b"\x09\0", b"\x0c\0"}
    )


def _is_iso(content: bytes) -> bool:
    """A disc's descriptor after an empty system area, where no other type could begin."""
    return content[0x8000:0x8006] == b"\x01CD001" and not content[:0x8000].strip(b"\0")


def _is_tar(content: bytes) -> bool:
    """By its sum; what begins as another type has been made to add up."""
    header = content[:512]
    if header.startswith(_OTHER_STARTS) or b"%PDF-" in header:
        return False
    stated = re.match(rb" *([0-7]{1,7})", header[148:156])
    if len(header) < 512 or stated is None:
        return False
    return int(stated[1], 8) == sum(header[:148]) + sum(header[156:]) + 8 * 32


def _crc(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    method: int
    packed: int
    at: int  # of its local header, in the whole file


@dataclass(frozen=True, slots=True)
class Zip:
    """A ZIP as a reader sees it that starts from the end of the file."""

    content: bytes = field(repr=False)
    members: dict[str, Member]
    complete: bool = True  # False: more members than anybody should read
    doubled: frozenset[str] = frozenset()  # names that stand there twice
    hidden: tuple[str, ...] = ()  # names that readers see who begin at the start

    @property
    def begins_at(self) -> int:
        return min((member.at for member in self.members.values()), default=0)

    def read(self, name: str) -> bytes:
        """The member's first megabyte; empty if it is missing or broken."""
        member = self.members.get(name)
        if member is None or self.content[member.at : member.at + 4] != b"PK\x03\x04":
            return b""
        lengths = self.content[member.at + 26 : member.at + 30]
        start = member.at + 30 + sum(struct.unpack("<2H", lengths)) if len(lengths) == 4 else 0
        packed = self.content[start : start + member.packed]
        if member.method == 0:
            return packed[:MANIFEST_BYTES]
        try:
            return zlib.decompressobj(-15).decompress(packed, MANIFEST_BYTES)
        except zlib.error:
            return b""


def zips_from_the_end(content: bytes) -> Iterator[Zip]:
    """The last end record counts, and each other whose comment ends with the file."""
    found = 0
    for at in _end_records(content):
        comment = int.from_bytes(content[at + 20 : at + 22], "little")
        if found and at + 22 + comment != len(content):
            continue
        for opened in _opened(content, at):
            found += 1
            if found > MOST_ENDS:
                yield Zip(content, {}, complete=False)
                return
            yield opened


def _end_records(content: bytes) -> Iterator[int]:
    lowest = max(0, len(content) - END_REACH)
    at = content.rfind(b"PK\x05\x06", lowest)
    while at >= 0:
        if at + 22 <= len(content):
            yield at
        at = content.rfind(b"PK\x05\x06", lowest, at + 3)


def _opened(content: bytes, end: int) -> Iterator[Zip]:
    """Readers differ in whether they believe the plain record or the ZIP64 one before it."""
    _sig, _disk, _cd_disk, _here, count, size, offset, _comment = _END.unpack_from(content, end)
    is_big = count == 0xFFFF or 0xFFFFFFFF in (size, offset)
    readings = [] if is_big else [_directory(content, end, count, size, offset)]
    if is_big or content[max(0, end - 20) : end].startswith(b"PK\x06\x07"):
        big = content.rfind(b"PK\x06\x06", max(0, end - END_REACH), end)
        if big >= 0 and big + _BIG_END.size <= len(content):
            readings.append(_directory(content, big, *_BIG_END.unpack_from(content, big)[7:]))
    yield from filter(None, readings)


def _directory(content: bytes, end: int, count: int, size: int, offset: int) -> Zip | None:
    """It lies before END, or where the record says; its length counts, its number need not."""
    if count == 0 and size == 0:
        return Zip(content, {})
    for start in (end - size, offset):
        if start >= 0 and content[start : start + 4] == b"PK\x01\x02":
            return _listed(content, start, start - offset)
    return None


def _listed(content: bytes, start: int, shift: int) -> Zip:
    members: dict[str, Member] = {}
    doubled: set[str] = set()
    while content[start : start + 4] == b"PK\x01\x02" and start + 46 <= len(content):
        if len(members) >= MOST_MEMBERS:
            return Zip(content, members, complete=False)
        entry = _ENTRY.unpack_from(content, start)
        name_length, extra, comment = entry[12:15]
        raw = content[start + 46 : start + 46 + name_length]
        name = raw.decode("utf-8" if entry[5] & 0x800 else "cp437", errors="replace")
        at = _place(content, entry[18], shift)
        if name in members:
            doubled.add(name)
        members.setdefault(name, Member(name, method=entry[6], packed=entry[10], at=at))
        start += 46 + name_length + extra + comment
    hidden = tuple(_names_from_the_start(content))
    return Zip(content, members, doubled=frozenset(doubled), hidden=hidden)


def _names_from_the_start(content: bytes) -> Iterator[str]:
    """What stands in the local headers, whether the directory at the end lists it or not."""
    for header in islice(_LOCAL_HEADER.finditer(content), MOST_MEMBERS):
        end = header.end() + int.from_bytes(header[1], "little")
        start = max(header.end(), end - NAME_TAIL)
        yield content[start:end].decode("utf-8", errors="replace")


def _place(content: bytes, offset: int, shift: int) -> int:
    """With bytes before the archive, readers add the shift unless the offset is right already."""
    shifted = max(0, offset + shift)
    is_there = content[shifted : shifted + 4] == b"PK\x03\x04"
    return shifted if is_there or shift <= 0 else offset
