"""One row per file: its names, its bytes, the reason or None, and what it is.

Of the 195 rows that must be refused, the extension alone misses 183 and extension and libmagic
together miss 129; the policy misses none. `python -m tests.attachments.test_policy_table` prints
the figures of each class.
"""

import gzip
from collections import Counter
from collections.abc import Iterator

import pytest

from apps.attachments.detect import _by_libmagic
from apps.attachments.families import DENIED, LISTED_TYPES, UNLISTED
from apps.attachments.policy import judge
from tests.attachments import mails as m
from tests.attachments import samples as s

NO, DENY, BAD, TWO, DEEP = (
    "type-not-allowed",
    "type-denied",
    "content-denied",
    "polyglot",
    "too-big",
)
T = b"Dear all,\nplease find the minutes below.\n"
EXE = s.program()
XLSB = s.opc("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main")
CHART = s.opc(
    "ppt/presentation.xml",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    ppt__embeddings__x=s.XLSX,
)
TEMPLATE = s.opc(kind=s.WORD.replace("document.document", "document.template") + ".main+xml")
DOTM = s.opc(kind="application/vnd.ms-word.template.macroEnabledTemplate.main+xml")
VSDX = s.opc("visio/document.xml", "application/vnd.ms-visio.drawing.main+xml")
MANIFEST = "META-INF/manifest.xml"
ODF_ROOT = f'<m><e full-path="/" media-type="{s.ODF}"/></m>'.encode()
NAMED = b"Content-Type: application/pdf\r\n%s\r\n\r\nx"
UU = b"Content-Type: text/plain\r\n\r\nbegin 644 a.exe\r\n#0V%T\r\n`\r\nend\r\n"
_LETTER = m.mail(m.part(T))
REOPENED = _LETTER + _LETTER[_LETTER.index(b"--b") :].replace(m.part(T), m.part(EXE))


def manifested(written: bytes) -> bytes:
    """A letter whose manifest is WRITTEN around the true one."""
    members = s.opc_members()
    true = members["[Content_Types].xml"].removeprefix(b"<Types>").removesuffix(b"</Types>")
    return s.zipped(members | {"[Content_Types].xml": written % true})


