"""Which files pass: by every name they carry and by what their bytes are."""

import random
import time

import pytest

from apps.attachments.policy import judge
from tests.attachments import samples as s
from tests.attachments.samples import program, zipped

TEXT = b"Dear all,\nplease find the minutes below.\n"

ALLOWED = [
    ("letter.txt", TEXT),
    ("letter.pdf", s.PDF),
    ("photo.jpg", s.JPEG),
    ("photo.JPEG", s.JPEG),
    ("photo.png", s.PNG),
    ("photo.gif", s.GIF),
    ("scan.tif", s.TIFF),
    ("photo.webp", s.WEBP),
    ("raw.cr2", s.CR2),
    ("raw.CR3", s.CR3),
    ("raw.nef", s.TIFF),
    ("raw.arw", s.TIFF),
    ("raw.dng", s.TIFF),
    ("raw.raf", s.RAF),
    ("raw.orf", s.ORF),
    ("raw.rw2", s.RW2),
    ("film.mp4", s.MP4),
    ("film.mov", s.MOV),
    ("film.avi", s.AVI),
    ("film.wmv", s.WMV),
    ("film.webm", s.WEBM),
    ("song.mp3", s.MP3),
    ("voice.wav", s.WAV),
    ("a.docx", s.DOCX),
    ("a.xlsx", s.XLSX),
    ("a.pptm", s.PPTM),
    ("a.xps", s.XPS),
    ("a.odt", s.ODT),
    ("a.epub", s.EPUB),
    ("a.pages", s.PAGES),
    ("a.doc", s.OLE2),
    ("plan.dwg", s.DWG),
    ("a.tar", s.tarred({"a": b"x"})),
    ("a.gz", s.GZIP),
    ("a.7z", s.seven_zip(b"")),
    ("page.html", b"<!DOCTYPE html><html><body><svg></svg></body></html>"),
    ("feed.xml", b"<?xml version='1.0'?><feed><svg/></feed>"),
    ("script.js", b"alert(1)"),
    ("note.txt", b"P1 12 13 incident: server down\n"),
    ("note.txt", b"MZ are my initials, and this line is longer than a DOS header would be.\n"),
    ("note.txt", b"PK\n"),
    ("empty.txt", b""),
    ("noextension", TEXT),
    ("zip", TEXT),
    ("The exe files.pdf", s.PDF),
    ("hybrid.pdf", s.PDF + s.DOCX),
    ("", TEXT),
]


@pytest.mark.contract("1.5.b")
@pytest.mark.parametrize(("name", "content"), ALLOWED)
def test_what_people_send_passes(name: str, content: bytes) -> None:
    judgement = judge([name], content)
    assert (judgement.allowed, judgement.reason) == (True, None)


DENIED_NAMES = [
    *(f"a.{ending}" for ending in ("exe", "dll", "bat", "zip", "rar", "scr", "bin")),
    "A.EXE",
    "a.exe.pdf",
    "a.pdf.exe",
    "a.exe ",
    "a.exe.",
    "a.exe. . .",
    "a. exe",
    ".exe",
    "a.exe/b.pdf",
    "b.pdf/a.exe",
    "..\\..\\a.exe",
    "a.exe::$DATA",
    "a.txt:b.exe",
    "a.exe;1",
    "a.exe?x=1",
    '"a.exe"',
    "a.exe'",
    "a.exe\0.pdf",
    "a.exe\0pdf",
    "a.e\0xe",
    "a.exe\r\n",
    "a.e\nxe",
    "a.exe\tpdf",
    "a\u202efdp.exe",
    "a.\u202eexe",
    "a.e\u200bxe",
    "a.ex\u00ade",
    "a.exe\ufeff",
    "a.e\u2060xe",
    "a.e\u034fxe",
    "a.e\u3164xe",
    "a.e\ufe0fxe",
    "a.e\U000e0061xe",
    "a\uff0eexe",
    "a\u2024exe",
    "a.\uff45\uff58\uff45",
    "a.\U0001d41e\U0001d431\U0001d41e",
    "a.\u24d4\u24e7\u24d4",
    "a.\u017fcr",
    "a.exe\u00a0",
    "a.exe\u3000",
    "a%2eexe",
    "a.%65xe",
    "=?utf-8?q?a=2Eexe?=",
    "=?utf-8?b?YS5leGU=?=",
    "x" * 3000 + ".exe",
    "a.exe" + " " * 300 + ".pdf",
]


