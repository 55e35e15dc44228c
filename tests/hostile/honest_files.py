"""Files that honest people send, under the names that they give them: each passes."""

import gzip
import struct
from collections.abc import Iterator
from functools import partial

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import WORDS, Case, attached, based, mail, part
from tests.hostile.feared import ALLOWED


def _tiff(make: bytes, order: bytes = b"II*\0") -> bytes:
    """A directory of one field, the camera's maker, as most raw formats begin."""
    return (
        order
        + struct.pack("<IHHHII", 8, 1, 0x010F, 2, len(make) + 1, 26)
        + bytes(4)
        + make
        + b"\0"
        + bytes(200)
    )


def _mp4(brand: bytes) -> bytes:
    kind = b"ftyp" + brand + b"\0\0\2\0isomiso2avc1mp41"
    return (len(kind) + 4).to_bytes(4, "big") + kind + b"\0\0\0\x08free\0\0\0\x10mdat" + bytes(8)


def _wav(coding: int) -> bytes:
    form = struct.pack("<HHIIHH", coding, 1, 8000, 8000, 1, 8)
    body = b"WAVEfmt " + len(form).to_bytes(4, "little") + form + b"data\x08\0\0\0" + bytes(8)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _pdf_with(name: str, content: bytes) -> bytes:
    stream = b"<</Type/EmbeddedFile/Length %d>>\nstream\n" % len(content) + content + b"\nendstream"
    return (
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog/Names<</EmbeddedFiles<</Names[("
        + name.encode()
        + b") 3 0 R]>>>>>>\nendobj\n2 0 obj\n"
        + stream
        + b"\nendobj\n3 0 obj\n<</Type/Filespec/EF<</F 2 0 R>>>>\nendobj\n"
        + b"trailer\n<</Root 1 0 R>>\n%%EOF\n"
    )


def _ole(*words: str) -> bytes:
    """An old office file; somewhere in it stand the names of its streams."""
    directory = b"".join(word.encode("utf-16-le").ljust(64, b"\0") + bytes(64) for word in words)
    return s.OLE2 + directory + bytes(3000)


DOCX_WITH_OBJECTS = s.opc(
    word__embeddings=b"",
    **{"word/embeddings/Sheet__xlsx": s.XLSX, "word/embeddings/oleObject1__bin": _ole("Package")},
)
CALENDAR = (
    b"BEGIN:VCALENDAR\r\n"
    b"VERSION:2.0\r\n"
    b"METHOD:REQUEST\r\n"
    b"BEGIN:VEVENT\r\n"
    b"UID:1\r\n"
    b"END:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana Núñez\r\nEND:VCARD\r\n".encode()
CSV = "name;sum\r\nMüller;1.250,00\r\n".encode("cp1252")
ARMOUR = b"-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n"
DER = b"\x30\x82\x01\x0a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(range(250))
DETACHED = b"\x85\x01\x0c\x03" + bytes(range(200))

FILES: list[tuple[str, bytes, str]] = [
    ("letter.docx", s.DOCX, "vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("objects.docx", DOCX_WITH_OBJECTS, "octet-stream"),
    (
        "macros.docm",
        s.opc(
            kind="application/vnd.ms-word.document.macroEnabled.main+xml",
            **{"word/vbaProject__bin": _ole("VBA")},
        ),
        "octet-stream",
    ),
    (
        "template.dotx",
        s.opc(
            kind="application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
        ),
        "octet-stream",
    ),
    ("sheet.xlsx", s.XLSX, "octet-stream"),
    (
        "macros.xlsm",
        s.opc("xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
        "octet-stream",
    ),
    (
        "binary.xlsb",
        s.opc("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main"),
        "octet-stream",
    ),
    (
        "talk.pptx",
        s.opc(
            "ppt/presentation.xml",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
        ),
        "octet-stream",
    ),
    (
        "show.ppsx",
        s.opc(
            "ppt/presentation.xml",
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml",
        ),
        "octet-stream",
    ),
    ("talk.pptm", s.PPTM, "octet-stream"),
    (
        "plan.vsdx",
        s.opc("visio/document.xml", "application/vnd.ms-visio.drawing.main+xml"),
        "octet-stream",
    ),
    ("letter.odt", s.ODT, "vnd.oasis.opendocument.text"),
    (
        "deflated.odt",
        s.zipped(
            {
                "mimetype": s.ODF.encode(),
                "content.xml": b"<x/>",
                "META-INF/manifest.xml": f'<file-entry media-type="{s.ODF}"/>'.encode(),
            }
        ),
        "octet-stream",
    ),
    ("book.epub", s.EPUB, "epub+zip"),
    ("letter.xps", s.XPS, "octet-stream"),
    ("letter.pages", s.PAGES, "octet-stream"),
    ("old.doc", _ole("WordDocument", "1Table"), "msword"),
    ("old.xls", _ole("Workbook"), "vnd.ms-excel"),
    ("old.ppt", _ole("PowerPoint Document"), "vnd.ms-powerpoint"),
    ("note.msg", _ole("__nameid_version1.0"), "vnd.ms-outlook"),
    ("project.mpp", _ole("Props14"), "vnd.ms-project"),
    ("letter.rtf", b"{\\rtf1\\ansi{\\fonttbl\\f0 Arial;}\\f0 Hello\\par}", "rtf"),
    ("letter.pdf", p.LETTER, "pdf"),
    ("attached.pdf", _pdf_with("data.xml", b"<invoice/>"), "pdf"),
    ("sheet-in.pdf", _pdf_with("data.csv", CSV), "pdf"),
    ("scan.pdf", b"\n\n" + p.LETTER + b"\0" * 500, "pdf"),
    ("letter.ps", b"%!PS-Adobe-3.0\nshowpage\n", "postscript"),
    ("plan.dwg", s.DWG, "acad"),
    ("plan.dxf", b"  0\nSECTION\n  2\nHEADER\n  0\nENDSEC\n  0\nEOF\n", "dxf"),
    ("data.csv", CSV, "csv"),
    ("data.tsv", b"a\tb\r\n1\t2\r\n", "tab-separated-values"),
    ("data.json", b'{"a": [1, 2, {"b": null}]}', "json"),
    ("data.xml", b"<?xml version='1.0'?><data><svg/></data>", "xml"),
    (
        "invoice.xml",
        b"<?xml version='1.0' encoding='UTF-8'?><rsm:CrossIndustryInvoice xmlns:rsm='x'/>",
        "xml",
    ),
    ("page.html", b"<!DOCTYPE html><html><body><svg></svg></body></html>", "html"),
    ("notes.md", b"# Notes\n\nMZ is what begins a program.\n", "markdown"),
    ("server.log", b"2025-01-01 PK Rar! MZ begin 644\n" * 50, "octet-stream"),
    ("empty.txt", b"", "plain"),
    ("query.sql", b"select 1;", "sql"),
    ("script.py", b"print('hello')\n", "x-python"),
    ("signature.p7s", DER, "pkcs7-signature"),
    ("smime.p7m", DER, "pkcs7-mime"),
    ("signature.asc", ARMOUR, "pgp-signature"),
    ("msg.gpg", DETACHED, "pgp-encrypted"),
    ("key.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "x-pem-file"),
    ("backup.tar", s.tarred({"a.txt": b"hello"}), "x-tar"),
    ("backup.tar.gz", gzip.compress(s.tarred({"a.txt": b"hello"}), mtime=0), "gzip"),
    ("zip-in.tar", s.tarred({"a.zip": s.ZIP}), "x-tar"),
    ("archive.7z", s.seven_zip(b""), "x-7z-compressed"),
    ("font.ttf", b"\0\1\0\0\0\x0c\x80\0\0\3\0\x40" + bytes(300), "octet-stream"),
    ("data.sqlite", b"SQLite format 3\0" + bytes(100), "octet-stream"),
    ("data.parquet", b"PAR1" + bytes(100) + b"PAR1", "octet-stream"),
    ("unknown.dat", bytes(range(256)) * 4, "octet-stream"),
    ("map.gpx", b"<?xml version='1.0'?><gpx version='1.1'/>", "gpx+xml"),
    ("map.kml", b"<?xml version='1.0'?><kml/>", "octet-stream"),
    ("words.srt", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "octet-stream"),
]

MEDIA: list[tuple[str, bytes, str]] = [
    ("photo.jpg", s.JPEG, "image/jpeg"),
    ("photo.JPEG", s.JPEG[:20].replace(b"JFIF", b"Exif") + bytes(80) + b"\xff\xd9", "image/jpeg"),
    ("photo.jfif", s.JPEG, "image/jpeg"),
    ("picture.png", p.png(40, 30), "image/png"),
    ("picture.gif", s.GIF, "image/gif"),
    ("moving.gif", p.gif_frames(3), "image/gif"),
    ("scan.tif", s.TIFF, "image/tiff"),
    ("fax.tiff", _tiff(b"Fax"), "image/tiff"),
    ("mac.tiff", b"MM\0*\0\0\0\x08" + bytes(100), "image/tiff"),
    ("picture.webp", s.WEBP, "image/webp"),
    ("picture.png", s.JPEG, "image/png"),
    ("IMG_0001.CR2", s.CR2, "image/x-canon-cr2"),
    ("IMG_0001.CR3", s.CR3, "application/octet-stream"),
    ("DSC_0001.NEF", _tiff(b"NIKON CORPORATION"), "image/x-nikon-nef"),
    ("DSC00001.ARW", _tiff(b"SONY"), "image/x-sony-arw"),
    ("shot.dng", _tiff(b"Adobe"), "image/x-adobe-dng"),
    ("DSCF0001.RAF", s.RAF, "image/x-fuji-raf"),
    ("P1010001.ORF", s.ORF, "image/x-olympus-orf"),
    ("P1000001.RW2", s.RW2, "image/x-panasonic-rw2"),
    ("IMGP0001.PEF", _tiff(b"PENTAX"), "image/x-pentax-pef"),
    ("shot.srw", _tiff(b"SAMSUNG"), "application/octet-stream"),
    *(
        (f"film-{brand.decode().strip()}.mp4", _mp4(brand), "video/mp4")
        for brand in (b"isom", b"mp42", b"mp41", b"avc1", b"iso6", b"dash", b"MSNV")
    ),
    ("film.mov", s.MOV, "video/quicktime"),
    ("old.mov", b"\0\0\0\x08wide\0\0\0\x20mdat" + bytes(24) + b"\0\0\0\x08moov", "video/quicktime"),
    ("film.avi", s.AVI, "video/x-msvideo"),
    ("film.wmv", s.WMV, "video/x-ms-wmv"),
    ("film.webm", s.WEBM + bytes(60), "video/webm"),
    ("song.mp3", s.MP3, "audio/mpeg"),
    (
        "voice.mp3",
        b"\xff\xfb\x90\x64" + bytes(413) + b"\xff\xfb\x90\x64" + bytes(413),
        "audio/mpeg",
    ),
    ("low.mp3", b"\xff\xf3\x40\xc4" + bytes(140) + b"\xff\xf3\x40\xc4" + bytes(140), "audio/mp3"),
    *((f"voice-{coding}.wav", _wav(coding), "audio/wav") for coding in (1, 3, 6, 7, 0xFFFE)),
]

# What people call an ordinary letter.
NAMES = [
    *("report.v2.final.pdf", "www.example.com.pdf", "zip.pdf", "bin.txt", "exe.pdf", "binder.pdf"),
    *("The exe files.pdf", "unzip instructions.pdf", "2025-01-31 12.30.45.pdf", "v1.0.2-rc.1.pdf"),
    *("a.b.c.d.e.f.g.pdf", "Mr. Smith.pdf", "St. Louis vs. Dr. No.pdf", "3.14159.pdf", "batch.pdf"),
    *(
        "executive.summary.pdf",
        "scrum.notes.pdf",
        "rarely.used.pdf",
        "zipper.x.pdf",
        "dll-list.pdf",
    ),
    *(
        "letter",
        "LETTER.PDF",
        "letter.pdf.pdf",
        "letter (1).pdf",
        "letter [final].pdf",
        "50% off.pdf",
    ),
    *("a+b=c.pdf", "R&D.pdf", "it's.pdf", "price $5.pdf", "#1.pdf", "~draft.pdf", "a_b-c.pdf"),
    *("x" * 200 + ".pdf", "C++ notes.pdf", "50%20off.pdf", "100%.pdf", ".hidden.pdf", "e.x.e.pdf"),
    *("informe año 2025.pdf", "Übersicht für Müller.pdf", "résumé.pdf", "żółć.pdf", "отчёт.pdf"),
    *("αναφορά.pdf", "报告.pdf", "報告書.pdf", "보고서.pdf", "تقرير.pdf", "דוח.pdf", "รายงาน.pdf"),
    *("रिपोर्ट.pdf", "báo cáo.pdf", "հաշվետվություն.pdf", "☀️ summer 👨‍👩‍👧.pdf", "ﻣﺮﺣﺒﺎ.pdf"),
]


def _named(name: str, number: int) -> bytes:
    """In the four ways that mail programs write names."""
    ascii_name = name.replace('"', '\\"').encode()
    coded = "".join(f"%{one:02X}" for one in name.encode()).encode()
    word = b"=?utf-8?b?" + based(name.encode(), 10_000).strip() + b"?="
    ways = (
        (b'name="' + ascii_name + b'"', b'filename="' + ascii_name + b'"'),
        (b'name="' + word + b'"', b"filename*=utf-8''" + coded),
        (b"name*=utf-8''" + coded, b'filename="' + word + b'"'),
        (
            b'name="' + word + b'"',
            b"filename*0*=utf-8''" + coded[:30] + b"; filename*1*=" + (coded[30:] or b"%20"),
        ),
    )
    way = ways[number % 4] if not name.isascii() else ways[number % 3]
    return mail(
        part(
            p.LETTER,
            b"Content-Type: application/pdf; " + way[0],
            b"Content-Disposition: attachment; " + way[1],
        )
    )


def _cases(kind: str, prefix: str, files: list[tuple[str, bytes, str]]) -> Iterator[Case]:
    for number, (name, content, declared) in enumerate(files):
        build = partial(_attached, content, name, declared)
        yield Case(f"{prefix} {number} {name}", kind, build, "passes", words=WORDS, files=1)


def _attached(content: bytes, name: str, declared: str) -> bytes:
    return mail(attached(content, name.encode(), declared.encode()))


def _names_of_letters() -> Iterator[Case]:
    for number, name in enumerate(NAMES):
        title = f"called {number} {name[:40]}"
        build = partial(_named, name, number)
        yield Case(title, "names of letters", build, "passes", words=WORDS, files=1)


def _feared() -> Iterator[Case]:
    """Attack kits use these types too, but the contract's list lets them in."""
    for name, build in ALLOWED:
        files = 2 if name == "smime.p7m" else 1  # with the letter that is signed in it
        yield Case(f"feared {name}", "files", build, "passes", words=WORDS, files=files)


CASES = [
    *_feared(),
    *_cases("files", "file", [(n, c, f"application/{kind}") for n, c, kind in FILES]),
    *_cases("media", "media", MEDIA),
    *_names_of_letters(),
]
