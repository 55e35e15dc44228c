"""Is a file locked with a password? Our own look, whatever the scanner is set to notice."""

import re
from collections.abc import Iterator

from apps.attachments import containers

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
_SEVEN_ZIP_AES = b"\x06\xf1\x07\x01"
_MOST_HEADER = 2**20

# Entries of an OLE2 directory lie at multiples of 128 bytes.
_ENTRY = 128
# Streams that only a locked document has.
_LOCKED_STREAMS = frozenset({"EncryptedPackage", "EncryptedSummary", "CryptSession10Container"})
_WORD_MARK, _WORD_LOCKED = b"\xec\xa5", 0x01
_EXCEL_BEGIN, _EXCEL_LOCKED = frozenset({0x0809, 0x0409}), 0x002F
_EXCEL_RECORDS = 6  # among the first ones stands the one that says locked

# Of a ZIP's own list: version, flags with bit 0 (locked), a method that exists.
_LOCKED_MEMBER = re.compile(
    rb"PK\x01\x02[\x00-\x3f].[\x0a-\x3f]\x00"
    rb"[\x01\x03\x05\x07\x09\x0b\x0d\x0f\x41\x43\x49\x4b].(?:[\x00\x08\x09\x0c\x0e\x5d\x5f\x61\x62\x63])\x00",
    re.DOTALL,
)
_ODF_LOCKED = re.compile(rb"<(?:[\w.-]{1,40}:)?encryption-data[\s/>]")


def is_locked(content: bytes) -> bool:
    """Office documents old and new, ODF, iWork, and ZIP members inside whatever carries them.

    PDF is told apart by unlock_pdf.py, which has to open it.
    """
    if content.startswith(_OLE2) and _is_locked_ole2(content):
        return True
    if content.startswith(_SEVEN_ZIP):
        return _is_locked_seven_zip(content)
    return bool(_LOCKED_MEMBER.search(content)) or _is_locked_document(content)


def _is_locked_document(content: bytes) -> bool:
    """Documents that hide their members without the ZIP's own mark for it."""
    if not containers.starts_as_zip(content):
        return False
    for archive in containers.zips_from_the_end(content):
        if ".iwpv2" in archive.members or "encrypted-package" in archive.members:
            return True
        if _ODF_LOCKED.search(archive.read("META-INF/manifest.xml")):
            return True
    return False


def _is_locked_seven_zip(content: bytes) -> bool:
    """With its names locked too; a locked content behind a readable list is the scanner's find."""
    start = 32 + int.from_bytes(content[12:20], "little")
    length = min(int.from_bytes(content[20:28], "little"), _MOST_HEADER)
    return _SEVEN_ZIP_AES in content[start : start + length]


def _is_locked_ole2(content: bytes) -> bool:
    sector = 1 << min(int.from_bytes(content[30:32], "little"), 16)
    for name, first in _streams(content):
        begin = content[sector * (first + 1) : sector * (first + 1) + 512]
        if name in _LOCKED_STREAMS:
            return True
        if name == "WordDocument" and _is_locked_word(begin):
            return True
        if name in ("Workbook", "Book") and _EXCEL_LOCKED in _first_records(begin):
            return True
    return False


def _is_locked_word(begin: bytes) -> bool:
    return begin[:2] == _WORD_MARK and len(begin) > 11 and bool(begin[11] & _WORD_LOCKED)


def _streams(content: bytes) -> Iterator[tuple[str, int]]:
    """Name and first sector of what looks like a stream's entry in the directory."""
    for name in (*sorted(_LOCKED_STREAMS), "WordDocument", "Workbook", "Book"):
        wanted = (name + "\0").encode("utf-16-le")
        at = content.find(wanted)
        while at >= 0:
            entry = content[at : at + _ENTRY]
            if at % _ENTRY == 0 and entry[64:67] == len(wanted).to_bytes(2, "little") + b"\2":
                yield name, int.from_bytes(entry[116:120], "little")
            at = content.find(wanted, at + 2)


def _first_records(begin: bytes) -> list[int]:
    """Kinds of the first records of an Excel stream; nothing if it does not begin like one."""
    kinds: list[int] = []
    at = 0
    while at + 4 <= len(begin) and len(kinds) < _EXCEL_RECORDS:
        kinds.append(int.from_bytes(begin[at : at + 2], "little"))
        at += 4 + int.from_bytes(begin[at + 2 : at + 4], "little")
    return kinds if kinds and kinds[0] in _EXCEL_BEGIN else []
