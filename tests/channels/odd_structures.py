"""Mails that two readers read as two mails, and clumsy ones that everybody reads alike, as data."""

TOP = b"From: ann@example.com\r\nTo: support@example.com\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"
TEXT = b"Content-Type: text/plain\r\n\r\nhello\r\n"
FILE = (
    b"Content-Type: application/octet-stream; name=a.dat\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8gd29ybGQ=\r\n"
)
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n"
END = b"--b--\r\n"


def mail(fields: bytes, body: bytes) -> bytes:
    return TOP + fields + b"\r\n" + body


def parted(*parts: bytes, fields: bytes = MIXED, after: bytes = b"") -> bytes:
    return mail(fields, b"".join(b"--b\r\n" + part for part in parts) + END + after)


def file_with(fields: bytes, content: bytes = b"SGVsbG8gd29ybGQ=\r\n") -> bytes:
    return parted(TEXT, fields + b"\r\n" + content)


def inner(raw: bytes) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" + raw.replace(b"--b", b"--c").replace(
        b"boundary=b", b"boundary=c"
    )


PDF = b"Content-Type: application/pdf; name=a.pdf\r\n"
BASE64 = b"Content-Transfer-Encoding: base64\r\n"
ATTACHED = b"Content-Disposition: attachment; filename=a.pdf\r\n"
NESTED = b"Content-Type: multipart/alternative; boundary=%s\r\n\r\n"

