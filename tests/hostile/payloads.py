"""Files that must not pass and files that must: built from bytes at run time."""

import gzip
import io
import struct
import zipfile
import zlib
from functools import cache

from apps.attachments import probes
from tests.attachments import samples as s

LETTER = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"


@cache
def program() -> bytes:
    """Bigger than the least one, with three sections and some zeros as linkers write them."""
    sections = b"".join(
        struct.pack("<8s6I2HI", name, 4096, 4096, 512, 512 * n, 0, 0, 0, 0, 0x60000020)
        for n, name in enumerate((b".text", b".data", b".rsrc"), 2)
    )
    optional = struct.pack("<HBB", 0x20B, 14, 0) + bytes(236)
    coff = struct.pack("<HHIIIHH", 0x8664, 3, 0, 0, 0, len(optional), 0x22)
    stub = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" + bytes(44) + (128).to_bytes(4, "little")
    stub += (
        b"\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\1\x4c\xcd\x21" + b"no DOS here\r\n$" + bytes(64)
    )
    return (stub[:128] + b"PE\0\0" + coff + optional + sections).ljust(2048, b"\0")


def old_program(header: bytes = b"NE") -> bytes:
    return b"MZ" + bytes(58) + (128).to_bytes(4, "little") + bytes(64) + header + bytes(300)


@cache
def zip_with_comment() -> bytes:
    return s.zipped({"a.txt": b"hello"}, comment=b"nothing to see here " * 100)


@cache
def encrypted_zip() -> bytes:
    return probes.encrypted()


@cache
def docx_and_program() -> bytes:
    return s.DOCX + program()


@cache
def docx_then_zip() -> bytes:
    return s.DOCX + s.zipped({"evil.txt": b"x" * 50})


@cache
def zip_then_docx() -> bytes:
    return s.zipped({"evil.txt": b"x" * 50}) + s.DOCX


@cache
def jar_as_docx() -> bytes:
    return s.zipped(
        s.opc_members()
        | {"META-INF/MANIFEST.MF": b"Main-Class: A\n", "A.class": b"\xca\xfe\xba\xbe"}
    )


@cache
def docx_without_main_part() -> bytes:
    members = s.opc_members()
    members.pop("word/document.xml")
    return s.zipped(members | {"run.txt": b"x"})


@cache
def fake_odt() -> bytes:
    """Says OpenDocument and has nothing of it."""
    return s.zipped({"mimetype": s.ODF.encode(), "payload.txt": b"x"}, stored=True)


@cache
def fake_epub() -> bytes:
    return s.zipped({"mimetype": b"application/epub+zip", "payload.txt": b"x"}, stored=True)


@cache
def gifar() -> bytes:
    return s.GIF + s.JAR


@cache
def pdf_and_zip() -> bytes:
    return LETTER + s.ZIP


@cache
def zip_behind_letter_with_comment() -> bytes:
    """The archive's comment ends the PDF, so that both readers are content."""
    return b"%PDF-1.4\n" + s.zipped({"a.txt": b"x"}, comment=b"\n" + LETTER)


@cache
def shifted_zip() -> bytes:
    """Offsets count from the file's begin, as self-extracting archives have them."""
    buffer = io.BytesIO()
    buffer.write(LETTER)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("a.txt", "x" * 200)
    return buffer.getvalue()


@cache
def zip64() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("a.txt", "w", force_zip64=True) as f:
        f.write(b"hello")
    return buffer.getvalue()


PDF_COMMENT = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"

DENIED: dict[str, bytes] = {
    "program": program(),
    "old program NE": old_program(),
    "old program LE": old_program(b"LE"),
    "zip": s.ZIP,
    "stored zip": s.zipped({"a.txt": b"hello"}, stored=True),
    "empty zip": s.zipped({}),
    "zip64": zip64(),
    "spanned zip": b"PK00" + s.ZIP,
    "zip with a comment": zip_with_comment(),
    "encrypted zip": encrypted_zip(),
    "cut zip": s.ZIP[:-30],
    "zip and junk behind": s.ZIP + b"\n" * 300,
    "jar": s.JAR,
    "apk": s.APK,
    "kmz": s.KMZ,
    "vsix": s.VSIX,
    "rar5": s.RAR,
    "rar4": s.RAR4,
    "ancient rar": b"RE\x7e\x5e" + bytes(60),
    "docx and program": docx_and_program(),
    "docx then zip": docx_then_zip(),
    "zip then docx": zip_then_docx(),
    "jar as docx": jar_as_docx(),
    "docx without main part": docx_without_main_part(),
    "fake odt": fake_odt(),
    "fake epub": fake_epub(),
    "gifar": gifar(),
    "jpeg and rar": s.JPEG + s.RAR,
    "jpeg and rar4": s.JPEG + s.RAR4,
    "jpeg and zip": s.JPEG + s.ZIP,
    "png and program": s.PNG + program(),
    "pdf and zip": pdf_and_zip(),
    "pdf in a zip comment": zip_behind_letter_with_comment(),
    "self-extracting": program() + s.ZIP,
    "self-extracting rar": program() + s.RAR,
    "zip that counts from the begin": shifted_zip(),
    "text and zip": b"Dear all, here it is:\n" + s.ZIP,
    "mp3 and zip": s.MP3 + s.ZIP,
    "tail over a comment": LETTER + s.zipped({"a.txt": b"x"}, comment=b"c" * 60_000),
}

PICTURE_BMP_IN_ICO = b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x18\0\x28\0\0\0\x16\0\0\0" + s.BMP[14:]

