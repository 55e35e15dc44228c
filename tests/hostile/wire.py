"""What stands between bytes and lines: line ends, NULs, long lines, smuggled mails, odd headers."""

import base64

from tests.hostile import payloads as p
from tests.hostile.cases import (
    END,
    FROM,
    WORDS,
    Build,
    based,
    coded_file,
    mail,
    part,
    table,
    top,
)

EXE = p.program()
STOLEN = b"MAIL FROM:<a@evil.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nFrom: boss@x.test\r\n\r\nlies"


def _text(body: bytes, head: bytes = b"") -> Build:
    return lambda: top(more=head) + END + WORDS.encode() + body


def _headed(head: bytes) -> Build:
    """HEAD stands in place of every other header."""
    return lambda: head + END + WORDS.encode() + END


# One mail is one mail: nothing behind a dot is another one, no line end makes a header.
SMUGGLED: list[tuple[str, Build]] = [
    ("a dot", _text(b"\r\n.\r\n" + STOLEN)),
    ("a dot between line feeds", _text(b"\n.\n" + STOLEN)),
    ("a dot between returns", _text(b"\r.\r" + STOLEN)),
    ("a dot, return only before", _text(b"\r\n.\n" + STOLEN)),
    ("a dot, return only behind", _text(b"\n.\r\n" + STOLEN)),
    ("a dot and a NUL", _text(b"\r\n\0.\r\n" + STOLEN)),
    ("a mail behind From_", _text(b"\r\nFrom boss@x.test Mon Jan 1 00:00:00 2024\r\n" + STOLEN)),
    ("a return in the headers", _text(b"", b"X-A: b\rBcc: t@evil.test\r\n")),
    ("a return before the blank line", _text(b"", b"X-A: b\r\r\nX-C: d\r\n")),
    ("a line feed in the headers", _text(b"", b"X-A: b\nBcc: t@evil.test\r\n")),
    ("a vertical tab in the headers", _text(b"", b"X-A: b\x0bBcc: t@evil.test\r\n")),
    ("a form feed in the headers", _text(b"", b"X-A: b\x0cBcc: t@evil.test\r\n")),
    ("a next line in the headers", _text(b"", b"X-A: b\xc2\x85Bcc: t@evil.test\r\n")),
    ("a line separator in the headers", _text(b"", b"X-A: b\xe2\x80\xa8Bcc: t@evil.test\r\n")),
    ("a NUL in a name", _text(b"", b"Sub\0ject: x\r\n")),
    ("a NUL in a value", _text(b"", b"X-A: x\0y\r\n")),
    ("a space before the colon", _text(b"", b"Bcc : t@evil.test\r\n")),
    ("a colon alone", _text(b"", b": x\r\n")),
    ("an empty folded line", _text(b"", b"X-A: b\r\n \r\n c\r\n")),
    ("a first line that is folded", lambda: b" X-A: b\r\n" + top() + END + WORDS.encode()),
    ("a header of 8-bit letters", _text(b"", b"X-\xff: \xfe\r\n")),
    ("a line of 2,000 letters", _text(b"\r\n" + b"x" * 2000)),
    ("a line of a million letters", _text(b"\r\n" + b"x" * 1_000_000)),
    ("a header line of 998 letters", _text(b"", b"X-A: " + b"x" * 993 + END)),
    ("a header line of 20,000 letters", _text(b"", b"X-A: " + b"x" * 20_000 + END)),
    ("NULs in the text", _text(b"\0\0\0 x\0y")),
    ("every control letter in the text", _text(bytes(range(32)))),
    ("escapes of a terminal", _text(b"\x1b[2J\x1b]0;x\7\x1b[31m")),
    ("surrogates in utf-8", _text(b"\xed\xa0\x80\xed\xb0\x80")),
    ("letters beyond Unicode", _text(b"\xf4\x90\x80\x80\xf8\x88\x80\x80\x80")),
    ("overlong letters", _text(b"\xc0\x80\xe0\x80\x80")),
    ("a byte order mark in the middle", _text("\ufeff\ufffe\uffff".encode())),
]