@pytest.mark.contract("1.5.c")
@pytest.mark.parametrize("name", DENIED_NAMES)
def test_a_denied_type_is_seen_in_every_spelling_of_a_name(name: str) -> None:
    assert judge([name], TEXT).reason == "type-denied"


@pytest.mark.contract("1.5.c")
def test_each_name_of_a_file_counts() -> None:
    assert judge(["a.pdf", "b.pdf", "c.exe"], s.PDF).reason == "type-denied"


@pytest.mark.contract("1.5.g")
@pytest.mark.parametrize("entry", ["js", ".JS", " js ", "js."])
def test_the_administrators_list_adds_types(entry: str) -> None:
    assert judge(["a.js"], TEXT, [entry]).reason == "type-denied"
    assert judge(["a.js.txt"], TEXT, [entry]).reason == "type-denied"
    assert judge(["a.txt"], TEXT, [entry]).allowed


UNLISTED = [
    ("a.svg", TEXT),
    ("a.heic", s.JPEG),
    ("a.mkv", s.MP4),
    ("a.ogg", TEXT),
    ("a.flac", TEXT),
    ("a.bmp", s.PNG),
    ("a.aac", TEXT),
    ("a.wma", s.WMV),
    ("a.s\u200bvg", TEXT),
    ("a.SVG ", TEXT),
    ("a.txt", s.SVG),
    ("a.png", b"\xef\xbb\xbf<!-- x --><svg></svg>"),
    ("a.png", b"<?xml version='1.0'?>\n<!DOCTYPE svg [<!ENTITY a 'b'>]>\n<svg/>"),
    ("a.png", '<?xml version="1.0"?><svg/>'.encode("utf-16")),
    ("a.png", b"<x:svg xmlns:x='http://www.w3.org/2000/svg'/>"),
    ("a.png", b"<!--" + b"x" * 200_000 + b"--><svg/>"),
    ("a.jpg", s.HEIC),
    ("a.jpg", s.AVIF),
    ("a.jpg", s.BMP),
    ("a.pdf", s.PSD),
    ("a.pdf", s.EMF),
    ("a.webm", s.MKV),
    ("a.mp4", s.THREE_GP),
    ("a.mp4", s.FLV),
    ("a.mp3", s.OGG),
    ("a.wav", s.FLAC),
    ("a.mp3", s.M4A),
    ("a.wmv", s.WMA),
    ("a.dat", s.MIDI),
]


@pytest.mark.contract("1.5.b")
@pytest.mark.parametrize(("name", "content"), UNLISTED)
def test_pictures_films_and_sounds_off_the_list_are_refused(name: str, content: bytes) -> None:
    assert judge([name], content).reason == "type-not-allowed"


def renamed(archive: bytes) -> bytes:
    """The same archive behind its first local header, which a reader from the end ignores."""
    return archive.replace(b"a.txt", b"b.txt", 1)


DENIED_CONTENT = [
    program(),
    program(b"NE"),
    program() + s.PDF,
    s.RAR,
    s.RAR4,
    b"RE\x7e\x5e" + bytes(40),
    s.ZIP,
    renamed(s.ZIP),
    zipped({}),
    b"PK00" + s.ZIP,
    s.ZIP[:40],
    zipped({"a.txt": b"x"}, comment=b"c" * 60_000),
    s.JAR,
    s.APK,
    s.KMZ,
    s.VSIX,
    zipped({"[Content_Types].xml": b"application/vnd.ms-excel.sheet.main+xml"}),
    zipped(s.opc_members() | {"word/document.xml": b""})[:200],
    zipped({k: v for k, v in s.opc_members().items() if k != "word/document.xml"}),
    zipped({"mimetype": b"application/epub+zip"}),
    zipped({"mimetype": s.ODF.encode()}),
    zipped({"Index/Document.iwa": b"x"}),
    s.DOCX + s.ZIP,
    zipped({f"{number}.txt": b"" for number in range(20_001)}),
]