THMX = s.opc("theme/manager.xml", "application/vnd.openxmlformats-officedocument.themeManager+xml")
GROUPS: dict[str, list[tuple[str | tuple[str, ...], bytes, str | None, str]]] = {
    "names": [
        ("setup.exe", T, DENY, "the plain thing"),
        ("driver.DLL", T, DENY, "upper case"),
        ("run.Bat", T, DENY, "mixed case"),
        ("x.scr", T, DENY, "screen saver"),
        ("x.bin", T, DENY, "bin by name only"),
        ("x.zip", s.DOCX, DENY, "a document called an archive"),
        ("x.rar", T, DENY, "rar by name"),
        ("invoice.pdf.exe", s.PDF, DENY, "double extension"),
        ("invoice.exe.pdf", s.PDF, DENY, "double extension, the bad one first"),
        ("a.tar.zip.gz", s.GZIP, DENY, "in the middle of three"),
        (("invoice.pdf", "invoice.exe"), s.PDF, DENY, "filename and name differ"),
        ("invoice\u202efdp.exe", T, DENY, "right-to-left override"),
        ("invoice.e\u200bxe", T, DENY, "zero-width space"),
        ("invoice.\u2066exe\u2069", T, DENY, "isolates"),
        ("invoice.exe\u3164", T, DENY, "Hangul filler"),
        ("invoice.\uff45\uff58\uff45", T, DENY, "full-width letters"),
        ("invoice\uff0eexe", T, DENY, "full-width dot"),
        ("invoice\u2024exe", T, DENY, "one dot leader"),
        ("invoice\ufe52exe", T, DENY, "small full stop"),
        ("invoice\u3002exe", T, DENY, "ideographic full stop"),
        ("invoice\uff61exe", T, DENY, "half-width ideographic full stop"),
        ("invoice.\u0435xe", T, DENY, "Cyrillic e among Latin letters"),
        ("invoice.\u0435\u0445\u0435", T, DENY, "a whole Cyrillic look-alike at the end"),
        ("invoice.B\u0130N", T, DENY, "Turkish capital i with a dot"),
        ("invoice.b\u0131n", T, DENY, "Turkish small i without one"),
        ("invoice.e\u0301xe", T, DENY, "a combining accent"),
        ("invoice.\u1d07x\u1d07", T, DENY, "small capitals"),
        ("invoice.exe....", T, DENY, "trailing dots"),
        ("invoice.exe \u00a0", T, DENY, "trailing spaces"),
        ("invoice.exe::$DATA", T, DENY, "NTFS stream"),
        ("readme.txt:run.exe", T, DENY, "a program in an NTFS stream"),
        ("a.exe\0.pdf", T, DENY, "cut by NUL"),
        ("a.ex\x01e", T, DENY, "control character"),
        ("..\\..\\a.exe\\x.pdf", T, DENY, "path"),
        ('"a.exe"', T, DENY, "quotes left over"),
        ("\u201ea.exe\u201c", T, DENY, "typographic quotes"),
        ("a%2Eexe", T, DENY, "percent code"),
        ("a%252Eexe", T, DENY, "percent code twice"),
        ("=?utf-8?B?YS5leGU=?=", T, DENY, "encoded word"),
        ("=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=2Eexe=3F=3D?=", T, DENY, "encoded word twice"),
        ("=?utf-8?q?a?= =?utf-8?q?=2Eexe?=", T, DENY, "two encoded words"),
        ("=?x-unknown?q?a=2Eexe?=", T, DENY, "encoded word of no known charset"),
        ("%3D%3Futf-8%3Fq%3Fa=2Eexe%3F%3D", T, DENY, "an encoded word in percent code"),
        ("a&#46;exe", T, DENY, "HTML entity"),
        ("=?utf-8?q?a=2Eexe", T, DENY, "an encoded word that is cut"),
        ("=??q?a=2Eexe?=", T, DENY, "an encoded word without a charset"),
        ("The exe files.pdf", s.PDF, None, "a word is no extension"),
        ("exe", T, None, "a name without extension"),
        ("notes.exec.txt", T, None, "longer than the denied one"),
        ("report.v1.2.3.pdf", s.PDF, None, "many dots"),
        ("100%.pdf", s.PDF, None, "a percent sign"),
        (
            "\u8bf4\u660e\u3002\u8be6\u7ec6.docx",
            s.DOCX,
            None,
            "Chinese full stop within a sentence",
        ),
        ("ZIP\u30fbRAR\u5f62\u5f0f.pdf", s.PDF, None, "Japanese middle dot between words"),
        (
            "\u0417\u0432\u0456\u0442.\u0412\u0410\u0422. 2020.pdf",
            s.PDF,
            None,
            "a Ukrainian company",
        ),
    ],
    "programs": [
        ("a.pdf", EXE, BAD, "PE"),
        ("a.txt", s.program(b"NE"), BAD, "NE"),
        ("a.doc", s.program(b"LE"), BAD, "LE"),
        ("a.doc", s.program(b"LX"), BAD, "LX"),
        ("a.dat", s.far_program(2**20), BAD, "PE header a megabyte away"),
        ("a.pdf", EXE + s.PDF, BAD, "program first, PDF behind"),
        ("a.pdf", b"\0" + EXE, TWO, "one byte before"),
        ("a.pdf", T + s.new_program(), TWO, "NE behind a text"),
        ("a.pdf", s.PDF + EXE, TWO, "PDF and program"),
        ("a.jpg", s.JPEG + bytes(5000) + EXE, TWO, "picture and program"),
        ("a.html", b"<html></html>" + EXE, TWO, "page and program"),
        (
            "a.txt",
            b"MZ is how a program begins, as everybody who has seen one will tell.\n",
            None,
            "text",
        ),
        ("a.dat", b"MZ" + bytes(58) + b"\xff\xff\0\0" + bytes(64), None, "MZ that points nowhere"),
        ("a.pdf", s.PDF + b"MZ PE\0\0 NE", None, "the letters without the pointer"),
        ("a.elf", b"\x7fELF\2\1\1" + bytes(60), None, "a Linux program is not on the list"),
    ],
    "archives": [
        ("a.pdf", s.ZIP, BAD, "ZIP"),
        ("a.docx", s.ZIP, BAD, "ZIP that says it is a document"),
        ("a.pdf", s.zipped({}), BAD, "empty ZIP"),
        ("a.pdf", b"PK00" + s.ZIP, BAD, "split ZIP in one piece"),
        ("a.pdf", b"PK\x07\x08" + s.ZIP, BAD, "first part of a spanned ZIP"),
        ("a.pdf", s.ZIP[:40], BAD, "ZIP cut short"),
        ("a.pdf", s.ZIP[:-22] + b"PK\5\6" + b"\xff" * 18, BAD, "ZIP with a wrong end record"),
        ("a.pdf", s.big_zip(), BAD, "ZIP64"),
        ("a.pdf", s.ZIP + bytes(64), BAD, "ZIP with junk behind"),
        ("a.pdf", b"junk" + s.ZIP, TWO, "ZIP with junk before"),
        ("a.pdf", b"junk" + s.big_zip(), TWO, "ZIP64 with junk before"),
        ("a.pdf", s.JAR, BAD, "JAR"),
        ("a.jar", s.JAR, BAD, "JAR by its name"),
        ("a.apk", s.APK, BAD, "APK"),
        ("a.kmz", s.KMZ, BAD, "KMZ"),
        ("a.xpi", s.zipped({"manifest.json": b"{}"}), BAD, "browser add-on"),
        ("a.whl", s.zipped({"a/__init__.py": b"", "a.dist-info/WHEEL": b"x"}), BAD, "wheel"),
        ("a.vsix", s.VSIX, BAD, "OPC without a document"),
        ("a.docx", s.zipped({"[Content_Types].xml": b"<Types/>"}), BAD, "half a manifest"),
        ("a.docx", s.DOCX + s.ZIP, BAD, "document, then archive"),
        ("a.docx", s.ZIP + s.DOCX, TWO, "archive, then document"),
        ("a.docx", s.opc(**{"classes.dex": b"x"}), TWO, "document and Android program"),
        ("a.docx", s.opc(**{"META-INF/MANIFEST.MF": b"x"}), TWO, "document and JAR"),
        ("a.docx", s.opc(**{"word/setup.exe": EXE}), TWO, "document with a program beside it"),
        ("a.odt", s.zipped({"mimetype": s.ODF.encode()}), BAD, "ODF without manifest"),
        ("a.epub", s.zipped({"mimetype": b"application/epub+zip"}), BAD, "EPUB without container"),
        ("a.pdf", s.RAR, BAD, "RAR 5"),
        ("a.pdf", s.RAR4, BAD, "RAR 4"),
        ("a.pdf", b"RE\x7e\x5e" + bytes(40), BAD, "RAR 1"),
        ("a.pdf", bytes(999) + s.RAR, TWO, "self-extracting RAR without its program"),
        ("a.txt", b"RE~^ is an old mark of archives.\n", None, "a text about it"),
        ("a.docx", manifested(b"<Types><!--%s--></Types>"), BAD, "its manifest is a comment"),
        ("a.docx", manifested(b"<Types>%s"), BAD, "its manifest never ends"),
        ("a.docx", manifested(b"<!DOCTYPE a [<!ENTITY b 'c'>]>%s"), BAD, "an entity in it"),
        ("a.docx", s.doubled("[Content_Types].xml", b"<Types/>"), BAD, "two manifests"),
        ("a.docx", s.doubled("word/a.png", b"x"), None, "two pictures of one name"),
        ("a.odt", s.zipped({"mimetype": s.ODF.encode(), MANIFEST: ODF_ROOT}), BAD, "no content"),
        (
            "a.odt",
            s.zipped({"mimetype": s.ODF.encode(), "content.xml": b"x", MANIFEST: b"<!--x-->"}),
            BAD,
            "ODF by its first line only",
        ),
        (
            "a.odt",
            s.zipped({"mimetype": s.ODF.encode(), "encrypted-package": b"x", MANIFEST: ODF_ROOT}),
            None,
            "ODF that is locked as a whole",
        ),
        ("a.docx", s.opc(**{"word/a.exe. ": b"x"}), TWO, "a program with a dot and a blank"),
        ("a.docx", s.opc(**{"word/a.\uff45xe": b"x"}), TWO, "a program in wide letters"),
        ("a.docx", s.opc(**{"word/a.e\u200bxe": b"x"}), TWO, "a program in part invisible"),
        ("a.docx", s.opc(**{"word/a.exe.rels": b"x"}), None, "a folder's list of a program"),
        ("a.docx", s.two_named("word/a.png", "word/a.exe"), TWO, "a program by its local name"),
        ("a.docx", s.unlisted("a.exe"), TWO, "a program that the directory does not list"),
        ("a.docx", s.unlisted("a.png"), None, "a picture that it does not list"),
    ],
    "polyglots": [
        ("a.pdf", s.PDF + s.ZIP, TWO, "PDF and ZIP"),
        ("a.gif", s.GIF + s.JAR, TWO, "GIFAR"),
        ("a.png", s.PNG + s.ZIP, TWO, "PNG and ZIP"),
        ("a.jpg", s.JPEG + s.RAR, TWO, "JPEG and RAR"),
        ("a.html", b"<html></html>" + s.ZIP, TWO, "page and ZIP"),
        ("a.html", b"<html></html>" + s.JAR + b"\n<!-- -->", TWO, "page around a JAR"),
        ("a.bmp.png", s.PNG + bytes(999) + s.APK, TWO, "picture and APK"),
        ("a.mp3", s.MP3 + s.ZIP, TWO, "sound and ZIP"),
        ("a.doc", s.OLE2[:8] + bytes(600) + s.ZIP, TWO, "half an OLE2 header and ZIP"),
        ("a.tar", b"x" * 600 + s.ZIP, TWO, "no TAR, and ZIP"),
        ("a.iso", s.JPEG.ljust(0x8000, b"\0") + b"\1CD001" + s.ZIP, TWO, "picture, disc and ZIP"),
        ("a.pdf", s.PDF + b"PK\3\4 and MZ and Rar!\n" * 9, None, "PDF that mentions them"),
        ("a.pdf", s.PDF + s.DOCX + b"\n%%EOF\n", None, "PDF that brings a letter, unpacked"),
        ("a.pdf", s.PDF + s.ODT, None, "hybrid PDF"),
        ("a.pdf", s.PDF + b"stream" + s.ZIP + bytes(70_000), None, "ZIP deep in a PDF"),
    ],
    "pictures, films, sounds": [
        ("a.jpg", s.JPEG, None, "JPEG"),
        ("a.jpeg", s.PNG, None, "PNG called JPEG"),
        ("a.png", s.PNG, None, "PNG"),
        ("a.gif", s.GIF, None, "GIF"),
        ("a.tiff", s.TIFF, None, "TIFF"),
        ("a.webp", s.WEBP, None, "WebP"),
        ("a.cr2", s.CR2, None, "Canon"),
        ("a.cr3", s.CR3, None, "Canon"),
        ("a.crw", b"II\x1a\0\0\0HEAPCCDR" + bytes(60), None, "Canon, old"),
        ("a.nef", s.TIFF, None, "Nikon"),
        ("a.arw", s.TIFF, None, "Sony"),
        ("a.dng", s.TIFF, None, "Adobe"),
        ("a.raf", s.RAF, None, "Fuji"),
        ("a.orf", s.ORF, None, "Olympus"),
        ("a.rw2", s.RW2, None, "Panasonic"),
        ("a.mrw", b"\0MRM\0\0\1\0" + bytes(60), None, "Minolta"),
        ("a.x3f", b"FOVb\0\0\2\0" + bytes(80), None, "Sigma"),
        ("a.iiq", b"IIIITwaR" + bytes(80), None, "Phase One"),
        ("a.mp4", s.MP4, None, "MP4"),
        ("a.mp4", s.MP4.replace(b"mp42", b"MSNV"), None, "MP4 of a game console"),
        ("a.mp4", s.MP4.replace(b"mp42", b"iso6"), None, "MP4 of a tool"),
        ("a.mov", s.MOV, None, "MOV"),
        ("a.mov", b"\0\0\0\x08wide\0\0\1\0mdat" + bytes(99), None, "MOV without a type box"),
        ("a.avi", s.AVI, None, "AVI"),
        ("a.wmv", s.WMV, None, "WMV"),
        ("a.webm", s.WEBM, None, "WebM"),
        ("a.mp3", s.MP3, None, "MP3 with a tag"),
        ("a.mp3", b"\xff\xfb\x90\x64" + bytes(500), None, "MP3 without"),
        ("a.wav", s.WAV, None, "WAV"),
        ("a.svg", s.SVG, NO, "SVG"),
        ("a.jpg", s.SVG, NO, "SVG in disguise"),
        ("a.pdf", gzip.compress(s.SVG, mtime=0), NO, "SVGZ in disguise"),
        ("a.svgz", s.GZIP, NO, "SVGZ by name"),
        ("a.pdf", b"<!---->" * 200_000 + s.SVG, NO, "SVG behind very many comments"),
        ("a.pdf", b"<!--" + b"x" * 2**21 + b"-->" + s.SVG, NO, "SVG behind a very long one"),
        ("a.pdf", b'<!DOCTYPE svg PUBLIC "a>b" "c">' + s.SVG, NO, "SVG behind a sly doctype"),
        ("a.pdf", b"\xef\xbb\xbf" + s.SVG, NO, "SVG behind a mark"),
        ("a.pdf", s.SVG.decode().encode("utf-32"), NO, "SVG in four bytes a letter"),
        ("a.jpg", b"\0\0\0\x18ftypmiaf\0\0\0\0MA1Bmiaf", NO, "AVIF by a family name"),
        ("a.png", b"farbfeld\0\0\0\1\0\0\0\1" + bytes(8), NO, "farbfeld"),
        ("a.png", b"PF\n1 1\n-1.0\n" + bytes(12), NO, "floating point picture"),
        ("a.pdf", gzip.compress(s.EMF, mtime=0), NO, "EMZ in disguise"),
        ("a.jpg", s.HEIC, NO, "HEIC in disguise"),
        ("a.jpg", s.HEIC.replace(b"ftypheic", b"ftyphevc"), NO, "HEVC sequence"),
        ("a.mp4", s.MP4[:16] + b"mif1heic", NO, "HEIC that begins as MP4"),
        ("a.jpg", s.AVIF, NO, "AVIF"),
        ("a.png", s.BMP, NO, "BMP"),
        ("a.png", s.ICO, NO, "ICO"),
        ("a.tif", s.PSD, NO, "PSD"),
        ("a.png", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), NO, "JPEG 2000"),
        ("a.png", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), NO, "JPEG XL"),
        ("a.png", b"II\xbc\x01" + bytes(60), NO, "JPEG XR"),
        ("a.png", b"P6\n4 4\n255\n" + bytes(48), NO, "PPM"),
        ("a.png", b"#define a_width 8\n#define a_height 8\nstatic char a_bits[] = {", NO, "XBM"),
        ("a.png", s.EMF, NO, "EMF"),
        ("a.webm", s.MKV, NO, "MKV"),
        ("a.mp4", s.FLV, NO, "FLV"),
        ("a.mp4", s.THREE_GP, NO, "3GP"),
        ("a.mp4", (b"G" + bytes(187)) * 20, NO, "MPEG transport stream"),
        ("a.mp4", b"\0\0\1\xba\x44" + bytes(200), NO, "MPEG program stream"),
        ("a.mp3", s.OGG, NO, "OGG"),
        ("a.mp3", s.FLAC, NO, "FLAC"),
        ("a.mp3", b"ID3\3\0\0\0\0\0\x05" + bytes(5) + s.FLAC, NO, "FLAC behind an MP3's tag"),
        ("a.mp3", s.AAC, NO, "AAC"),
        ("a.mp3", s.M4A, NO, "M4A"),
        ("a.wav", b"FORM\0\0\1\0AIFFCOMM" + bytes(60), NO, "AIFF"),
        ("a.wav", s.MIDI, NO, "MIDI"),
        ("a.mp3", b"#!AMR\n" + bytes(60), NO, "AMR"),
        ("a.wmv", s.WMA, NO, "WMA"),
        ("a.mp3", b"wvpk" + bytes(60), NO, "WavPack"),
        ("a.txt", b"BM and other shops in town\n", None, "text with two magic letters"),
        ("a.txt", b"P1 12 13 incident: server down\n", None, "text like a bitmap"),
        ("a.txt", b"OggS is the mark of a sound file\n", None, "text with four"),
        ("a.txt", b"MAC addresses of the office\n", None, "text like a sound"),
        ("a.txt", b"RIFF, FORM and ID3 explained\n", None, "text about formats"),
        ("a.html", b"<!DOCTYPE html><html><svg></svg></html>", None, "page with a drawing"),
        ("a.xml", b"<?xml version='1.0'?><feed><svg/></feed>", None, "XML with a drawing"),
    ],
    "documents": [
        ("a.docx", s.DOCX, None, "Word"),
        ("a.dotx", TEMPLATE, None, "Word template"),
        ("a.dotm", DOTM, None, "Word template with macros"),
        ("a.xlsx", s.XLSX, None, "Excel"),
        ("a.xlsb", XLSB, None, "Excel, binary"),
        ("a.pptm", s.PPTM, None, "PowerPoint with macros"),
        ("a.pptx", CHART, None, "PowerPoint with a workbook in it"),
        ("a.docx", s.opc(word__embeddings__o=s.ZIP), None, "Word with an embedded package"),
        ("a.vsdx", VSDX, None, "Visio"),
        ("a.thmx", THMX, None, "Office theme"),
        ("a.xps", s.XPS, None, "XPS"),
        ("a.odt", s.ODT, None, "ODF"),
        ("a.epub", s.EPUB, None, "EPUB"),
        ("a.pages", s.PAGES, None, "iWork"),
        ("a.doc", s.OLE2 + s.DOCX, None, "old Word with a new one in it"),
        ("a.tar", s.tarred({"a.docx": s.DOCX}), None, "TAR"),
        ("a.7z", s.seven_zip(s.DOCX), None, "7z"),
        ("a.tar.gz", s.GZIP, None, "gzip"),
        ("a.iso", s.iso(s.ZIP + EXE), None, "disc image"),
        ("a.pdf", s.PDF, None, "PDF"),
        ("a.dwg", s.DWG, None, "AutoCAD"),
        ("a.eps", b"\xc5\xd0\xd3\xc6" + bytes(60), None, "EPS"),
        ("a.sqlite", b"SQLite format 3\0" + bytes(90), None, "database"),
        ("a.parquet", b"PAR1" + bytes(90) + b"PAR1", None, "table"),
        ("a.csv", b"MZ;PK;Rar!\n1;2;3\n", None, "CSV"),
        ("a.json", b'{"a": 1}', None, "JSON"),
        ("a.rtf", b"{\\rtf1 x}", None, "RTF"),
        ("a.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", None, "calendar"),
        ("a.vcf", b"BEGIN:VCARD\r\nEND:VCARD\r\n", None, "card"),
        ("a.p7s", b"0\x80\x06\x09*\x86H\x86\xf7\r\1\7\2" + bytes(60), None, "signature"),
        ("a.asc", b"-----BEGIN PGP MESSAGE-----\n\nabc\n", None, "PGP"),
        ("a.js", b"alert(1)", None, "script: on the recommended list only"),
        ("a.txt", b"", None, "nothing"),
    ],
    "mails": [
        ("f.eml", m.mail(m.part(s.PDF, "a.pdf")), None, "forwarded mail"),
        ("f.eml", b"From: a@x.test\r\nSubject: a.exe\r\n\r\nsee a.exe\r\n", None, "plain mail"),
        ("f.eml", m.nested(m.mail(m.part(s.DOCX, "a.docx")), 12), None, "thread of twelve"),
        ("f.eml", m.mail(m.forwarded(T, "Re: x"), kind="digest"), None, "digest"),
        ("f.eml", m.mail(m.part(T, "a.exe")), DENY, "program by name"),
        ("f.eml", m.mail(m.part(EXE, "a.pdf")), BAD, "program by content"),
        ("f.eml", m.mail(m.part(s.ZIP, "a.pdf")), BAD, "archive"),
        ("f.eml", m.mail(m.part(s.HEIC, "a.jpg")), NO, "picture off the list"),
        ("f.eml", m.mail(m.part(s.PDF + s.ZIP, "a.pdf")), TWO, "polyglot"),
        ("f.eml", m.nested(m.mail(m.part(T, "a.exe")), 5), DENY, "five mails deep"),
        ("f.eml", m.nested(m.mail(m.part(T, "a.exe")), 30), DEEP, "thirty mails deep"),
        ("f.eml", m.mail(*[m.part(T)] * 600), DEEP, "too many parts"),
        ("x.pdf", m.mail(m.part(EXE, "a.pdf")), BAD, "a mail called PDF"),
        ("x", b"\r\n\r\n" + m.mail(m.part(T, "a.scr")), DENY, "blank lines first"),
        ("x", b"From x Mon\n" + m.mail(m.part(T, "a.scr")), DENY, "mailbox line first"),
        ("f.eml", m.mail(m.forwarded(m.mail(m.part(T, "a.bat")))), DENY, "mail in mail"),
        ("f.eml", m.mail(m.part(m.mail(m.part(T, "a.bat")), kind="message/rfc822")), DENY, "coded"),
        ("f.eml", m.mail(m.forwarded(m.mail(m.part(EXE))), kind="digest"), BAD, "in a digest"),
        (
            "f.eml",
            m.mail(b"\r\n" + m.mail(m.part(EXE)), kind="digest"),
            BAD,
            "digest without types",
        ),
        ("f.eml", m.mail(m.part(T), epilogue=m.part(EXE, "a.exe")), TWO, "a part in the epilogue"),
        ("f.eml", m.mail(m.part(T), epilogue=b"-- \nA list\n"), None, "a list's footer"),
        ("f.eml", m.mail(b"Content-Type: text/plain\r\n\r\n" + m.UUENCODED), DENY, "uuencoded"),
        (
            "f.eml",
            m.mail(b"Content-Type: text/plain\r\nContent-Type: multipart/mixed\r\n\r\nx"),
            TWO,
            "two types",
        ),
        ("f.eml", b"junk\r\n" + m.mail(m.part(EXE)), BAD, "a line of junk first"),
        ("f.eml", b"X" * 300 + b": y\r\n" + m.mail(m.part(EXE)), BAD, "an endless field first"),
        (
            "f.eml",
            m.mail(m.part(EXE)).replace(b"\r", b"").replace(b"\n", b"\r"),
            BAD,
            "returns alone",
        ),
        ("f.eml", m.mail(m.part(EXE)).replace(b"\r\n", b"\r\r\n"), BAD, "returns doubled"),
        ("f.eml", m.mail(m.part(T)) + m.mail(m.part(EXE)), TWO, "fields behind the end"),
        ("f.eml", REOPENED, TWO, "parts behind the end"),
        ("f.eml", m.mail(m.part(T).replace(b"base64", b"x-base64")), TWO, "odd coding"),
        ("f.eml", b"X: y\rContent-Type: text/html\r\n" + m.mail(), TWO, "a field in a return"),
        ("f.eml", m.mail(m.part(T).replace(b"filename", b"name"), m.part(EXE)), BAD, "name"),
        ("f.eml", m.mail(NAMED % b"Content-Name: a.exe"), DENY, "by a field of its own"),
        (
            "f.eml",
            m.mail(NAMED % b"Content-Disposition: attachment; filename(x)=a.exe"),
            DENY,
            "a comment before the name",
        ),
        ("f.eml", m.mail(NAMED % b"X: y", UU.replace(b"644", b"100644")), DENY, "long mode"),
        ("f.eml", m.mail(UU.replace(b"a.exe", b"a.txt") + UU[UU.index(b"begin") :]), DENY, "2nd"),
        ("minutes.txt", b"Minutes\nDate: today\nSubject: a.exe\n\nAll well.\n", None, "minutes"),
        ("winmail.dat", m.tnef(m.tnef_file(s.PDF, "a.pdf")), None, "winmail.dat"),
        ("winmail.dat", m.tnef(m.attribute(1, 0x0006_800F, EXE)), BAD, "at another level"),
        ("winmail.dat", m.tnef(m.tnef_file(s.DOCX, "a.docx", data=0)), None, "with a letter last"),
        ("winmail.dat", m.tnef(m.tnef_file(T, "a.exe")), DENY, "program by name"),
        ("winmail.dat", m.tnef(m.tnef_file(T, "A~1.TXT", long_name="a.exe")), DENY, "long name"),
        ("winmail.dat", m.tnef(m.tnef_file(EXE, "a.pdf", data=0)), BAD, "program by content"),
        ("x.pdf", m.tnef(m.tnef_file(s.ZIP, "a.pdf")), BAD, "under another name"),
        (
            "w.dat",
            m.tnef(m.tnef_file(m.tnef(m.tnef_file(s.RAR, "a")), data=13)),
            BAD,
            "message in it",
        ),
        ("w.dat", m.tnef(m.tnef_file(m.mail(m.part(T, "a.exe")), "a.eml")), DENY, "mail in it"),
        ("f.eml", m.mail(m.part(m.tnef(m.tnef_file(EXE)), "winmail.dat")), BAD, "in a mail"),
        ("w.dat", m.tnef(m.tnef_file(s.PDF, "a.pdf"))[:-40], None, "cut short"),
        ("w.dat", m.tnef(m.tnef_file(EXE, "a.pdf", data=0))[:-20], TWO, "cut short, program"),
        ("w.dat", m.tnef(*[m.tnef_file(T)] * 600), DEEP, "too many files"),
        ("m.msg", m.outlook_message("a.pdf", s.PDF), None, "Outlook message"),
        ("m.msg", m.outlook_message("a.exe", T), DENY, "program by name"),
        ("m.msg", m.outlook_message("a.pdf", EXE), BAD, "program by content"),
        ("m.msg", m.outlook_message("a.eml", m.mail(m.part(T, "a.bat"))), DENY, "mail in it"),
        ("a.mht", m.mail(m.part(T, "a.exe"), kind="related"), DENY, "saved page with a program"),
    ],
}
ROWS = [(group, *row) for group, rows in GROUPS.items() for row in rows]