HEADERS: list[tuple[str, Build]] = [
    ("two subjects", _headed(FROM + b"Subject: one\r\nSubject: two\r\n")),
    ("two dates", _headed(FROM + b"Date: Tue, 4 Mar 2025 09:30:00 +0100\r\nDate: x\r\n")),
    ("two ids", _headed(FROM + b"Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n")),
    ("two senders", _headed(FROM + b"Sender: a@b.test\r\nSender: c@d.test\r\n")),
    ("two receivers", _headed(FROM + b"To: support@carteria.test\r\nTo: b@x.test\r\n")),
    ("a date that is none", _headed(FROM + b"Date: =?x?q?=00?= (((\r\n")),
    ("a date of the year 0", _headed(FROM + b"Date: Mon, 1 Jan 0000 00:00:00 +0000\r\n")),
    ("a date of the year 9999", _headed(FROM + b"Date: Fri, 31 Dec 9999 23:59:59 -2359\r\n")),
    ("a date with a zone of days", _headed(FROM + b"Date: Mon, 1 Jan 2024 00:00:00 +999999\r\n")),
    ("a date before the era", _headed(FROM + b"Date: Mon, 1 Jan -5 00:00:00 +0000\r\n")),
    ("an id of brackets", _headed(FROM + b"Message-ID: <<<<>>>>\r\n")),
    ("an id that broke the library", _headed(FROM + b"Message-ID: <[\r\n")),
    ("an id with an at sign only", _headed(FROM + b"Message-ID: <@>\r\nReferences: <@><\r\n")),
    ("an id of 4,000 letters", _headed(FROM + b"Message-ID: <" + b"a" * 4000 + b"@b>\r\n")),
    ("an id with a NUL", _headed(FROM + b"Message-ID: <a\0b@c>\r\n")),
    ("an id with markup", _headed(FROM + b"Message-ID: <<script>alert(1)</script>@c>\r\n")),
    ("a value that raised ValueError", _headed(FROM + b"Content-Disposition: ;;=;*0*='\r\n")),
    ("a parameter that raised", _headed(FROM + b"Content-Type: text/plain; charset*=x\r\n")),
    ("a parameter of no charset", _headed(FROM + b"Content-Type: text/plain; x*=''\r\n")),
    (
        "a parameter of huge sections",
        _headed(FROM + b"Content-Type: text/plain; x*99999999*=y\r\n"),
    ),
    ("a version that is none", _headed(FROM + b"MIME-Version: \0(((\r\n")),
    ("quotes that never end", _headed(b'From: "a@b.test\r\nTo: "x\r\nCc: (((\r\n')),
    ("a charset nobody knows", _headed(FROM + b"Content-Type: text/plain; charset=x-none\r\n")),
    ("a charset of a codec", _headed(FROM + b"Content-Type: text/plain; charset=bz2\r\n")),
    ("a charset of markup", _headed(FROM + b'Content-Type: text/plain; charset="><script>"\r\n')),
    ("a charset with a NUL", _headed(FROM + b"Content-Type: text/plain; charset=utf\0-8\r\n")),
    ("words of an unknown charset", _headed(FROM + b"Subject: =?x-none?q?a?= =?bz2?b?QQ==?=\r\n")),
    ("words that never end", _headed(FROM + b"Subject: =?utf-8?b?" + b"QUJD" * 999 + END)),
    ("words of an unknown coding", _headed(FROM + b"Subject: =?utf-8?z?abc?=\r\n")),
    ("words within words", _headed(FROM + b"Subject: =?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=\r\n")),
    ("words cut in a letter", _headed(FROM + b"Subject: =?utf-8?b?w4?= =?utf-8?b?pA==?=\r\n")),
    ("a receipt wanted", _headed(FROM + b"Disposition-Notification-To: t@evil.test\r\n")),
    ("unsubscribe by script", _headed(FROM + b"List-Unsubscribe: <javascript:alert(1)>\r\n")),
    (
        "unsubscribe by one click",
        _headed(FROM + b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"),
    ),
    ("headers of our own", _headed(FROM + b"X-Carteria-Verdict: clean\r\nX-Spam-Flag: NO\r\n")),
]

CODED = base64.b64encode(EXE)
LATE = base64.b64encode(b"%PDF-1.4 x")  # its own padding, then more


def _soft(content: bytes, end: bytes = b"=\r\n") -> bytes:
    lines = (content[at : at + 20] for at in range(0, len(content), 20))
    return end.join(b"".join(b"=%02X" % one for one in line) for line in lines)


def _rest(body: bytes) -> Build:
    return coded_file(b"base64", body)


# Base64 that lenient readers decode to a program.
CODINGS: list[tuple[str, Build]] = [
    ("garbage in front", _rest(b"!!!*** " + CODED)),
    ("an equals sign in the middle", _rest(CODED[:400] + b"=" + CODED[400:])),
    ("padding in the middle", _rest(CODED[:400] + b"====" + CODED[400:])),
    ("padding before", _rest(b"==" + CODED)),
    ("high bytes between", _rest(b"\xa0".join(CODED[at : at + 40] for at in range(0, 2736, 40)))),
    ("NULs between", _rest(b"\0".join(CODED[at : at + 40] for at in range(0, 2736, 40)))),
    ("comments between", _rest(b"<!-- -->".join(CODED[at : at + 4] for at in range(0, 2736, 4)))),
    (
        "lines that begin with >",
        _rest(b"\r\n> ".join(CODED[at : at + 40] for at in range(0, 2736, 40))),
    ),
    ("returns alone", _rest(based(EXE).replace(b"\r\n", b"\r"))),
    ("a delimiter of another mail", _rest(CODED[:400] + b"\r\n--xx\r\n" + CODED[400:])),
    ("a letter behind its padding", _rest(LATE + CODED)),
    ("soft breaks in quoted-printable", coded_file(b"quoted-printable", _soft(EXE))),
    ("spaces behind quoted-printable", coded_file(b"quoted-printable", _soft(EXE, b"=  \r\n"))),
    ("coding with a tab", coded_file(b"\tbase64\t", based(EXE))),
    ("coding in words", coded_file(b"=?utf-8?q?base64?=", based(EXE))),
    ("coding with a comma", coded_file(b"base64, 7bit", based(EXE))),
    ("coding twice in one line", coded_file(b"7bit base64", based(EXE))),
    ("coding with a NUL", coded_file(b"base\x0064", based(EXE))),
    ("coding with zero width", coded_file("base64\u200b".encode(), based(EXE))),
    ("coding of gzip", coded_file(b"gzip", based(EXE))),
    ("coding of quotes", coded_file(b"'base64'", based(EXE))),
]


def _named(name: bytes) -> Build:
    field = b"Content-Disposition: attachment; " + name
    return lambda: mail(part(p.LETTER, b"Content-Type: application/pdf", field))


# Further spellings of a denied name, by RFC 2231 and RFC 2047 and against them.
NAMES: list[tuple[str, Build]] = [
    ("star of utf-16", _named(b"filename*=utf-16''%FF%FEa%00.%00e%00x%00e%00")),
    ("star of utf-7", _named(b"filename*=utf-7''a%2BAC4-exe")),
    ("star of no charset", _named(b"filename*=''a%2Eexe")),
    ("star without quotes", _named(b"filename*=a%2Eexe")),
    ("star in quotes", _named(b"filename*=\"utf-8''a%2Eexe\"")),
    ("star of small letters", _named(b"FileName*=UTF-8'en'a%2eexe")),
    ("star coded twice", _named(b"filename*=utf-8''a%252Eexe")),
    ("star and word", _named(b"filename*=utf-8''=?utf-8?q?a=2Eexe?=")),
    ("star of an unknown charset", _named(b"filename*=x-none''a%2Eexe")),
    ("star of ebcdic", _named(b"filename*=cp037''%81K%85%A7%85")),
    ("sections from one", _named(b'filename*1="a.e"; filename*2="xe"')),
    ("sections with a gap", _named(b'filename*0="a.e"; filename*2="xe"')),
    ("sections turned around", _named(b'filename*1="exe"; filename*0="a."')),
    ("sections twice", _named(b'filename*0="a.pdf"; filename*0="a.exe"')),
    ("sections with zeros", _named(b'filename*00="a."; filename*01="exe"')),
    ("sections and plain", _named(b'filename="a.pdf"; filename*0="a."; filename*1="exe"')),
    ("sections mixed", _named(b"filename*0*=utf-8''a%2E; filename*1=\"exe\"")),
    ("word of utf-16", _named(b'filename="=?utf-16le?b?YQAuAGUAeABlAA==?="')),
    ("word of utf-16-be", _named(b'filename="=?utf-16be?b?AGEALgBlAHgAZQ==?="')),
    ("word of ebcdic", _named(b'filename="=?cp037?b?gUuFp4U=?="')),
    ("word of iso-2022", _named(b'filename="=?iso-2022-jp?q?a.exe?="')),
    ("word without padding", _named(b'filename="=?utf-8?b?YS5leGU?="')),
    ("word coded twice", _named(b'filename="=?utf-8?b?PT91dGYtOD9xP2E9MkVleGU/PQ==?="')),
    ("word between letters", _named(b'filename="a=?utf-8?q?=2E?=exe"')),
    ("word split in a letter", _named(b'filename="a.e=?utf-8?b?eA==?= =?utf-8?b?ZQ==?="')),
    ("percent codes in quotes", _named(b'filename="a%2Eexe"')),
    ("single quotes", _named(b"filename='a.exe'")),
    ("back quotes", _named(b"filename=`a.exe`")),
    ("no quote at the end", _named(b'filename="a.exe')),
    ("a comma instead of a semicolon", _named(b'x=y, filename="a.exe"')),
    ("names twice", _named(b'filename="a.pdf"; filename="a.exe"')),
    ("names twice, turned", _named(b'filename="a.exe"; filename="a.pdf"')),
]


CASES = [
    *table("lines and headers", "any", SMUGGLED, prefix="smuggled: ", words=WORDS),
    *table("lines and headers", "any", HEADERS, prefix="header: ", words=WORDS),
    *table("contents", "kept out", CODINGS, prefix="coding: "),
    *table("names", "refused", NAMES, prefix="spelled: "),
]