@pytest.mark.contract("1.5.c")
@pytest.mark.parametrize("content", DENIED_CONTENT)
def test_programs_and_archives_are_seen_under_an_innocent_name(content: bytes) -> None:
    assert judge(["letter.pdf"], content).reason == "content-denied"


POLYGLOTS = [
    s.PNG + s.ZIP,
    s.GIF + s.JAR,
    s.JPEG + s.ZIP + b"\0" * 200,
    s.PDF + s.ZIP,
    TEXT + zipped({"a.txt": b"x"}, comment=b"c" * 60_000),
    s.JPEG + s.RAR,
    s.PDF + bytes(2**20) + s.RAR4,
    s.PDF + program(),
    s.JPEG + bytes(5000) + program(),
    s.ZIP + s.DOCX,
    s.opc(**{"META-INF/MANIFEST.MF": b"x"}),
    s.opc(**{"word/a.EXE": b"x"}),
    s.opc(**{"word/a.zip": b"x"}),
    s.opc(**{"classes.dex": b"x"}),
    zipped(s.opc_members() | {"word/a.png": program()}, stored=True),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + s.ZIP,
    b"7z\xbc\xaf\x27\x1c" + bytes(60) + s.ZIP,
    b"MSCF" + bytes(60) + s.ZIP,
]


@pytest.mark.contract("1.5.c")
@pytest.mark.parametrize("content", POLYGLOTS)
def test_a_polyglot_is_judged_by_its_worst_face(content: bytes) -> None:
    assert judge(["letter.pdf"], content).reason == "polyglot"


CARRIERS = [s.OLE2 + s.DOCX, s.tarred({"a.docx": s.DOCX}), s.seven_zip(s.DOCX)]


@pytest.mark.contract("1.5.c")
@pytest.mark.parametrize("content", CARRIERS)
def test_what_lies_in_a_carrier_is_no_second_face(content: bytes) -> None:
    assert judge(["a.doc"], content).allowed


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (s.DOCX, s.WORD),
        (s.PNG, "image/png"),
        (s.PDF, "application/pdf"),
        (s.ODT, s.ODF),
        (s.SVG, "image/svg+xml"),
        (b"", "application/x-empty"),
    ],
)
def test_the_type_is_what_the_bytes_are(content: bytes, kind: str) -> None:
    assert judge(["lie.txt"], content).type == kind


def test_the_rest_of_an_office_manifest_does_not_matter() -> None:
    manifest = (
        f'<Types><Default Extension="xml" ContentType="{s.WORD}.main+xml"/></Types>'
    ).encode("utf-16")
    members = s.opc_members() | {"[Content_Types].xml": manifest}
    assert judge(["a.docx"], zipped(members)).allowed


@pytest.mark.parametrize(
    "content",
    [
        b"MZ" * 5 * 2**20,
        (b"MZ" + bytes(62)) * (10 * 2**20 // 64),
        b"PK\5\6" * 2 * 2**20,
        b"<!--" * 2**20,
        b"<?" * 2**20,
        b"<!DOCTYPE a [" + b"] " * 2**20,
        b"Rar!\x1a\x07" * 2**20,
    ],
    ids=["MZ", "DOS headers", "zip ends", "comments", "instructions", "doctype", "RAR"],
)
def test_bytes_made_to_be_slow_are_judged_in_time(content: bytes) -> None:
    begun = time.monotonic()
    judge(["a.pdf"], content)
    assert time.monotonic() - begun < 2


def test_broken_containers_never_raise() -> None:
    dice = random.Random(5)
    for sample in (s.DOCX, s.ODT, s.EPUB, s.JAR, program(), s.OLE2 + s.DOCX, s.RAR, s.SVG) * 40:
        broken = bytearray(sample)
        for _hit in range(6):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        judge(["a.pdf"], bytes(broken[: dice.randrange(len(broken))]))
        judge(["a.pdf"], bytes(broken))
