"""Mails that honest people and programs send: each is stored, and each of its files passes."""

import gzip
import quopri
import struct
from collections.abc import Callable

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import (
    END,
    FROM,
    WORDS,
    Case,
    attached,
    based,
    forwarded,
    html_part,
    mail,
    multipart,
    part,
    text_part,
    top,
)

Build = Callable[[], bytes]

# ---- files ------------------------------------------------------------------------------------


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
        + b"\nendobj\n3 0 obj\n<</Type/Filespec/EF<</F 2 0 R>>>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"
    )


def _ole(*words: str) -> bytes:
    """An old office file; somewhere in it stand the names of its streams."""
    directory = b"".join(word.encode("utf-16-le").ljust(64, b"\0") + bytes(64) for word in words)
    return s.OLE2 + directory + bytes(3000)


DOCX_WITH_OBJECTS = s.opc(
    word__embeddings=b"",
    **{"word/embeddings/Sheet__xlsx": s.XLSX, "word/embeddings/oleObject1__bin": _ole("Package")},
)
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
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
                "META-INF/manifest.xml": f'<m:file-entry m:full-path="/" m:media-type="{s.ODF}"/>'.encode(),
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


# ---- structures -------------------------------------------------------------------------------

PDF = attached(p.LETTER, b"letter.pdf", b"application/pdf")
PICTURE = part(
    p.png(40, 30),
    b'Content-Type: image/png; name="logo.png"',
    b"Content-ID: <logo@x>",
    b"Content-Disposition: inline; filename=logo.png",
)
SHOWN = f'<p>{WORDS}</p><img src="cid:logo@x">'


def _alternative(html: str = SHOWN) -> bytes:
    return multipart((text_part(), html_part(html)), b"alternative", b"a1")


def _outlook() -> bytes:
    head = top(
        more=b"X-MS-Has-Attach: yes\r\nthread-index: AdabcdEF\r\nContent-Language: en-US\r\n"
    )
    related = multipart(
        (_alternative(), PICTURE), b"related", b"_004_AB", b';\r\n\ttype="multipart/alternative"'
    )
    return head + multipart((related, PDF), b"mixed", b"_005_AB")


def _gmail() -> bytes:
    related = multipart((_alternative(), PICTURE), b"related", b"000000000000b")
    return top(more=b"X-Gm-Message-State: AO\r\n") + multipart(
        (related, PDF), b"mixed", b"000000000000a"
    )


def _apple() -> bytes:
    mixed = multipart(
        (html_part(SHOWN), PICTURE, html_part("<p>between</p>"), PDF, html_part("<p>end</p>")),
        b"mixed",
        b"Apple-Mail=_2",
    )
    return top(more=b"X-Mailer: Apple Mail (2.3774)\r\n") + multipart(
        (text_part(), mixed), b"alternative", b"Apple-Mail=_1"
    )


def _footer() -> bytes:
    return (
        top(more=b"List-Id: <list.x.test>\r\n")
        + multipart((text_part(), PDF))
        + b"\r\n_______\r\nlist mailing list\r\nhttps://x.test/\r\n"
    )


def _unended(whole: bytes) -> bytes:
    return whole.rstrip().removesuffix(b"--b0--")


def _report(kind: bytes = b"delivery-status") -> bytes:
    words = b"Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    parts = (
        text_part(),
        part(words, b"Content-Type: message/" + kind, coded=False),
        part(b"Subject: hello\r\n", b"Content-Type: text/rfc822-headers", coded=False),
    )
    return top() + multipart(parts, b"report", more=b"; report-type=" + kind)


def _inner() -> bytes:
    return (
        FROM
        + b"Subject: inner\r\n"
        + multipart((text_part("inner"), PDF, attached(s.DOCX, b"a.docx")), bound=b"i0")
    )


def _chain(depth: int) -> bytes:
    found = _inner()
    for number in range(depth):
        found = (
            FROM
            + b"Subject: Fwd\r\n"
            + multipart((text_part("x"), forwarded(found)), bound=b"c%d" % number)
        )
    return found


NEWSLETTER = (
    "<html><head><style>p{color:red}</style></head><body bgcolor='#eeeeee'><table width=600 align=center>"
    f"<tr><td><h1>News</h1><p style='color:#333;font-family:Arial'>{WORDS}</p><a href='https://shop.test/x?u=1&amp;v=2'>Shop</a>"
    "<img src='https://shop.test/pixel.gif' width=1 height=1><img src='https://shop.test/a.jpg' alt='Shoes'></td></tr></table></body></html>"
)