UNLISTED: dict[str, bytes] = {
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>',
    "svg behind comments": b"<!-- a --><!DOCTYPE svg [<!ENTITY a 'b'>]>\n<svg width='1'></svg>",
    "svg with a prefix": b'<x:svg xmlns:x="http://www.w3.org/2000/svg"/>',
    "svg in utf-16": "<svg xmlns='http://www.w3.org/2000/svg'/>".encode("utf-16"),
    "heic": s.HEIC + bytes(100),
    "avif": s.AVIF + bytes(100),
    "bmp": s.BMP,
    "ico": PICTURE_BMP_IN_ICO,
    "psd": s.PSD + bytes(100),
    "emf": s.EMF,
    "mkv": s.MKV + bytes(100),
    "ogg": s.OGG + bytes(100),
    "flac": s.FLAC + bytes(100),
    "midi": s.MIDI + bytes(100),
    "m4a": s.M4A + bytes(100),
    "3gp": s.THREE_GP + bytes(100),
    "wma": s.WMA,
    "flv": s.FLV + bytes(100),
    "aiff": b"FORM\0\0\0\x40AIFFCOMM\0\0\0\x12\0\1\0\0\0\1\0\x10\x40\x0e\xac\x44" + bytes(60),
    "au": b".snd\0\0\0\x18\0\0\1\0\0\0\0\1\0\0\x1f\x40\0\0\0\1" + bytes(100),
    "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 " + bytes(60),
    "mpeg": b"\0\0\1\xba\x44\0\4\0\4\1\0\0\3\xf8" + b"\0\0\1\xbb\0\x12" + bytes(100),
    "real media": b".RMF\0\0\0\x12\0\1\0\0\0\0\0\0\0\6" + bytes(60),
    "amr": b"#!AMR\n" + bytes(60),
}


# ---- winmail.dat ----------------------------------------------------------------------------


def _attribute(level: int, kind: int, data: bytes) -> bytes:
    sum_ = (sum(data) & 0xFFFF).to_bytes(2, "little")
    return bytes([level]) + struct.pack("<II", kind, len(data)) + data + sum_


def _property(kind: int, value: bytes) -> bytes:
    """One MAPI property with a single value of variable length."""
    padded = value + bytes(-len(value) % 4)
    return struct.pack("<HHII", kind & 0xFFFF, kind >> 16, 1, len(value)) + padded


def tnef_file(name: bytes, content: bytes, long_name: str = "", nested: bytes = b"") -> bytes:
    properties = []
    if long_name:
        properties.append(_property(0x3707001F, long_name.encode("utf-16-le") + b"\0\0"))
    if nested:
        properties.append(
            _property(0x3701000D, bytes.fromhex("0703020000000000c000000000000046") + nested)
        )
    found = _attribute(2, 0x00069002, b"\1\0" + bytes(12))
    found += _attribute(2, 0x00018010, name + b"\0")
    if content:
        found += _attribute(2, 0x0006800F, content)
    if properties:
        count = len(properties).to_bytes(4, "little")
        found += _attribute(2, 0x00069005, count + b"".join(properties))
    return found


def tnef_file_of(*properties: tuple[int, bytes], transport: bytes = b"") -> bytes:
    """As newer programs write it: everything in MAPI properties, nothing in TNEF's own fields."""
    found = _attribute(2, 0x00069002, b"\1\0" + bytes(12))
    if transport:
        found += _attribute(2, 0x00069001, transport + b"\0")
    packed = b"".join(_property(kind, value) for kind, value in properties)
    return found + _attribute(2, 0x00069005, len(properties).to_bytes(4, "little") + packed)


def tnef(*files: bytes) -> bytes:
    start = b"\x78\x9f\x3e\x22" + b"\1\0" + _attribute(1, 0x00089006, b"\0\0\1\0")
    return start + _attribute(1, 0x0006_9007, b"\xe4\4\0\0\0\0\0\0") + b"".join(files)


# ---- for the scanner ------------------------------------------------------------------------


def virus() -> bytes:
    return probes.test_virus()


def infected_docx() -> bytes:
    return s.zipped(s.opc_members() | {"word/embeddings/a.txt": virus()})


def infected_odt() -> bytes:
    return s.zipped(
        {
            "mimetype": s.ODF.encode(),
            "content.xml": b"<x/>",
            "META-INF/manifest.xml": f'<m:file-entry m:media-type="{s.ODF}"/>'.encode(),
            "Pictures/a.txt": virus(),
        }
    )


def encrypted_pdf() -> bytes:
    """Asks for a password; the keys are nonsense, as nobody here opens it."""
    key = b"<" + b"41" * 32 + b">"
    return (
        b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
        b"3 0 obj\n<</Filter/Standard/V 1/R 2/O " + key + b"/U " + key + b"/P -44>>\nendobj\n"
        b"trailer\n<</Root 1 0 R/Encrypt 3 0 R/ID[<41><41>]/Size 4>>\n%%EOF\n"
    )


def gzip_of(size: int) -> bytes:
    return gzip.compress(bytes(size), mtime=0)


def docx_bomb(size: int) -> bytes:
    return s.zipped(s.opc_members() | {"word/media/image1.txt": bytes(size)})


def png(width: int, height: int) -> bytes:
    """One colour, one bit a dot: big when decoded, small as a file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        )

    packer = zlib.compressobj(9)
    line = bytes(1 + (width + 7) // 8)
    body = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def gif_frames(count: int) -> bytes:
    frame = b"\x21\xf9\4\0\0\0\0\0\x2c" + struct.pack("<4H", 0, 0, 1, 1) + b"\0\2\2\x44\1\0"
    return (
        b"GIF89a"
        + struct.pack("<2H", 65535, 65535)
        + b"\x80\0\0\0\0\0\xff\xff\xff"
        + frame * count
        + b"\x3b"
    )