ODD: dict[str, tuple[str, bytes]] = {
    # a field said twice
    "two types of the mail": (
        "doubled-content-type",
        parted(FILE, fields=b"Content-Type: text/plain\r\n" + MIXED),
    ),
    "two types, the container first": (
        "doubled-content-type",
        parted(FILE, fields=MIXED + b"Content-Type: text/plain\r\n"),
    ),
    "two types of a file": (
        "doubled-content-type",
        file_with(PDF + b"Content-Type: application/x-msdownload; name=a.exe\r\n" + BASE64),
    ),
    "two names by two types": (
        "doubled-content-type",
        file_with(PDF + b"Content-Type: application/pdf; name=b.pdf\r\n" + BASE64),
    ),
    "two boundaries by two types": (
        "doubled-content-type",
        parted(FILE, fields=MIXED + b"Content-Type: multipart/mixed; boundary=c\r\n"),
    ),
    "a text that is a file too": (
        "doubled-content-type",
        file_with(b"Content-Type: text/plain\r\nContent-Type: text/plain; name=a.bat\r\n"),
    ),
    "two encodings of a file": (
        "doubled-encoding",
        file_with(PDF + b"Content-Transfer-Encoding: 7bit\r\n" + BASE64),
    ),
    "two encodings, base64 first": (
        "doubled-encoding",
        file_with(PDF + BASE64 + b"Content-Transfer-Encoding: quoted-printable\r\n"),
    ),
    "two encodings of a text": (
        "doubled-encoding",
        mail(BASE64 + b"Content-Transfer-Encoding: 8bit\r\n", b"aGVsbG8=\r\n"),
    ),
    "two names by two dispositions": (
        "doubled-disposition",
        file_with(PDF + ATTACHED + b"Content-Disposition: attachment; filename=a.bat\r\n"),
    ),
    "shown and attached": (
        "doubled-disposition",
        file_with(b"Content-Type: text/html\r\n" + ATTACHED + b"Content-Disposition: inline\r\n"),
    ),
    "space before the colon, twice": (
        "doubled-content-type",
        file_with(PDF + b"Content-Type : text/plain\r\n" + BASE64),
    ),
    # boundaries
    "two boundary parameters": (
        "two-boundaries",
        mail(
            b"Content-Type: multipart/mixed; boundary=b; boundary=c\r\n",
            b"--b\r\n" + TEXT + b"--c\r\n" + FILE + b"--c--\r\n" + END,
        ),
    ),
    "a boundary plain and by RFC 2231": (
        "two-boundaries",
        mail(
            b"Content-Type: multipart/mixed; boundary=b; boundary*=us-ascii''%63\r\n",
            b"--b\r\n" + TEXT + b"--c\r\n" + FILE + b"--c--\r\n" + END,
        ),
    ),
    "a boundary in a quoted parameter": (
        "two-boundaries",
        mail(
            b'Content-Type: multipart/mixed; x="; boundary=c"; boundary=b\r\n',
            b"--b\r\n" + TEXT + b"--c\r\n" + FILE + b"--c--\r\n" + END,
        ),
    ),
    "a boundary in a comment": (
        "two-boundaries",
        mail(
            b"Content-Type: multipart/mixed (; boundary=c ); boundary=b\r\n",
            b"--b\r\n" + TEXT + b"--c\r\n" + FILE + b"--c--\r\n" + END,
        ),
    ),
    "a boundary with a comment behind": (
        "two-boundaries",
        mail(
            b"Content-Type: multipart/mixed; boundary=b (c)\r\n",
            b"--b (c)\r\n" + TEXT + b"--b\r\n" + FILE + b"--b (c)--\r\n",
        ),
    ),
    "single quotes, both ways": (
        "two-boundaries",
        mail(
            b"Content-Type: multipart/mixed; boundary='b'\r\n",
            b"--'b'\r\n" + TEXT + b"--b\r\n" + FILE + b"--'b'--\r\n",
        ),
    ),
    "a boundary with a blank inside": (
        "two-boundaries",
        mail(
            b"Content-Type: multipart/mixed; boundary=b x\r\n",
            b"--b x\r\n" + TEXT + b"--b\r\n" + FILE + b"--b x--\r\n",
        ),
    ),
    "an empty boundary that parts": (
        "two-boundaries",
        mail(
            b'Content-Type: multipart/mixed; boundary=""\r\n',
            b"--b\r\n" + TEXT + b"--\r\n" + FILE + b"--b--\r\n",
        ),
    ),
    "the nested one's boundary announced above": (
        "two-boundaries",
        mail(
            b"Content-Type: multipart/mixed; boundary=b; boundary=c\r\n",
            b"--c\r\n" + FILE + b"--b\r\n" + NESTED % b"c" + b"--c\r\n" + TEXT + b"--c--\r\n" + END,
        ),
    ),
    "more behind the delimiter": (
        "loose-delimiter",
        parted(TEXT + b"--b junk\r\n" + FILE),
    ),
    "a delimiter that only begins alike": (
        "loose-delimiter",
        parted(TEXT + b"--bcd\r\n" + FILE),
    ),
    "more behind the last delimiter": (
        "loose-delimiter",
        parted(TEXT + b"--b--evil\r\n" + FILE),
    ),
    "a delimiter behind a lone CR": (
        "bare-return",
        parted(TEXT + b"more\r--b\rContent-Type: application/pdf; name=a.pdf\r\rx\r\n"),
    ),
    # beyond the end and before the beginning
    "reopened after its end": ("reopened", parted(TEXT, after=b"--b\r\n" + FILE + END)),
    "reopened with a text": ("reopened", parted(TEXT, after=b"\r\n--b\r\n\r\nmore\r\n")),
    "reopened within": (
        "reopened",
        parted(NESTED % b"c" + b"--c\r\n" + TEXT + b"--c--\r\n--c\r\n" + FILE + b"--c--\r\n", TEXT),
    ),
    "a part behind the end": ("parts-outside", parted(TEXT, after=b"--d\r\n" + FILE + b"--d--")),
    "fields behind the end": ("parts-outside", parted(TEXT, after=FILE)),
    "a part before the beginning": (
        "parts-outside",
        mail(MIXED, b"--d\r\n" + FILE + b"--d--\r\n--b\r\n" + TEXT + END),
    ),
    "fields before the beginning": (
        "parts-outside",
        mail(MIXED, FILE + b"--b\r\n" + TEXT + END),
    ),
    "fields behind the end within": (
        "parts-outside",
        parted(NESTED % b"c" + b"--c\r\n" + TEXT + b"--c--\r\n" + FILE, TEXT),
    ),
    # hidden fields
    "a NUL in the field's name": (
        "hidden-field",
        file_with(PDF + b"Content-Tr\0ansfer-Encoding: base64\r\nX: y\r\n"),
    ),
    "a NUL before the field": (
        "hidden-field",
        file_with(PDF + b"\0Content-Transfer-Encoding: base64\r\nX: y\r\n"),
    ),
    "a field behind a lone CR": (
        "hidden-field",
        parted(FILE, fields=b"X-A: b\rContent-Type: multipart/mixed; boundary=b\r\n"),
    ),
    "a field injected into the subject": (
        "hidden-field",
        TOP.replace(b"hello", b"hello\rContent-Type: multipart/mixed; boundary=b")
        + b"\r\n--b\r\n"
        + FILE
        + END,
    ),
    "a field of a part behind a lone CR": (
        "hidden-field",
        file_with(PDF + b"X-A: b\rContent-Transfer-Encoding: base64\r\n"),
    ),
    "fields behind two lines of junk": (
        "hidden-field",
        TOP + b"junk\r\nmore junk\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    ),
    "headers that end twice": (
        "hidden-field",
        TOP + b"X: y\n\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + FILE + END,
    ),
    "a NUL in the type": (
        "control-characters",
        file_with(b"Content-Type: application/pdf\0; name=a.pdf\r\n" + BASE64),
    ),
    "a NUL in the name": (
        "control-characters",
        file_with(PDF + b"Content-Disposition: attachment; filename=a.exe\0.pdf\r\n" + BASE64),
    ),
    "a lone CR in the encoding": (
        "control-characters",
        file_with(PDF + b"Content-Transfer-Encoding: base\r64\r\n"),
    ),
    "a form feed in the boundary": (
        "control-characters",
        parted(FILE, fields=b"Content-Type: multipart/mixed;\x0cboundary=b\r\n"),
    ),
    # encodings
    "a container in base64": (
        "encoded-container",
        mail(MIXED + BASE64, b"LS1iDQpDb250ZW50LVR5cGU6IHRleHQvcGxhaW4NCg0KaGVsbG8NCi0tYi0tDQo="),
    ),
    "a container in quoted-printable": (
        "encoded-container",
        mail(
            MIXED + b"Content-Transfer-Encoding: quoted-printable\r\n",
            b"--b\r\n" + TEXT + b"=2D-b\r\n" + FILE + END,
        ),
    ),
    "a container within in base64": (
        "encoded-container",
        parted(
            b"Content-Type: multipart/mixed; boundary=c\r\n"
            + BASE64
            + b"\r\nLS1jDQpDb250ZW50LVR5cGU6IHRleHQvcGxhaW4NCg0KaGVsbG8NCi0tYy0tDQo=\r\n"
        ),
    ),
    "an encoding with a comment": (
        "unknown-encoding",
        file_with(PDF + b"Content-Transfer-Encoding: base64 (really)\r\n"),
    ),
    "two encodings in one field": (
        "unknown-encoding",
        file_with(PDF + b"Content-Transfer-Encoding: 7bit, base64\r\n"),
    ),
    "an encoding that nobody has": (
        "unknown-encoding",
        file_with(PDF + b"Content-Transfer-Encoding: x-rot13\r\n"),
    ),
    "an encoding almost right": (
        "unknown-encoding",
        file_with(PDF + b"Content-Transfer-Encoding: base-64\r\n"),
    ),
    "a charset for an encoding, and base64 below": (
        "unknown-encoding",
        file_with(PDF + b"Content-Transfer-Encoding: utf-8\r\n", b"SGVsbG8g" * 9 + b"\r\n"),
    ),
    "an encoded word for an encoding": (
        "unknown-encoding",
        file_with(PDF + b"Content-Transfer-Encoding: =?utf-8?q?base64?=\r\n"),
    ),
    "more base64 behind the padding": (
        "data-after-padding",
        file_with(PDF + BASE64, b"SGVsbG8=\r\nV29ybGQh\r\n"),
    ),
    "padding and more on one line": (
        "data-after-padding",
        file_with(PDF + BASE64, b"SGVsbG8=V29ybGQh\r\n"),
    ),
    # names and lengths
    "sections of a name with a gap": (
        "broken-sections",
        file_with(
            b"Content-Type: application/pdf\r\nContent-Disposition: attachment;"
            b" filename*0=a.b; filename*1=at; filename*3=.pdf\r\n" + BASE64
        ),
    ),
    "doubled sections of a name": (
        "broken-sections",
        file_with(
            b"Content-Type: application/pdf\r\nContent-Disposition: attachment;"
            b" filename*0=a.pdf; filename*0=a.bat\r\n" + BASE64
        ),
    ),
    "a name whole and in sections": (
        "broken-sections",
        file_with(b"Content-Type: application/pdf; name*=utf-8''a.pdf; name*0=a.bat\r\n" + BASE64),
    ),
    "a name behind a very long parameter": (
        "over-long",
        file_with(b"Content-Type: application/pdf; x=" + b"y" * 20_000 + b"; name=a.bat\r\n"),
    ),
    "a name behind very many parameters": (
        "over-long",
        file_with(b"Content-Type: application/pdf" + b"; x=y" * 1500 + b"; name=a.bat\r\n"),
    ),
    "twenty-one short names": (
        "over-long",
        file_with(
            b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.bat"
            + b"".join(b"; filename=%d" % number for number in range(20))
            + b"\r\n"
            + BASE64
        ),
    ),
    "thirty names": (
        "over-long",
        file_with(
            PDF
            + b"Content-Disposition: attachment"
            + b"".join(b"; filename=%040d.pdf" % number for number in range(30))
            + b"\r\n"
            + BASE64
        ),
    ),
    "a boundary beyond any length": (
        "two-boundaries",
        mail(
            b"Content-Type: multipart/mixed; boundary=" + b"b" * 300 + b"\r\n",
            b"--" + b"b" * 300 + b"\r\n" + FILE + b"--" + b"b" * 300 + b"--\r\n",
        ),
    ),
    "fields beyond two thousand": (
        "over-long",
        TOP + b"X: y\r\n" * 2001 + MIXED + b"\r\n--b\r\n" + FILE + END,
    ),
    # other
    "a piece of a mail": (
        "fragment",
        mail(b"Content-Type: message/partial; id=x; number=1; total=2\r\n", FILE),
    ),
    "a type in an encoded word": (
        "disguised-container",
        parted(FILE, fields=b"Content-Type: =?utf-8?q?multipart/mixed?=; boundary=b\r\n"),
    ),
    "a type behind a word": (
        "disguised-container",
        parted(FILE, fields=b"Content-Type: x multipart/mixed; boundary=b\r\n"),
    ),
    "odd only in a forwarded mail": (
        "reopened",
        parted(TEXT, inner(parted(TEXT, after=b"--b\r\n" + FILE + END))),
    ),
    "odd in a mail forwarded twice": (
        "doubled-encoding",
        parted(
            TEXT,
            b"Content-Type: message/rfc822\r\n\r\n"
            + mail(
                b"Content-Type: message/rfc822\r\n",
                mail(PDF + BASE64 + b"Content-Transfer-Encoding: 7bit\r\n", b"SGVsbG8="),
            ),
        ),
    ),
}

# What honest mailers, gateways and lists really do.
CLUMSY: dict[str, bytes] = {
    "a plain text": mail(b"Content-Type: text/plain\r\n", b"hello\r\n"),
    "a text and a file": parted(TEXT, FILE),
    "the same type twice": parted(TEXT, FILE, fields=MIXED + MIXED),
    "the same type in another case": parted(TEXT, fields=MIXED + MIXED.replace(b"mixed", b"MIXED")),
    "two texts of a text": mail(
        b"Content-Type: text/html\r\nContent-Type: text/plain; charset=utf-8\r\n", b"hello\r\n"
    ),
    "two names for no encoding": mail(
        b"Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: 7bit\r\n", b"hello\r\n"
    ),
    "two encodings that change nothing": mail(
        b"Content-Transfer-Encoding: quoted-printable\r\nContent-Transfer-Encoding: 7bit\r\n",
        b"hello\r\n",
    ),
    "the same disposition twice": file_with(PDF + BASE64 + ATTACHED + ATTACHED),
    "no last delimiter": mail(MIXED, b"--b\r\n" + TEXT + b"--b\r\n" + FILE),
    "two last delimiters": parted(TEXT, FILE, after=END),
    "a list's footer behind the end": parted(
        TEXT, after=b"_____\r\nlist mailing list\r\nhttp://lists.example.com/\r\n-- \r\nbye\r\n"
    ),
    "a word before the beginning": mail(
        MIXED, b"This is a multi-part message in MIME format.\r\n\r\n--b\r\n" + TEXT + END
    ),
    "line ends LF only": parted(TEXT, FILE).replace(b"\r\n", b"\n"),
    "line ends CR only": parted(TEXT, FILE).replace(b"\r\n", b"\r"),
    "line ends CR CR LF": parted(TEXT, FILE).replace(b"\r\n", b"\r\r\n"),
    "CRLF headers, LF body": mail(MIXED, b"--b\n" + TEXT.replace(b"\r", b"") + b"--b--\n"),
    "a line of mbox above": b"From ann@example.com Tue Mar  4 09:30:00 2025\n" + parted(TEXT, FILE),
    "no boundary announced": parted(TEXT, FILE, fields=b"Content-Type: multipart/mixed\r\n"),
    "another boundary announced": parted(TEXT, FILE, fields=MIXED.replace(b"=b", b"=other")),
    "a boundary in quotes": parted(TEXT, FILE, fields=MIXED.replace(b"=b", b'="b"')),
    "a boundary by RFC 2231 alone": parted(
        TEXT, FILE, fields=b"Content-Type: multipart/mixed; boundary*0=b\r\n"
    ),
    "the same boundary within": parted(NESTED % b"b" + b"--b\r\n" + TEXT + END, FILE, fields=MIXED),
    "a boundary that begins as another": parted(
        NESTED % b"bb" + b"--bb\r\n" + TEXT + b"--bb--\r\n", FILE
    ),
    "siblings of one boundary": parted(
        NESTED % b"c" + b"--c\r\n" + TEXT + b"--c--\r\n",
        NESTED % b"c" + b"--c\r\n" + TEXT + b"--c--\r\n",
    ),
    "quoted-printable said of a container": parted(
        TEXT, FILE, fields=MIXED + b"Content-Transfer-Encoding: quoted-printable\r\n"
    ),
    "base64 said of a container": parted(TEXT, FILE, fields=MIXED + BASE64),
    "an unknown encoding of a text": mail(b"Content-Transfer-Encoding: utf-8\r\n", b"hello\r\n"),
    "a charset for an encoding of a file": file_with(
        b"Content-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: iso-8859-1\r\n", b"1;2\n"
    ),
    "8-bit for 8bit": file_with(PDF + b"Content-Transfer-Encoding: 8-bit\r\n", b"%PDF-1.4 x\n"),
    "garbage within base64": file_with(PDF + BASE64, b"!!SGVsbG8g*\r\n d29y bGQ\r\n"),
    "base64 without its padding": file_with(PDF + BASE64, b"SGVsbG8gd29ybGQ\r\n"),
    "a list's footer below base64 text": mail(
        b"Content-Type: text/plain\r\n" + BASE64, b"aGVsbG8=\r\n_____\r\nlist footer\r\n"
    ),
    "NULs in the text": mail(b"Content-Type: text/plain\r\n", b"hel\0lo\r\n"),
    "a NUL in the subject": TOP.replace(b"hello", b"hel\0lo") + b"\r\nhello\r\n",
    "a line of junk in the headers": TOP + b"this is no field\r\nX: y\r\n\r\nhello\r\n",
    "lone CRs in the text": mail(b"Content-Type: text/plain\r\n", b"one\rtwo\r--\rAnn\r\n"),
    "a mail quoted as text": mail(
        b"Content-Type: text/plain\r\n", b"they wrote:\r\n--b\r\n" + FILE + b"--b--\r\n"
    ),
    "a forwarded mail": parted(TEXT, inner(parted(TEXT, FILE))),
    "a forwarded mail of the same boundary, closed": mail(
        MIXED, b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + parted(TEXT, FILE)
    ),
    "a comment behind the type": mail(b"Content-Type: text/plain (just words)\r\n", b"hello\r\n"),
    "a type without its semicolon": parted(
        TEXT, FILE, fields=b"Content-Type: multipart/mixed boundary=b\r\n"
    ),
    "sections of a name out of order": file_with(
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment;"
        b" filename*1=.pdf; filename*0=report\r\n" + BASE64
    ),
    "a name raw in ISO 2022": file_with(
        b'Content-Type: application/pdf; name="\x1b$B8+@Q\x1b(B.pdf"\r\n' + BASE64
    ),
    "a name with blanks and without quotes": file_with(
        b"Content-Type: application/pdf; name=my last report.pdf\r\n" + BASE64
    ),
    "a hundred parts": parted(TEXT, *([FILE] * 100)),
}