STRUCTURES: list[tuple[str, Build, int]] = [
    ("Outlook", _outlook, 2),
    ("Gmail", _gmail, 2),
    ("Apple Mail", _apple, 2),
    (
        "Thunderbird",
        lambda: (
            top(more=b"User-Agent: Mozilla Thunderbird\r\n")
            + multipart(
                (
                    multipart(
                        (text_part(), multipart((html_part(SHOWN), PICTURE), b"related", b"t2")),
                        b"alternative",
                        b"t1",
                    ),
                    PDF,
                ),
                bound=b"------------t0",
            )
        ),
        2,
    ),
    (
        "a phone, words behind the photo",
        lambda: top() + multipart((attached(s.JPEG, b"IMG_1.jpg", b"image/jpeg"), text_part())),
        1,
    ),
    (
        "a phone, photos only",
        lambda: (
            top()
            + multipart(
                (
                    text_part(),
                    part(
                        s.JPEG,
                        b"Content-Type: image/jpeg; name=IMG_1.jpg",
                        b"Content-Disposition: inline",
                    ),
                    part(
                        s.JPEG + b"x",
                        b"Content-Type: image/jpeg; name=IMG_2.jpg",
                        b"Content-Disposition: inline",
                    ),
                )
            )
        ),
        2,
    ),
    ("alternative", lambda: top() + _alternative(f"<p>{WORDS}</p>"), 0),
    (
        "an invitation",
        lambda: (
            top()
            + multipart(
                (
                    multipart(
                        (
                            text_part(),
                            html_part(f"<p>{WORDS}</p>"),
                            part(
                                CALENDAR,
                                b"Content-Type: text/calendar; charset=utf-8; method=REQUEST",
                                coded=False,
                            ),
                        ),
                        b"alternative",
                        b"a1",
                    ),
                    attached(CALENDAR, b"invite.ics", b"application/ics"),
                )
            )
        ),
        2,
    ),
    ("a business card", lambda: mail(attached(CARD, b"ana.vcf", b"text/vcard")), 1),
    (
        "a newsletter",
        lambda: (
            top(more=b"List-Unsubscribe: <https://shop.test/u>\r\nPrecedence: bulk\r\n")
            + multipart((text_part(), html_part(NEWSLETTER)), b"alternative")
        ),
        0,
    ),
    (
        "signed by S/MIME",
        lambda: (
            top()
            + multipart(
                (
                    multipart((text_part(), PDF), bound=b"s1"),
                    part(
                        DER,
                        b"Content-Type: application/pkcs7-signature; name=smime.p7s",
                        b"Content-Disposition: attachment; filename=smime.p7s",
                    ),
                ),
                b"signed",
                more=b'; protocol="application/pkcs7-signature"; micalg=sha-256',
            )
        ),
        2,
    ),
    (
        "signed by PGP",
        lambda: (
            top()
            + multipart(
                (
                    text_part(),
                    part(
                        ARMOUR,
                        b"Content-Type: application/pgp-signature; name=signature.asc",
                        coded=False,
                    ),
                ),
                b"signed",
            )
        ),
        1,
    ),
    (
        "encrypted by PGP",
        lambda: (
            top()
            + multipart(
                (
                    part(
                        b"Version: 1\r\n", b"Content-Type: application/pgp-encrypted", coded=False
                    ),
                    part(
                        ARMOUR.replace(b"SIGNATURE", b"MESSAGE"),
                        b"Content-Type: application/octet-stream; name=encrypted.asc",
                        coded=False,
                    ),
                ),
                b"encrypted",
            )
        ),
        2,
    ),
    ("a bounce", _report, 2),
    ("a read receipt", lambda: _report(b"disposition-notification"), 2),
    ("a forwarded mail with files", lambda: mail(forwarded(_inner())), 1),
    (
        "a forwarded mail, attached by name",
        lambda: mail(
            forwarded(_inner(), b'Content-Disposition: attachment; filename="old mail.eml"')
        ),
        1,
    ),
    ("a forwarded mail in base64", lambda: mail(forwarded(_inner(), coded=True)), 1),
    ("a chain of eight forwarded mails", lambda: _chain(8), 1),
    (
        "a digest of ten mails",
        lambda: (
            top()
            + multipart(
                [b"\r\n" + FROM + b"Subject: %d\r\n\r\nx" % n for n in range(10)], b"digest"
            )
        ),
        10,
    ),
    (
        "winmail.dat with a letter",
        lambda: mail(
            attached(
                p.tnef(p.tnef_file(b"LETTER.PDF", p.LETTER, "the letter.pdf")),
                b"winmail.dat",
                b"application/ms-tnef",
            )
        ),
        1,
    ),
    (
        "winmail.dat with three files",
        lambda: mail(
            attached(
                p.tnef(
                    p.tnef_file(b"A.PDF", p.LETTER),
                    p.tnef_file(b"B.DOCX", s.DOCX),
                    p.tnef_file(b"C.JPG", s.JPEG),
                ),
                b"winmail.dat",
            )
        ),
        1,
    ),
    ("winmail.dat without files", lambda: mail(attached(p.tnef(), b"winmail.dat")), 1),
    (
        "winmail.dat in a forwarded mail",
        lambda: mail(
            forwarded(
                FROM
                + multipart(
                    (
                        text_part("x"),
                        attached(p.tnef(p.tnef_file(b"A.PDF", p.LETTER)), b"winmail.dat"),
                    ),
                    bound=b"w0",
                )
            )
        ),
        1,
    ),
    ("a footer behind the end", _footer, 1),
    (
        "words before the first part",
        lambda: mail(PDF).replace(
            b"--b0\r\n", b"This is a multi-part message in MIME format.\r\n--b0\r\n", 1
        ),
        1,
    ),
    ("no final delimiter", lambda: _unended(mail(PDF)), 1),
    (
        "fields twice, but equal",
        lambda: (
            top(more=b"MIME-Version: 1.0\r\nX-A: b\r\nX-A: b\r\n")
            + multipart(
                (
                    text_part(),
                    part(
                        p.LETTER,
                        b"Content-Type: application/pdf; name=a.pdf",
                        b"Content-Type: application/pdf; name=a.pdf",
                        b"Content-Disposition: attachment; filename=a.pdf",
                        b"Content-Disposition: attachment; filename=a.pdf",
                    ),
                )
            )
        ),
        1,
    ),
    (
        "codings twice, but equal",
        lambda: mail(
            part(
                based(p.LETTER),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                b"Content-Transfer-Encoding: BASE64",
                coded=False,
            )
        ),
        1,
    ),
    ("only line feeds", lambda: mail(PDF).replace(b"\r\n", b"\n"), 1),
    (
        "text in quoted-printable",
        lambda: (
            top(
                more=b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            )
            + quopri.encodestring(f"{WORDS} Grüße = ja\r\n".encode())
        ),
        0,
    ),
    (
        "text in base64",
        lambda: (
            top(
                more=b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            )
            + based(WORDS.encode())
        ),
        0,
    ),
    ("8bit without a word", lambda: top() + END + f"{WORDS} Grüße\r\n".encode("cp1252"), 0),
    (
        "a coding of an odd word",
        lambda: (
            top(more=b"Content-Transfer-Encoding: utf-8\r\nContent-Type: text/plain\r\n\r\n")
            + WORDS.encode()
        ),
        0,
    ),
    (
        "a file in 7bit",
        lambda: mail(
            part(
                CSV.decode("latin-1").encode("ascii", "ignore"),
                b"Content-Type: text/csv; name=a.csv",
                b"Content-Disposition: attachment; filename=a.csv",
                b"Content-Transfer-Encoding: 7bit",
                coded=False,
            )
        ),
        1,
    ),
    (
        "base64 with a mark behind",
        lambda: mail(
            part(
                based(p.LETTER) + b"\r\n\r\n",
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
        1,
    ),
    (
        "base64 in one long line",
        lambda: mail(
            part(
                based(p.LETTER * 50, 100_000),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
        1,
    ),
    (
        "a PDF and nothing else",
        lambda: (
            top(
                more=b"Content-Type: application/pdf; name=scan.pdf\r\nContent-Disposition: attachment; filename=scan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            )
            + based(p.LETTER)
        ),
        1,
    ),
    ("a file twice", lambda: mail(PDF, PDF), 2),
    (
        "twenty files",
        lambda: mail(*(attached(p.LETTER + b"%d" % n, b"%d.pdf" % n) for n in range(20))),
        20,
    ),
    (
        "a hundred photos",
        lambda: mail(*(attached(s.JPEG + b"%d" % n, b"IMG_%d.jpg" % n) for n in range(100))),
        100,
    ),
    (
        "forty references and fifty recipients",
        lambda: (
            top(
                more=b"References: "
                + b" ".join(b"<%d@x.test>" % n for n in range(40))
                + b"\r\nCc: "
                + b",\r\n ".join(b'"Name, %d" <a%d@x.test>' % (n, n) for n in range(50))
                + END
            )
            + END
            + WORDS.encode()
        ),
        0,
    ),
    (
        "thirty hops",
        lambda: (
            b"Received: from a.test by b.test with ESMTPS id x; Tue, 4 Mar 2025 09:30:00 +0100\r\n"
            * 30
            + mail(PDF)
        ),
        1,
    ),
    (
        "results of our own server",
        lambda: (
            b"Authentication-Results: mx.carteria.test; spf=pass; dkim=pass; dmarc=pass\r\n"
            + mail(PDF)
        ),
        1,
    ),
    (
        "talk of programs in the text",
        lambda: (
            top()
            + END
            + f"{WORDS} Please run setup.exe from the zip.\r\nbegin 644 is how uuencode starts.\r\nMZ PK Rar!\r\n".encode()
        ),
        0,
    ),
    (
        "talk of delimiters in the text",
        lambda: mail(PDF).replace(
            WORDS.encode(),
            WORDS.encode()
            + b"\r\n--\r\nAnn\r\n-- \r\n---\r\n--b1\r\n----- Original Message -----\r\nContent-Type: text/plain",
        ),
        1,
    ),
    (
        "an inline letter of a Mac",
        lambda: mail(
            part(
                p.LETTER,
                b"Content-Type: application/pdf;\r\n\tname=letter.pdf;\r\n\tx-unix-mode=0644",
                b"Content-Disposition: inline;\r\n\tfilename=letter.pdf",
            )
        ),
        1,
    ),
    (
        "a comment in the type",
        lambda: mail(part(p.LETTER, b"Content-Type: application/pdf (a scan); name=a.pdf")),
        1,
    ),
    (
        "a type that nobody knows",
        lambda: mail(attached(b"\1\2\3", b"a.xyz", b"application/x-nobody-knows")),
        1,
    ),
    (
        "names in latin bytes",
        lambda: mail(attached(p.LETTER, "Übersicht.pdf".encode("latin-1"))),
        1,
    ),
    ("a name with escaped quotes", lambda: mail(attached(p.LETTER, b'the \\"letter\\".pdf')), 1),
    (
        "an encoded name folded",
        lambda: mail(
            part(
                p.LETTER,
                b'Content-Type: application/pdf;\r\n name="=?iso-8859-1?Q?=DCbersicht_f=FCr_den?=\r\n =?iso-8859-1?Q?_Monat_M=E4rz.pdf?="',
            )
        ),
        1,
    ),
    (
        "an exchange server's report",
        lambda: _report().replace(
            b"message/delivery-status", b'message/delivery-status; name="details.txt"'
        ),
        2,
    ),
    ("enriched text", lambda: top(more=b"Content-Type: text/enriched\r\n\r\n") + WORDS.encode(), 0),
    ("a mail without subject, date and id", lambda: FROM + END + WORDS.encode(), 0),
]

WITHOUT_WORDS = {
    "a chain of eight forwarded mails",
    "a digest of ten mails",
    "encrypted by PGP",
    "a PDF and nothing else",
}

CASES = [
    *(
        Case(
            f"file {number} {name}",
            "files",
            lambda n=name, c=content, k=kind: mail(
                attached(c, n.encode(), b"application/" + k.encode())
            ),
            "passes",
            words=WORDS,
            files=1,
        )
        for number, (name, content, kind) in enumerate(FILES)
    ),
    *(
        Case(
            f"media {number} {name}",
            "media",
            lambda n=name, c=content, k=kind: mail(attached(c, n.encode(), k.encode())),
            "passes",
            words=WORDS,
            files=1,
        )
        for number, (name, content, kind) in enumerate(MEDIA)
    ),
    *(
        Case(
            f"called {number} {name[:40]}",
            "names of letters",
            lambda n=name, i=number: _named(n, i),
            "passes",
            words=WORDS,
            files=1,
        )
        for number, name in enumerate(NAMES)
    ),
    *(
        Case(
            f"mail {name}",
            "structures",
            build,
            "passes",
            words="" if name in WITHOUT_WORDS else WORDS,
            files=files,
        )
        for name, build, files in STRUCTURES
    ),
]