def names_of(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given


@pytest.mark.contract("1.5.b")
@pytest.mark.contract("1.5.c")
@pytest.mark.parametrize(("group", "given", "content", "reason", "what"), ROWS)
def test_each_file_is_judged_as_the_table_says(
    group: str, given: str | tuple[str, ...], content: bytes, reason: str | None, what: str
) -> None:
    assert judge(names_of(given), content).reason == reason, (group, what)


def must_be_refused() -> Iterator[tuple[str, str, bytes]]:
    for group, given, content, reason, _what in ROWS:
        if reason:
            yield group, names_of(given)[0], content


def by_name(name: str) -> bool:
    """What a check of the last extension alone refuses."""
    return name.rpartition(".")[2].lower() in DENIED | UNLISTED


def by_libmagic(content: bytes) -> bool:
    kind = _by_libmagic(content)
    is_media = kind.startswith(("image/", "video/", "audio/"))
    return (is_media and kind not in LISTED_TYPES) or any(
        word in kind for word in ("dosexec", "portable-executable", "x-rar", "zip", "java-archive")
    )


def figures() -> Iterator[tuple[str, int, int, int]]:
    """(class, how many must be refused, missed by name, missed by name and libmagic)."""
    total, unnamed, unseen = Counter[str](), Counter[str](), Counter[str]()
    for group, name, content in must_be_refused():
        total[group] += 1
        unnamed[group] += not by_name(name)
        unseen[group] += not by_name(name) and not by_libmagic(content)
    for group in total:
        yield group, total[group], unnamed[group], unseen[group]


def test_names_and_libmagic_alone_miss_as_many_as_said() -> None:
    total, by_extension, by_both = (sum(row[column] for row in figures()) for column in (1, 2, 3))
    words = " ".join((__doc__ or "").split())
    assert f"Of the {total} rows that must be refused, the extension alone misses" in words
    assert f"misses {by_extension} and extension and libmagic together miss {by_both};" in words


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(ROWS) >= 150 and len(list(must_be_refused())) >= 100


if __name__ == "__main__":
    for line in figures():
        print(*line, sep="\t")
