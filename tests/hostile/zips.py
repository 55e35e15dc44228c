"""ZIP archives that one reader opens and another does not, and programs in odd coats."""

import struct

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import Build, attached, mail, table

END_SIZE = 22
LETTER, EXE = p.LETTER, p.program()


def _ended(**lies: int) -> bytes:
    """A letter with an archive behind it whose end record lies."""
    whole = LETTER + s.ZIP
    names = ("signature", "disk", "start", "here", "count", "size", "offset", "comment")
    packing = struct.Struct("<4s4H2LH")
    record = dict(zip(names, packing.unpack(whole[-END_SIZE:]), strict=True)) | lies
    return whole[:-END_SIZE] + packing.pack(*record.values())


def _big(before: bytes, **lies: int) -> bytes:
    """ZIP64 records before an end record that does not say that they count."""
    end = len(s.ZIP) - END_SIZE
    _sig, *rest = struct.unpack("<4s4H2LH", s.ZIP[end:])
    count, size, offset = rest[3:6]
    big = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(before) + end, 1)
    numbers = {"count": count, "size": size, "offset": offset} | lies
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, *numbers.values(), 0)
    return before + s.ZIP[:end] + big + locator + last


def _renamed_members(before: bytes, after: bytes) -> bytes:
    return s.ZIP.replace(before, after)


def _tar_header_of(start: bytes) -> bytes:
    """A first block that begins as another type and still adds up as TAR's."""
    header = bytearray(s.tarred({"a": b""})[:512])
    header[: len(start)] = start
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def _sent(content: bytes, name: bytes = b"report.pdf") -> Build:
    return lambda: mail(attached(content, name, b"application/pdf"))


def _docx_with(name: str) -> bytes:
    return s.zipped(s.opc_members() | {name: b"MZ or not"})


REFUSED: list[tuple[str, bytes]] = [
    ("behind a letter", LETTER + s.ZIP),
    ("behind a letter, no entries said", _ended(count=0, here=0)),
    ("behind a letter, too many entries said", _ended(count=9999, here=9999)),
    ("behind a letter, offset of nowhere", _ended(offset=2**31)),
    ("behind a letter, other disk", _ended(disk=7, start=7)),
    ("behind a letter, comment too long", _ended(comment=500)),
    ("behind a letter, comment too short", LETTER + s.zipped({"a": b"x"}, comment=b"c" * 9)[:-3]),
    ("behind a letter, junk behind", LETTER + s.ZIP + b"\0" * 400),
    ("behind a letter, ZIP64 beside right numbers", _big(LETTER)),
    ("behind a letter, ZIP64 beside wrong numbers", _big(LETTER, count=5, size=7, offset=9)),
    ("behind a letter, ZIP64 beside zeros", _big(LETTER, count=0, size=0, offset=0)),
    ("twice", s.ZIP + s.ZIP),
    ("local headers alone", s.ZIP[: s.ZIP.index(b"PK\1\2")]),
    ("end record alone behind a letter", LETTER + s.zipped({})),
    ("within itself", s.zipped({"a.zip": s.zipped({"b.zip": s.ZIP})})),
    ("with a name of slashes", _renamed_members(b"a.txt", b"../.x")),
    ("with an absolute name", _renamed_members(b"a.txt", b"/etc/")),
    ("with a NUL in the name", _renamed_members(b"a.txt", b"a\0txt")),
    ("of an unknown method", s.ZIP.replace(b"PK\3\4\x14\0\0\0\x08\0", b"PK\3\4\x14\0\0\0\x63\0")),
    ("with a span mark", b"PK\7\x08" + s.ZIP),
    ("crx of a browser", b"Cr24\3\0\0\0\x10\0\0\0" + bytes(16) + s.ZIP),
    ("appx", s.opc("AppxManifest.xml", "application/vnd.ms-appx.manifest+xml")),
    ("msix bundle", s.zipped({"AppxMetadata/AppxBundleManifest.xml": b"<Bundle/>"})),
    ("nupkg", s.zipped({"a.nuspec": b"<package/>", "lib/a.txt": b"x"})),
    ("xpi", s.zipped({"manifest.json": b"{}", "a.js": b"x"})),
    ("war", s.zipped({"WEB-INF/web.xml": b"<web-app/>"})),
    ("ipa", s.zipped({"Payload/a.app/Info.plist": b"<plist/>"})),
    ("3mf", s.opc("3D/3dmodel.model", "application/vnd.ms-package.3dmanufacturing-3dmodel+xml")),
    ("says docx, main part missing", p.docx_without_main_part()),
    ("letter that is a tar and carries one", _tar_header_of(b"%PDF-1.4\n") + LETTER + s.ZIP),
    ("photo that is a tar and carries one", _tar_header_of(s.JPEG[:40]) + s.JPEG + s.ZIP),
    ("docx with a program inside", _docx_with("word/setup.exe")),
    ("docx with a program of a capital name", _docx_with("word/SETUP.EXE")),
    ("docx with a program and a space", _docx_with("word/setup.exe ")),
    ("docx with a batch file", _docx_with("word/media/run.bat")),
    ("docx with a library", _docx_with("word/media/a.dll")),
    ("docx with a screen saver", _docx_with("word/media/a.scr")),
    ("docx with a rar", _docx_with("word/embeddings/a.rar")),
    ("docx behind a letter with a class", LETTER + _docx_with("A.class")),
]

PROGRAMS: list[tuple[str, bytes]] = [
    ("least", s.program()),
    ("of Windows 3", s.new_program()),
    ("with a far header", s.far_program(0x800)),
    ("with a very far header", s.far_program(300_000)),
    ("OS/2 LX", p.old_program(b"LX")),
    ("behind a line end", b"\n" + EXE),
    ("behind a byte order mark", b"\xef\xbb\xbf" + EXE),
    ("behind a megabyte", b"%PDF-1.4\n" + b"x" * 2**20 + EXE),
    ("behind five megabytes", b"%PDF-1.4\n" + b"x" * (5 * 2**20) + EXE),
    ("twice", EXE + EXE),
    ("in a bitmap's coat", s.BMP + EXE),
    ("in a sound", s.WAV + EXE),
    ("in a film", s.MP4 + EXE),
    ("in a web page", b"<html><!--" + EXE + b"--></html>"),
    ("in a PDF stream", LETTER.replace(b"trailer", b"stream\n" + EXE + b"\nendstream\ntrailer")),
    ("add-in of Excel (xll)", EXE),
    ("control panel (cpl)", EXE),
    ("with a 7z behind", EXE + s.seven_zip(b"")),
    ("with a cab behind", EXE + b"MSCF" + bytes(40)),
]

RARS: list[tuple[str, bytes]] = [
    ("behind a letter", LETTER + s.RAR),
    ("behind a letter, old", LETTER + s.RAR4),
    ("behind a megabyte", b"%PDF-1.4\n" + b"x" * 2**20 + s.RAR),
    ("twice", s.RAR + s.RAR4),
    ("locked names", b"Rar!\x1a\x07\x01\0\x10\x2e\x1a\x93\x21\4\0\0\1\x0f" + bytes(40)),
]

CASES = [
    *table("zips", "refused", [(n, _sent(c)) for n, c in REFUSED], prefix="zip "),
    *table("programs", "refused", [(n, _sent(c)) for n, c in PROGRAMS], prefix="exe "),
    *table("zips", "refused", [(n, _sent(c)) for n, c in RARS], prefix="rar "),
]
