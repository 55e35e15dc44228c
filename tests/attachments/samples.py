"""Files built from bytes: what people send, and what attackers dress it up as."""

import io
import struct
import tarfile
import warnings
import zipfile
import zlib

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde\0\0\0\0IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + bytes(64) + b"\xff\xd9"
GIF = b"GIF89a\1\0\1\0\0\0\0;"
TIFF = b"II*\0\x08\0\0\0" + bytes(60)
WEBP = b"RIFF\x24\0\0\0WEBPVP8 \x10\0\0\0" + bytes(30)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
CR2 = b"II*\0\x10\0\0\0CR\2\0" + bytes(60)
CR3 = b"\0\0\0\x18ftypcrx \0\0\0\1crx isom"
RAF = b"FUJIFILMCCD-RAW 0201FF383501" + bytes(100)
ORF = b"IIRO\x08\0\0\0" + bytes(60)
RW2 = b"IIU\0\x18\0\0\0" + bytes(60)
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"
MOV = b"\0\0\0\x14ftypqt  \0\0\0\0qt  "
AVI = b"RIFF\x24\0\0\0AVI LIST" + bytes(50)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(60)
WMV = _ASF + bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
WMA = _ASF + bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_EBML = (
    "1a45dfa3{size}4286810142f7810142f2810442f38108{kind}42878102428581021853806701ffffffffffffff"
)
WEBM = bytes.fromhex(_EBML.format(size="9f", kind="4282847765626d"))
MKV = bytes.fromhex(_EBML.format(size="a3", kind="4282886d6174726f736b61"))
MP3 = b"ID3\3\0\0\0\0\0\0\xff\xfb\x90\x64" + bytes(400)
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0" + bytes(30)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
AVIF = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"
M4A = b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"
THREE_GP = b"\0\0\0\x18ftyp3gp5\0\0\0\x003gp5isom"
OGG = b"OggS\0\2" + bytes(22) + b"\1\x1e\1vorbis" + bytes(30)
FLAC = b"fLaC\0\0\0\x22\x10\0\x10\0" + bytes(40)
MIDI = b"MThd\0\0\0\6\0\1\0\1\0\x60"
FLV = b"FLV\1\5\0\0\0\x09\0\0\0\0"
BMP = b"BM\xe8\3\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x10\0\0\0\x10\0\0\0\1\0\x18\0" + bytes(500)
PSD = b"8BPS\0\1" + bytes(20)
EMF = b"\1\0\0\0\x6c\0\0\0" + bytes(32) + b" EMF" + bytes(60)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
DWG = b"AC1027" + bytes(60)
RAR = b"Rar!\x1a\x07\x01\x00" + bytes(40)
RAR4 = b"Rar!\x1a\x07\x00" + bytes(40)
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + b"\x3e\0\3\0\xfe\xff\x09\0" + bytes(480)
ICO = b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x28\0\0\0\x16\0\0\0" + bytes(40)
AAC = bytes.fromhex("fff15080017ffc") + bytes(4)
AAC *= 20
GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\3K\xca\x04\0" + bytes(8)


def program(header: bytes = b"PE\0\0") -> bytes:
    """The headers of an EXE, enough for a loader to believe them."""
    pe = header + b"\x64\x86\3\0" + bytes(16) + b"\x0b\2" + bytes(200)
    return b"MZ" + bytes(58) + (128).to_bytes(4, "little") + bytes(64) + pe


def far_program(distance: int) -> bytes:
    return b"MZ" + bytes(58) + distance.to_bytes(4, "little") + bytes(distance - 64) + b"PE\0\0L\1"


def new_program() -> bytes:
    """A program of Windows 3: the tables of its NE header follow one another."""
    tables = b"".join(place.to_bytes(2, "little") for place in (64, 80, 80, 96, 100))
    header = b"NE\5\x10" + bytes(30) + tables + bytes(10) + b"\2" + bytes(100)
    return b"MZ" + bytes(58) + (64).to_bytes(4, "little") + header


def zipped(members: dict[str, bytes], *, stored: bool = False, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)  # of 1980: the same bytes whoever collects the tests
            archive.writestr(entry, content, method)
        archive.comment = comment
    return buffer.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def big_zip() -> bytes:
    """ZIP64: the old end record only says that the other one counts."""
    end = ZIP.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<10xHLL", ZIP, end)
    big = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    return (
        ZIP[:end]
        + big
        + locator
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *[0xFFFF] * 2, *[2**32 - 1] * 2, 0)
    )


def iso(content: bytes) -> bytes:
    return bytes(0x8000) + b"\1CD001\1" + bytes(2040) + content


def seven_zip(content: bytes) -> bytes:
    start = bytes(20)
    return b"7z\xbc\xaf\x27\x1c\0\4" + zlib.crc32(start).to_bytes(4, "little") + start + content


ZIP = zipped({"a.txt": b"hello"})
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def opc(part: str = "word/document.xml", kind: str = f"{WORD}.main+xml", **more: bytes) -> bytes:
    """A package of OOXML or XPS."""
    return zipped(opc_members(part, kind) | {n.replace("__", "."): c for n, c in more.items()})


def opc_members(
    part: str = "word/document.xml", kind: str = f"{WORD}.main+xml"
) -> dict[str, bytes]:
    manifest = f'<Types><Override PartName="/{part}" ContentType="{kind}"/></Types>'
    return {
        "[Content_Types].xml": manifest.encode(),
        "_rels/.rels": b"<Relationships/>",
        part: b"<document/>",
    }


DOCX = opc()
XLSX = opc(
    "xl/workbook.xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    xl__printerSettings1__bin=b"x",
)
PPTM = opc(
    "ppt/presentation.xml",
    "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
)
XPS = opc("FixedDocSeq.fdseq", "application/vnd.ms-package.xps-fixeddocumentsequence+xml")
VSIX = opc("extension.vsixmanifest", "text/xml")
ODF = "application/vnd.oasis.opendocument.text"
ODT = zipped(
    {
        "mimetype": ODF.encode(),
        "content.xml": b"<x/>",
        "META-INF/manifest.xml": f'<m:file-entry m:full-path="/" m:media-type="{ODF}"/>'.encode(),
    },
    stored=True,
)
EPUB = zipped({"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<container/>"})
PAGES = zipped({"Index/Document.iwa": b"x", "Metadata/Properties.plist": b"x"})
JAR = zipped({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n", "A.class": b"\xca\xfe\xba\xbe"})
APK = zipped({"AndroidManifest.xml": b"x", "classes.dex": b"dex\n035\0"})
KMZ = zipped({"doc.kml": b"<kml/>"})


def doubled(name: str, content: bytes) -> bytes:
    """A letter in which NAME stands twice."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for one, inside in [*opc_members().items(), (name, content), (name, content)]:
            archive.writestr(zipfile.ZipInfo(one), inside)
    return buffer.getvalue()


def two_named(listed: str, local: str) -> bytes:
    """A letter with a member that is called LISTED in the directory and LOCAL before its bytes."""
    letter = zipped(opc_members() | {listed: b"x"})
    return letter.replace(listed.encode(), local.encode(), 1)


def unlisted(name: str) -> bytes:
    """A letter with a member that only those see who read from the start."""
    more = zipped({name: b"x" * 99})
    member = more[: more.index(b"PK\1\2")]
    start, end = DOCX.index(b"PK\1\2"), DOCX.rindex(b"PK\5\6")
    place = (start + len(member)).to_bytes(4, "little")
    return DOCX[:start] + member + DOCX[start : end + 16] + place + DOCX[end + 20 :]
