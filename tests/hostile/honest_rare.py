"""Honest files that look odd: rare formats, texts with the letters of a picture, phones' habits."""

from collections.abc import Iterator
from functools import partial
from random import Random

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import WORDS, Case, attached, mail

# How a table or a letter may begin, and so do pictures, films, sounds and archives.
STARTS = (
    "BM;Menge|FLV;x|P6 is a road|II*;x|fLaC;x|OggS words|%PDF is|MThd|RIFF xxxxAVI |FORM    AIFF"
    "|#!AMR x|ID3;x;y|GIF89a is old|8BPS;|MZ;Name|PK;Name|Rar! is a word|RE~^; x|WEBP|#define A 1"
    "|begin 644 a.exe is how it starts|ftyp|moov|<!-- c --><p>svg|DKIF|caff|dns.example.com|TTA1;x"
    "|IMPM|SCRM|FOVb;|FLIF notes|qoif|JFIF|Extended Module: words|ADIF|MAC |MPCK|.snd|NSVf;1|wvpk"
    "|DSD ;|FRM8|AC1015 dwg|MSCF|7z is a program|ustar|TADS|ITSF|-lh5-|CWS words|Cr24"
).split("|")
REST = "\r\nword;word\r\nmore words" * 20

FRAME = b"\xff\xfb\x90\x64" + bytes(413)
FILM = s.MP4 + bytes(8)
DOCUMENT = "application/vnd.openxmlformats-officedocument."
OFFICE = "application/vnd.ms-"
BRANDS = (b"M4V ", b"dash", b"avc1", b"iso2", b"mp42", b"XAVC", b"NDXC", b"MSNV")


def _wav(first: bytes) -> bytes:
    return b"RIFF\x64\0\0\0WAVE" + first + bytes(28) + b"fmt \x10\0\0\0\1\0\1\0" + bytes(30)


def _film(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\1" + brand + b"isom"


MEDIA: dict[str, bytes] = {
    "motion.jpg": s.JPEG + FILM,
    "two.jpg": s.JPEG + s.JPEG,
    "phone.jpg": s.JPEG + b"SEFT" * 20,
    "big.tif": b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + bytes(60),
    "moving.webp": b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\x12" + bytes(50),
    "lossless.webp": b"RIFF\x40\0\0\0WEBPVP8L" + bytes(50),
    "junk.wav": _wav(b"JUNK\x1c\0\0\0"),
    "broadcast.wav": _wav(b"bext\x1c\0\0\0"),
    "large.wav": b"RF64\xff\xff\xff\xffWAVEds64" + bytes(60),
    "tagged.mp3": s.MP3 + b"APETAGEX" + bytes(24),
    "cover.mp3": b"ID3\3\0\0\0\0\2\x0aAPIC\0\0\0\x50\0\0\0image/png\0" + bytes(300) + FRAME * 2,
    "layer2.mp3": (b"\xff\xfd\x90\x04" + bytes(413)) * 2,
    "moov.mov": b"\0\0\1\0moov\0\0\0\x6cmvhd" + bytes(300),
    "skip.mov": b"\0\0\0\x08skip\0\0\0\x20mdat" + bytes(40),
    "free.mov": b"\0\0\0\x08free\0\0\0\x20mdat" + bytes(40),
    "long.avi": b"RIFF\0\1\0\0AVI LIST" + bytes(300) + b"RIFF\0\0\0\0AVIX",
    **{f"film {brand.decode()}.mp4": _film(brand) for brand in BRANDS},
}

DOCUMENTS: dict[str, bytes] = {
    "marked.pdf": b"\xef\xbb\xbf" + p.LETTER,
    "printed.pdf": b"%!PS-Adobe-3.0 PDF-1.4\n" + p.LETTER,
    "late.pdf": b"x" * 500 + p.LETTER,
    "a.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
    "windows.eps": b"\xc5\xd0\xd3\xc6" + bytes(60),
    "a.ai": p.LETTER,
    "a.indd": bytes.fromhex("0606edf5d81d46e5bd31efe7fe74b71d") + bytes(60),
    "a.djvu": b"AT&TFORM\0\0\0\x40DJVU" + bytes(60),
    "a.dcm": bytes(128) + b"DICM" + bytes(60),
    "a.fits": b"SIMPLE  =                    T" + b" " * 50,
    "binary.dxf": b"AutoCAD Binary DXF\r\n\x1a\0" + bytes(50),
    "a.skp": b"\xff\xfe\xff\x0e" + "SketchUp".encode("utf-16-le") + bytes(50),
    "a.dwf": b"(DWF V06.00)" + bytes(60),
    "a.step": b"ISO-10303-21;\n",
    "a.woff2": b"wOF2" + bytes(60),
    "a.mdb": b"\0\1\0\0Standard Jet DB\0" + bytes(60),
    "a.pst": b"!BDN" + bytes(600),
    "a.dbf": b"\3\x79\4\4\1\0\0\0\x41\0\x20\0" + bytes(100),
    "a.wpd": b"\xffWPC" + bytes(60),
    "a.pub": s.OLE2,
    "a.hwp": s.OLE2,
    "starts-as-dos.dat": b"MZ" + Random(3).randbytes(4000),
    "a.oxps": s.opc("F.fdseq", f"{OFFICE}package.xps-fixeddocumentsequence+xml"),
    "a.thmx": s.opc("theme/theme/themeManager.xml", f"{DOCUMENT}themeManager+xml"),
    "a.xlam": s.opc("xl/workbook.xml", f"{OFFICE}excel.addin.macroEnabled.main+xml"),
    "a.xltm": s.opc("xl/workbook.xml", f"{OFFICE}excel.template.macroEnabled.main+xml"),
    "a.ppam": s.opc("ppt/presentation.xml", f"{OFFICE}powerpoint.addin.macroEnabled.main+xml"),
    "a.vsdm": s.opc("visio/document.xml", f"{OFFICE}visio.drawing.macroEnabled.main+xml"),
    "a.key": s.zipped({"Index/Document.iwa": b"x", "Metadata/Properties.plist": b"x"}),
    "a.numbers": s.zipped({"Index.zip": b"x", "Metadata/BuildVersionHistory.plist": b"x"}),
    "other order.docx": s.zipped(dict(reversed(list(s.opc_members().items())))),
    "sheet within.docx": s.opc(**{"word/embeddings/Sheet__xlsx": s.XLSX}),
    "letter as part.docx": s.opc(**{"word/embeddings/a__pdf": p.LETTER}),
}


def _sent(name: str, content: bytes) -> bytes:
    return mail(attached(content, name.encode()))


def _files() -> Iterator[tuple[str, str, bytes]]:
    for name, content in (*MEDIA.items(), *DOCUMENTS.items()):
        yield f"rare {name}", name, content
    for number, start in enumerate(STARTS):
        name = ("notes.txt", "list.csv")[number % 2]
        yield f"begins {start!r}", name, (start + REST).encode()
    for seed in range(12):
        yield f"random {seed}", f"{seed}.dat", Random(seed).randbytes(200 * 4 ** (seed % 5))


CASES = [
    Case(title, "files", partial(_sent, name, content), "passes", words=WORDS, files=1)
    for title, name, content in _files()
]
